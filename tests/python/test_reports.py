# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as people and programs find them, and commands that repeat what was done."""
import html.parser
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil

import pytest
import torch
from torch import nn

from fixtures.fixture_models import BasicBlock

ODD = "it's <script>alert(1)</script> & \"more\""


class Page(html.parser.HTMLParser):
    """Elements, attributes and text of a page, by somebody else's parser."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.attributes, self.words, self.titles, self._in = [], [], [], [], ""
        self.feed(pathlib.Path(path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self._in = tag
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.words.append(data)
        if self._in == "h2" and data.strip():
            self.titles.append(data.strip())

    def text(self):
        return " ".join(self.words)


def check_complete(page):
    assert "script" not in page.tags and "img" not in page.tags and "link" not in page.tags
    for name, value in page.attributes:
        assert name not in ("src", "href", "onload", "style", "xlink:href"), (name, value)
    assert "http" not in page.text() and "@import" not in page.text()


@pytest.fixture(scope="module")
def odd_model(tmp_path_factory, examples):
    folder = tmp_path_factory.mktemp("odd") / "a folder"
    folder.mkdir()
    model = folder / f"{ODD.replace('/', '_')}.pt"
    shutil.copy(examples / "lenet5.script.pt", model)
    return model


def test_names_are_text_and_the_json_lies_beside(cli, odd_model, tmp_path):
    page = tmp_path / "small.html"
    cli.ok("prune", odd_model, "--weights", 0.8, "--channels", 0.25, "--output", tmp_path / "o.pt", "--report", page)
    read = Page(page)
    check_complete(read)
    assert odd_model.name in read.text()
    assert {"Proof", "Channels", "Layers", "Conditions"} <= set(read.titles)
    report = json.loads((tmp_path / "small.espalier-report.json").read_text())
    assert report["plan"]["format"] == "espalier-plan" and report["environment"]["program"].startswith("Espalier ")
    layers = {layer["weight"]: layer for layer in report["layers"]}
    weight = dict(torch.jit.load(str(odd_model)).named_parameters())["fc1.weight"]
    assert layers["fc1.weight"]["shape"] == list(weight.shape) and layers["fc1.weight"]["weights"] == weight.numel()
    masked = tmp_path / "masked.pt"
    cli.ok("prune", odd_model, "--weights", 0.8, "--channels", 0.25, "--output", tmp_path / "o2.pt",
           "--masked-output", masked)
    zeros = (dict(torch.jit.load(str(masked)).named_parameters())["fc1.weight"] == 0).sum().item()
    assert layers["fc1.weight"]["removed"] == zeros


def test_json_alone_when_that_is_asked_for(cli, examples, tmp_path):
    cli.ok("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--output", tmp_path / "o.pt", "--report",
           tmp_path / "r.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.pt", "r.json"]


def test_nothing_is_written_over_what_is_read(cli, examples, tmp_path):
    plan = tmp_path / "r.espalier-report.json"
    cli.ok("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--output", tmp_path / "o.pt", "--save-plan", plan)
    before = plan.read_bytes()
    done = cli.run("prune", examples / "lenet5.script.pt", "--plan", plan, "--output", tmp_path / "p.pt", "--report",
                   tmp_path / "r.html")
    assert done.returncode != 0 and "r.espalier-report.json" in done.stderr
    assert plan.read_bytes() == before and not (tmp_path / "p.pt").exists()


def test_the_reports_command_does_it_again(cli, odd_model, tiny_data, tmp_path):
    out, page = tmp_path / "an output.pt", tmp_path / "r.html"
    cli.ok("tune", odd_model, "--data", tiny_data, "--preset", "mnist", "--weights", 0.6, "--epochs", 2, "--seed", 3,
           "--device", "cpu", "--threads", 1, "--output", out, "--report", page)
    read = Page(page)
    check_complete(read)
    assert "Fine-tuning" in read.titles and read.tags.count("figure") == 2 + 4
    assert "2 epochs; " in read.text() and "; seed 3." in read.text() and "→" in read.text()
    assert "Loss while training" in read.text() and "The test split chose nothing" in read.text()
    report = json.loads((tmp_path / "r.espalier-report.json").read_text())
    assert [point["epoch"] for point in report["curve"]] == [0, 1, 2]
    accuracy = report["impact"]["accuracy"]
    assert accuracy["basis"] == "measured" and accuracy["before"] == report["training"]["opened"]["top1"]
    assert accuracy["after"] == report["training"]["after"]["top1"]
    assert report["training"]["recipe"]["seed"] == 3
    assert report["data"]["train"] + report["data"]["validation"] > 0 and report["environment"]["threads"] == 1
    words = shlex.split(report["command"])
    assert words[0] == "espalier-cli"
    first = out.read_bytes()
    out.unlink()
    cli.ok(*words[1:])
    assert out.read_bytes() == first


def figure_of(page, weight):
    """The drawing of a layer's weights: (heights of what is kept, of what is removed)."""
    drawing = next(part for part in page.read_text().split("<figure>") if f"<title>{weight}: " in part)
    return [[float(height) for height in re.findall(rf'class="{kind}"[^>]* height="([\d.]+)"', drawing)]
            for kind in ("kept", "removed")]


