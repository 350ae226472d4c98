# SPDX-License-Identifier: GPL-3.0-or-later
import csv
import gzip
import json
import re
import signal
import subprocess
import time

import numpy
import pytest
import torch

SAMPLES = 400


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def scan(cli, model, data, folder, *more, timeout=300):
    done = cli.ok("sensitivity", model, "--data", data, "--samples", SAMPLES, "--log", folder / "scan.log", "--output",
                  folder / "scan.csv", *more, timeout=timeout)
    return done, rows_of(folder / "scan.csv"), (folder / "scan.log").read_text().splitlines()


def raw_images(examples):
    with gzip.open(examples / "mnist" / "t10k-images-idx3-ubyte.gz") as file:
        return numpy.frombuffer(file.read()[16:], numpy.uint8).reshape(-1, 28, 28)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    path.write_bytes(header + array.tobytes())


def pruned(module, name, sparsity):
    """`module` without the round(sparsity * n) smallest weights of one tensor."""
    weight = dict(module.named_parameters())[name]
    count = int(sparsity * weight.numel() + 0.5)
    order = weight.detach().abs().flatten().argsort(stable=True)
    with torch.no_grad():
        weight.view(-1)[order[:count]] = 0


@pytest.mark.parametrize("model", ["lenet5.script.pt", "lenet5.trace.pt"])
def test_points_are_what_pytorch_measures(cli, examples, mnist_test, tmp_path, cache, model):
    # The order of the validation split is the program's own, so PyTorch looks at a split of which
    # all samples are the same ten images, as often as it needs.
    images, labels = mnist_test
    one_of_each = [int((labels == k).nonzero()[0]) for k in range(10)]
    raw = raw_images(examples)[one_of_each]
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train", "t10k"):
        write_idx(folder / f"{name}-images-idx3-ubyte", numpy.tile(raw, (20, 1, 1)))
        write_idx(folder / f"{name}-labels-idx1-ubyte", numpy.tile(numpy.arange(10, dtype=numpy.uint8), 20))
    _, rows, log = scan(cli, examples / model, folder, tmp_path, "--exhaustive")
    assert list(rows[0]) == "parameter sparsity top1 top5 loss".split()
    names = [n for n, p in torch.jit.load(str(examples / model)).named_parameters() if p.dim() > 1]
    assert {r["parameter"] for r in rows} == set(names) and len(rows) == 19 * len(names)
    assert len(log) == 1 + len(rows) and log[0].startswith("dense,0,")
    ten = images[one_of_each]
    for row in rows[::7]:
        module = torch.jit.load(str(examples / model)).eval()
        pruned(module, row["parameter"], float(row["sparsity"]))
        with torch.no_grad():
            scores = module(ten).double()
        right = (scores.argmax(1) == torch.arange(10)).double().mean().item()
        top5 = (scores.topk(5).indices == torch.arange(10)[:, None]).any(1).double().mean().item()
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(10)).item()
        assert float(row["top1"]) == pytest.approx(100 * right, abs=1e-6), row
        assert float(row["top5"]) == pytest.approx(100 * top5, abs=1e-6), row
        assert float(row["loss"]) == pytest.approx(loss, rel=1e-4, abs=1e-6), row


def largest(rows, name, dense, drop):
    """The definition, on all levels."""
    best = None
    for row in (r for r in rows if r["parameter"] == name):
        if dense - float(row["top1"]) > drop:
            break
        best = float(row["sparsity"])
    return best


