# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of the documentation name and a reader has: models, data, plans and recipes, small and of the same kind."""
import gzip
import json
import shutil
import struct

import torch
from torch import nn
from torch.nn import functional as F

from test_data import png
from test_metrics import Distance, Huber, Pair, Reader, saved, split_into

CLASSES = 10


class Residual(nn.Module):
    """A colour-image classifier with one residual addition; for images of any size."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.stem(x)))
        x = F.relu(x + self.bn2(self.conv(x)))
        return self.fc(x.mean((2, 3)))


def class_folders(folder, size, samples):
    """`samples` noise images a class and split, as PNG: folder/{train,test}/CLASS/NUMBER.png."""
    generator = torch.Generator().manual_seed(0)
    for split in ("train", "test"):
        for label in range(CLASSES):
            place = folder / split / f"class{label}"
            place.mkdir(parents=True)
            for number in range(samples):
                pixels = torch.randint(0, 256, (size, size, 3), generator=generator, dtype=torch.uint8)
                (place / f"{number:03}.png").write_bytes(png(pixels.numpy()))


def fewer_digits(source, target, train=200, test=100):
    """The first images of MNIST, in files of the same names."""
    target.mkdir(parents=True)
    for part, count in (("train", train), ("t10k", test)):
        for kind, header, each in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
            name = f"{part}-{kind}-ubyte.gz"
            data = gzip.decompress((source / name).read_bytes())
            head = data[:4] + struct.pack(">i", count) + data[8:header]
            (target / name).write_bytes(gzip.compress(head + data[header:header + count * each]))


def numbers_and_tokens(folder):
    torch.manual_seed(0)
    a, b = torch.randn(60, 6), torch.randn(60, 3)
    split_into(folder / "numbers", inputs_a=a, inputs_b=b, targets=torch.stack([a.sum(1), b.sum(1)], 1))
    split_into(folder / "tokens", inputs=torch.randint(0, 40, (60, 9)), targets=torch.randint(0, 4, (60,)))
    saved(Pair(), folder / "pair.pt")
    saved(Reader(), folder / "reader.pt")
    torch.jit.script(Distance()).save(str(folder / "distance.pt"))
    torch.jit.script(Huber()).save(str(folder / "huber.pt"))


def prepare(folder, examples):
    """Fills `folder` with everything that the documents' commands start from."""
    in_examples = folder / "resources" / "examples"
    shutil.copytree(examples, in_examples, ignore=shutil.ignore_patterns("mnist"))
    fewer_digits(examples / "mnist", in_examples / "mnist")
    for name in ("mnist", "DATA"):
        shutil.copytree(in_examples / "mnist", folder / name)
    for name in ("model.pt", "net.pt", "lenet5.pt"):
        shutil.copy(examples / "lenet-300-100.script.pt", folder / name)
    saved(Residual(), folder / "resnet20.pt")
    for name in ("resnet50.pt", "resnet20-pruned.pt"):
        shutil.copy(folder / "resnet20.pt", folder / name)
    class_folders(folder / "cifar10", 32, 6)
    class_folders(folder / "photos", 96, 6)
    (folder / "unlabelled" / "test").mkdir(parents=True)
    for photo in (folder / "photos").glob("*/*/*.png"):
        shutil.copy(photo, folder / "unlabelled" / "test" / "-".join(photo.parts[-3:]))
    numbers_and_tokens(folder)
    shutil.copy(examples / "lenet-300-100-12x.espalier-plan.json", folder / "p.espalier-plan.json")
    for name in ("r.espalier-recipe.json", "recipe.json"):
        (folder / name).write_text(json.dumps({"format": "espalier-recipe", "version": 1, "epochs": 2}))
