# SPDX-License-Identifier: GPL-3.0-or-later
"""A few steps of `tune` against the same steps in PyTorch: the same losses, rates and weights."""
import copy
import csv
import json

import numpy
import pytest
import torch
from torch import nn

from reference_training import Reference

EPOCHS = 6


class Net(nn.Module):
    """[n, 2, 6, 6] -> [n, 4]; no bias in front of a batch norm, whose gradient is rounding that Adam enlarges."""

    def __init__(self, dropout=None):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = nn.Conv2d(6, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.drop = nn.Identity() if dropout is None else nn.Dropout(dropout)
        self.fc = nn.Linear(8 * 9, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.max_pool2d(torch.relu(self.bn2(self.conv2(x))), 2)
        return self.fc(self.drop(x.flatten(1)))


def net(dropout=None):
    torch.manual_seed(3)
    model = Net(dropout)
    for norm in (model.bn1, model.bn2):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, 0, 0.3)
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(0.5, 1.5)
    return model.eval()


def traced(model):
    return torch.jit.trace(model, torch.randn(2, 2, 6, 6))


@pytest.fixture(scope="session")
def batch():
    """All samples of every split: a batch larger than one of them holds it whole."""
    torch.manual_seed(4)
    targets = torch.arange(48) % 4
    centres = torch.randn(4, 2, 6, 6)
    return centres[targets] + torch.randn(48, 2, 6, 6), targets


@pytest.fixture(scope="session")
def data(batch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for split in ("train", "val", "test"):
        numpy.savez(folder / f"{split}.npz", inputs=batch[0].numpy(), targets=batch[1].numpy())
    return folder


def recipe_of(**changes):
    recipe = {"epochs": EPOCHS, "batch_size": 64, "device": "cpu", "metric": {"name": "loss"},
              "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4},
              "scheduler": {"name": "constant"}}
    recipe.update(changes)
    return recipe


class Tuned:
    def __init__(self, cli, model, data, recipe, folder, *options):
        folder.mkdir(exist_ok=True)
        recipe = {"format": "espalier-recipe", "version": 1, **recipe}
        (folder / "r.json").write_text(json.dumps(recipe))
        self.done = cli.ok("tune", model, "--data", data, "--recipe", folder / "r.json", "--output", folder / "out.pt",
                           "--metrics", folder / "m.csv", "--report", folder / "report.json", *options)
        rows = list(csv.DictReader((folder / "m.csv").open()))
        self.steps = [row for row in rows if not row["val_loss"]]
        self.validations = [row for row in rows if row["val_loss"]]
        self.losses = [float(row["loss"]) for row in self.steps]
        self.rates = [float(row["lr"]) for row in self.steps]
        self.best = json.loads((folder / "report.json").read_text())["training"]["best_epoch"]
        self.module = torch.jit.load(str(folder / "out.pt"))
        self.state = self.module.state_dict()


def half_of_each_layer(cli, model, folder):
    """Masks of the smaller half of each layer, as the program chooses them."""
    cli.ok("prune", model, "--weights", 0.5, "--scope", "layer", "--output", folder / "half.pt")
    state = torch.jit.load(str(folder / "half.pt")).state_dict()
    return {name: (weight != 0).float() for name, weight in state.items() if weight.dim() > 1}


def assert_same_training(tuned, reference, tolerance):
    torch.testing.assert_close(torch.tensor(tuned.losses), torch.tensor(reference.losses), rtol=tolerance, atol=0)
    torch.testing.assert_close(torch.tensor(tuned.rates), torch.tensor(reference.rates), rtol=1e-6, atol=1e-12)
    assert tuned.best >= EPOCHS // 2, "the comparison should be one of several steps"
    expected = reference.states[tuned.best]
    for name, value in tuned.state.items():
        torch.testing.assert_close(value, expected[name], rtol=10 * tolerance, atol=10 * tolerance, msg=name)


CASES = {
    "smoothed, clipped": recipe_of(
        loss={"name": "cross_entropy", "label_smoothing": 0.1}, clip_norm=0.5,
        optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
        scheduler={"name": "multi_step", "milestones": [2, 4], "gamma": 0.5}),
    "l1, warm-up": recipe_of(
        regularisers=[{"name": "l1", "strength": 1e-3}], optimizer={"name": "adamw", "lr": 0.01, "weight_decay": 0.05},
        scheduler={"name": "step", "step_epochs": 2, "gamma": 0.5, "warmup_steps": 3}),
    "l2, one cycle": recipe_of(
        regularisers=[{"name": "l2", "strength": 1e-2}], optimizer={"name": "adam", "lr": 0.01, "weight_decay": 1e-3},
        scheduler={"name": "one_cycle", "peak": 0.4}),
    "group lasso, cosine": recipe_of(
        regularisers=[{"name": "group_lasso", "strength": 1e-3}], scheduler={"name": "cosine"}),
    "two terms, plateau": recipe_of(
        regularisers=[{"name": "bn_l1", "strength": 1e-2}, {"name": "l1", "strength": 1e-4}],
        scheduler={"name": "plateau", "patience": 0, "factor": 0.5}),
    "distillation": recipe_of(distillation={"weight": 0.7, "temperature": 3.0}),
}


@pytest.mark.parametrize("recipe", CASES.values(), ids=CASES.keys())
def test_steps_are_those_of_pytorch(cli, data, batch, tmp_path, recipe):
    torch.jit.script(net()).save(str(tmp_path / "model.pt"))
    masks = half_of_each_layer(cli, tmp_path / "model.pt", tmp_path)
    tuned = Tuned(cli, tmp_path / "model.pt", data, recipe, tmp_path / "run", "--weights", 0.5, "--scope", "layer")
    reference = Reference(net(), net(), masks, recipe).run(*batch)
    assert_same_training(tuned, reference, 1e-4)
    for name, mask in masks.items():
        assert (tuned.state[name][mask == 0] == 0).all()


def test_bf16_on_the_cpu(cli, data, batch, tmp_path):
    torch.jit.script(net()).save(str(tmp_path / "model.pt"))
    tuned = Tuned(cli, tmp_path / "model.pt", data, recipe_of(precision="bf16"), tmp_path / "run", "--weights", 0)
    reference = Reference(net(), net(), {}, recipe_of(precision="bf16")).run(*batch)
    full = Reference(net(), net(), {}, recipe_of()).run(*batch)
    torch.testing.assert_close(torch.tensor(tuned.losses), torch.tensor(reference.losses), rtol=2e-2, atol=0)
    assert tuned.losses[0] == pytest.approx(reference.losses[0], rel=1e-6)
    assert reference.losses[0] != pytest.approx(full.losses[0], rel=1e-5), "bf16 should round"
    assert all(value.dtype != torch.bfloat16 for value in tuned.state.values())


def test_traced_files_train_as_scripted_ones(cli, data, batch, tmp_path):
    model = net()
    torch.jit.script(model).save(str(tmp_path / "script.pt"))
    traced(model).save(str(tmp_path / "trace.pt"))
    script, trace = (Tuned(cli, tmp_path / f"{kind}.pt", data, recipe_of(), tmp_path / kind, "--weights", 0.5, "--scope",
                           "layer") for kind in ("script", "trace"))
    note = "traced in evaluation mode: 2 batch norms"
    assert note in trace.done.stderr and note not in script.done.stderr
    assert trace.losses == pytest.approx(script.losses, rel=1e-5) and trace.best == script.best > 0
    for name, value in script.state.items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(trace.state[name], value, rtol=1e-4, atol=1e-5, msg=name)
    assert not torch.equal(trace.state["bn1.running_mean"], model.bn1.running_mean)
    # The file computes in either mode as the original does: as in evaluation mode, with the trained weights.
    eager = net()
    eager.load_state_dict(trace.state)
    with torch.no_grad():
        expected = eager.eval()(batch[0])
        for module in (trace.module.eval(), trace.module.train()):
            torch.testing.assert_close(module(batch[0]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("save", [torch.jit.script, traced])
def test_dropout_is_overridden_while_training_alone(cli, data, batch, tmp_path, save):
    save(net(dropout=0.5)).save(str(tmp_path / "model.pt"))
    options = (tmp_path / "model.pt", data)
    without = Tuned(cli, *options, recipe_of(dropout=0.0), tmp_path / "none", "--weights", 0)
    reference = Reference(net(), net(), {}, recipe_of()).run(*batch)
    assert without.losses == pytest.approx(reference.losses, rel=1e-4)
    own = Tuned(cli, *options, recipe_of(), tmp_path / "own", "--weights", 0)
    assert abs(own.losses[0] - without.losses[0]) > 1e-3, "the file's own dropout acts"
    strong = Tuned(cli, *options, recipe_of(dropout=0.95), tmp_path / "strong", "--weights", 0)
    assert abs(strong.losses[0] - own.losses[0]) > 1e-3
    assert without.module.drop.code == torch.jit.load(str(tmp_path / "model.pt")).drop.code


def test_batch_norm_statistics_are_taken_anew(cli, data, batch, tmp_path):
    def stale():
        model = net()
        model.bn2.running_var.mul_(0.01)
        return model

    torch.jit.script(stale()).save(str(tmp_path / "model.pt"))
    recipe = recipe_of(epochs=1, batch_norm_batches=3, optimizer={"name": "sgd", "lr": 1e-3, "momentum": 0})
    tuned = Tuned(cli, tmp_path / "model.pt", data, recipe, tmp_path / "run", "--weights", 0)
    assert len(tuned.validations) == 3  # before, after the epoch, with new statistics
    assert float(tuned.validations[2]["val_loss"]) < float(tuned.validations[1]["val_loss"])
    model = stale()
    reference = Reference(model, net(), {}, recipe_of(epochs=1, optimizer={"name": "sgd", "lr": 1e-3})).run(*batch)
    model.load_state_dict(copy.deepcopy(reference.states[1]))
    torch.optim.swa_utils.update_bn([batch[0]], model)
    for name, value in model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(tuned.state[name], value, rtol=1e-4, atol=1e-5, msg=name)


def refused(cli, data, tmp_path, *parts, code, recipe, model=None, more=()):
    torch.jit.script(model or net()).save(str(tmp_path / "model.pt"))
    (tmp_path / "r.json").write_text(json.dumps({"format": "espalier-recipe", "version": 1, **recipe}))
    done = cli.run("tune", tmp_path / "model.pt", "--data", data, "--weights", 0.5, "--recipe", tmp_path / "r.json",
                   "--output", tmp_path / "out.pt", *more)
    assert done.returncode == code, done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr
    assert not (tmp_path / "out.pt").exists() and "Traceback" not in done.stderr


class Fickle(nn.Module):
    """A loss that fails on the batches of training alone: two samples are tried before."""

    def forward(self, output, target):
        assert output.size(0) == 2, "only two"
        return nn.functional.cross_entropy(output, target)


class Vector(nn.Module):
    def forward(self, output, target):
        return nn.functional.cross_entropy(output, target, reduction="none")


def test_bad_recipes_are_named(cli, data, tmp_path):
    torch.jit.script(Vector()).save(str(tmp_path / "vector.pt"))
    refused(cli, data, tmp_path, "vector.pt returns 2 float32, not one number", code=3,
            recipe=recipe_of(loss={"name": "module", "file": str(tmp_path / "vector.pt")}))
    refused(cli, data, tmp_path, "vector.pt returns 2 float32, not one number", code=3, recipe=recipe_of(
        loss={"name": "module", "file": str(tmp_path / "vector.pt")}, metric={"name": "agreement"}))
    refused(cli, data, tmp_path, "fp16 on the CPU", "bf16", code=3, recipe=recipe_of(precision="fp16"))
    missing = cli.run("tune", tmp_path / "no.pt", "--data", data, "--recipe", tmp_path / "r.json")
    assert "fp16 on the CPU" in missing.stderr and missing.returncode == 3, missing.stderr  # before anything is opened
    refused(cli, data, tmp_path, "Cannot override the model's dropout: it has none", code=2, recipe=recipe_of(dropout=0.1))
    refused(cli, data, tmp_path, "no longer a finite number", "a tenth of the learning rate", code=1, recipe=recipe_of(
        optimizer={"name": "sgd", "lr": 1e30}))


def test_distillation_needs_classes(cli, tmp_path):
    torch.manual_seed(0)
    numpy.savez(tmp_path / "d.npz", inputs=numpy.random.randn(40, 2, 6, 6).astype("float32"),
                targets=numpy.random.randn(40, 4).astype("float32"))
    refused(cli, tmp_path / "d.npz", tmp_path, "distillation compares the scores of classes, and the loss is mse",
            code=3, recipe=recipe_of(distillation={"weight": 0.5}))


def test_the_file_at_fault_is_named(cli, data, tmp_path):
    torch.jit.script(Fickle()).save(str(tmp_path / "fickle.pt"))
    recipe = recipe_of(loss={"name": "module", "file": str(tmp_path / "fickle.pt")}, metric={"name": "top1"})
    refused(cli, data, tmp_path, "fickle.pt does not run: only two", code=1, recipe=recipe)
    torch.jit.script(nn.Linear(3, 4)).save(str(tmp_path / "teacher.pt"))
    taught = ["--teacher", tmp_path / "teacher.pt"]
    refused(cli, data, tmp_path, "teacher.pt", code=3, recipe=recipe_of(distillation={"weight": 0.5}), more=taught)
    refused(cli, data, tmp_path, "Cannot learn from teacher.pt: the recipe has no distillation", code=2,
            recipe=recipe_of(), more=taught)


def test_batches_larger_than_the_data_are_said(cli, data, tmp_path):
    torch.jit.script(net()).save(str(tmp_path / "model.pt"))
    tuned = Tuned(cli, tmp_path / "model.pt", data, recipe_of(epochs=2), tmp_path / "run", "--weights", 0)
    assert "batch size of 64 is more than the 48 training samples" in tuned.done.stderr and len(tuned.steps) == 2
    assert "Nothing is pruned: --weights" in tuned.done.stderr
