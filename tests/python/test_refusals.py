# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said where model, data, plan and reference do not belong together."""
import json
import os
import subprocess
import time

import numpy
import pytest
import torch
from test_data import Flat, photos, png, saved, write


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def verbs(model, data, folder):
    """Every verb that looks at data."""
    return {
        "evaluate": ["evaluate", model, "--data", data],
        "sensitivity": ["sensitivity", model, "--data", data, "--output", folder / "scan.csv"],
        "tune": ["tune", model, "--data", data, "--weights", 0.5, "--epochs", 1, "--output", folder / "tuned.pt"],
        "prune": ["prune", model, "--data", data, "--weights", 0.5, "--criterion", "taylor", "--output",
                  folder / "pruned.pt"],
    }


@pytest.mark.parametrize("verb", ["evaluate", "sensitivity", "tune", "prune"])
def test_fewer_classes_than_outputs_are_noted(cli, tmp_path, cache, verb):
    saved(Flat(12, 10), tmp_path / "model.pt")
    data = write(tmp_path / "four.npz", inputs=torch.randn(200, 12), targets=torch.arange(200) % 4)
    done = cli.ok(*verbs(tmp_path / "model.pt", data, tmp_path)[verb])
    note = "the model has 10 outputs and four 4 classes: 0, 1, 2, 3 are taken for its outputs 0 to 3, in this order"
    assert done.stderr.count(note) == 1, done.stderr
    ten = write(tmp_path / "ten.npz", inputs=torch.randn(200, 12), targets=torch.arange(200) % 10)
    assert "outputs" not in cli.ok(*verbs(tmp_path / "model.pt", ten, tmp_path)[verb]).stderr


def test_a_class_without_a_score_is_named_with_its_sample(cli, tmp_path):
    saved(Flat(12, 10), tmp_path / "model.pt")
    (tmp_path / "d").mkdir()
    targets = torch.arange(50) % 10
    targets[17] = 12
    write(tmp_path / "d" / "test.npz", inputs=torch.randn(50, 12), targets=targets)
    done = cli.run("evaluate", tmp_path / "model.pt", "--data", tmp_path / "d")
    assert done.returncode == 3 and "tells 10 classes apart, d has 13" in done.stderr, done.stderr
    assert "sample 17 (from 0) of test.npz is of class 12" in done.stderr, done.stderr


def test_a_sample_is_named_by_its_place_in_the_file_that_holds_all_splits(cli, tmp_path):
    saved(Flat(12, 10), tmp_path / "model.pt")
    targets = torch.arange(200) % 10
    targets[137] = 12
    write(tmp_path / "all.npz", inputs=torch.randn(200, 12), targets=targets)
    done = cli.run("evaluate", tmp_path / "model.pt", "--data", tmp_path / "all.npz")
    assert done.returncode == 3 and "sample 137 (from 0) of all.npz is of class 12" in done.stderr, done.stderr


@pytest.mark.parametrize("verb", ["evaluate", "sensitivity", "prune"])
def test_an_empty_split_is_bad_data_in_every_verb(cli, tmp_path, cache, verb):
    saved(Flat(), tmp_path / "model.pt")
    (tmp_path / "d").mkdir()
    write(tmp_path / "d" / "test.npz", inputs=torch.randn(0, 12), targets=torch.zeros(0, dtype=torch.long))
    done = cli.run(*verbs(tmp_path / "model.pt", tmp_path / "d", tmp_path)[verb])
    assert done.returncode == 3, done.stderr
    assert "split is empty. It has 0 samples for training, 0 for validation and 0 for test" in done.stderr, done.stderr


def test_a_split_that_is_not_there_is_bad_data(cli, tmp_path):
    saved(Flat(), tmp_path / "model.pt")
    (tmp_path / "d").mkdir()
    write(tmp_path / "d" / "test.npz", inputs=torch.randn(50, 12), targets=torch.arange(50) % 3)
    done = cli.run("evaluate", tmp_path / "model.pt", "--data", tmp_path / "d", "--split", "train")
    assert done.returncode == 3, done.stderr
    assert "its train split is empty. It has 0 samples for training, 50 for validation and 50 for test" in done.stderr


def test_the_reference_is_named_when_it_is_the_broken_one(cli, tmp_path):
    saved(Flat(), tmp_path / "model.pt")
    data = write(tmp_path / "d.npz", inputs=torch.randn(50, 12))

    def refused(reference, *parts):
        done = cli.run("evaluate", tmp_path / "model.pt", "--data", data, "--reference", reference)
        assert done.returncode == 3, done.stderr
        for part in parts:
            assert part in done.stderr, done.stderr
        assert "model.pt and data" not in done.stderr, done.stderr

    whole = (tmp_path / "model.pt").read_bytes()
    (tmp_path / "half.pt").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "half.pt", f"Cannot use {tmp_path / 'half.pt'} as the reference")
    refused(tmp_path / "none.pt", f"Cannot use {tmp_path / 'none.pt'} as the reference")
    saved(Flat(7, 3), tmp_path / "seven.pt")
    refused(tmp_path / "seven.pt", "reference", "seven.pt")
    saved(Flat(12, 5), tmp_path / "five.pt")
    refused(tmp_path / "five.pt", "with the reference five.pt: for two samples it gives 2x3 float32, the reference 2x5")


