# SPDX-License-Identifier: GPL-3.0-or-later
"""Criteria that look at data, against PyTorch: what goes must be what has the lowest scores."""
import json

import pytest
import reference_scores
import score_models
import torch

PLAIN = ("--preset", "mnist", "--mean", 0, "--std", 1)
COUNT = 50


def masks_of(path, dense):
    """By parameter what was removed: True where the file has a zero and the dense model has none."""
    pruned = dict(torch.jit.load(str(path)).named_parameters())
    return {name: (pruned[name] == 0) & (p != 0) for name, p in dense.named_parameters()}


def assert_lowest(scores, removed, name):
    """The removed ones are the lowest; a hair's breadth is allowed at the cut."""
    assert 0 < removed.sum() < removed.numel(), name
    assert scores[removed].max() <= scores[~removed].min() * (1 + 1e-3) + 1e-12, name


def assert_per_row(scores, rows, removed, share, name):
    assert removed.sum() == round(share * removed.numel()), name
    counts = []
    for row in rows.unique():
        own, gone = scores[rows == row], removed[rows == row]
        counts.append(int(gone.sum()))
        if gone.any() and not gone.all():
            assert own[gone].max() <= own[~gone].min() * (1 + 1e-3) + 1e-12, (name, row)
    assert max(counts) - min(counts) <= 1, name


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return folder, *score_models.write_samples(folder, COUNT)


@pytest.fixture(scope="module")
def prune(cli, tmp_path_factory):
    def run(model, folder, *arguments):
        out = tmp_path_factory.mktemp("pruned")
        done = cli.ok("prune", model, "--data", folder, *PLAIN, *arguments, "--output", out / "cut.pt",
                      "--save-plan", out / "plan.json", "--report", out / "report.json")
        return out, done.stderr
    return run


@pytest.mark.parametrize("how", ["script", "trace"])
@pytest.mark.parametrize("kind", [score_models.Mixed, score_models.Odd, score_models.Encoder])
@pytest.mark.parametrize("criterion", ["taylor", "gradient", "fisher"])
def test_weights_by_gradients(prune, samples, tmp_path, criterion, kind, how):
    folder, inputs, labels = samples
    model = score_models.make(kind)
    expected = getattr(reference_scores, criterion)(model, inputs, labels)
    path = score_models.save(model, tmp_path / "model.pt", how)
    out, _ = prune(path, folder, "--criterion", criterion, "--weights", 0.4, "--scope", "layer")
    removed = masks_of(out / "cut.pt", model)
    weights = [name for name, p in model.named_parameters() if p.dim() >= 2]
    assert len(weights) >= 5
    for name in weights:
        assert removed[name].sum() == round(0.4 * removed[name].numel()), name
        assert_lowest(expected[name], removed[name], name)
    plan = json.loads((out / "plan.json").read_text())["defaults"]
    assert plan["weights"]["criterion"] == criterion and plan["data"] == f"validation[0:{COUNT}]"


@pytest.mark.parametrize("how", ["script", "trace"])
@pytest.mark.parametrize("kind", [score_models.Mixed, score_models.Odd])
def test_weights_by_wanda(prune, samples, tmp_path, kind, how):
    folder, inputs, _ = samples
    model = score_models.make(kind)
    expected, rows = reference_scores.wanda(model, inputs)
    path = score_models.save(model, tmp_path / "model.pt", how)
    out, said = prune(path, folder, "--criterion", "wanda", "--weights", 0.4, "--scope", "layer")
    removed = masks_of(out / "cut.pt", model)
    assert len(expected) >= 5
    for name, scores in expected.items():
        assert_per_row(scores, rows[name], removed[name], 0.4, name)
    if kind is score_models.Odd:  # a run does not show hidden states
        assert not removed["rnn.weight_hh_l0"].any() and "rnn.weight_hh_l0, which was left alone" in said
        norm = inputs[:, 0].flatten(0, 1).norm(dim=0)
        weight = model.rnn.weight_ih_l0.detach().abs()
        row = torch.arange(32)[:, None].expand(32, 28)
        assert_per_row(weight * norm, row, removed["rnn.weight_ih_l0"], 0.4, "rnn")


def test_one_threshold_over_all_layers(prune, samples, examples):
    folder, inputs, labels = samples
    model = torch.jit.load(str(examples / "lenet5.script.pt")).eval()
    expected = reference_scores.taylor(model, inputs, labels)
    weights = [name for name, p in model.named_parameters() if p.dim() >= 2]
    out, _ = prune(examples / "lenet5.script.pt", folder, "--criterion", "taylor", "--weights", 0.7)
    removed = masks_of(out / "cut.pt", model)
    everything = torch.cat([expected[name].flatten() for name in weights])
    gone = torch.cat([removed[name].flatten() for name in weights])
    assert gone.sum() == round(0.7 * gone.numel())
    assert_lowest(everything, gone, "all layers")


def channel_scores(model, criterion, inputs, labels):
    """Of conv1 and conv2, by what the next layer reads where activations count."""
    if criterion in ("activation", "apoz"):
        each = torch.abs if criterion == "activation" else (lambda x: (x != 0).float())
        with torch.no_grad():
            first = torch.max_pool2d(torch.relu(model.conv1(inputs)), 2)
            second = torch.max_pool2d(torch.relu(model.conv2(first)), 2)
        return {"conv1": each(first).mean((0, 2, 3)), "conv2": each(second).mean((0, 2, 3))}
    found = reference_scores.gradients(model, inputs, labels)
    weights = dict(model.named_parameters())
    if criterion == "taylor":
        return {name: (weights[f"{name}.weight"] * found[f"{name}.weight"]).flatten(1).sum(1).detach() ** 2
                for name in ("conv1", "conv2")}
    if criterion == "gradient":
        return {name: found[f"{name}.weight"].flatten(1).norm(dim=1) for name in ("conv1", "conv2")}
    if criterion == "fisher":
        scores = reference_scores.fisher(model, inputs, labels)
    else:
        with torch.no_grad():
            first = torch.max_pool2d(torch.relu(model.conv1(inputs)), 2)
        scores = {f"{name}.weight": (weights[f"{name}.weight"].abs()
                                     * x.transpose(0, 1).flatten(1).norm(dim=1)[None, :, None, None]).detach()
                  for name, x in (("conv1", inputs), ("conv2", first))}
    return {name: scores[f"{name}.weight"].flatten(1).sum(1) for name in ("conv1", "conv2")}


