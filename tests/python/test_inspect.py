# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
import torch

# op, weight shape, parameters with bias, MACs by hand: out_h * out_w * out_c * in_c * k * k
LENET5 = {
    "conv1.weight": ("conv2d", [20, 1, 5, 5], 520, 24 * 24 * 20 * 25),
    "conv2.weight": ("conv2d", [50, 20, 5, 5], 25050, 8 * 8 * 50 * 20 * 25),
    "fc1.weight": ("linear", [500, 800], 400500, 800 * 500),
    "fc2.weight": ("linear", [10, 500], 5010, 500 * 10),
}


@pytest.mark.parametrize("kind", ["script", "trace"])
def test_lenet5(cli, examples, kind):
    report = cli.json("inspect", examples / f"lenet5.{kind}.pt", "--input", "1x1x28x28")
    assert report["format"] == "espalier-inspect" and report["version"] == 1
    assert report["inputs"] == ["1x1x28x28"]
    assert report["parameters"] == 431080
    assert report["macs"] == 2293000
    found = {l["name"]: (l["op"], l["shape"], l["parameters"], l["macs"]) for l in report["layers"]}
    assert found == LENET5
    assert all(l["prunable"]["weights"] for l in report["layers"])
    groups = {g["key"]: g for g in report["groups"] if not g["locked"]}
    assert {k: (g["width"], g["exact"], g["heads"]) for k, g in groups.items()} == {
        "conv1": (20, True, 0), "conv2": (50, True, 0), "fc1": (500, True, 0)}
    members = {(m["parameter"], m["axis"], m["role"]): m["indices"] for m in groups["conv2"]["members"]}
    assert members[("fc1.weight", 1, "consumer")] == list(range(800))  # 50 maps of 4 x 4
    assert members[("conv2.weight", 0, "producer")] == list(range(50))
    assert ("conv2.bias", 0, "affine") in members
    by_name = {l["name"]: l for l in report["layers"]}
    assert [by_name[n]["group"] for n in ("conv1.weight", "conv2.weight", "fc1.weight")] == ["conv1", "conv2", "fc1"]
    assert by_name["fc1.weight"]["prunable"] == {"weights": True, "channels": True, "reason": ""}
    last = by_name["fc2.weight"]["prunable"]
    assert last["weights"] and not last["channels"] and "output" in last["reason"]


def test_input_is_guessed_and_said(cli, examples):
    report = cli.json("inspect", examples / "lenet5.script.pt")
    assert report["inputs"] == ["1x1x28x28"] and report["inputs_guessed"]
    assert "guess" in cli.ok("inspect", examples / "lenet5.script.pt").stdout


def test_reasons_are_given(cli, fixtures):
    layers = cli.json("inspect", fixtures / "transformer.script.pt")["layers"]
    assert any(l["op"] == "embedding" for l in layers)
    norms = [l for l in layers if l["op"] == "layer_norm"]
    assert norms and all(not l["prunable"]["weights"] and l["prunable"]["reason"] for l in norms)


# What the message must say beside the file's name.
REFUSED = {
    "state_dict.pt": "a pickled state_dict", "eager_module.pt": "a pickled Python module",
    "plain.zip": "a zip without a model", "empty.pt": "it is empty", "truncated.pt": "its end is missing",
    "huge_header.pt": "claims 1.13\u2009PB", "model.onnx": "an ONNX model", "text.pt": "it is a text",
    "old_format.pth": "before 1.6", "writes_file.pt": "aten::save", "writes_file_on_load.pt": "aten::save",
    "exported.pt2": "torch.export", "maps_file.pt": "aten::from_file", "unknown_operator.pt": "torchvision::nms",
    "damaged_code.pt": "not those that were saved", "damaged_directory.pt": "its directory is broken",
    "damaged_missing_data.pt": "archive/data/0 is missing", "damaged_shape.pt": "claims 4800 numbers where 320",
    "runaway_load.pt": "of memory", "spin_load.pt": "damaged or hostile",
}


@pytest.mark.parametrize("name,hint", REFUSED.items())
def test_refuses_what_it_must_not_open(cli, fixtures, name, hint):
    path = fixtures / name
    if not path.exists():
        pytest.skip(f"{name} could not be made by this torch")
    done = cli.run("inspect", path, timeout=60)
    assert done.returncode == 3, done.stderr
    assert name in done.stderr and hint in done.stderr
    assert "Exception raised from" not in done.stderr  # torch's backtrace is for the log
    assert done.stdout == ""


