# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import json
import os
import resource
import subprocess

import pytest
import torch


def weights_of(path):
    module = torch.jit.load(str(path))
    return {name: p.detach() for name, p in module.named_parameters()}


def rounded(share, count):
    return int(share * count + 0.5)


def smallest_magnitudes(weight, count):
    """Mask of the `count` smallest |w|, ties to the lower index: written with a stable sort of all values."""
    order = torch.argsort(weight.abs().flatten(), stable=True)
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    mask[order[:count]] = True
    return mask.reshape(weight.shape)


@pytest.mark.parametrize("kind", ["script", "trace"])
@pytest.mark.parametrize("sparsity", [0.0, 0.333, 0.9])
def test_layerwise_magnitude(cli, examples, tmp_path, kind, sparsity):
    model, out = examples / f"lenet5.{kind}.pt", tmp_path / "out.pt"
    cli.ok("prune", model, "--weights", sparsity, "--scope", "layer", "--output", out)
    before, after = weights_of(model), weights_of(out)
    assert before.keys() == after.keys()
    for name, weight in before.items():
        removed = rounded(sparsity, weight.numel()) if weight.dim() > 1 else 0
        assert torch.equal(after[name], weight.masked_fill(smallest_magnitudes(weight, removed), 0)), name


def test_global_magnitude_is_one_threshold(cli, examples, tmp_path):
    model, out = examples / "lenet5.script.pt", tmp_path / "out.pt"
    cli.ok("prune", model, "--weights", 0.8, "--output", out)
    before = {n: w for n, w in weights_of(model).items() if w.dim() > 1}
    after = weights_of(out)
    removed = sum(int((after[n] == 0).sum()) for n in before)
    assert removed == rounded(0.8, sum(w.numel() for w in before.values()))
    largest_removed = max(before[n].abs()[after[n] == 0].max() for n in before)
    smallest_kept = min(before[n].abs()[after[n] != 0].min() for n in before)
    assert largest_removed <= smallest_kept


def plan_json(**changes):
    plan = {"format": "espalier-plan", "version": 1, "model": {"file": "x.pt", "sha256": ""}, "inputs": [],
            "defaults": {"weights": {"criterion": "magnitude"}, "seed": 0}, "weights": {}, "channels": {},
            "marks": {}, "locked": []}
    plan.update(changes)
    return json.dumps(plan)


def test_plan_with_all_four_rules_and_a_lock(cli, examples, tmp_path):
    model, out, plan = examples / "lenet5.script.pt", tmp_path / "out.pt", tmp_path / "a.espalier-plan.json"
    sha = hashlib.sha256(model.read_bytes()).hexdigest()
    plan.write_text(plan_json(model={"file": model.name, "sha256": sha}, inputs=["1x1x28x28"], weights={
        "conv1.weight": {"sparsity": 0.25}, "conv2.weight": {"threshold": 0.02}, "fc1.weight": {"sigma": 1.0},
        "fc2.weight": {"pattern": "2:4"}}))
    cli.ok("prune", model, "--plan", plan, "--output", out, "--report", tmp_path / "r.json")
    before, after = weights_of(model), weights_of(out)
    w = before["conv1.weight"]
    assert torch.equal(after["conv1.weight"] == 0, smallest_magnitudes(w, rounded(0.25, w.numel())))
    assert torch.equal(after["conv2.weight"] == 0, before["conv2.weight"].abs() < 0.02)
    w = before["fc1.weight"].double()
    assert torch.equal(after["fc1.weight"] == 0, w.abs() < w.std(unbiased=False))
    kept = (after["fc2.weight"] != 0).reshape(10, -1, 4)
    runs = before["fc2.weight"].abs().reshape(10, -1, 4)
    assert (kept.sum(-1) == 2).all()
    assert (runs.masked_fill(~kept, torch.inf).amin(-1) >= runs.masked_fill(kept, 0).amax(-1)).all()
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["format"] == "espalier-report"
    assert report["nonzeros"]["after"] == sum(int((v != 0).sum()) for v in after.values())
    assert report["requested"].pop("fc1.weight").startswith("1")  # σ
    assert report["requested"] == {"conv1.weight": 0.25, "conv2.weight": "threshold 0.02", "fc2.weight": "2:4"}
    assert report["bytes"]["after"] == out.stat().st_size

    plan.write_text(plan_json(weights={"conv1.weight": {"sparsity": 0.25}}, locked=["conv1.weight"]))
    cli.ok("prune", model, "--plan", plan, "--output", out)
    assert torch.equal(weights_of(out)["conv1.weight"], before["conv1.weight"])


