# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine-tuning that is killed, stopped or out of disk, and goes on."""
import csv
import fcntl
import hashlib
import json
import os
import resource
import signal
import subprocess
import time

import numpy
import pytest
import torch
from torch import nn

CHECKPOINT = "run.espalier-checkpoint"
SAMPLES = 1600


class Net(nn.Module):
    """Everything that a run must remember: batch norm's statistics, dropout's random numbers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.3)
        self.fc1 = nn.Linear(8 * 100, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x))).flatten(1)
        return self.fc2(self.drop(torch.relu(self.fc1(x))))


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    """A folder with model.pt and data/, of four kinds of noisy pictures."""
    folder = tmp_path_factory.mktemp("subject")
    torch.manual_seed(0)
    torch.jit.script(Net().eval()).save(str(folder / "model.pt"))
    centres, targets = torch.randn(4, 1, 10, 10), torch.arange(SAMPLES) % 4
    inputs = centres[targets] + 2.5 * torch.randn(SAMPLES, 1, 10, 10)
    (folder / "data").mkdir()
    for name, part in (("train", slice(200, None)), ("test", slice(0, 200))):
        numpy.savez(folder / "data" / f"{name}.npz", inputs=inputs[part].numpy(), targets=targets[part].numpy())
    return folder


def recipe(path, **changes):
    values = {"format": "espalier-recipe", "version": 1, "epochs": 4, "batch_size": 8, "device": "cpu",
              "optimizer": {"name": "adam", "lr": 0.002}, "scheduler": {"name": "plateau", "patience": 0}}
    values.update(changes)
    path.write_text(json.dumps(values))
    return path


def command(subject, folder, name, **changes):
    return ["tune", subject / "model.pt", "--data", subject / "data", "--weights", 0.7, "--threads", 1,
            "--recipe", recipe(folder / f"{name}.json", **changes), "--metrics", folder / f"{name}.csv", "--output",
            folder / f"{name}.pt"]


def rows(path):
    """The metrics without the time they took."""
    with path.open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def weights(path):
    return torch.jit.load(str(path)).state_dict()


def assert_same(folder, name, whole="whole"):
    assert rows(folder / f"{name}.csv") == rows(folder / f"{whole}.csv")
    found, expected = weights(folder / f"{name}.pt"), weights(folder / f"{whole}.pt")
    assert list(found) == list(expected)
    for key in expected:
        assert torch.equal(found[key], expected[key]), key


def start(cli, *arguments, **options):
    return subprocess.Popen([str(cli.program), *map(str, arguments)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, **options)


def wait_for_steps(path, epoch, steps):
    """Until so many steps of that epoch are in the metrics."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if path.exists() and sum(line.split(",")[1:2] == [str(epoch)] for line in path.read_text().splitlines()) > steps:
            return
        time.sleep(0.005)
    pytest.fail(f"no epoch {epoch} in {path}")


@pytest.fixture(scope="module")
def whole(cli, subject, tmp_path_factory):
    """The folder of a run that nothing happened to: whole.csv, whole.pt."""
    folder = tmp_path_factory.mktemp("whole")
    cli.ok(*command(subject, folder, "whole"))
    return folder


def copy_whole(whole, tmp_path):
    for suffix in ("csv", "pt"):
        (tmp_path / f"whole.{suffix}").write_bytes((whole / f"whole.{suffix}").read_bytes())


@pytest.fixture
def killed(cli, subject, tmp_path):
    """The folder of checkpoints of a run that was killed in the middle of its second epoch."""
    running = start(cli, *command(subject, tmp_path, "killed"), "--checkpoints", tmp_path / "run")
    wait_for_steps(tmp_path / "killed.csv", 2, 20)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert not (tmp_path / "killed.pt").exists() and (tmp_path / "run" / CHECKPOINT).exists()
    assert max(int(row["epoch"]) for row in rows(tmp_path / "killed.csv")) == 2
    return tmp_path / "run"


def test_a_killed_run_goes_on_as_if_nothing_had_happened(cli, whole, killed, tmp_path):
    copy_whole(whole, tmp_path)
    done = cli.ok("tune", "--resume", killed, "--threads", 1)
    assert_same(tmp_path, "killed")
    assert "Epoch 1 of 4" not in done.stderr and "Epoch 2 of 4" in done.stderr
    assert not (killed / CHECKPOINT).exists()  # the run is over


def test_killed_twice(cli, subject, whole, killed, tmp_path):
    copy_whole(whole, tmp_path)
    running = start(cli, "tune", "--resume", killed, "--threads", 1)
    wait_for_steps(tmp_path / "killed.csv", 3, 20)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    # What is given again is taken, and may lie elsewhere.
    cli.ok(*command(subject, tmp_path, "killed"), "--resume", killed)
    assert_same(tmp_path, "killed")


