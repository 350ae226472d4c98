# SPDX-License-Identifier: GPL-3.0-or-later
"""On a GPU the program does what it does on the processor.

ESPALIER_TEST_DEVICE=cpu runs these tests where there is no GPU, to see that they are sound themselves.
"""
import csv
import json
import os
import signal

import pytest
import torch

from test_resume import start, wait_for_steps

DEVICE = os.environ.get("ESPALIER_TEST_DEVICE", "cuda")
IS_GPU = DEVICE != "cpu"
pytestmark = pytest.mark.skipif(IS_GPU and not torch.cuda.is_available(), reason="this torch sees no GPU")


def test_evaluate_agrees_with_the_processor(cli, examples):
    asked = ["evaluate", examples / "lenet5.script.pt", "--data", examples / "mnist"]
    on_cpu, on_gpu = (cli.json(*asked, "--device", device) for device in ("cpu", DEVICE))
    assert on_gpu["top1"] == pytest.approx(on_cpu["top1"], abs=2e-4)  # two of the samples may be close calls
    assert on_gpu["loss"] == pytest.approx(on_cpu["loss"], rel=1e-3)


def test_tune_keeps_its_zeros_and_writes_for_any_machine(cli, examples, tmp_path):
    model = examples / "lenet-300-100.script.pt"
    cli.ok("prune", model, "--weights", 0.95, "--output", tmp_path / "cut.pt")
    recipe = {"format": "espalier-recipe", "version": 1, "epochs": 1, "device": DEVICE}
    (tmp_path / "r.json").write_text(json.dumps(recipe))
    cli.ok("tune", model, "--data", examples / "mnist", "--weights", 0.95, "--recipe", tmp_path / "r.json", "--output",
           tmp_path / "tuned.pt", "--metrics", tmp_path / "m.csv")
    before = torch.jit.load(str(tmp_path / "cut.pt")).state_dict()
    after = torch.jit.load(str(tmp_path / "tuned.pt")).state_dict()
    assert all(tensor.device.type == "cpu" for tensor in after.values())
    for name in (n for n, w in before.items() if w.dim() > 1):
        assert (after[name][before[name] == 0] == 0).all(), name
    top1 = [float(row["top1"]) for row in csv.DictReader((tmp_path / "m.csv").open()) if row["top1"]]
    assert top1[-1] > top1[0]


@pytest.mark.parametrize("precision", ["bf16", "fp16"] if IS_GPU else ["bf16"])
def test_half_precision_trains_as_well(cli, examples, tmp_path, precision):
    recipe = {"format": "espalier-recipe", "version": 1, "epochs": 2, "device": DEVICE}
    losses = {}
    for name in ("fp32", precision):
        (tmp_path / "r.json").write_text(json.dumps({**recipe, "precision": name}))
        cli.ok("tune", examples / "lenet5.script.pt", "--data", examples / "mnist", "--weights", 0.95, "--recipe",
               tmp_path / "r.json", "--output", tmp_path / "tuned.pt", "--metrics", tmp_path / "m.csv")
        losses[name] = [float(row["val_loss"]) for row in csv.DictReader((tmp_path / "m.csv").open()) if row["val_loss"]]
    assert losses[precision][0] == pytest.approx(losses["fp32"][0], rel=1e-4)  # validation is in full precision
    assert losses[precision][-1] == pytest.approx(losses["fp32"][-1], rel=0.2)
    assert losses[precision][-1] < 0.5 * losses[precision][0]
    state = torch.jit.load(str(tmp_path / "tuned.pt")).state_dict()
    assert all(value.dtype == torch.float32 for value in state.values())


def test_latency(cli, examples):
    report = cli.json("latency", examples / "lenet5.script.pt", "--device", DEVICE)
    assert all(0 < m["p10"] <= m["median"] <= m["p90"] for m in report["models"])


def training(cli, examples, tmp_path, device, **changes):
    """Rows of one fine-tuning's metrics, and the weights that it wrote."""
    recipe = {"format": "espalier-recipe", "version": 1, "epochs": 2, "batch_size": 256, "device": device, **changes}
    (tmp_path / f"{device}.json").write_text(json.dumps(recipe))
    cli.ok("tune", examples / "lenet5.script.pt", "--data", examples / "mnist", "--weights", 0.9, "--recipe",
           tmp_path / f"{device}.json", "--output", tmp_path / f"{device}.pt", "--metrics", tmp_path / f"{device}.csv")
    rows = list(csv.DictReader((tmp_path / f"{device}.csv").open()))
    return rows, torch.jit.load(str(tmp_path / f"{device}.pt")).state_dict()


@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 0.01}, {"name": "adamw", "lr": 1e-4}])
def test_training_gives_what_the_processor_gives(cli, examples, tmp_path, optimizer):
    on_cpu, cpu = training(cli, examples, tmp_path, "cpu", optimizer=optimizer)
    on_gpu, gpu = training(cli, examples, tmp_path, DEVICE, optimizer=optimizer)
    for own, other in zip(on_gpu[:20], on_cpu[:20], strict=True):  # rounding grows with the steps
        if own["loss"]:
            assert float(own["loss"]) == pytest.approx(float(other["loss"]), rel=0.02, abs=2e-3)
    assert float(on_gpu[-1]["top1"]) == pytest.approx(float(on_cpu[-1]["top1"]), abs=5e-3)
    assert {name: (value == 0).sum() for name, value in gpu.items() if value.dim() > 1} == \
           {name: (value == 0).sum() for name, value in cpu.items() if value.dim() > 1}


@pytest.mark.skipif(not IS_GPU, reason="there is nothing to be faster than")
def test_training_is_faster_than_on_the_processor(cli, examples, tmp_path):
    seconds = {}
    for device in ("cpu", "cuda"):
        rows, _ = training(cli, examples, tmp_path, device)
        steps = [row for row in rows if row["loss"]]
        seconds[device] = float(steps[-1]["seconds"]) - float(steps[len(steps) // 2]["seconds"])  # the second epoch
    assert seconds["cuda"] < seconds["cpu"]


def test_a_run_goes_on_on_the_processor(cli, examples, tmp_path):
    recipe = {"format": "espalier-recipe", "version": 1, "epochs": 2, "batch_size": 256, "device": DEVICE,
              "schedule": {"name": "agp", "every_steps": 20}}
    (tmp_path / "r.json").write_text(json.dumps({**recipe, "precision": "fp16" if IS_GPU else "fp32"}))
    running = start(cli, "tune", examples / "lenet-300-100.script.pt", "--data", examples / "mnist", "--weights", 0.9,
                    "--recipe", tmp_path / "r.json", "--checkpoints", tmp_path / "run", "--metrics", tmp_path / "m.csv",
                    "--output", tmp_path / "tuned.pt")
    wait_for_steps(tmp_path / "m.csv", 1, 20)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130, errors
    done = cli.ok("tune", "--resume", tmp_path / "run", "--device", "cpu")
    assert "Epoch 2 of 2" in done.stderr
    state = torch.jit.load(str(tmp_path / "tuned.pt")).state_dict()
    weights = [value for value in state.values() if value.dim() > 1]
    assert sum(int((w == 0).sum()) for w in weights) >= 0.89 * sum(w.numel() for w in weights)