def test_a_reference_that_nothing_is_compared_with_is_noted(cli, tmp_path):
    saved(Flat(), tmp_path / "model.pt")
    data = write(tmp_path / "d.npz", inputs=torch.randn(50, 12), targets=torch.arange(50) % 3)
    done = cli.ok("evaluate", tmp_path / "model.pt", "--data", data, "--reference", tmp_path / "model.pt")
    assert "is not looked at: top-1 needs none" in done.stderr
    done = cli.ok("evaluate", tmp_path / "model.pt", "--data", data, "--reference", tmp_path / "model.pt", "--metric",
                  "agreement")
    assert "is not looked at" not in done.stderr


@pytest.mark.parametrize("inputs", [["1x3x32x32"], ["1x77"], []])
@pytest.mark.parametrize("verb", ["prune", "tune"])
def test_a_plan_of_another_model_is_known_by_its_layers(cli, examples, tmp_path, inputs, verb):
    plan = {"format": "espalier-plan", "version": 1, "model": {"file": "resnet.pt", "sha256": ""}, "inputs": inputs,
            "weights": {"layer1.0.conv1.weight": {"sparsity": 0.5}}}
    (tmp_path / "p.json").write_text(json.dumps(plan))
    data = ["--data", examples / "mnist"] if verb == "tune" else []
    done = cli.run(verb, examples / "lenet5.script.pt", *data, "--plan", tmp_path / "p.json", "--output",
                   tmp_path / "out.pt")
    assert done.returncode == 3, done.stderr
    assert "layer1.0.conv1.weight" in done.stderr and "resnet.pt" in done.stderr, done.stderr
    for word in ("--input", "mat1", "channels, but got"):
        assert word not in done.stderr, done.stderr


@pytest.mark.parametrize("verb", ["evaluate", "tune", "sensitivity"])
def test_a_model_of_nan_is_told_once_and_as_such(cli, tmp_path, cache, verb):
    module = Flat()
    saved(module, tmp_path / "model.pt")
    with torch.no_grad():
        module.fc.bias[1] = float("nan")
    torch.jit.script(module).save(str(tmp_path / "nan.pt"))
    data = write(tmp_path / "d.npz", inputs=torch.randn(300, 12), targets=torch.arange(300) % 3)
    done = cli.run(*verbs(tmp_path / "nan.pt", data, tmp_path)[verb])
    assert done.returncode == (0 if verb == "evaluate" else 3), done.stderr
    assert done.stderr.count("NaN") >= 1 and "learning rate" not in done.stderr, done.stderr
    if verb != "sensitivity":
        assert done.stderr.count("outputs hold NaN for") == 1 and "no input does" in done.stderr, done.stderr


def test_a_folder_that_goes_away_during_a_scan(cli, tmp_path, cache):
    """Photos large enough for the first pass to take some seconds."""
    saved(Flat(3 * 20 * 20, 3), tmp_path / "model.pt")
    photos(tmp_path / "photos", 3)
    large = png(numpy.full((1600, 1600, 3), 77, numpy.uint8))
    (tmp_path / "photos" / "large.bin").write_bytes(large)
    for number in range(400):
        os.link(tmp_path / "photos" / "large.bin", tmp_path / "photos" / "test" / f"c{number % 3}" / f"z{number}.png")
    command = ["sensitivity", tmp_path / "model.pt", "--data", tmp_path / "photos", "--preset", "imagenet", "--resize",
               24, "--crop", 20, "--output", tmp_path / "scan.csv"]
    running = subprocess.Popen([str(part) for part in [cli.program, *command]], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    told = []
    for line in running.stderr:
        told.append(line)
        if line.startswith("Measuring the dense model"):
            break
    time.sleep(0.2)
    (tmp_path / "photos").rename(tmp_path / "moved")
    told += running.stderr.readlines()
    assert running.wait(60) == 3, told
    assert "The scan stopped, as photos cannot be read any more" in told[-1], told
    assert "the file was there when the data was opened" in told[-1] and "Bring the data back" in told[-1], told
    assert not (tmp_path / "scan.csv").exists()
    (tmp_path / "moved").rename(tmp_path / "photos")
    assert cli.json(*command)["evaluations"] > 1
