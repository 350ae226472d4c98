# SPDX-License-Identifier: GPL-3.0-or-later
"""Pruning schedules of `tune` against loops in PyTorch that share nothing with the program but the data."""
import csv
import json

import pytest
import torch
from torch import nn

SAMPLES = 48  # one batch an epoch: then the order of samples does not matter


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(12, 32), nn.Linear(32, 16), nn.Linear(16, 3)

    def forward(self, x):
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def net(seed):
    torch.manual_seed(seed)
    return Net()


@pytest.fixture()
def work(tmp_path):
    """A folder with data, a model to prune, and an untrained start of it."""
    torch.manual_seed(1)
    centres = torch.randn(3, 12)
    for name, count in (("train", SAMPLES), ("val", 60), ("test", 60)):
        targets = torch.arange(count) % 3
        torch.save({"inputs": centres[targets] + 0.8 * torch.randn(count, 12), "targets": targets},
                   tmp_path / f"{name}.pt")
    (tmp_path / "data").mkdir()
    for name in ("train", "val", "test"):
        (tmp_path / f"{name}.pt").rename(tmp_path / "data" / f"{name}.pt")
    torch.jit.script(net(2).eval()).save(str(tmp_path / "model.pt"))
    torch.jit.script(net(3).eval()).save(str(tmp_path / "start.pt"))
    return tmp_path


PLAN = {"fc1.weight": {"sparsity": 0.85}, "fc2.weight": {"sparsity": 0.6}}


def recipe_of(schedule, epochs=6, lr=0.05, momentum=0.9, **more):
    return {"format": "espalier-recipe", "version": 1, "epochs": epochs, "batch_size": 64, "seed": 0,
            "optimizer": {"name": "sgd", "lr": lr, "momentum": momentum, "weight_decay": 0.0},
            "scheduler": {"name": "constant"}, "schedule": schedule, **more}


class Tuned:
    def __init__(self, cli, work, recipe, weights=PLAN, **plan):
        (work / "r.json").write_text(json.dumps(recipe))
        (work / "p.json").write_text(json.dumps({"format": "espalier-plan", "version": 1, "weights": weights, **plan}))
        self.done = cli.ok("tune", work / "model.pt", "--input", "1x12", "--data", work / "data", "--plan", work / "p.json",
                           "--recipe", work / "r.json", "--output", work / "tuned.pt", "--metrics", work / "m.csv",
                           "--report", work / "report.json", "--threads", 1)
        self.state = torch.jit.load(str(work / "tuned.pt")).state_dict()
        self.rows = list(csv.DictReader((work / "m.csv").open()))
        self.steps = [row for row in self.rows if not row["val_loss"]]
        self.report = json.loads((work / "report.json").read_text())
        self.best_epoch = self.report["training"]["best_epoch"]


def counts(state, plan=PLAN):
    """How many weights of each layer go in the end."""
    return {name: int(rule["sparsity"] * state[name].numel() + 0.5) for name, rule in plan.items()}


def lowest(scores, removed, count):
    """A mask without the `count` lowest scores, those removed before first."""
    ranked = scores.double().clone().flatten()
    if removed is not None:
        ranked[removed.flatten()] = -float("inf")
    kept = torch.ones(ranked.numel(), dtype=torch.bool)
    kept[ranked.argsort(stable=True)[:count]] = False
    return kept.reshape(scores.shape)


def batch(work):
    data = torch.load(work / "data" / "train.pt")
    return data["inputs"], data["targets"]


def apply_masks(model, masks):
    with torch.no_grad():
        for name, kept in masks.items():
            model.get_parameter(name).mul_(kept)


