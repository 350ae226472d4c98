# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares bench_data with torchvision's ImageFolder and DataLoader (PIL) at the same number of workers, in turns.

    python bench_data.py BUILD/bin/bench_data CIFAR10/train [--turns 5] [--workers 2]

Three cases: the JPEGs of CIFAR-10 as they are; 500 generated JPEGs of 500x375, scaled and cropped to 224 as for
evaluation; the same with random resized crops, mirrored, as for training. Both sides open the folder and deal every
image once as a normalised float batch. Prints the medians of images a second and of the ratios within a turn.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

try:
    import torchvision
except RuntimeError:  # a torchvision made for another torch: its own operators are missing, and not needed here
    OPERATORS = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        OPERATORS.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
from torchvision import transforms

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PHOTOS = 500


def write_photos(folder: Path) -> None:
    """Coarse colours with noise on top: about as many bytes as photographs of that size take."""
    random = np.random.default_rng(0)
    for number in range(PHOTOS):
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((500, 375), Image.BICUBIC), dtype=np.float32)
        noisy = (smooth + random.normal(0, 8, smooth.shape)).clip(0, 255).astype(np.uint8)
        target = folder / f"class{number % 10}"
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(target / f"{number}.jpg", quality=85)


def torchvision_rate(folder: Path, geometry: list, args: argparse.Namespace) -> float:
    start = time.perf_counter()
    steps = transforms.Compose([*geometry, transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)])
    dataset = torchvision.datasets.ImageFolder(str(folder), steps)
    loader = torch.utils.data.DataLoader(dataset, args.batch, shuffle=True, num_workers=args.workers)
    images = sum(len(labels) for _, labels in loader)
    return images / (time.perf_counter() - start)


def espalier_rate(folder: Path, options: list, args: argparse.Namespace) -> float:
    command = [args.program, folder, "--workers", args.workers, "--batch", args.batch, *options]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    first = json.loads(done.stdout.splitlines()[0])
    return first["images"] / first["seconds"]


def compare(name: str, folder: Path, geometry: list, options: list, args: argparse.Namespace) -> None:
    sides = {
        "torchvision": lambda: torchvision_rate(folder, geometry, args),
        "espalier": lambda: espalier_rate(folder, options, args),
    }
    for side in sides.values():  # the files come into the system's memory
        side()
    turns = []
    for turn in range(args.turns):
        order = list(sides) if turn % 2 == 0 else list(reversed(sides))
        turns.append({side: sides[side]() for side in order})
    ratios = [turn["espalier"] / turn["torchvision"] for turn in turns]
    rates = {side: statistics.median(turn[side] for turn in turns) for side in sides}
    print(
        f"{name}: espalier {rates['espalier']:.0f}, torchvision {rates['torchvision']:.0f} images a second, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("cifar", type=Path, help="a folder of small JPEGs by class")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{args.workers} workers, batches of {args.batch}, medians of {args.turns} turns")
    compare("CIFAR JPEGs", args.cifar, [], [], args)
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder)
        write_photos(photos)
        middle = [transforms.Resize(256), transforms.CenterCrop(224)]
        options = ["--resize", 256, "--crop", 224]
        compare("500x375 to 224, evaluation", photos, middle, options, args)
        parts = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
        compare("500x375 to 224, training", photos, parts, [*options, "--augment", "imagenet"], args)


if __name__ == "__main__":
    main()
