# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares measuring scores with the same computation in eager Python, on the same torch, in turns.

    OMP_WAIT_POLICY=passive python bench_scores.py BUILD/bin/espalier-cli RESNET20.script.pt IMAGES [--turns 3]

IMAGES is a folder of 32 x 32 colour images by class. Prints, for 1 024 of them, the seconds of the stage "score" of
`espalier-cli prune` (its samples lie decoded in memory), those of Python (samples are random tensors) and the median of
the ratios within a turn. The peer takes per-sample gradients with torch.func (vmap of grad), 64 samples at a time.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from bench_train import ResNet20
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

SAMPLES = 1024
BATCH = 64
GOALS = {"wanda": 10, "taylor": 10, "gradient": None, "activation": None, "fisher": 30}


def taylor(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    scores = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for x, y in zip(images.split(BATCH), labels.split(BATCH)):
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        for name, p in model.named_parameters():
            scores[name] += (p * p.grad).abs().detach()
    return scores


def gradient(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    for x, y in zip(images.split(2 * BATCH), labels.split(2 * BATCH)):
        F.cross_entropy(model(x), y).backward()
    return {name: p.grad.abs() for name, p in model.named_parameters()}


def features(model: nn.Module, images: Tensor, each) -> dict[str, Tensor]:
    sums: dict[str, Tensor] = {}

    def add(name: str, inputs: Tensor) -> None:
        own = each(inputs).transpose(0, 1).flatten(1).sum(1)
        sums[name] = sums[name] + own if name in sums else own

    hooks = [
        module.register_forward_pre_hook(lambda m, args, name=name: add(name, args[0]))
        for name, module in model.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear))
    ]
    with torch.no_grad():
        for x in images.split(2 * BATCH):
            model(x)
    for hook in hooks:
        hook.remove()
    return sums


def wanda(model: nn.Module, images: Tensor, _labels: Tensor) -> dict[str, Tensor]:
    norms = features(model, images, torch.square)
    modules = dict(model.named_modules())
    return {
        name: modules[name].weight.detach().abs()
        * norm.sqrt().reshape(1, -1, *[1] * (modules[name].weight.dim() - 2))
        for name, norm in norms.items()
    }


def activation(model: nn.Module, images: Tensor, _labels: Tensor) -> dict[str, Tensor]:
    return features(model, images, torch.abs)


def fisher(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    weights = {name: p.detach() for name, p in model.named_parameters() if p.dim() > 1}
    others = {name: p.detach() for name, p in model.state_dict().items() if name not in weights}

    def loss(own: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(model, {**own, **others}, (x[None],)), y[None])

    per_sample = vmap(grad(loss), in_dims=(None, 0, 0))
    sums = {name: torch.zeros_like(p) for name, p in weights.items()}
    for x, y in zip(images.split(BATCH), labels.split(BATCH)):
        for name, g in per_sample(weights, x, y).items():
            sums[name] += g.square().sum(0)
    return {name: 0.5 * weights[name] ** 2 * s / len(images) for name, s in sums.items()}


def espalier_seconds(args: argparse.Namespace, criterion: str, folder: str) -> float:
    structure = "--channels" if criterion == "activation" else "--weights"
    command = [args.program, "prune", args.resnet20, "--data", args.images, "--preset", "cifar10", "--criterion", criterion]
    command += [structure, 0.1, "--samples", SAMPLES, "--output", f"{folder}/out.pt", "--report", f"{folder}/r.json"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return json.loads(Path(folder, "r.json").read_text())["seconds"]["score"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("resnet20", type=Path, help="scripted, 16/32/64 channels")
    parser.add_argument("images", type=Path)
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    torch.manual_seed(0)
    model = ResNet20()
    model.load_state_dict(torch.jit.load(args.resnet20).state_dict())
    model.eval()
    images, labels = torch.randn(SAMPLES, 3, 32, 32), torch.arange(SAMPLES) % 10
    with tempfile.TemporaryDirectory() as folder:
        for criterion, goal in GOALS.items():
            ours, theirs = [], []
            for turn in range(args.turns):
                def python() -> None:
                    start = time.perf_counter()
                    globals()[criterion](model, images, labels)
                    theirs.append(time.perf_counter() - start)

                runs = [lambda: ours.append(espalier_seconds(args, criterion, folder)), python]
                for run in runs if turn % 2 == 0 else runs[::-1]:
                    run()
            ratio = statistics.median(a / b for a, b in zip(ours, theirs))
            print(f"{criterion:10} Espalier {statistics.median(ours):6.2f} s ({min(ours):.2f} to {max(ours):.2f}), "
                  f"Python {statistics.median(theirs):6.2f} s, ratio {ratio:.2f}"
                  + (f", goal {goal} s" if goal else ""), flush=True)


if __name__ == "__main__":
    main()