def in_rounds(work, recipe, rewind=None):
    """Iterative magnitude pruning; the weights after each epoch."""
    model = net(2)
    schedule, options = recipe["schedule"], recipe["optimizer"]
    inputs, targets = batch(work)
    final, masks, states = counts(model.state_dict()), {}, []
    for round_ in range(1, schedule["rounds"] + 1):
        for name, whole in final.items():
            weight = model.get_parameter(name).detach()
            share = 1 - (1 - whole / weight.numel()) ** (round_ / schedule["rounds"])
            masks[name] = lowest(weight.abs(), ~masks[name] if name in masks else None, int(share * weight.numel() + 0.5))
        if rewind is not None:
            model.load_state_dict(rewind)
        apply_masks(model, masks)
        rate = options["lr"] * (schedule.get("round_lr", 1) if round_ < schedule["rounds"] else 1)
        optimizer = torch.optim.SGD(model.parameters(), rate, momentum=options["momentum"])
        for _ in range(schedule["epochs_per_round"]):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), targets).backward()
            for name, kept in masks.items():
                model.get_parameter(name).grad.mul_(kept)
            optimizer.step()
            apply_masks(model, masks)
            states.append({name: value.clone() for name, value in model.state_dict().items()})
    return states


def assert_same(tuned, states):
    """The same masks, and the same weights but for rounding."""
    expected = states[tuned.best_epoch - 1]
    for name, value in expected.items():
        assert torch.equal(tuned.state[name] == 0, value == 0), name
        assert torch.allclose(tuned.state[name], value, rtol=1e-4, atol=1e-6), name


def test_iterative_is_magnitude_pruning_in_rounds(cli, work):
    recipe = recipe_of({"name": "iterative", "rounds": 4, "epochs_per_round": 3, "round_lr": 0.5})
    tuned = Tuned(cli, work, recipe)
    assert tuned.best_epoch > 9  # the plan is in force in the last round alone
    assert_same(tuned, in_rounds(work, recipe))
    assert [int(row["round"]) for row in tuned.steps] == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    assert [float(row["lr"]) for row in tuned.steps] == pytest.approx([0.025] * 9 + [0.05] * 3)


def test_momentum_goes_on_when_it_is_not_reset(cli, work):
    schedule = {"name": "iterative", "rounds": 2, "epochs_per_round": 2}
    one = Tuned(cli, work, recipe_of(schedule)).state
    other = Tuned(cli, work, recipe_of({**schedule, "reset_momentum": False})).state
    assert not torch.equal(one["fc1.weight"], other["fc1.weight"])


def test_every_round_has_a_learning_rate_schedule_of_its_own(cli, work):
    recipe = recipe_of({"name": "iterative", "rounds": 2, "epochs_per_round": 4}, scheduler={"name": "cosine"})
    rates = [float(row["lr"]) for row in Tuned(cli, work, recipe).steps]
    cosine = [0.05 * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * i / 4)).item()) for i in range(4)]
    assert rates == pytest.approx(cosine * 2, rel=1e-5)


def test_lottery_goes_back_to_the_start(cli, work):
    recipe = recipe_of({"name": "lottery", "rounds": 3, "epochs_per_round": 3, "rewind_to": "start.pt"})
    assert_same(Tuned(cli, work, recipe), in_rounds(work, recipe, rewind=net(3).state_dict()))


@pytest.mark.parametrize("rewind_to", ["start.pt", None])
def test_rewinding_is_exact_to_the_bit(cli, work, rewind_to):
    schedule = {"name": "lottery", "rounds": 2, "epochs_per_round": 1, "rewind_to": rewind_to}
    tuned = Tuned(cli, work, recipe_of(schedule, lr=1e-30, momentum=0.0))  # changes no weight
    start = net(3 if rewind_to else 2).state_dict()
    for name, value in tuned.state.items():
        kept = value != 0
        assert torch.equal(value[kept], start[name][kept]), name
        removed = counts(start).get(name, 0)
        assert int((~kept).sum()) == removed, name


def test_rewinding_refuses_another_model(cli, work):
    torch.jit.script(nn.Sequential(nn.Linear(12, 4)).eval()).save(str(work / "start.pt"))
    with pytest.raises(AssertionError, match="fc1.bias is not in it"):
        Tuned(cli, work, recipe_of({"name": "lottery", "rounds": 2, "epochs_per_round": 1, "rewind_to": "start.pt"}))


