# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel pruning from the command line, judged in PyTorch."""
import json
import os
import re

import pytest
import torch
from torch import nn


class Residual(nn.Module):
    """Two stems that are added, a branch of its own, and a head: three free groups."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.conv2, self.bn2 = nn.Conv2d(16, 24, 3, padding=1), nn.BatchNorm2d(24)
        self.conv3 = nn.Conv2d(24, 16, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(16 * 16, 40), nn.Linear(40, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(x)))
        x = torch.relu(x + self.conv3(y))
        x = torch.nn.functional.adaptive_avg_pool2d(x, 4).flatten(1)
        return self.fc2(torch.sigmoid(self.fc1(x)))


class Normed(nn.Module):
    """Layer norm runs over the channels of `fc1`: they can only be cut inexactly."""

    def __init__(self):
        super().__init__()
        self.fc1, self.norm, self.fc2 = nn.Linear(12, 32), nn.LayerNorm(32), nn.Linear(32, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.norm(self.fc1(x))))


class HeldByABranch(nn.Module):
    """What `conv` gives goes to `large` for larger images alone, which no example of 8 pixels shows."""

    def __init__(self):
        super().__init__()
        self.first, self.conv = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.small, self.large = nn.Conv2d(12, 2, 1), nn.Conv2d(12, 2, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.conv(torch.relu(self.first(x))))
        if x.size(2) > 10:
            return self.large(x)
        return self.small(x)


class HeldAltogether(nn.Module):
    """As HeldByABranch, with nothing else to cut."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, padding=1)
        self.small, self.large = nn.Conv2d(12, 2, 1), nn.Conv2d(12, 2, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        if x.size(2) > 10:
            return self.large(x)
        return self.small(x)


WIDTHS = {"conv1": 16, "conv2": 24, "fc1": 40}


def save(module, path):
    """With parameters and statistics that hide no error."""
    torch.manual_seed(1)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape) + 0.5 if "var" in name else torch.randn(tensor.shape) * 0.3)
    torch.jit.script(module.eval()).save(str(path))
    return path


@pytest.fixture(scope="module")
def residual(tmp_path_factory):
    return save(Residual(), tmp_path_factory.mktemp("channels") / "residual.pt")


@pytest.fixture(scope="module")
def normed(tmp_path_factory):
    return save(Normed(), tmp_path_factory.mktemp("channels") / "normed.pt")


def load(path):
    return torch.jit.load(str(path)).eval()


def state(path):
    return dict(load(path).state_dict())


def largest_difference(a, b, shape=(5, 3, 20, 20)):
    x = torch.randn(shape)
    with torch.no_grad():
        left, right = load(a)(x), load(b)(x)
    return ((left - right).abs().max() / left.abs().max()).item()


def prune(cli, model, tmp_path, *arguments):
    """The report, after checking what holds for every cut."""
    out, masked, report = tmp_path / "out.pt", tmp_path / "masked.pt", tmp_path / "report.json"
    cli.ok("prune", model, *arguments, "--output", out, "--masked-output", masked, "--report", report)
    before, after, zeroed = state(model), state(out), state(masked)
    assert list(before) == list(after) == list(zeroed)
    assert all(before[n].shape == zeroed[n].shape for n in before)
    result = json.loads(report.read_text())
    for name, axes in result["kept"].items():
        whole = zeroed[name]
        for axis, indices in axes.items():
            assert indices == sorted(set(indices))
            whole = whole.index_select(int(axis), torch.tensor(indices))
        assert torch.equal(whole, after[name]), name
    assert result["parameters"]["after"] == sum(p.numel() for p in load(out).parameters())
    assert result["bytes"]["after"] == out.stat().st_size
    assert result["proof"]["max_relative_difference"] <= 1e-5
    return result


