# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a training step of bench_train with the same loop in eager Python, on the same torch, in turns.

    OMP_WAIT_POLICY=passive python bench_train.py BUILD/bin/bench_train RESNET20.script.pt [--only NAME] [--turns 7]
        [--threads 1]

Prints, for LeNet-5 and ResNet-20 at batch 128 and ResNet-18 on 96 pixels at batch 32, medians over the turns and the
medians of the ratios within a turn: masks against none in C++ and (torch.nn.utils.prune) in Python, and C++ against
eager and scripted Python.
"""

import argparse
import dataclasses
import itertools
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import prune

WARM_UP = 5
POOL = 1024


class LeNet5(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 50, 5)
        self.fc1 = nn.Linear(800, 500)
        self.fc2 = nn.Linear(500, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.conv1(x), 2)
        x = F.max_pool2d(self.conv2(x), 2)
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.down = nn.Sequential()
        if inputs != outputs:
            self.down = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.down(x))


class ResNet18(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
        self.layers = nn.Sequential(*(Block(a, b) for a, b in itertools.pairwise(widths)))
        self.fc = nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class ResNet20(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
        self.layers = nn.Sequential(*(Block(a, b) for a, b in itertools.pairwise(widths)))
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(F.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


@dataclasses.dataclass
class Case:
    name: str
    build: Callable[[], nn.Module]
    file: Path
    shape: tuple[int, ...]
    batch: int = 128


def attach_masks(model: nn.Module) -> None:
    """Masks that keep everything, as in bench_train.cpp: their own cost, nothing else."""
    for module in list(model.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            prune.custom_from_mask(module, "weight", torch.ones_like(module.weight))


def python_step(model: nn.Module, case: Case, steps: int) -> dict[str, float]:
    """Medians of the loop a person would write, with the options of the C++ benchmark."""
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)
    inputs, targets = torch.randn(POOL, *case.shape), torch.randint(10, (POOL,))
    order = torch.randperm((steps + WARM_UP) * case.batch) % POOL
    wall, processor = [], []
    for step in range(steps + WARM_UP):
        started = time.perf_counter(), time.process_time()
        chosen = order[step * case.batch : (step + 1) * case.batch]
        loss = F.cross_entropy(model(inputs[chosen]), targets[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        if step >= WARM_UP:
            wall.append(1e3 * (time.perf_counter() - started[0]))
            processor.append(1e3 * (time.process_time() - started[1]))
    return {"wall_ms": statistics.median(wall), "cpu_ms": statistics.median(processor)}


def cpp_steps(program: Path, case: Case, args: argparse.Namespace) -> dict[str, dict]:
    command = [program, case.file, "x".join(map(str, case.shape)), "--batch", case.batch, "--steps", args.steps]
    command += ["--threads", args.threads]
    lines = subprocess.run(
        list(map(str, command)), check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return {"cpp " + line.pop("kind"): line for line in map(json.loads, lines)}


def one_turn(case: Case, args: argparse.Namespace, turn: int) -> dict[str, dict]:
    def eager() -> dict:
        return {"python dense": python_step(case.build(), case, args.steps)}

    def masked() -> dict:
        model = case.build()
        attach_masks(model)
        return {"python masked": python_step(model, case, args.steps)}

    def scripted() -> dict:
        return {"python scripted": python_step(torch.jit.load(case.file), case, args.steps)}

    runs = [lambda: cpp_steps(args.program, case, args), eager, masked, scripted]
    runs = runs[turn % 4 :] + runs[: turn % 4]
    return {kind: times for run in runs for kind, times in run().items()}


def report(case: Case, turns: list[dict[str, dict]]) -> None:
    print(f"\n{case.name}, batch {case.batch}, {len(turns)} turns")
    for kind in ("cpp dense", "cpp masked", "python dense", "python masked", "python scripted"):
        wall, cpu = (statistics.median(turn[kind][unit] for turn in turns) for unit in ("wall_ms", "cpu_ms"))
        print(f"  {kind:16} {wall:8.2f} ms wall {cpu:8.2f} ms processor")
    for above, below in (
        ("cpp masked", "cpp dense"),
        ("python masked", "python dense"),
        ("cpp dense", "python dense"),
        ("cpp dense", "python scripted"),
        ("cpp masked", "python masked"),
    ):
        ratios = [
            [turn[above][unit] / turn[below][unit] for turn in turns] for unit in ("wall_ms", "cpu_ms")
        ]
        texts = [f"{statistics.median(r):.3f} ({min(r):.3f} to {max(r):.3f})" for r in ratios]
        print(f"  {above} / {below}: wall {texts[0]}, processor {texts[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("resnet20", type=Path, help="scripted, 16/32/64 channels")
    parser.add_argument("--only", help="cases whose name holds this")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)

    weights = torch.jit.load(args.resnet20).state_dict()

    def resnet20() -> nn.Module:
        model = ResNet20()
        model.load_state_dict(weights)
        return model

    sample = torch.randn(2, 3, 32, 32)
    scripted = torch.jit.load(args.resnet20).eval()
    torch.testing.assert_close(resnet20().eval()(sample), scripted(sample))

    with tempfile.TemporaryDirectory() as folder:
        lenet, resnet18 = Path(folder) / "lenet5.pt", Path(folder) / "resnet18.pt"
        torch.jit.script(LeNet5()).save(str(lenet))
        torch.jit.script(ResNet18()).save(str(resnet18))
        for case in (
            Case("LeNet-5", LeNet5, lenet, (1, 28, 28)),
            Case("ResNet-20", resnet20, args.resnet20, (3, 32, 32)),
            Case("ResNet-18, 96 pixels", ResNet18, resnet18, (3, 96, 96), batch=32),
        ):
            if not args.only or args.only in case.name:
                report(case, [one_turn(case, args, turn) for turn in range(args.turns)])


if __name__ == "__main__":
    main()