def test_a_folder_is_for_one_run(cli, subject, killed, tmp_path):
    holder = os.open(killed, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    for command_line in (["tune", "--resume", killed], [*command(subject, tmp_path, "fresh"), "--checkpoints", killed]):
        refused = cli.run(*command_line)
        assert refused.returncode == 2 and "another run is at work there" in refused.stderr, refused.stderr
    assert not (tmp_path / "fresh.pt").exists()
    os.close(holder)
    running = start(cli, *command(subject, tmp_path, "held"), "--checkpoints", tmp_path / "held")
    wait_for_steps(tmp_path / "held.csv", 2, 5)
    own = os.open(tmp_path / "held", os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it ends with the process
    os.close(own)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_keeps_its_best_and_goes_on(cli, subject, whole, tmp_path, stop):
    copy_whole(whole, tmp_path)
    running = start(cli, *command(subject, tmp_path, "stopped"), "--checkpoints", tmp_path / "run")
    wait_for_steps(tmp_path / "stopped.csv", 2, 20)
    running.send_signal(stop)
    running.send_signal(signal.SIGTERM if stop == signal.SIGINT else signal.SIGINT)  # GNU timeout sends two at once
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert "wrote the best so far" in errors and f"--resume {tmp_path / 'run'}" in errors
    before = weights(tmp_path / "stopped.pt")
    assert sum(int((before[k] == 0).sum()) for k in ("fc1.weight", "conv.weight", "fc2.weight")) > 10_000
    cli.ok("tune", "--resume", tmp_path / "run", "--threads", 1)
    assert_same(tmp_path, "stopped")  # in the middle of the epoch, too


def test_with_momentum_cosine_and_channels(cli, subject, tmp_path):
    changes = {"optimizer": {"name": "sgd", "lr": 0.02, "momentum": 0.9}, "scheduler": {"name": "cosine"}}

    def channels(name):
        options = command(subject, tmp_path, name, **changes)
        options[options.index("--weights"):options.index("--weights") + 2] = ["--channels", 0.5]
        return options

    cli.ok(*channels("whole"))
    running = start(cli, *channels("cut"), "--checkpoints", tmp_path / "run")
    wait_for_steps(tmp_path / "cut.csv", 3, 20)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    cli.ok("tune", "--resume", tmp_path / "run", "--threads", 1)
    assert weights(tmp_path / "cut.pt")["conv.weight"].shape == (4, 1, 3, 3)
    assert_same(tmp_path, "cut")


def test_a_full_disk_costs_a_warning(cli, subject, whole, tmp_path):
    copy_whole(whole, tmp_path)
    limit = 150_000  # the metrics and the model fit, a checkpoint does not

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    running = start(cli, *command(subject, tmp_path, "full"), "--checkpoints", tmp_path / "run", preexec_fn=fill)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert errors.count("the disk is full") == 1 and "Training goes on" in errors
    assert_same(tmp_path, "full")
    assert not list((tmp_path / "run").iterdir())


class Small(nn.Module):
    """Fewer bytes than its metrics."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(100, 4)

    def forward(self, x):
        return self.fc(x.flatten(1))


def test_metrics_on_a_full_disk_cost_a_warning(cli, subject, tmp_path):
    torch.jit.script(Small().eval()).save(str(tmp_path / "small.pt"))
    limit = 20_000  # the model fits, the metrics do not

    def tune(name):
        return ["tune", tmp_path / "small.pt", *command(subject, tmp_path, name)[2:]]

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    cli.ok(*tune("whole"))
    assert (tmp_path / "whole.csv").stat().st_size > limit
    running = start(cli, *tune("full"), preexec_fn=fill, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)})
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert errors.count("Cannot write the metrics") == 1 and "Training goes on" in errors
    assert weights(tmp_path / "full.pt")["fc.weight"].equal(weights(tmp_path / "whole.pt")["fc.weight"])
    written = (tmp_path / "full.csv").read_text().splitlines()[:-1]  # the last row may be cut off
    assert len(written) > 100
    shared = [line.split(",")[:8] for line in (tmp_path / "whole.csv").read_text().splitlines()[:len(written)]]
    assert [line.split(",")[:8] for line in written] == shared


class Lost(nn.Module):
    """Net on a device that is lost after so many training steps."""

    def __init__(self, steps: int):
        super().__init__()
        self.net = Net()
        self.left = steps
        self.register_buffer("steps", torch.zeros(1, dtype=torch.int64))

    def forward(self, x):
        if self.training:
            self.steps += 1
            assert int(self.steps) <= self.left, "CUDA error: the device was lost"
        return self.net(x)


def tune_lost(cli, subject, tmp_path, steps, *options, **changes):
    """A run on a device that is lost: 158 steps are an epoch."""
    torch.manual_seed(0)
    torch.jit.script(Lost(steps).eval()).save(str(tmp_path / "model.pt"))
    return cli.run("tune", tmp_path / "model.pt", *command(subject, tmp_path, "lost", **changes)[2:], "--checkpoints",
                   tmp_path / "run", *options)


def zeros(state):
    return sum(int((value == 0).sum()) for name, value in state.items() if value.dim() > 1)


@pytest.mark.parametrize("schedule", [{"name": "agp", "end": 1}, {"name": "iterative", "rounds": 4, "epochs_per_round": 1}],
                         ids=lambda schedule: schedule["name"])
def test_a_device_lost_while_weights_still_go(cli, subject, tmp_path, schedule):
    done = tune_lost(cli, subject, tmp_path, 350, schedule=schedule)
    assert done.returncode == 1, done.stderr
    assert "the device was lost" in done.stderr and "wrote the best so far" in done.stderr
    assert f"espalier-cli tune --resume {tmp_path / 'run'}\n" in done.stderr
    assert zeros(weights(tmp_path / "lost.pt")) == pytest.approx(0.7 * (72 + 800 * 32 + 32 * 4), abs=1)
    assert "(best of 2 epochs: 2)" in done.stdout
    again = cli.run("tune", "--resume", tmp_path / "run", "--threads", 1)
    assert again.returncode == 1 and "Epoch 3 of" in again.stderr and "Epoch 2 of" not in again.stderr


def test_a_device_lost_with_channels_cut_out(cli, subject, tmp_path):
    done = tune_lost(cli, subject, tmp_path, 350, "--channels", 0.5, schedule={"cut_between_rounds": True})
    assert done.returncode == 1 and "wrote the best so far" in done.stderr, done.stderr
    assert weights(tmp_path / "lost.pt")["net.conv.weight"].shape[0] == 4


def test_a_device_lost_in_the_first_epoch_leaves_nothing(cli, subject, tmp_path):
    done = tune_lost(cli, subject, tmp_path, 50)
    assert done.returncode == 1 and "Fine-tuning broke off: CUDA error: the device" in done.stderr, done.stderr
    assert not (tmp_path / "lost.pt").exists() and "--resume" not in done.stderr


def test_the_last_good_checkpoint_outlives_a_full_disk(cli, killed, tmp_path):
    good = (killed / CHECKPOINT).read_bytes()

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    running = start(cli, "tune", "--resume", killed, "--threads", 1, preexec_fn=fill)
    wait_for_steps(tmp_path / "killed.csv", 3, 20)
    running.send_signal(signal.SIGKILL)
    _, errors = running.communicate()
    assert "the last checkpoint, after epoch 1, stays" in errors
    assert (killed / CHECKPOINT).read_bytes() == good
    assert [file.name for file in killed.iterdir()] == [CHECKPOINT]


def sealed(content):
    """A checkpoint's bytes with the hash that they should have."""
    return content + hashlib.sha256(content).hexdigest().encode()


DAMAGES = {
    "empty": (lambda b: b"", "no checkpoint"),
    "another file": (lambda b: b"PK\3\4 something else altogether", "no checkpoint"),
    "later version": (lambda b: sealed(b.replace(b"checkpoint 1\n", b"checkpoint 2\n", 1)[:-64]), "later version"),
    "cut short": (lambda b: b[: len(b) // 2], "ends before"),
    "one bit": (lambda b: b[: len(b) // 2] + bytes([b[len(b) // 2] ^ 1]) + b[len(b) // 2 + 1:], "not what was written"),
    "longer": (lambda b: b + b"\0", "not what was written"),
    "no description": (lambda b: sealed(b[:30] + b"\0" * len(b)), "description"),
    "larger shape": (lambda b: sealed(b.replace(b'"shape":[32,800]', b'"shape":[99,999]', 1)[:-64]), "ends before"),
    "other kind": (lambda b: sealed(b.replace(b'"kind":"tensors"', b'"kind":"pickled"', 1)[:-64]), "is no pickled"),
}


def test_damaged_checkpoints_are_named(cli, killed):
    good = (killed / CHECKPOINT).read_bytes()
    assert sealed(good[:-64]) == good
    for name, (damage, word) in DAMAGES.items():
        (killed / CHECKPOINT).write_bytes(damage(good))
        done = cli.run("tune", "--resume", killed)
        assert done.returncode == 3 and "espalier-cli: Cannot continue" in done.stderr, (name, done.stderr)
        assert word in done.stderr.splitlines()[-1] and done.stderr.count("espalier-cli:") == 1, (name, done.stderr)
    (killed / CHECKPOINT).unlink()
    done = cli.run("tune", "--resume", killed)
    assert done.returncode == 3 and "there is no checkpoint" in done.stderr


def test_another_run_is_named(cli, subject, killed, tmp_path):
    torch.manual_seed(5)
    torch.jit.script(Net().eval()).save(str(tmp_path / "other.pt"))
    data = numpy.load(subject / "data" / "train.npz")
    (tmp_path / "data").mkdir()
    numpy.savez(tmp_path / "data" / "train.npz", inputs=data["inputs"] + 1, targets=data["targets"])
    for options, word in ((["--recipe", recipe(tmp_path / "longer.json", epochs=5)], "epochs is 5, and was 4"),
                          (["--recipe", recipe(tmp_path / "faster.json", optimizer={"name": "adam", "lr": 0.1})],
                           "optimizer.lr is 0.1, and was 0.002"),
                          (["--seed", 3], "seed is 3, and was 0"),
                          (["--weights", 0.5], "another plan"),
                          (["--data", tmp_path / "data"], "another dataset")):
        done = cli.run("tune", "--resume", killed, *options)
        assert done.returncode == 3 and word in done.stderr, (options, done.stderr)
    done = cli.run("tune", tmp_path / "other.pt", "--resume", killed)
    assert done.returncode == 3 and "another model" in done.stderr
    assert (killed / CHECKPOINT).exists()


def test_a_run_is_not_written_over(cli, subject, killed, tmp_path):
    done = cli.run(*command(subject, tmp_path, "again"), "--checkpoints", killed)
    assert done.returncode == 2 and f"--resume {killed}" in done.stderr
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = cli.run(*command(subject, tmp_path, "again"), "--checkpoints", blocked)
    assert done.returncode == 1 and "Cannot write" in done.stderr


def test_what_is_missing_is_asked_for(cli, subject):
    done = cli.run("tune", subject / "model.pt")
    assert done.returncode == 2 and "--data is required" in done.stderr
    done = cli.run("tune", "--data", subject / "data")
    assert done.returncode == 2 and "MODEL is required" in done.stderr


@pytest.mark.parametrize("schedule", [
    {"name": "iterative", "rounds": 2, "epochs_per_round": 2},
    {"name": "lottery", "rounds": 3, "epochs_per_round": 1},
    {"name": "agp", "every_steps": 20},
    {"name": "movement", "every_steps": 20, "end": 0.9},
], ids=lambda schedule: schedule["name"])
def test_schedules_go_on_in_the_middle(cli, subject, tmp_path, schedule):
    changes = {"epochs": 3, "schedule": schedule}
    cli.ok(*command(subject, tmp_path, "whole", **changes))
    part = command(subject, tmp_path, "part", **changes)
    run = start(cli, *part, "--checkpoints", tmp_path / "run")
    wait_for_steps(tmp_path / "part.csv", 2, 50)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert run.returncode == 130
    zeros = sum(int((value == 0).sum()) for value in weights(tmp_path / "part.pt").values() if value.dim() > 1)
    assert zeros == pytest.approx(0.7 * (72 + 800 * 32 + 32 * 4), abs=1)  # all of the plan, though stopped early
    cli.ok(*part, "--resume", tmp_path / "run")
    assert_same(tmp_path, "part")


@pytest.mark.parametrize("schedule", [
    {"name": "iterative", "rounds": 2, "epochs_per_round": 2, "reset_momentum": False},
    {"name": "one_shot"},
], ids=lambda schedule: schedule["name"])
def test_cut_training_goes_on_in_the_middle(cli, subject, tmp_path, schedule):
    changes = {"schedule": {**schedule, "cut_between_rounds": True}}
    cli.ok(*command(subject, tmp_path, "whole", **changes), "--channels", 0.5)
    part = [*command(subject, tmp_path, "part", **changes), "--channels", 0.5]
    run = start(cli, *part, "--checkpoints", tmp_path / "run")
    wait_for_steps(tmp_path / "part.csv", 3, 50)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert run.returncode == 130
    cli.ok(*part, "--resume", tmp_path / "run")
    assert_same(tmp_path, "part")


def test_a_preset_goes_on(cli, subject, tmp_path):
    def tune(name, preset):
        return ["tune", subject / "model.pt", "--data", subject / "data", "--weights", 0.7, "--threads", 1,
                "--recipe-preset", preset, "--epochs", 3, "--metrics", tmp_path / f"{name}.csv", "--output",
                tmp_path / f"{name}.pt"]

    cli.ok(*tune("whole", "agp"))
    run = start(cli, *tune("part", "agp"), "--checkpoints", tmp_path / "run")
    wait_for_steps(tmp_path / "part.csv", 2, 3)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert run.returncode == 130
    done = cli.run(*tune("part", "lottery"), "--resume", tmp_path / "run")
    assert done.returncode == 3 and "the recipe is another one" in done.stderr, done.stderr
    cli.ok(*tune("part", "agp"), "--resume", tmp_path / "run")
    assert_same(tmp_path, "part")
