# SPDX-License-Identifier: GPL-3.0-or-later
"""What is typed by mistake is told so that it can be typed right; what takes long can be ended."""
import json
import pathlib
import signal
import subprocess
import time

import pytest
import torch


@pytest.mark.parametrize("option, share", [("--weights", "0.92"), ("--channels", "0.92")])
def test_a_share_in_per_cent_is_told_as_a_share(cli, examples, tmp_path, option, share):
    done = cli.run("prune", examples / "lenet5.script.pt", option, 92, "--output", tmp_path / "o.pt")
    assert done.returncode == 2 and f"give one between 0 and 1 ({share})" in done.stderr, done.stderr
    done = cli.run("prune", examples / "lenet5.script.pt", option, -1, "--output", tmp_path / "o.pt")
    assert done.returncode == 2 and "give one between 0 and 1" in done.stderr and "(" not in done.stderr, done.stderr


@pytest.mark.parametrize("text, key", [
    ('{"format": "espalier-recipe", "version": 1, "epochs": 1, "epochs": 2}', "epochs"),
    ('{"format": "espalier-recipe", "version": 1, "optimizer": {"lr": 0.1, "lr": 0.2}}', "lr")])
def test_a_key_of_a_recipe_that_is_there_twice_is_named(cli, examples, tiny_data, tmp_path, text, key):
    recipe = tmp_path / "r.json"
    recipe.write_text(text)
    done = cli.run("tune", examples / "lenet5.script.pt", "--data", tiny_data, "--weights", 0.5, "--recipe", recipe,
                   "--output", tmp_path / "o.pt")
    assert done.returncode != 0 and f'"{key}" is there twice' in done.stderr, done.stderr


def test_a_key_of_a_plan_that_is_there_twice_is_named(cli, examples, tmp_path):
    plan = json.loads((examples / "lenet5-12x.espalier-plan.json").read_text())
    path = tmp_path / "p.json"
    path.write_text(json.dumps(plan).replace('"version": 1', '"version": 1, "version": 1'))
    done = cli.run("prune", examples / "lenet5.script.pt", "--plan", path, "--output", tmp_path / "o.pt")
    assert done.returncode != 0 and '"version" is there twice' in done.stderr, done.stderr


def test_bn_scale_without_a_batch_norm_says_what_it_ranks_by(cli, examples, tmp_path):
    done = cli.run("prune", examples / "lenet5.script.pt", "--channels", 0.5, "--criterion", "bn_scale", "--output",
                   tmp_path / "o.pt")
    assert done.returncode != 0 and "the criterion bn_scale finds nothing to rank by" in done.stderr, done.stderr
    assert "batch norms" in done.stderr, done.stderr


def most_threads(program, *arguments):
    """Of the program while it runs, as the system counts them."""
    running = subprocess.Popen([program, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    most = 0
    while running.poll() is None:
        status = pathlib.Path(f"/proc/{running.pid}/status")
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            most = max(most, int(lines.get("Threads", "0")))
        except (FileNotFoundError, ProcessLookupError):
            break
        time.sleep(0.005)
    assert running.wait() == 0, running.stderr.read()
    return most


def test_evaluate_computes_with_as_many_threads_as_asked_for(cli, examples):
    evaluate = ["evaluate", examples / "lenet5.script.pt", "--data", examples / "mnist", "--device", "cpu"]
    few, many = (most_threads(cli.program, *evaluate, "--threads", threads) for threads in (1, 7))
    assert many >= few + 4, (few, many)
    assert cli.run(*evaluate, "--threads", 0).returncode == 2


class Endless(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        while bool((x * 0 == 0).all()):
            x = self.fc(x) * 0
        return x


def test_a_model_that_never_returns_can_be_interrupted(cli, tmp_path):
    torch.jit.script(Endless()).save(str(tmp_path / "endless.pt"))
    running = subprocess.Popen([cli.program, "inspect", tmp_path / "endless.pt", "--input", "1x4"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(4)
        assert running.poll() is None, running.stderr.read()
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert running.wait(timeout=20) == 130
        assert time.monotonic() - began < 2
    finally:
        running.kill()
