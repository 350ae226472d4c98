# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the example models LeNet-5 and LeNet-300-100 on MNIST and save them as TorchScript.

    python train.py [--data mnist] [--out .] [--model lenet5] [--model lenet-300-100]

For each model NAME three files are written, float32 and in eval mode:

    NAME.init.script.pt   the untrained start, scripted (for rewinding)
    NAME.script.pt        trained, scripted
    NAME.trace.pt         the same trained weights, traced at 1x1x28x28

Pixels are scaled to 0..1, then normalised with mean 0.1307 and standard deviation 0.3081.

The validation split is the one that Espalier itself draws (core/data/split.cpp): a tenth of each
class after a seeded shuffle. That leaves 54,000 images to train on and 6,000 that no weight has
seen. The recipe was chosen on the validation images; the weights saved are those after the last
epoch. The test images are read once, at the end, for the figure that is printed.

The same command on the same machine and PyTorch gives the same weights: one thread, fixed seeds.
"""

import argparse
import gzip
import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

MEAN, STD = 0.1307, 0.3081


class LeNet5(nn.Module):
    """LeNet-5 as in Caffe and Han et al. 2015: 431,080 parameters, no ReLU after convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 50, 5)
        self.fc1 = nn.Linear(800, 500)
        self.fc2 = nn.Linear(500, 10)

    def forward(self, x: Tensor) -> Tensor:  # [n, 1, 28, 28] -> [n, 10]
        x = F.max_pool2d(self.conv1(x), 2)  # [n, 20, 12, 12]
        x = F.max_pool2d(self.conv2(x), 2)  # [n, 50, 4, 4]
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc2(x)


class LeNet300100(nn.Module):
    """LeNet-300-100: 266,610 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 300)
        self.fc2 = nn.Linear(300, 100)
        self.fc3 = nn.Linear(100, 10)

    def forward(self, x: Tensor) -> Tensor:  # [n, 1, 28, 28] -> [n, 10]
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


MODELS = {"lenet5": LeNet5, "lenet-300-100": LeNet300100}


def read_idx(path: Path) -> np.ndarray:
    """The array of unsigned bytes in a gzipped IDX file."""
    with gzip.open(path, "rb") as file:
        data = file.read()
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an IDX file of unsigned bytes")
    shape = np.frombuffer(data, ">u4", count=data[3], offset=4).astype(int)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape).copy()


def load(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    """Normalised images [n, 1, 28, 28] and labels [n]; part is "train" or "t10k"."""
    images = torch.from_numpy(read_idx(folder / f"{part}-images-idx3-ubyte.gz")).unsqueeze(1)
    labels = torch.from_numpy(read_idx(folder / f"{part}-labels-idx1-ubyte.gz")).long()
    return (images.float() / 255 - MEAN) / STD, labels


def split_mix_64(seed: int) -> Iterator[int]:
    """SplitMix64 (Steele, Lea and Flood 2014): 64 random bits at a time."""
    mask = 2**64 - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)


def validation_mask(labels: Tensor, share: float = 0.1) -> Tensor:
    """True for a share of the images of each class: the ones last after a Fisher-Yates shuffle."""
    bits = split_mix_64(0)
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():  # ascending
        index = (labels == label).nonzero().flatten().tolist()
        for last in range(len(index), 1, -1):
            value = next(bits)
            while value < 2**64 % last:  # these would favour some results
                value = next(bits)
            index[last - 1], index[value % last] = index[value % last], index[last - 1]
        held_out[index[len(index) - int(share * len(index) + 0.5) :]] = True
    return held_out


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Top-1 in percent."""
    model.eval()
    with torch.no_grad():
        right = sum(
            (model(x).argmax(1) == y).sum().item()
            for x, y in zip(images.split(1000), labels.split(1000))
        )
    return 100 * right / len(labels)


def train(model: nn.Module, args: argparse.Namespace, data: tuple[Tensor, Tensor]) -> None:
    """SGD with Nesterov momentum and a learning rate that falls to zero along half a cosine."""
    images, labels = data
    held_out = validation_mask(labels)
    x_val, y_val = images[held_out], labels[held_out]
    x, y = images[~held_out], labels[~held_out]
    optimizer = torch.optim.SGD(
        model.parameters(), args.lr, momentum=0.9, nesterov=True, weight_decay=args.weight_decay
    )
    steps = args.epochs * (len(x) // args.batch_size)  # the last, incomplete batch is dropped
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    order = torch.Generator().manual_seed(args.seed)
    for epoch in range(1, args.epochs + 1):
        start = time.monotonic()
        model.train()
        for batch in torch.randperm(len(x), generator=order).split(args.batch_size):
            if len(batch) < args.batch_size:
                continue
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            scheduler.step()
        val = accuracy(model, x_val, y_val)
        took = time.monotonic() - start
        print(f"epoch {epoch:2d}  loss {loss.item():.4f}  val {val:.2f} %  {took:.1f} s")


def save(model: nn.Module, path: Path, how: str) -> None:
    """Save as TorchScript, without the source locations: they would hold this machine's paths."""
    model.eval()
    if how == "trace":
        module = torch.jit.trace(model, torch.zeros(1, 1, 28, 28))
    else:
        module = torch.jit.script(model)
    whole = torch._C.PyTorchFileReader(io.BytesIO(module.save_to_buffer()))
    slim = torch._C.PyTorchFileWriter(str(path))
    for name in whole.get_all_records():
        if not name.endswith(".debug_pkl") and name not in ("version", ".data/serialization_id"):
            record = whole.get_record(name)
            slim.write_record(name, record, len(record))
    slim.write_end_of_file()  # adds the two records left out above


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=here / "mnist", help="folder of the IDX files")
    parser.add_argument("--out", type=Path, default=here, help="folder to write to")
    parser.add_argument("--model", choices=MODELS, action="append", help="default: all")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    args.out.mkdir(parents=True, exist_ok=True)
    data = load(args.data, "train")
    for name in args.model or MODELS:
        torch.manual_seed(args.seed)
        model = MODELS[name]()
        print(f"{name}: {sum(p.numel() for p in model.parameters()):,} parameters")
        save(model, args.out / f"{name}.init.script.pt", "script")
        train(model, args, data)
        save(model, args.out / f"{name}.script.pt", "script")
        save(model, args.out / f"{name}.trace.pt", "trace")
        print(f"{name}: test top-1 {accuracy(model, *load(args.data, 't10k')):.2f} %", flush=True)


if __name__ == "__main__":
    main()
