# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the sensitivity scan of ResNet-20 on CIFAR-10 with the naive method in eager Python, on the same torch.

    OMP_WAIT_POLICY=passive python bench_scan.py BUILD/bin/espalier-cli RESNET20.script.pt CIFAR10-FOLDER \
        [--samples 5000] [--levels 6] [--rounds 3] [--exhaustive]

The naive method is one whole forward per tensor and level: 19 for each of 22 tensors. It is measured on a few levels and
extrapolated from their median. Both take turns, for the machine may be busy: each round measures the levels, half of
them before a scan that remembers nothing and half after it; the medians of all rounds count, and the share of each round
is printed beside. With --exhaustive all 19 levels are scanned too, and the largest sparsity within 1 point must be the
same for every tensor. Prints wall and processor seconds.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from bench_train import ResNet20

BATCH = 256
LEVELS = 19


def naive_level(model: torch.nn.Module, name: str, sparsity: float, images: torch.Tensor, labels: torch.Tensor) -> dict:
    """One level as a person would write it: mask, a whole forward, top-1 and loss, unmask."""
    started = time.perf_counter(), time.process_time()
    weight = model.get_parameter(name)
    dense = weight.detach().clone()
    with torch.no_grad():
        threshold = weight.abs().flatten().kthvalue(max(1, round(sparsity * weight.numel()))).values
        weight.mul_(weight.abs() > threshold)
        right, loss = 0, 0.0
        for batch, targets in zip(images.split(BATCH), labels.split(BATCH), strict=True):
            scores = model(batch)
            right += (scores.argmax(1) == targets).sum().item()
            loss += torch.nn.functional.cross_entropy(scores, targets, reduction="sum").item()
        weight.copy_(dense)
    return {"wall": time.perf_counter() - started[0], "cpu": time.process_time() - started[1]}


def scan(args: argparse.Namespace, cache: str, *more: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        command = [args.program, "sensitivity", args.model, "--data", args.data, "--preset", "cifar10", "--samples",
                   args.samples, "--output", f"{folder}/scan.csv", "--json", *more]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE,
                              env=os.environ | {"XDG_CACHE_HOME": cache})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    report["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return report


def measured_in_turns(args: argparse.Namespace, naive: Callable[[tuple[str, float]], dict], picks: list) -> list[dict]:
    """Per round: the naive levels, and the scan in the middle of them."""
    rounds = []
    half = len(picks) // 2
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as cache:
            before = [naive(pick) for pick in picks[:half]]
            found = scan(args, cache)
            rounds.append({"naive": before + [naive(pick) for pick in picks[half:]], "scan": found})
    return rounds


def shares_of(rounds: list[dict], levels: int) -> dict:
    """Seconds of the scan and of all `levels` of the naive method, and the one over the other."""
    result = {}
    for kind, key in (("wall", "seconds"), ("cpu", "cpu")):
        scans = [each["scan"][key] for each in rounds]
        naive = [levels * statistics.median(n[kind] for n in each["naive"]) for each in rounds]
        result[f"scan_{kind}"] = statistics.median(scans)
        result[f"naive_{kind}_extrapolated"] = levels * statistics.median(n[kind] for r in rounds for n in r["naive"])
        result[f"share_of_{kind}"] = result[f"scan_{kind}"] / result[f"naive_{kind}_extrapolated"]
        result[f"share_of_{kind}_by_round"] = [a / b for a, b in zip(scans, naive, strict=True)]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--levels", type=int, default=6, help="of the naive method, to measure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--exhaustive", action="store_true")
    args = parser.parse_args()

    torch.set_flush_denormal(True)
    model = ResNet20().eval()
    scripted = torch.jit.load(str(args.model)).state_dict()
    model.load_state_dict(dict(zip(model.state_dict(), scripted.values(), strict=True)))
    tensors = [name for name, p in model.named_parameters() if p.dim() > 1]
    images, labels = torch.randn(args.samples, 3, 32, 32), torch.randint(10, (args.samples,))
    picks = [(tensors[i * len(tensors) // args.levels], 0.1 + 0.8 * i / args.levels) for i in range(args.levels)]

    naive_level(model, *picks[0], images[: 2 * BATCH], labels[: 2 * BATCH])
    rounds = measured_in_turns(args, lambda pick: naive_level(model, *pick, images, labels), picks)
    found = rounds[0]["scan"]
    with tempfile.TemporaryDirectory() as cache:
        every = scan(args, cache, "--exhaustive") if args.exhaustive else None

    levels = LEVELS * len(tensors)
    points = sum(len(layer["points"]) for layer in found["layers"])
    result = {"tensors": len(tensors), "samples": found["samples"], "evaluations": found["evaluations"],
              "share_of_evaluations": points / levels, **shares_of(rounds, levels)}
    if every:
        largest = {layer["name"]: layer["largest"] for layer in every["layers"]}
        other = {x["name"]: (x["largest"], largest[x["name"]]) for x in found["layers"] if x["largest"] != largest[x["name"]]}
        result["tensors_with_another_answer"] = other
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