def test_what_training_moves_is_not_called_removed(cli, examples, tiny_data, tmp_path):
    plan, page = tmp_path / "p.espalier-plan.json", tmp_path / "r.html"
    cli.ok("prune", examples / "lenet5.script.pt", "--weights", 0.5, "--output", tmp_path / "o.pt", "--save-plan", plan)
    rules = json.loads(plan.read_text())
    rules["weights"] = {"fc1.weight": {"sparsity": 0.75}}
    plan.write_text(json.dumps(rules))
    cli.ok("tune", examples / "lenet5.script.pt", "--data", tiny_data, "--preset", "mnist", "--plan", plan, "--epochs", 1,
           "--output", tmp_path / "t.pt", "--report", page)
    kept, removed = figure_of(page, "conv2.weight")
    assert sum(kept) > 0 and not removed
    kept, removed = figure_of(page, "fc1.weight")
    assert sum(removed) / (sum(kept) + sum(removed)) == pytest.approx(0.75, abs=0.01)
    made = json.loads((tmp_path / "r.espalier-report.json").read_text())
    assert made["environment"]["device"] not in ("", "auto")


def test_a_report_of_the_example_is_small_and_complete(cli, examples, tmp_path):
    page = tmp_path / "r.html"
    cli.ok("prune", examples / "lenet5.script.pt", "--channels", 0.4, "--weights", 0.5, "--output", tmp_path / "o.pt",
           "--report", page)
    check_complete(Page(page))
    assert re.findall(r"url\((?!#hatch\))", page.read_text()) == []
    assert page.stat().st_size < 5_000_000
    impact = json.loads((tmp_path / "r.espalier-report.json").read_text())["impact"]
    assert list(impact) == ["parameters", "nonzeros", "macs", "file", "accuracy", "latency"]
    assert impact["parameters"]["after"] == sum(each.numel() for each in torch.jit.load(tmp_path / "o.pt").parameters())
    assert impact["accuracy"]["basis"] == impact["latency"]["basis"] == "not measured"
    assert "not measured" in Page(page).text()


def write_resnet20(path):
    """ResNet-20 for 32 x 32 images, with weights as they are drawn."""
    torch.manual_seed(0)
    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    blocks = [BasicBlock(a, b, 1 if a == b else 2) for a, b in itertools.pairwise(widths)]
    model = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
                          nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    torch.jit.script(model.eval()).save(str(path))
    return path


def test_a_report_of_resnet20_is_small(cli, tmp_path):
    model = os.environ.get("ESPALIER_RESNET20") or write_resnet20(tmp_path / "resnet20.pt")
    page = tmp_path / "r.html"
    cli.ok("prune", model, "--input", "1x3x32x32", "--channels", 0.4, "--weights", 0.5, "--output", tmp_path / "o.pt",
           "--report", page)
    check_complete(Page(page))
    assert page.stat().st_size < 5_000_000
    assert Page(page).tags.count("figure") >= 20