def cubic(step, begin, end):
    return 1 - (1 - min(max((step - begin) / (end - begin), 0), 1)) ** 3


def test_agp_follows_its_formula(cli, work):
    schedule = {"name": "agp", "every_steps": 3, "begin": 0.1, "end": 0.7}
    tuned = Tuned(cli, work, recipe_of(schedule, epochs=40))
    sizes = {name: value.numel() for name, value in tuned.state.items() if value.dim() > 1}
    final = counts(tuned.state)

    def sparsity(step):
        """After `step` steps of 40: pruned at 7, 10 … 28."""
        at = 28 if step >= 28 else max((s for s in range(7, step + 1, 3)), default=0)
        removed = sum(int(cubic(at, 4, 28) * count + 0.5) for count in final.values())
        return removed / sum(sizes.values())

    assert [float(row["sparsity"]) for row in tuned.steps] == pytest.approx([sparsity(s) for s in range(1, 41)])
    assert tuned.best_epoch >= 28
    assert {name: int((tuned.state[name] == 0).sum()) for name in final} == final


def movement(work, recipe, steps):
    """Movement pruning with the mask in the forward pass; the weights after each step."""
    model = net(2)
    rate = recipe["optimizer"]["lr"]
    inputs, targets = batch(work)
    full = {name: value.detach().clone() for name, value in model.named_parameters()}
    final = counts(full)
    scores = {name: torch.zeros_like(full[name]) for name in final}
    masks = {name: torch.ones_like(full[name]) for name in final}
    states, came_back = [], 0
    for step in range(1, recipe["epochs"] + 1):
        masked = {name: (value * masks[name] if name in masks else value).requires_grad_(True)
                  for name, value in full.items()}
        loss = nn.functional.cross_entropy(torch.func.functional_call(model, masked, (inputs,)), targets)
        gradients = dict(zip(masked, torch.autograd.grad(loss, masked.values())))
        reached = step > steps[-1]
        for name, gradient in gradients.items():
            if name in masks:
                if not reached:
                    scores[name] -= rate * full[name] * gradient
                gradient = gradient * masks[name]
            full[name] = full[name].detach() - rate * gradient
        if step in steps:
            for name, count in final.items():
                before = masks[name]
                masks[name] = lowest(scores[name], None, int(cubic(step, 0, steps[-1]) * count + 0.5)).float()
                came_back += int(((before == 0) & (masks[name] == 1)).sum())
        states.append({name: value * masks[name] if name in masks else value for name, value in full.items()})
    assert came_back > 0  # else this would not tell much
    return states


def test_movement_ranks_by_what_training_does(cli, work):
    recipe = recipe_of({"name": "movement", "every_steps": 2, "end": 0.5}, epochs=24, lr=0.3, momentum=0.0)
    tuned = Tuned(cli, work, recipe)
    assert tuned.best_epoch >= 12
    assert_same(tuned, movement(work, recipe, [2, 4, 6, 8, 10, 12]))


def test_patterns_come_at_the_end(cli, work):
    schedule = {"name": "agp", "every_steps": 1, "end": 0.5}
    tuned = Tuned(cli, work, recipe_of(schedule, epochs=8), {"fc1.weight": {"pattern": "2:4"}})
    assert [float(row["sparsity"]) > 0 for row in tuned.steps] == [False] * 3 + [True] * 5
    assert ((tuned.state["fc1.weight"].reshape(-1, 4) != 0).sum(1) == 2).all()