@pytest.mark.parametrize("structure", ["weights", "channels"])
def test_finds_the_largest_sparsity_with_few_evaluations(cli, examples, tmp_path, cache, structure):
    more = ("--structure", structure)
    done, few, log = scan(cli, examples / "lenet5.script.pt", examples / "mnist", tmp_path, *more, "--json")
    report = json.loads(done.stdout)
    dense = 100 * report["dense"]["top1"]
    assert report["samples"] == SAMPLES and report["evaluations"] == len(log)
    assert report["structure"] == structure
    assert report["criterion"] == {"weights": "magnitude", "channels": "l2"}[structure]
    _, all_rows, _ = scan(cli, examples / "lenet5.script.pt", examples / "mnist", tmp_path, *more, "--exhaustive")
    assert len(few) <= 0.4 * len(all_rows)
    for layer in report["layers"]:
        assert layer["largest"] == largest(all_rows, layer["name"], dense, 1), layer
    every = {(r["parameter"], r["sparsity"]): r for r in all_rows}
    assert all(every[r["parameter"], r["sparsity"]] == r for r in few)


@pytest.mark.parametrize("criterion", ["wanda", "taylor"])
def test_criteria_that_need_data_are_measured_first(cli, examples, tmp_path, cache, criterion):
    """A point says what a file says that was pruned by the same criterion to the same sparsity."""
    model, mnist = examples / "lenet-300-100.script.pt", examples / "mnist"
    cli.ok("sensitivity", model, "--data", mnist, "--criterion", criterion, "--output", tmp_path / "scan.csv")
    rows = list(csv.DictReader((tmp_path / "scan.csv").open()))
    assert {r["parameter"] for r in rows} == {"fc1.weight", "fc2.weight", "fc3.weight"}
    row = max((r for r in rows if r["parameter"] == "fc1.weight"), key=lambda r: float(r["sparsity"]))
    plan = {
        "format": "espalier-plan", "version": 1, "inputs": ["1x1x28x28"],
        "defaults": {"weights": {"criterion": criterion}, "seed": 0, "data": "train[0:1024]"},
        "weights": {"fc1.weight": {"sparsity": float(row["sparsity"])}},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    cli.ok("prune", model, "--plan", tmp_path / "plan.json", "--data", mnist, "--output", tmp_path / "pruned.pt")
    result = cli.json("evaluate", tmp_path / "pruned.pt", "--data", mnist, "--split", "validation")
    assert 100 * result["top1"] == pytest.approx(float(row["top1"]), abs=0.02)
    by_magnitude = cli.json("sensitivity", model, "--data", mnist, "--output", tmp_path / "magnitude.csv")
    assert by_magnitude["evaluations"] > 0  # nothing of the other criterion is remembered


def test_a_killed_scan_goes_on_without_repeating(cli, examples, tmp_path, cache):
    command = ["sensitivity", examples / "lenet5.script.pt", "--data", examples / "mnist", "--exhaustive", "--samples",
               1500, "--output", tmp_path / "scan.csv"]
    whole = cli.json(*command)
    for file in cache.rglob("*.json"):
        file.unlink()
    (tmp_path / "scan.csv").unlink()
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    running = subprocess.Popen([cli.program, *map(str, command), "--log", logs[0]], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not logs[0].exists() or logs[0].read_text().count("\n") < 8):
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    first = logs[0].read_text().split("\n")[:-1]
    assert 8 <= len(first) < whole["evaluations"] and not (tmp_path / "scan.csv").exists()
    resumed = cli.json(*command, "--log", logs[1])
    second = logs[1].read_text().splitlines()

    def key(line):
        return tuple(line.split(",")[:2])

    assert not {key(line) for line in first} & {key(line) for line in second}
    assert len(first) + len(second) == whole["evaluations"]
    assert resumed["layers"] == whole["layers"]
    assert cli.json(*command)["evaluations"] == 0


def test_a_stopped_scan_says_so_and_keeps_what_it_has(cli, examples, tmp_path, cache):
    command = ["sensitivity", examples / "lenet5.script.pt", "--data", examples / "mnist", "--exhaustive", "--log",
               tmp_path / "scan.log", "--output", tmp_path / "scan.csv"]
    running = subprocess.Popen([cli.program, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not (tmp_path / "scan.log").exists()
                                           or not (tmp_path / "scan.log").read_text()):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 130
    assert not (tmp_path / "scan.csv").exists() and list(cache.rglob("*.json"))
    said = running.stderr.read().decode()
    assert "Cancelled. No CSV was written." in said and "the same command goes on from there" in said, said
    assert f" {len((tmp_path / 'scan.log').read_text().splitlines())} evaluation" in said, said


def test_says_how_long_it_takes_before_it_starts(cli, examples, tmp_path, cache):
    done, rows, log = scan(cli, examples / "lenet5.script.pt", examples / "mnist", tmp_path)
    lines = done.stderr.splitlines()
    told = next(i for i, line in enumerate(lines) if "evaluations of 400 samples for 4 weight tensors" in line)
    assert told < lines.index("Measuring the dense model"), done.stderr
    assert lines[told].startswith(("About ", "Takes under a second")), lines[told]
    again, *_ = scan(cli, examples / "lenet5.script.pt", examples / "mnist", tmp_path)
    assert "All is measured already, for 4 weight tensors." in again.stderr


def test_damaged_caches_are_measured_again(cli, examples, tmp_path, cache):
    _, rows, log = scan(cli, examples / "lenet5.script.pt", examples / "mnist", tmp_path)
    (file,) = (cache / "espalier" / "sensitivity").glob("*.json")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    _, again, log_again = scan(cli, examples / "lenet5.script.pt", examples / "mnist", tmp_path)
    assert again == rows and len(log_again) == len(log)


@pytest.mark.parametrize("options,code,word", [
    (["--structure", "neurons"], 2, "neurons"),
    (["--criterion", "fancy"], 2, "fancy"),
    (["--max-drop", "-1"], 2, "--max-drop: -1 is less than 0"),
    (["--max-drop", "much"], 2, "--max-drop"),
    (["--samples", "0"], 2, "--samples: 0 is less than 1"),
    (["--output", "no/such/folder/x.csv"], 1, "folder"),
])
def test_bad_requests(cli, examples, tmp_path, cache, options, code, word):
    command = ["sensitivity", examples / "lenet5.script.pt", "--data", examples / "mnist", "--samples", 50]
    if "--output" not in options:
        command += ["--output", tmp_path / "x.csv"]
    done = cli.run(*command, *options)
    assert done.returncode == code and word in done.stderr, done.stderr
    assert not (tmp_path / "x.csv").exists()


def test_more_samples_than_there_are_is_said(cli, tmp_path, cache):
    torch.jit.script(torch.nn.Linear(3, 2)).save(str(tmp_path / "model.pt"))
    data = {"inputs": torch.randn(40, 3), "targets": torch.arange(40) % 2}
    torch.save(data, tmp_path / "data.pt")
    command = ["sensitivity", tmp_path / "model.pt", "--data", tmp_path / "data.pt", "--output", tmp_path / "x.csv"]
    there = re.search(r"on (\d+) samples of the validation split", cli.ok(*command).stdout).group(1)
    assert f"has {there} samples" not in cli.ok(*command, "--samples", there).stderr
    more = cli.ok(*command, "--samples", 5000)
    assert f"The validation split has {there} samples for this, not 5\u2009000" in more.stderr, more.stderr
    ranked = cli.ok("prune", tmp_path / "model.pt", "--weights", 0.5, "--criterion", "taylor", "--data",
                    tmp_path / "data.pt", "--samples", 5000, "--output", tmp_path / "out.pt")
    assert "The train split has " in ranked.stderr and "not 5\u2009000" in ranked.stderr, ranked.stderr


def test_data_that_does_not_fit(cli, fixtures, examples, tmp_path, cache):
    done = cli.run("sensitivity", fixtures / "cnn_bn.script.pt", "--data", examples / "mnist", "--output",
                   tmp_path / "x.csv")
    assert done.returncode == 3 and "28" in done.stderr
