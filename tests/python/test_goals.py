# SPDX-License-Identifier: GPL-3.0-or-later
"""What the examples' plans and recipes promise, by the program alone, on one thread as docs/results.md has it."""
import json

import pytest


def tuned(cli, examples, tmp_path, model, plan, seed):
    """(share of non-zero parameters, top-1 on the test images)"""
    report = tmp_path / f"{plan}-{seed}.json"
    cli.ok("tune", examples / f"{model}.script.pt", "--data", examples / "mnist", "--plan",
           examples / f"{plan}.espalier-plan.json", "--recipe", examples / f"{plan}.espalier-recipe.json", "--seed", seed,
           "--threads", 1, "--output", tmp_path / f"{plan}-{seed}.pt", "--report", report, timeout=1200)
    found = json.loads(report.read_text())
    return found["nonzeros"]["after"] / found["nonzeros"]["before"], found["training"]["test"]["top1"]


def test_twelve_times_fewer_weights_at_the_same_accuracy(cli, examples, tmp_path):
    model = "lenet-300-100"
    dense = cli.json("evaluate", examples / f"{model}.script.pt", "--data", examples / "mnist")["top1"]
    runs = [tuned(cli, examples, tmp_path, model, f"{model}-12x", seed) for seed in (0, 1, 2)]
    assert all(share <= 1 / 12 for share, _ in runs)
    assert sum(top1 for _, top1 in runs) / 3 >= dense - 0.0010


def test_twelve_times_fewer_weights_of_lenet5(cli, examples, tmp_path):
    """At most 0.05 points are lost on average (0.04 were measured)."""
    dense = cli.json("evaluate", examples / "lenet5.script.pt", "--data", examples / "mnist")["top1"]
    runs = [tuned(cli, examples, tmp_path, "lenet5", "lenet5-12x", seed) for seed in (0, 1, 2)]
    assert all(share <= 1 / 12 for share, _ in runs)
    assert sum(top1 for _, top1 in runs) / 3 >= dense - 0.0005


@pytest.mark.parametrize(("model", "drop"), [("lenet5", 0.002), ("lenet-300-100", 0.005)])
def test_forty_times_fewer_weights(cli, examples, tmp_path, model, drop):
    dense = cli.json("evaluate", examples / f"{model}.script.pt", "--data", examples / "mnist")["top1"]
    share, top1 = tuned(cli, examples, tmp_path, model, f"{model}-40x", 0)
    print(f"{model}: {1 / share:.2f} times fewer, {dense - top1:+.4f} lost")
    assert share <= 1 / 40 and top1 >= dense - drop