@pytest.mark.parametrize("name", ["iterative", "agp", "movement", "lottery"])
@pytest.mark.parametrize("rule", [{"threshold": 0.1}, {"sigma": 0.8}])
def test_thresholds_come_to_the_number_that_the_plan_removes(cli, work, name, rule):
    schedule = {"name": name, "rounds": 2, "epochs_per_round": 2, "every_steps": 2}
    tuned = Tuned(cli, work, recipe_of(schedule), {"fc1.weight": rule}, locked=["fc2.weight"])
    weight = net(2).state_dict()["fc1.weight"]
    cut = rule.get("threshold") or rule["sigma"] * weight.std(correction=0)
    assert int((tuned.state["fc1.weight"] == 0).sum()) == int((weight.abs() < cut).sum())
    assert int((tuned.state["fc2.weight"] == 0).sum()) == 0


@pytest.mark.parametrize("name", ["iterative", "agp", "movement", "lottery"])
def test_channels_go_on_the_way_and_marks_hold(cli, work, name):
    schedule = {"name": name, "rounds": 2, "epochs_per_round": 2, "every_steps": 2}
    tuned = Tuned(cli, work, recipe_of(schedule), {"fc1.weight": {"sparsity": 0.5}},
                  channels={"fc1": {"keep": 12}}, marks={"fc1": {"keep": [0, 5], "remove": [7, 9]}})
    assert tuned.state["fc1.weight"].shape == (12, 12) and tuned.state["fc2.weight"].shape == (16, 12)
    assert int((tuned.state["fc1.weight"] == 0).sum()) == 72
    kept = tuned.report["kept"]["fc1.weight"]["0"]
    assert {0, 5} <= set(kept) and not {7, 9} & set(kept)


@pytest.mark.parametrize("schedule", [
    {"name": "iterative", "rounds": 3, "epochs_per_round": 4, "reset_momentum": True},
    {"name": "iterative", "rounds": 3, "epochs_per_round": 4, "reset_momentum": False},
    {"name": "one_shot"},
])
@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 0.1, "momentum": 0.9}, {"name": "adam", "lr": 0.01}])
def test_cut_training_gives_the_numbers_of_masked_training(cli, work, schedule, optimizer):
    torch.manual_seed(4)
    model = nn.Sequential(nn.Unflatten(1, (1, 12)), nn.Conv1d(1, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.Flatten(),
                          nn.Linear(80, 16), nn.ReLU(), nn.Linear(16, 3))
    with torch.no_grad():
        model[2].weight.uniform_(0.5, 1.5)
        model[2].bias.uniform_(-0.5, 0.5)
    torch.jit.script(model.eval()).save(str(work / "model.pt"))
    recipe = recipe_of(schedule)
    recipe["optimizer"] = optimizer
    recipe["batch_size"] = 16
    plan = {"channels": {"1": {"keep": 3}, "5": {"keep": 6}}}
    masked = Tuned(cli, work, recipe, {"5.weight": {"sparsity": 0.5}}, **plan)
    recipe["schedule"] = {**schedule, "cut_between_rounds": True}
    cut = Tuned(cli, work, recipe, {"5.weight": {"sparsity": 0.5}}, **plan)
    assert cut.report["kept"] == masked.report["kept"]
    assert {name: value.shape for name, value in cut.state.items()} == {n: v.shape for n, v in masked.state.items()}
    assert cut.state["5.weight"].shape == (6, 30) and int((cut.state["5.weight"] == 0).sum()) == 90
    for one, other in zip(masked.rows, cut.rows, strict=True):
        assert one["sparsity"] == other["sparsity"]
        for column in ("loss", "val_loss"):
            if one[column]:
                assert float(one[column]) == pytest.approx(float(other[column]), rel=2e-3, abs=1e-4), one["step"]


def test_measured_criteria_are_measured_anew(cli, work):
    recipe = recipe_of({"name": "iterative", "rounds": 2, "epochs_per_round": 2})
    tuned = Tuned(cli, work, recipe, defaults={"weights": {"criterion": "taylor"}})
    assert {name: int((tuned.state[name] == 0).sum()) for name in PLAN} == counts(tuned.state)


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.lstm = nn.Conv1d(1, 8, 3), nn.BatchNorm1d(8), nn.LSTM(8, 16, batch_first=True)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x.unsqueeze(1)))).transpose(1, 2)
        out, _ = self.lstm(x)
        return self.fc(out[:, -1])


