# SPDX-License-Identifier: GPL-3.0-or-later
"""Convolutions in groups: every group must keep equally many channels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

IMAGE = "1x3x8x8"


@case(
    IMAGE,
    exact={"stem": 8, "point": 12},
    half={
        "stem.weight": [4, 3, 3, 3],
        "depth.weight": [4, 1, 3, 3],
        "bn.running_mean": [4],
        "point.weight": [6, 4, 1, 1],
        "fc.weight": [5, 6],
    },
)
class Depthwise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.depth = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.point = nn.Conv2d(8, 12, 1)
        self.fc = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.hardtanh(self.bn(self.depth(F.relu6(self.stem(x)))), 0.0, 6.0)
        return self.fc(F.hardsigmoid(self.point(x)).mean([2, 3]))


@case(
    IMAGE,
    exact={"stem": 8},
    half={"stem.weight": [4, 3, 3, 3], "depth.weight": [8, 1, 3, 3], "point.weight": [4, 8, 1, 1]},
)
class DepthMultiplier(nn.Module):
    """Each channel makes two."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.depth = nn.Conv2d(8, 16, 3, padding=1, groups=8)
        self.point = nn.Conv2d(16, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.point(F.relu(self.depth(F.relu(self.stem(x)))))


@case(
    IMAGE,
    exact={"first": 4},
    half={"first.weight": [6, 1, 3, 3], "point.weight": [2, 6, 1, 1]},
    fixed=("point.bias",),
)
class DepthwiseOnInput(nn.Module):
    """One input channel a group and four outputs each: the input stays, each group loses two."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 12, 3, padding=1, groups=3)
        self.point = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.point(F.relu(self.first(x)))


@case(
    IMAGE,
    exact={"stem": 4, "grouped": 6},
    half={
        "stem.weight": [4, 3, 3, 3],
        "grouped.weight": [6, 2, 3, 3],
        "grouped.bias": [6],
        "head.weight": [2, 6, 1, 1],
    },
)
class GroupedConv(nn.Module):
    """Two groups of 4 in, 6 out: one class for each position, in both groups."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.grouped = nn.Conv2d(8, 12, 3, padding=1, groups=2)
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.grouped(F.relu(self.stem(x)))))


@case(
    IMAGE,
    exact={"stem": 8, "conv1": 4, "conv2": 4, "conv3": 6},
    half={
        "conv1.weight": [8, 4, 1, 1],
        "conv2.weight": [8, 2, 3, 3],
        "conv3.weight": [3, 8, 1, 1],
        "fc.weight": [5, 3],
    },
)
class GroupedBottleneck(nn.Module):
    """1×1, grouped 3×3, 1×1: the grouped convolution's outputs are four classes of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.conv1 = nn.Conv2d(8, 16, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1, groups=4, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16, 6, 1)
        self.fc = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(F.relu(self.stem(x)))))
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(F.relu(self.conv3(x)).mean([2, 3]))


@case(
    IMAGE,
    exact={"stem": 4, "up": 6},
    half={"stem.weight": [4, 3, 3, 3], "up.weight": [4, 3, 2, 2], "head.weight": [2, 6, 1, 1]},
)
class GroupedTransposedConv(nn.Module):
    """The weight is [in, out / groups, kh, kw]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 12, 2, stride=2, groups=2)
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.up(F.relu(self.stem(x)))))


@case(
    IMAGE,
    exact={"stem": 8},
    half={"stem.weight": [4, 3, 3, 3], "up.weight": [4, 1, 2, 2], "head.weight": [2, 4, 1, 1]},
)
class DepthwiseTransposedConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2, groups=8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.up(F.relu(self.stem(x)))))


class Shuffle(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        x = x.view(batch, self.groups, channels // self.groups, height, width)
        x = torch.transpose(x, 1, 2).contiguous()
        return x.view(batch, channels, height, width)


@case(
    IMAGE,
    exact={"stem": 4},
    half={"stem.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]},
)
class ChannelShuffle(nn.Module):
    """Two rows of four channels, transposed: what is kept must be whole columns."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.shuffle = Shuffle(2)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.shuffle(self.stem(x))))


@case(
    IMAGE,
    exact={"stem": 4},
    half={"stem.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]},
)
class NativeChannelShuffle(nn.Module):
    """The same, by the operator of that name."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.shuffle = nn.ChannelShuffle(2)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.shuffle(self.stem(x))))


@case(
    IMAGE,
    exact={"stem": (8, 8), "unit.point1": 8},
    half={
        "stem.weight": [8, 3, 3, 3],
        "stem.bias": [8],
        "unit.point1.weight": [4, 4, 1, 1],
        "unit.point1.bias": [4],
        "unit.depth.weight": [4, 1, 3, 3],
        "unit.depth.bias": [4],
        "unit.point2.weight": [4, 4, 1, 1],
        "unit.point2.bias": [4],
        "head.weight": [2, 8, 1, 1],
    },
)
class ShuffleUnit(nn.Module):
    """Half of the channels pass, half are convolved, then all are shuffled: as in ShuffleNet v2.

    Those that pass go with the same ones of point2, beside which the shuffle lays them.
    """

    class Unit(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.point1 = nn.Conv2d(8, 8, 1)
            self.depth = nn.Conv2d(8, 8, 3, padding=1, groups=8)
            self.point2 = nn.Conv2d(8, 8, 1)

        def forward(self, x: Tensor) -> Tensor:
            left, right = x.chunk(2, dim=1)
            right = F.relu(self.point2(self.depth(F.relu(self.point1(right)))))
            return torch.cat((left, right), dim=1)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.unit = ShuffleUnit.Unit()
        self.shuffle = Shuffle(2)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.shuffle(self.unit(F.relu(self.stem(x)))))


@case(
    IMAGE,
    exact={"stem": 8, "deep": 12},
    half={"stem.weight": [4, 3, 3, 3], "deep.weight": [6, 4, 3, 3], "head.weight": [2, 6], "blur": [1, 1, 3, 3]},
)
class RepeatedKernel(nn.Module):
    """One kernel for all channels, repeated to as many as there are: fixed blurs, Sobel filters."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.deep = nn.Conv2d(8, 12, 3, padding=1)
        self.blur = nn.Parameter(torch.rand(1, 1, 3, 3) / 9)
        self.head = nn.Linear(12, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        x = F.conv2d(x, self.blur.repeat(8, 1, 1, 1), padding=1, groups=8)
        x = F.relu(self.deep(x))
        x = F.conv2d(x, self.blur.repeat_interleave(x.shape[1], 0), stride=2, groups=x.shape[1])
        x = F.conv_transpose2d(x, self.blur.repeat(x.shape[1], 1, 1, 1), groups=12)
        return self.head(x.mean([2, 3]))