def test_saved_plan_does_the_same_again(cli, examples, tmp_path):
    model = examples / "lenet-300-100.script.pt"
    cli.ok("prune", model, "--weights", 0.7, "--criterion", "lamp", "--output", tmp_path / "a.pt", "--masked-output",
           tmp_path / "m.pt", "--save-plan", tmp_path / "p.espalier-plan.json")
    cli.ok("prune", model, "--plan", tmp_path / "p.espalier-plan.json", "--output", tmp_path / "b.pt")
    first = weights_of(tmp_path / "a.pt")
    for other in ("b.pt", "m.pt"):
        again = weights_of(tmp_path / other)
        assert all(torch.equal(first[n], again[n]) for n in first)


def test_random_is_seeded(cli, examples, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        cli.ok("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--criterion", "random", "--seed", seed,
               "--output", tmp_path / f"{name}.pt")
    a, b, c = (weights_of(tmp_path / f"{n}.pt")["fc1.weight"] for n in "abc")
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_pruning_goes_on_from_a_pruned_file(cli, examples, tmp_path):
    """Zeros in the file are base masks: they count towards a sparsity and stay zero."""
    half_file, more_file = tmp_path / "half.pt", tmp_path / "more.pt"
    cli.ok("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--scope", "layer", "--output", half_file)
    cli.ok("prune", half_file, "--weights", 0.6, "--scope", "layer", "--output", more_file)
    half, more = weights_of(half_file), weights_of(more_file)
    for name in (n for n, w in half.items() if w.dim() > 1):
        assert (more[name][half[name] == 0] == 0).all()
        assert int((more[name] == 0).sum()) == rounded(0.6, more[name].numel())


def test_attached_pruning_is_committed(cli, fixtures, tmp_path):
    source = fixtures / "prune_attached.trace.pt"
    cli.ok("prune", source, "--output", tmp_path / "out.pt")
    before, after = torch.jit.load(str(source)), torch.jit.load(str(tmp_path / "out.pt"))
    assert any(n.endswith("_orig") for n in before.state_dict())
    assert not any(n.endswith(("_orig", "_mask")) for n in after.state_dict())
    x = torch.jit.load(str(fixtures / "prune_attached.io.pt")).input0
    assert torch.equal(before(x), after(x))


def zeros_note(report):
    return [note for note in report["notes"] if "zero in the file" in note]


def test_zeros_of_the_file_are_said_and_can_be_ignored(cli, examples, tmp_path):
    """Of a layer that was started at zero nothing is left, unless zeros are weights like any other."""
    model = torch.jit.load(str(examples / "lenet-300-100.script.pt"))
    with torch.no_grad():
        model.fc3.weight.zero_()
    torch.jit.save(model, str(tmp_path / "zero.pt"))
    report, out = tmp_path / "r.json", tmp_path / "out.pt"
    done = cli.ok("prune", tmp_path / "zero.pt", "--weights", 0.3, "--scope", "layer", "--output", out, "--report", report)
    kept = json.loads(report.read_text())
    assert "of fc3.weight nothing else is left" in done.stderr and zeros_note(kept)
    # What was gone before is no merit of this run.
    assert kept["nonzeros"]["before"] == kept["parameters"]["before"] - 1000
    assert "zero in the file" in cli.ok("inspect", tmp_path / "zero.pt").stdout
    cli.ok("prune", tmp_path / "zero.pt", "--weights", 0.3, "--scope", "layer", "--ignore-zeros", "--output", out,
           "--report", report)
    ignored = json.loads(report.read_text())
    assert not zeros_note(ignored) and ignored["nonzeros"]["before"] == ignored["parameters"]["before"]


def test_extra_files_of_the_archive_are_kept(cli, examples, tmp_path):
    model = torch.jit.load(str(examples / "lenet-300-100.script.pt"))
    torch.jit.save(model, str(tmp_path / "model.pt"), _extra_files={"labels.txt": b"zero\none"})
    cli.ok("prune", tmp_path / "model.pt", "--weights", 0.3, "--output", tmp_path / "out.pt")
    extra = {"labels.txt": ""}
    torch.jit.load(str(tmp_path / "out.pt"), _extra_files=extra)
    assert extra["labels.txt"] == b"zero\none"


def test_an_empty_name_is_no_name(cli, examples, tmp_path):
    for option in ("--output", "--plan"):
        outputs = [] if option == "--output" else ["--output", tmp_path / "out.pt"]
        done = cli.run("prune", examples / "lenet5.script.pt", option, "", *outputs)
        assert done.returncode == 2 and f"{option} is given without a value" in done.stderr
    assert os.listdir(tmp_path) == []


def test_the_plan_that_is_read_is_not_written_over(cli, examples, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(plan_json(weights={"fc1.weight": {"sparsity": 0.5}}))
    before = plan.read_text()
    done = cli.run("prune", examples / "lenet5.script.pt", "--plan", plan, "--output", plan)
    assert done.returncode == 2 and "it is read, as plan.json" in done.stderr and plan.read_text() == before


# The changes, what the message must name, and the exit code.
BAD_PLANS = {
    "another model": ({"weights": {"encoder.weight": {"sparsity": 0.5}}}, "encoder.weight", 3),
    "unknown key": ({"weights": {"fc1.weight": {"sparsty": 0.5}}}, "sparsty", 2),
    "two rules": ({"weights": {"fc1.weight": {"sparsity": 0.5, "threshold": 1}}}, "fc1.weight", 2),
    "version": ({"version": 99}, "99", 2),
    "format": ({"format": "something"}, "espalier-plan", 2),
    "range": ({"weights": {"fc1.weight": {"sparsity": 1.5}}}, "fc1.weight", 2),
    "everything": ({"weights": {"fc1.weight": {"threshold": 1e9}}}, "fc1.weight", 1),
    "no channel left": ({"channels": {"conv1": {"keep": 0}}}, "keep 1", 2),
    "more channels than there are": ({"channels": {"conv1": {"keep": 21}}}, "20 channels", 1),
    "a locked group": ({"channels": {"fc2": {"keep": 5}}}, "fc2", 1),
    "inputs of another model": ({"inputs": ["1x3x32x32"]}, "the plan's, p.json", 3),
    "no group": ({"channels": {"conv9": {"keep": 5}}}, "channels.conv9", 3),
}


@pytest.mark.parametrize("name", BAD_PLANS)
def test_bad_plans_are_refused_by_name(cli, examples, tmp_path, name):
    changes, word, code = BAD_PLANS[name]
    (tmp_path / "p.json").write_text(plan_json(**changes))
    done = cli.run("prune", examples / "lenet5.script.pt", "--plan", tmp_path / "p.json", "--output",
                   tmp_path / "out.pt")
    assert done.returncode == code and word in done.stderr
    assert os.listdir(tmp_path) == ["p.json"]  # nothing written, nothing left behind


def test_plan_that_is_not_json(cli, examples, tmp_path):
    (tmp_path / "p.json").write_text("{ not json")
    done = cli.run("prune", examples / "lenet5.script.pt", "--plan", tmp_path / "p.json", "--output",
                   tmp_path / "out.pt")
    assert done.returncode == 2 and "p.json" in done.stderr


def test_output_that_cannot_be_written_leaves_nothing(cli, examples, tmp_path):
    done = cli.run("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--output", tmp_path / "no" / "out.pt")
    assert done.returncode == 1 and "no/out" in done.stderr
    done = cli.run("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--output", tmp_path / "out.pt",
                   "--report", tmp_path / "no" / "report.json")
    assert done.returncode == 1
    assert os.listdir(tmp_path) == []


def test_existing_file_survives_a_full_disk(cli, examples, tmp_path):
    """A limit on file size stands for a disk that fills: the write fails half-way."""
    out = tmp_path / "out.pt"
    out.write_text("precious")
    command = [str(cli.program), "prune", str(examples / "lenet5.script.pt"), "--weights", "0.5", "--output", str(out)]
    done = subprocess.run(command, capture_output=True, text=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)))
    assert done.returncode == 1
    assert f"Cannot write {out}" in done.stderr.splitlines()[-1] and "staged" not in done.stderr
    assert out.read_text() == "precious" and os.listdir(tmp_path) == ["out.pt"]