def test_from_scratch_draws_as_pytorch_does(cli, work):
    model = Mixed()
    with torch.no_grad():
        for value in model.state_dict().values():
            value.fill_(7)
    torch.jit.script(model.eval()).save(str(work / "model.pt"))
    schedule = {"name": "iterative", "rounds": 2, "epochs_per_round": 2}
    recipe = recipe_of(schedule, lr=1e-30, momentum=0.0, from_scratch=True)
    tuned = Tuned(cli, work, recipe, {"fc.weight": {"sparsity": 0.25}})
    assert tuned.report["training"]["epochs"] == 4
    fresh = Mixed().state_dict()
    for name, value in tuned.state.items():
        if "norm" in name:
            if "running" not in name and "batches" not in name:
                assert torch.allclose(value, fresh[name], rtol=0, atol=1e-20), name
            continue
        bound = {"conv": 3 ** -0.5, "lstm": 0.25, "fc": 0.25}[name.split(".")[0]]
        assert value.abs().max() <= bound, name
        if value.numel() > 20:
            left = value[value != 0]
            assert left.std().item() == pytest.approx(bound / 3 ** 0.5, rel=0.3), name
    assert int((tuned.state["fc.weight"] == 0).sum()) == 12
    again = Tuned(cli, work, recipe, {"fc.weight": {"sparsity": 0.25}}).state
    assert all(torch.equal(value, again[name]) for name, value in tuned.state.items())


def test_from_scratch_is_another_start_than_the_model_s_own(cli, work):
    """Whoever made the model with the recipe's seed would else train the very weights it began with."""
    torch.manual_seed(0)
    start = Mixed()
    torch.jit.script(start.eval()).save(str(work / "model.pt"))
    tuned = Tuned(cli, work, recipe_of({"name": "one_shot"}, lr=1e-30, momentum=0.0, from_scratch=True, seed=0),
                  {"fc.weight": {"sparsity": 0.25}})
    for name in ("conv.weight", "fc.weight"):
        left = tuned.state[name] != 0
        assert not torch.isclose(tuned.state[name], start.state_dict()[name])[left].any(), name


def test_one_call_chooses_a_recipe_and_says_so(cli, work):
    asked = ["tune", work / "model.pt", "--input", "1x12", "--data", work / "data", "--output", work / "t.pt", "--report",
             work / "report.json", "--threads", 1]
    for share, schedule in ((0.5, "one_shot"), (0.97, "agp")):
        done = cli.ok(*asked, "--weights", share)
        recipe = json.loads((work / "report.json").read_text())["training"]["recipe"]
        assert recipe["schedule"]["name"] == schedule and f"recipe: {schedule}, {recipe['epochs']} epochs" in done.stderr
        zeros = sum(int((v == 0).sum()) for n, v in torch.jit.load(str(work / "t.pt")).state_dict().items() if v.dim() > 1)
        assert zeros == round(share * (12 * 32 + 32 * 16 + 16 * 3))
    cli.ok(*asked, "--weights", 0.95, "--schedule", "iterative", "--epochs", 10, "--lr", 0.125)
    training = json.loads((work / "report.json").read_text())["training"]
    assert training["epochs"] == 10 and training["recipe"]["optimizer"]["lr"] == 0.125
    assert training["recipe"]["schedule"]["epochs_per_round"] == 2


@pytest.mark.parametrize("option, value, text", [("--schedule", "soon", "cannot be 'soon'"), ("--lr", -1, "cannot be -1"),
                                                 ("--epochs", 0, "cannot be 0")])
def test_one_call_refuses_what_no_recipe_holds(cli, work, option, value, text):
    done = cli.run("tune", work / "model.pt", "--input", "1x12", "--data", work / "data", "--weights", 0.5, "--output",
                   work / "t.pt", f"{option}={value}")
    assert done.returncode in (2, 3) and text in done.stderr, done.stderr
    assert not (work / "t.pt").exists()