def test_half_of_every_group(cli, residual, tmp_path):
    report = prune(cli, residual, tmp_path, "--channels", 0.5)
    after = state(tmp_path / "out.pt")
    assert [after[f"{k}.weight"].shape[0] for k in ("conv1", "conv2", "conv3", "fc1", "fc2")] == [8, 12, 8, 20, 10]
    assert after["bn1.running_var"].shape == (8,) and after["fc1.weight"].shape == (20, 8 * 16)
    assert largest_difference(tmp_path / "masked.pt", tmp_path / "out.pt") < 1e-5
    assert largest_difference(residual, tmp_path / "out.pt") > 1e-2
    assert report["proof"]["exact"] and report["proof"]["dtype"] == "float32" and len(report["proof"]["inputs"]) >= 2
    for key, width in WIDTHS.items():
        assert report["requested"][key] == {"keep": width // 2, "width": width}
        assert report["reached"][key] == {"keep": width // 2, "width": width}
    assert set(report["seconds"]) >= {"load", "analyse", "plan", "cut", "prove", "save"}
    assert report["seconds"]["analyse"] > 0 and report["seconds"]["prove"] > 0
    # What was predicted is what the file costs.
    inspected = cli.json("inspect", tmp_path / "out.pt", "--input", "1x3x32x32")
    again = cli.json("inspect", residual, "--input", "1x3x32x32")
    cli.ok("prune", residual, "--input", "1x3x32x32", "--channels", 0.5, "--output", tmp_path / "b.pt", "--report",
           tmp_path / "b.json")
    macs = json.loads((tmp_path / "b.json").read_text())["macs"]
    assert (macs["before"], macs["after"]) == (again["macs"], inspected["macs"])


def test_gradients_and_free_sizes(cli, residual, tmp_path):
    prune(cli, residual, tmp_path, "--channels", 0.5)
    module = load(tmp_path / "out.pt")
    for parameter in module.parameters():
        parameter.requires_grad_(True)
    module(torch.randn(3, 3, 28, 28)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters())


def slices(tensors, name, axis=0):
    return tensors[name].double().movedim(axis, 0).flatten(1)


def expected_scores(tensors, criterion):
    """Scores of the group conv1, which conv1 and conv3 produce: the mean of what they say."""
    if criterion == "bn_scale":
        return tensors["bn1.weight"].double().abs()
    by = {"l1": lambda w: w.abs().sum(1), "l2": lambda w: w.norm(dim=1), "fpgm": lambda w: torch.cdist(w, w).sum(1)}
    return (by[criterion](slices(tensors, "conv1.weight")) + by[criterion](slices(tensors, "conv3.weight"))) / 2


@pytest.mark.parametrize("criterion", ["l1", "l2", "fpgm", "bn_scale"])
def test_criteria_agree_with_pytorch(cli, residual, tmp_path, criterion):
    plan = plan_file(tmp_path, channels={"conv1": {"keep": 5}}, defaults={"channels": {"criterion": criterion}})
    report = prune(cli, residual, tmp_path, "--plan", plan)
    best = expected_scores(state(residual), criterion).topk(5).indices
    assert report["kept"]["conv1.weight"]["0"] == sorted(best.tolist())
    assert report["kept"]["conv3.weight"]["0"] == sorted(best.tolist())
    assert report["kept"]["conv2.weight"]["1"] == sorted(best.tolist())


def test_random_is_seeded(cli, residual, tmp_path):
    kept = [prune(cli, residual, tmp_path, "--channels", 0.5, "--criterion", "random", "--seed", s)["kept"]
            for s in (1, 1, 2)]
    assert kept[0] == kept[1] != kept[2]


@pytest.mark.parametrize("scope", ["global", "same-kind"])
def test_one_ranking_for_all(cli, residual, tmp_path, scope):
    report = prune(cli, residual, tmp_path, "--channels", 0.4, "--scope", scope)
    gone = sum(WIDTHS[k] - report["reached"][k]["keep"] for k in WIDTHS)
    if scope == "global":
        assert gone == round(0.4 * sum(WIDTHS.values()))
    assert all(report["reached"][k]["keep"] >= -(-WIDTHS[k] // 10) for k in WIDTHS)


class TwoKinds(nn.Module):
    """Two convolutions that convolutions read, two linear layers that linear layers read, and `last` between them."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Conv2d(3, 10, 3), nn.Conv2d(10, 14, 3), nn.Conv2d(14, 6, 3)
        self.fc1, self.fc2, self.head = nn.Linear(6, 20), nn.Linear(20, 12), nn.Linear(12, 5)

    def forward(self, x):
        x = torch.relu(self.last(torch.relu(self.second(torch.relu(self.first(x)))))).mean([2, 3])
        return self.head(torch.sigmoid(self.fc2(torch.relu(self.fc1(x)))))


def best_of_all(scores, ratio):
    """Per layer the channels that stay when its scores, divided by their mean, are ranked with those of the others."""
    shares = {name: (own / own.mean()).tolist() for name, own in scores.items()}
    open_to_all = []
    for name, own in shares.items():
        safe = -(-len(own) // 10)  # the best tenth stays
        open_to_all += [(score, name) for score in sorted(own)[:len(own) - safe]]
    gone = sorted(open_to_all)[:int(ratio * sum(map(len, shares.values())) + 0.5)]
    counts = {name: len(own) - sum(of == name for _, of in gone) for name, own in shares.items()}
    return {name: sorted(scores[name].topk(count).indices.tolist()) for name, count in counts.items()}


def test_groups_of_one_kind_share_a_ranking(cli, tmp_path):
    """Convolutions are ranked among each other, linear layers among each other, each kind by a hand computation."""
    model = save(TwoKinds(), tmp_path / "kinds.pt")
    module = load(model)
    names = ("first", "second", "last", "fc1", "fc2")
    torch.manual_seed(2)
    with torch.no_grad():  # rows of different size, differently so in every layer
        for spread, name in zip((0.2, 1.5, 0.6, 0.3, 1.2), names):
            weight = getattr(module, name).weight
            weight.mul_(torch.randn(len(weight)).mul(spread).exp().view(-1, *[1] * (weight.dim() - 1)))
    torch.jit.save(module, str(model))
    scores = {name: slices(state(model), f"{name}.weight").norm(dim=1) for name in names}
    expected = {}
    for kind in (("first", "second"), ("last",), ("fc1", "fc2")):
        expected |= best_of_all({name: scores[name] for name in kind}, 0.4)
    report = prune(cli, model, tmp_path, "--input", "1x3x12x12", "--channels", 0.4, "--scope", "same-kind")
    rows = {name: report["kept"][f"{name}.weight"].get("0", list(range(len(scores[name])))) for name in names}
    assert rows == expected
    assert report["reached"]["last"]["keep"] == 4  # nothing is of its kind: 6 - round(2.4)
    counts = {name: len(kept) for name, kept in expected.items()}
    assert counts != {name: len(kept) for name, kept in best_of_all(scores, 0.4).items()}  # not one ranking for all
    assert counts["first"] + counts["second"] == 24 - 10 and counts["fc1"] + counts["fc2"] == 32 - 13
    assert counts["first"] != 10 - 4 and counts["fc1"] != 20 - 8  # not the same share of each


def test_multiples_and_floor(cli, residual, tmp_path):
    report = prune(cli, residual, tmp_path, "--channels", 0.6, "--multiple-of", 8)
    assert {k: report["reached"][k]["keep"] for k in WIDTHS} == {"conv1": 8, "conv2": 16, "fc1": 16}
    assert report["requested"]["conv1"]["keep"] == 6 and "multiple of 8" in report["reached"]["conv1"]["constraint"]
    report = prune(cli, residual, tmp_path, "--channels", 1)
    assert {k: report["reached"][k]["keep"] for k in WIDTHS} == {"conv1": 2, "conv2": 3, "fc1": 4}
    assert "floor" in report["reached"]["fc1"]["constraint"]


def plan_file(tmp_path, name="p.espalier-plan.json", **parts):
    plan = {"format": "espalier-plan", "version": 1, "model": {"file": "residual.pt", "sha256": ""}, "weights": {},
            "channels": {}, "marks": {}, "locked": []}
    plan.update(parts)
    (tmp_path / name).write_text(json.dumps(plan))
    return tmp_path / name


def test_plan_with_marks_and_locks(cli, residual, tmp_path):
    plan = plan_file(tmp_path, channels={"conv1": {"keep": 6}, "conv2": {"ratio": 0.5}, "fc1": {"threshold": 1e9}},
                     marks={"conv1": {"keep": [0], "remove": [1, 2]}}, locked=["conv2"])
    report = prune(cli, residual, tmp_path, "--plan", plan)
    order = expected_scores(state(residual), "l2").argsort(descending=True)[:6].tolist()
    assert report["kept"]["conv1.weight"]["0"] == sorted((set(order) | {0}) - {1, 2})
    assert report["reached"]["conv2"] == {"keep": 24, "width": 24, "constraint": "locked in the plan"}
    assert report["reached"]["fc1"]["keep"] == 4 and report["requested"]["fc1"]["keep"] == 0
    assert largest_difference(tmp_path / "masked.pt", tmp_path / "out.pt") < 1e-5


class FusedAttention(nn.Module):
    """Two heads of eight; queries, keys and values are thirds of one layer."""

    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(12, 48), nn.Linear(16, 4)

    def forward(self, x):
        n, t = x.size(0), x.size(1)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (q.view(n, t, 2, -1).transpose(1, 2), k.view(n, t, 2, -1).transpose(1, 2),
                   v.view(n, t, 2, -1).transpose(1, 2))
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(n, t, -1))


@pytest.mark.parametrize("thirds", [(0, 16), (32,)], ids=["queries and keys", "values"])
def test_a_key_with_a_range(cli, tmp_path, thirds):
    """Rule and marks act on these outputs of the layer alone; a mark on any of them is one on their channel."""
    model = save(FusedAttention(), tmp_path / "attention.pt")
    groups = cli.json("inspect", model, "--input", "1x5x12")["groups"]
    assert {g["key"]: g["width"] for g in groups if not g["locked"]} == {"qkv[0:8]": 8, "qkv[32:40]": 8}
    # A channel is the same position in both heads, of queries and keys alike.
    weight = state(model)["qkv.weight"].double().view(3, 2, 8, 12)
    order = sum(weight[t // 16].square().sum((0, 2)) for t in thirds).argsort(descending=True).tolist()
    key = f"qkv[{thirds[0]}:{thirds[0] + 8}]"
    marks = {"keep": [thirds[0] + order[-1]], "remove": [thirds[-1] + 8 + order[0]]}
    plan = plan_file(tmp_path, channels={key: {"keep": 4}}, marks={key: marks})
    report = prune(cli, model, tmp_path, "--input", "1x5x12", "--plan", plan)
    stay = order[1:4] + order[-1:]
    rows = [i for i in range(48) if i // 16 * 16 not in thirds or i % 8 in stay]
    columns = {"proj.weight": {"1": [i for i in range(16) if i % 8 in stay]}} if thirds == (32,) else {}
    assert report["kept"] == {"qkv.weight": {"0": rows}, "qkv.bias": {"0": rows}} | columns
    assert report["requested"] == {key: {"keep": 4, "width": 8}}
    assert {k: v for k, v in report["reached"].items() if k.startswith("qkv[")} == report["requested"]
    assert largest_difference(tmp_path / "masked.pt", tmp_path / "out.pt", (3, 7, 12)) < 1e-5


@pytest.mark.parametrize("key", ["qkv", "qkv[0:16]"])
def test_a_layer_of_several_groups_is_named_by_them(cli, tmp_path, key):
    model = save(FusedAttention(), tmp_path / "attention.pt")
    plan = plan_file(tmp_path, channels={key: {"keep": 4}})
    done = cli.run("prune", model, "--input", "1x5x12", "--plan", plan, "--output", tmp_path / "out.pt")
    assert done.returncode == 3 and "the groups qkv[0:8], qkv[32:40]" in done.stderr, done.stderr


def test_weights_are_pruned_in_what_is_left(cli, residual, tmp_path):
    report = prune(cli, residual, tmp_path, "--channels", 0.5, "--weights", 0.7, "--scope", "layer")
    after = state(tmp_path / "out.pt")
    for name in ("conv1.weight", "conv2.weight", "conv3.weight", "fc1.weight", "fc2.weight"):
        assert int((after[name] == 0).sum()) == int(0.7 * after[name].numel() + 0.5), name
        assert report["reached"][name] == pytest.approx(0.7, abs=0.01)
    assert largest_difference(tmp_path / "masked.pt", tmp_path / "out.pt") < 1e-5
    assert report["nonzeros"]["after"] == sum(int((p != 0).sum()) for p in load(tmp_path / "out.pt").parameters())


@pytest.mark.parametrize("weights", [None, 0.5])
def test_a_group_left_whole_loses_nothing(cli, tmp_path, weights):
    model = save(HeldByABranch(), tmp_path / "held.pt")
    rule = {"weights": {"conv.weight": {"sparsity": weights}}} if weights else {}
    plan = plan_file(tmp_path, channels={"first": {"ratio": 0.5}, "conv": {"ratio": 0.5}}, **rule)
    done = cli.ok("prune", model, "--input", "1x3x8x8", "--plan", plan, "--output", tmp_path / "cut.pt", "--masked-output",
                  tmp_path / "masked.pt", "--report", tmp_path / "r.json")
    assert "1 group was left whole" in done.stderr and "conv" in done.stderr
    before, cut, masked = (state(p) for p in (model, tmp_path / "cut.pt", tmp_path / "masked.pt"))
    report = json.loads((tmp_path / "r.json").read_text())
    first = report["kept"]["first.weight"]["0"]
    assert len(first) == 4
    expected = before["conv.weight"][:, first]
    zeros = round(weights * expected.numel()) if weights else 0  # of all that is left, not of six channels
    assert int((cut["conv.weight"] == 0).sum()) == zeros
    assert torch.equal(cut["conv.weight"], torch.where(cut["conv.weight"] == 0, 0, expected))
    assert torch.equal(masked["conv.weight"][:, first], cut["conv.weight"])
    for name in ("conv.bias", "small.weight", "large.weight"):
        assert torch.equal(cut[name], before[name]) and torch.equal(masked[name], before[name])
    assert report["nonzeros"]["after"] == sum(int((t != 0).sum()) for t in cut.values())
    for size in (8, 16):
        assert largest_difference(tmp_path / "cut.pt", tmp_path / "masked.pt", (2, 3, size, size)) < 1e-5


def test_nothing_is_written_when_no_group_can_be_cut(cli, tmp_path):
    model = save(HeldAltogether(), tmp_path / "held.pt")
    done = cli.run("prune", model, "--input", "1x3x8x8", "--channels", 0.5, "--output", tmp_path / "cut.pt")
    assert done.returncode == 1 and "none of the groups" in done.stderr and "conv" in done.stderr
    assert os.listdir(tmp_path) == ["held.pt"]


def test_saved_plan_does_the_same_again(cli, residual, tmp_path):
    saved = tmp_path / "s.espalier-plan.json"
    first = prune(cli, residual, tmp_path, "--channels", 0.5, "--scope", "global", "--criterion", "fpgm", "--multiple-of",
                  4, "--save-plan", saved)
    assert json.loads(saved.read_text())["defaults"]["channels"]["criterion"] == "fpgm"
    assert prune(cli, residual, tmp_path, "--plan", saved)["kept"] == first["kept"]


def test_pruning_goes_on_from_what_was_written(cli, residual, tmp_path):
    first = prune(cli, residual, tmp_path, "--channels", 0.5)
    (tmp_path / "out.pt").rename(tmp_path / "cut.pt")
    (tmp_path / "masked.pt").rename(tmp_path / "half.pt")
    widths = {g["key"]: g["width"] for g in cli.json("inspect", tmp_path / "cut.pt")["groups"] if not g["locked"]}
    assert widths == {k: w // 2 for k, w in WIDTHS.items()}
    more = prune(cli, tmp_path / "cut.pt", tmp_path, "--channels", 0.5)
    assert more["reached"]["conv1"] == {"keep": 4, "width": 8}
    # In a masked file the channels that are gone go first: the same half is cut out of it.
    same = prune(cli, tmp_path / "half.pt", tmp_path, "--channels", 0.5, "--criterion", "random", "--seed", 5)
    assert same["kept"] == first["kept"] and same["proof"]["already_zero"]
    assert largest_difference(tmp_path / "cut.pt", tmp_path / "out.pt") < 1e-6


def test_inexact_groups_are_asked_for(cli, normed, tmp_path):
    done = cli.run("prune", normed, "--channels", 0.5, "--output", tmp_path / "out.pt")
    assert done.returncode == 1 and "--allow-inexact" in done.stderr
    plan = plan_file(tmp_path, channels={"fc1": {"keep": 16}})
    done = cli.run("prune", normed, "--plan", plan, "--output", tmp_path / "out.pt")
    assert done.returncode == 1 and "fc1" in done.stderr and "--allow-inexact" in done.stderr
    assert os.listdir(tmp_path) == [plan.name]
    permitted = plan_file(tmp_path, "permitted.json", channels={"fc1": {"ratio": 0.5}},
                          defaults={"channels": {"allow_inexact": True}})
    flag = "--allow-inexact"
    for choice in (["--plan", plan, flag], ["--plan", permitted], ["--channels", 0.5, flag]):
        cli.ok("prune", normed, *choice, "--output", tmp_path / "out.pt", "--masked-output",
               tmp_path / "masked.pt", "--report", tmp_path / "r.json")
        report = json.loads((tmp_path / "r.json").read_text())
        assert not report["proof"]["exact"] and state(tmp_path / "out.pt")["fc1.weight"].shape == (16, 12)
        assert largest_difference(tmp_path / "masked.pt", tmp_path / "out.pt", (4, 12)) < 1e-5


BAD = {
    "two rules for one group": (dict(channels={"conv1": {"keep": 3}, "conv3": {"keep": 4}}), "two rules for one group", 3),
    "two kinds": (dict(channels={"conv1": {"keep": 3, "ratio": 0.5}}), "channels.conv1", 2),
    "not the key": (dict(channels={"conv3": {"keep": 3}}), "moves together with conv1", 3),
    "unknown": (dict(channels={"conv7": {"keep": 3}}), "conv7", 3),
    "too many": (dict(channels={"conv1": {"keep": 17}}), "keeps 16", 1),
    "none": (dict(channels={"conv1": {"keep": 0}}), "keep 1", 2),
    "locked": (dict(channels={"fc2": {"ratio": 0.5}}), "output", 1),
    "mark": (dict(marks={"conv1": {"keep": [16]}}), "16", 2),
    "all marked": (dict(marks={"conv1": {"remove": list(range(16))}}), "at least one", 1),
    "multiple": (dict(channels={"conv1": {"keep": 4, "multiple_of": 0}}), "multiple", 2),
    "criterion": (dict(defaults={"channels": {"criterion": "magnitude"}}), "bn_scale", 2),
    "no scores": (dict(channels={"fc1": {"keep": 4}}, defaults={"channels": {"criterion": "bn_scale"}}), "fc1", 3),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_plans_change_nothing(cli, residual, tmp_path, name):
    parts, word, code = BAD[name]
    plan = plan_file(tmp_path, **parts)
    done = cli.run("prune", residual, "--plan", plan, "--output", tmp_path / "out.pt", "--report", tmp_path / "r.json")
    assert done.returncode == code and word in done.stderr, done.stderr
    assert os.listdir(tmp_path) == [plan.name]


@pytest.mark.parametrize("arguments,word", [
    (["--channels", 1.5], "channels"), (["--channels", 0.5, "--criterion", "magnitude"], "fpgm"),
    (["--channels", 0.5, "--multiple-of", 0], "multiple-of"), (["--channels", 0.5, "--scope", "some"], "scope"),
    (["--criterion", "l2"], "--channels"), (["--weights", 0.5, "--scope", "same-kind"], "same-kind")])
def test_wrong_usage(cli, residual, tmp_path, arguments, word):
    done = cli.run("prune", residual, *arguments, "--output", tmp_path / "out.pt")
    assert done.returncode == 2 and word in done.stderr, done.stderr
    assert os.listdir(tmp_path) == []


def test_page_for_people(cli, residual, tmp_path):
    done = cli.ok("prune", residual, "--channels", 0.5, "--output", tmp_path / "out.pt", "--report", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "<h2>Proof</h2>" in page and "conv1" in page and "float32" in page
    assert not re.search(r"https?://|<script|<img|<link", page)
    assert "proof: on" in done.stdout and re.search(r"conv1 +16 +8 +8", done.stdout)


def test_inspect_tells_groups(cli, residual):
    text = cli.ok("inspect", residual, "--input", "1x3x32x32").stdout
    assert re.search(r"conv1 +16 +– +exact", text) and "locked" in text


def test_nothing_to_cut_writes_the_masked_model(cli, residual, tmp_path):
    report = prune(cli, residual, tmp_path, "--channels", 0)
    assert report["kept"] == {} and largest_difference(residual, tmp_path / "out.pt") == 0


def test_tune_comes_out_cut(cli, examples, tiny_data, tmp_path):
    (tmp_path / "r.json").write_text(json.dumps({"format": "espalier-recipe", "version": 1, "epochs": 2, "batch_size": 32,
                                                 "optimizer": {"name": "sgd", "lr": 0.01}}))
    model, out = examples / "lenet5.script.pt", tmp_path / "tuned.pt"
    cli.ok("tune", model, "--data", tiny_data, "--channels", 0.5, "--weights", 0.5, "--scope", "layer", "--recipe",
           tmp_path / "r.json", "--output", out, "--report", tmp_path / "report.json", "--threads", 1)
    report = json.loads((tmp_path / "report.json").read_text())
    after = state(out)
    assert {n: list(t.shape) for n, t in after.items() if n.endswith("weight")} == {
        "conv1.weight": [10, 1, 5, 5], "conv2.weight": [25, 10, 5, 5], "fc1.weight": [250, 400], "fc2.weight": [10, 250]}
    assert report["proof"]["max_relative_difference"] <= 1e-5 and report["reached"]["fc1"]["keep"] == 250
    for name in ("conv2.weight", "fc1.weight"):
        assert int((after[name] == 0).sum()) == int(0.5 * after[name].numel() + 0.5)
    measured = cli.json("evaluate", out, "--data", tiny_data)["top1"]
    assert report["training"]["test"]["top1"] == pytest.approx(measured, abs=1e-9)
    # The channels are those that pruning alone would have cut, and their weights have been trained.
    cli.ok("prune", model, "--channels", 0.5, "--input", "1x1x28x28", "--output", tmp_path / "cut.pt", "--report",
           tmp_path / "c.json")
    assert json.loads((tmp_path / "c.json").read_text())["kept"] == report["kept"]
    assert not torch.equal(after["conv1.bias"], state(tmp_path / "cut.pt")["conv1.bias"])


class Constants(nn.Module):
    """Removed channels give constants: behind conv1 and conv3 exactly, behind conv2 not at the padded border."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)
        self.conv2, self.conv3 = nn.Conv2d(8, 6, 3), nn.Conv2d(6, 4, 3, padding=1)
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        x = torch.sigmoid(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return self.fc(torch.sigmoid(self.conv3(x)).mean([2, 3]))


def gone(report, name, axis, width):
    return [i for i in range(width) if i not in report["kept"][name][str(axis)]]


def test_compensated_biases(cli, tmp_path):
    """The biases are those of a hand computation, and the cut model is the masked one with its constants."""
    model = save(Constants(), tmp_path / "constants.pt")
    out, masked, report = tmp_path / "out.pt", tmp_path / "masked.pt", tmp_path / "report.json"
    cli.ok("prune", model, "--input", "1x3x10x10", "--channels", 0.5, "--compensate-bias",
           "--output", out, "--masked-output", masked, "--report", report)  # fmt: skip
    result, before, after = json.loads(report.read_text()), state(model), state(out)
    assert result["proof"]["compensated"] == ["conv2.bias", "fc.bias"]
    first, second, third = (gone(result, f"{n}.weight", 0, w) for n, w in (("conv1", 8), ("conv2", 6), ("conv3", 4)))
    kept = result["kept"]["conv2.weight"]["0"]

    # γ and the weights are zero: relu(β) is left of a removed channel of conv1, sigmoid(bias) of one of conv3.
    gain = before["conv2.weight"][:, first].sum([2, 3]) @ before["bn1.bias"][first].relu()
    torch.testing.assert_close(after["conv2.bias"], (before["conv2.bias"] + gain)[kept], rtol=1e-5, atol=1e-6)
    gain = before["fc.weight"][:, third] @ before["conv3.bias"][third].sigmoid()
    torch.testing.assert_close(after["fc.bias"], before["fc.bias"] + gain, rtol=1e-5, atol=1e-6)
    assert torch.equal(after["conv3.bias"], before["conv3.bias"][result["kept"]["conv3.weight"]["0"]])

    by_hand = load(model)
    parameters = dict(by_hand.named_parameters())
    with torch.no_grad():
        for name, channels in (("conv1", first), ("bn1", first), ("conv2", second), ("conv3", third)):
            parameters[f"{name}.weight"][channels] = 0
        parameters["conv3.weight"][:, second] = 0
    torch.jit.save(by_hand, str(tmp_path / "by_hand.pt"))
    for other in ("masked.pt", "by_hand.pt"):
        assert largest_difference(tmp_path / other, out, (3, 3, 12, 12)) < 1e-5
    assert largest_difference(model, out, (3, 3, 12, 12)) > 1e-3