def test_weights_that_were_not_saved(cli, tmp_path):
    """optimize_for_inference makes constants of the weights that a file cannot hold."""
    model = torch.jit.script(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU()).eval())
    torch.jit.optimize_for_inference(torch.jit.freeze(model)).save(str(tmp_path / "model.pt"))
    with pytest.raises(RuntimeError):
        torch.jit.load(str(tmp_path / "model.pt"))
    done = cli.run("inspect", tmp_path / "model.pt")
    assert done.returncode == 3
    assert "optimize_for_inference" in done.stderr and "Save the model without that step" in done.stderr


class ProjectedLstm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(6, 12, proj_size=8)
        self.head = torch.nn.Linear(8, 6)
        self.last = torch.nn.Linear(6, 2)

    def forward(self, x):
        return self.last(torch.relu(self.head(self.rnn(x)[0])))


def test_says_why_a_projected_lstm_stays(cli, tmp_path):
    torch.jit.script(ProjectedLstm().eval()).save(str(tmp_path / "model.pt"))
    groups = cli.json("inspect", tmp_path / "model.pt", "--input", "5x1x6")["groups"]
    assert [(g["key"], g["width"]) for g in groups if not g["locked"]] == [("head", 6)]
    layers = cli.json("inspect", tmp_path / "model.pt", "--input", "5x1x6")["layers"]
    rnn = next(l for l in layers if l["name"] == "rnn.weight_ih_l0")
    assert "proj_size" in str(rnn)


class Additive(torch.nn.Module):
    """No image of a usual size fits its bias."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.bias = torch.nn.Parameter(torch.zeros(8, 17, 31))

    def forward(self, x):
        return self.conv(x) + self.bias


def test_an_input_that_cannot_be_guessed_is_asked_for(cli, tmp_path):
    path = tmp_path / "additive.pt"
    torch.jit.script(Additive()).save(str(path))
    done = cli.run("inspect", path)
    assert done.returncode == 3 and "aten::add failed" in done.stderr and "Say what its input looks like" in done.stderr
    assert cli.json("inspect", path, "--input", "1x3x17x31")["inputs"] == ["1x3x17x31"]


def test_missing_file_and_folder(cli, tmp_path):
    assert cli.run("inspect", tmp_path / "nothing.pt").returncode == 3
    done = cli.run("inspect", tmp_path)
    assert done.returncode == 3 and "folder" in done.stderr


def test_wrong_usage(cli, examples):
    wrong = cli.run("inspct", examples / "lenet5.script.pt")
    assert wrong.returncode == 2 and "inspct" in wrong.stderr and "inspect" in wrong.stderr
    assert cli.run("inspect").returncode == 2
    assert cli.run("no-such-verb").returncode == 2
    bad = cli.run("inspect", examples / "lenet5.script.pt", "--input", "1xbanana")
    assert bad.returncode == 2 and "1xbanana" in bad.stderr


def test_input_that_does_not_fit(cli, examples):
    done = cli.run("inspect", examples / "lenet5.script.pt", "--input", "1x3x28x28")
    assert done.returncode == 2 and "1x3x28x28" in done.stderr


@pytest.mark.parametrize("verb", ["inspect", "prune", "evaluate", "tune", "latency", "demo"])
def test_help_and_version(cli, verb):
    assert verb in cli.ok("--help").stdout
    assert "--help" in cli.ok(verb, "--help").stdout
    assert cli.ok("--version").stdout.startswith("espalier-cli ")


def test_says_what_the_data_decides(cli, fixtures):
    notes = cli.json("inspect", fixtures / "control_flow.script.pt", "--input", "3x10")["notes"]
    loops = [n for n in notes if n.startswith("How often a loop in the model")]
    assert len(loops) == 1 and "fixture_models.py" in loops[0], notes  # while float(x.abs().max()) > 0.5
    assert not any("branch" in n for n in notes), notes  # x.shape[0] > 2 is of the shape
    assert cli.json("inspect", fixtures / "cnn_bn.script.pt", "--input", "1x3x16x16")["notes"] == []