@pytest.mark.parametrize("how", ["script", "trace"])
@pytest.mark.parametrize("criterion", ["taylor", "gradient", "fisher", "wanda", "activation", "apoz"])
def test_channels(prune, samples, tmp_path, criterion, how):
    folder, inputs, labels = samples
    model = score_models.make(score_models.Rectified)
    path = score_models.save(model, tmp_path / "model.pt", how)
    expected = channel_scores(model, criterion, inputs, labels)
    out, _ = prune(path, folder, "--criterion", criterion, "--channels", 0.5)
    kept = json.loads((out / "report.json").read_text())["kept"]
    for name, scores in expected.items():
        assert len(scores.unique()) > 0.75 * len(scores)  # or the test says little
        stays = torch.zeros(len(scores), dtype=torch.bool)
        stays[kept[f"{name}.weight"]["0"]] = True
        assert stays.sum() == len(scores) - round(0.5 * len(scores))
        assert_lowest(scores, ~stays, name)
    assert json.loads((out / "plan.json").read_text())["defaults"]["channels"]["criterion"] == criterion


def test_a_plan_is_followed_with_data_and_refused_without(cli, prune, samples, examples, tmp_path):
    folder, _, _ = samples
    model = examples / "lenet5.script.pt"
    out, _ = prune(model, folder, "--criterion", "wanda", "--weights", 0.5, "--samples", 20)
    plan = json.loads((out / "plan.json").read_text())
    assert plan["defaults"]["data"] == "validation[0:20]"
    cli.ok("prune", model, "--plan", out / "plan.json", "--data", folder, *PLAIN, "--output", tmp_path / "again.pt")
    first, again = torch.jit.load(str(out / "cut.pt")), torch.jit.load(str(tmp_path / "again.pt"))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters()))

    done = cli.run("prune", model, "--plan", out / "plan.json", "--output", tmp_path / "none.pt")
    assert done.returncode != 0 and not (tmp_path / "none.pt").exists()
    assert "the criterion wanda needs data" in done.stderr and "--data" in done.stderr


def test_bad_requests_are_named(cli, samples, examples, tmp_path):
    folder, _, _ = samples
    model = examples / "lenet5.script.pt"
    out = tmp_path / "out.pt"
    done = cli.run("prune", model, "--criterion", "taylor", "--weights", 0.5, "--output", out)
    assert done.returncode != 0 and "the criterion taylor needs data" in done.stderr
    done = cli.run("prune", model, "--criterion", "apoz", "--weights", 0.5, "--data", folder, "--output", out)
    assert done.returncode != 0 and "apoz" in done.stderr
    done = cli.run("prune", model, "--criterion", "taylor", "--weights", 0.5, "--data", folder, "--samples", 0,
                   "--output", out)
    assert done.returncode == 2
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"format": "espalier-plan", "version": 1, "weights": {"fc1.weight": {"sparsity": 0.5}},
                                "defaults": {"weights": {"criterion": "taylor"}, "data": "train(0-5)"}}))
    done = cli.run("prune", model, "--plan", plan, "--data", folder, "--output", out)
    assert done.returncode != 0 and "train[0:1024]" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("criterion", ["gradient", "wanda"])
def test_what_is_gone_goes_first(cli, prune, samples, tmp_path, criterion):
    folder, inputs, labels = samples
    model = score_models.make(score_models.Rectified)
    path = score_models.save(model, tmp_path / "model.pt", "script")
    cli.ok("prune", path, "--weights", 0.3, "--scope", "layer", "--output", tmp_path / "third.pt")
    first = masks_of(tmp_path / "third.pt", model)
    for name, parameter in model.named_parameters():
        parameter.data[first[name]] = 0
    out, _ = prune(tmp_path / "third.pt", folder, "--criterion", criterion, "--weights", 0.5, "--scope", "layer")
    pruned = dict(torch.jit.load(str(out / "cut.pt")).named_parameters())
    expected = reference_scores.gradient(model, inputs, labels)
    for name in ("conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight"):
        gone = pruned[name] == 0
        assert gone.sum() == round(0.5 * gone.numel()) and gone[first[name]].all(), name
        if criterion == "gradient":
            left = ~first[name]
            assert_lowest(expected[name][left], gone[left], name)


def test_tune_ranks_by_data(cli, examples, tmp_path):
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"format": "espalier-recipe", "version": 1, "epochs": 1}))
    data = score_models.write_training(tmp_path / "training", 200)
    cli.ok("tune", examples / "lenet5.script.pt", "--data", data, "--criterion", "taylor", "--weights", 0.6,
           "--recipe", recipe, "--samples", 64, "--output", tmp_path / "tuned.pt")
    weights = [p for p in torch.jit.load(str(tmp_path / "tuned.pt")).parameters() if p.dim() > 1]
    zeros, count = sum(int((p == 0).sum()) for p in weights), sum(p.numel() for p in weights)
    assert abs(zeros - 0.6 * count) <= 1