def test_the_model_that_is_read_is_not_written_over(cli, examples, tmp_path):
    model = tmp_path / "model.pt"
    model.write_bytes((examples / "lenet5.script.pt").read_bytes())
    done = cli.run("prune", model, "--weights", 0.5, "--output", model)
    assert done.returncode == 2 and "it is read, as model.pt" in done.stderr
    assert model.read_bytes() == (examples / "lenet5.script.pt").read_bytes()


def test_all_outputs_or_none(cli, examples, tmp_path):
    (tmp_path / "taken").mkdir()
    done = cli.run("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--output", tmp_path / "m.pt",
                   "--report", tmp_path / "taken")
    assert done.returncode == 1 and "taken" in done.stderr and os.listdir(tmp_path) == ["taken"]
    done = cli.run("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--output", tmp_path / "m.pt",
                   "--masked-output", tmp_path / "m.pt")
    assert done.returncode == 2 and "two outputs" in done.stderr and os.listdir(tmp_path) == ["taken"]


def test_nothing_to_prune_is_said(cli, examples, tmp_path):
    done = cli.ok("prune", examples / "lenet5.script.pt", "--output", tmp_path / "same.pt")
    assert "nothing goes but what is zero already" in done.stderr


def test_a_pattern_that_fits_nowhere_is_said(cli, examples, tmp_path):
    """conv1 of LeNet-5 has one input channel: no two of four weights can be chosen."""
    plan = tmp_path / "plan.json"
    plan.write_text(plan_json(weights={"conv1.weight": {"pattern": "2:4"}, "fc1.weight": {"threshold": 0.01}}))
    done = cli.ok("prune", examples / "lenet5.script.pt", "--plan", plan, "--output", tmp_path / "out.pt",
                  "--report", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert [n for n in report["notes"] if "2:4 removes nothing of conv1.weight" in n], report["notes"]
    assert report["requested"] == {"conv1.weight": "2:4", "fc1.weight": "threshold 0.01"}
    assert "2:4" in done.stdout and "threshold 0.01" in done.stdout


def test_names_that_are_no_utf8(cli, examples, tmp_path):
    model = os.fsencode(tmp_path) + b"/caf\xe9.pt"
    with open(model, "wb") as file:
        file.write((examples / "lenet-300-100.script.pt").read_bytes())
    saved, report = tmp_path / "p.json", tmp_path / "r.json"
    cli.ok("prune", os.fsdecode(model), "--weights", 0.5, "--output", tmp_path / "out.pt", "--save-plan", saved,
           "--report", report)
    assert json.loads(saved.read_text())["model"]["file"] == "caf\ufffd.pt"
    cli.ok("prune", os.fsdecode(model), "--plan", saved, "--output", tmp_path / "again.pt")


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_a_goal_in_bytes_is_met_by_the_file(cli, examples, tmp_path, scope):
    done = cli.ok("prune", examples / "lenet5.script.pt", "--goal", "bytes=600kB", "--scope", scope, "--output",
                  tmp_path / "small.pt", "--json")
    size = (tmp_path / "small.pt").stat().st_size
    assert 500_000 < size <= 600_000, size
    report = json.loads(done.stdout)
    assert report["bytes"]["after"] == size and report["proof"]["max_relative_difference"] < 1e-6
    assert torch.jit.load(str(tmp_path / "small.pt"))(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_goals_of_weights_and_macs(cli, examples, tmp_path):
    model = examples / "lenet5.script.pt"
    few = cli.json("prune", model, "--goal", "nonzeros=40k", "--output", tmp_path / "few.pt")
    assert 0.95 * 40_000 < few["nonzeros"]["after"] <= 40_000
    assert few["parameters"]["after"] == few["parameters"]["before"]
    half = cli.json("prune", model, "--goal", "macs=50%", "--output", tmp_path / "half.pt")
    assert 0.4 < half["macs"]["after"] / half["macs"]["before"] <= 0.5
    saved = cli.json("prune", model, "--goal", "nonzeros=40k", "--output", tmp_path / "again.pt", "--save-plan",
                     tmp_path / "p.json")
    assert saved["nonzeros"]["after"] == few["nonzeros"]["after"]
    cli.ok("prune", model, "--plan", tmp_path / "p.json", "--output", tmp_path / "by_plan.pt")
    for name, tensor in torch.jit.load(str(tmp_path / "few.pt")).state_dict().items():
        assert torch.equal(tensor, torch.jit.load(str(tmp_path / "by_plan.pt")).state_dict()[name])


@pytest.mark.parametrize("goal", ["nonzeros=5M", "bytes=100MB", "macs=100%"])
def test_a_goal_that_is_met_is_said(cli, examples, tmp_path, goal):
    done = cli.ok("prune", examples / "lenet5.script.pt", "--goal", goal, "--output", tmp_path / "out.pt")
    assert "The goal is met already" in done.stderr, done.stderr
    less = cli.ok("prune", examples / "lenet5.script.pt", "--goal", "nonzeros=90%", "--output", tmp_path / "less.pt")
    assert "met already" not in less.stderr, less.stderr


@pytest.mark.parametrize("options,code,word", [
    (["--goal", "bytes=5 apples"], 2, "neither a share nor an amount"),
    (["--goal", "latency=3"], 2, "nonzeros, parameters, macs, bytes"),
    (["--goal", "macs=50%", "--weights", "0.5"], 2, "excludes"),
    (["--structure", "weights"], 2, "--goal"),
    (["--goal", "bytes=1kB"], 1, "as few as there can be"),
    (["--goal", "macs=50"], 2, "Write 50% for a share"),
    (["--goal", "macs=150%"], 2, "Ask for 100% at most"),
    (["--goal", "parameters=50%", "--structure", "weights"], 2, "zero are parameters still"),
    (["--goal", "macs=50%", "--scope", "same-kind"], 2, "layer or global"),
])
def test_goals_that_make_no_sense(cli, examples, tmp_path, options, code, word):
    done = cli.run("prune", examples / "lenet5.script.pt", *options, "--output", tmp_path / "out.pt")
    assert done.returncode == code and word in done.stderr, done.stderr
    assert not (tmp_path / "out.pt").exists()
