# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums: what is added must keep the same channels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

IMAGE = "1x3x8x8"


class Block(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, inner, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + x)


@case(
    IMAGE,
    exact={"stem": 8, "blocks.0.conv1": 12, "blocks.1.conv1": 6},
    half={
        "stem.weight": [4, 3, 3, 3],
        "blocks.0.conv1.weight": [6, 4, 3, 3],
        "blocks.0.conv2.weight": [4, 6, 3, 3],
        "blocks.1.conv1.weight": [3, 4, 3, 3],
        "blocks.1.bn2.running_var": [4],
        "fc.weight": [5, 4],
    },
)
class ResidualAdd(nn.Module):
    """Two blocks of one class with different inner widths: the types in the file are not shared."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.Sequential(Block(8, 12), Block(8, 6))
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.blocks(self.stem(x)).mean([2, 3]))


@case(
    IMAGE,
    exact={"stem": 8, "conv1": 4, "conv2": 6, "conv3": 16},
    half={
        "conv1.weight": [2, 4, 1, 1],
        "conv2.weight": [3, 2, 3, 3],
        "conv3.weight": [8, 3, 1, 1],
        "shortcut.weight": [8, 4, 1, 1],
        "fc.weight": [5, 8],
    },
)
class Bottleneck(nn.Module):
    """A projection on the shortcut moves with the last convolution of the branch."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.conv1 = nn.Conv2d(8, 4, 1)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm2d(6)
        self.conv3 = nn.Conv2d(6, 16, 1)
        self.bn3 = nn.BatchNorm2d(16)
        self.shortcut = nn.Conv2d(8, 16, 1, stride=2)
        self.bn4 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y = F.relu(y + self.bn4(self.shortcut(x)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(y, (1, 1)), 1))


@case(
    IMAGE,
    exact={"stem": 8, "conv1": 12},
    half={"gamma": [4, 1, 1], "conv2.weight": [4, 6, 1, 1], "head.weight": [2, 4, 1, 1]},
)
class LayerScale(nn.Module):
    """x + γ · branch(x), γ a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.conv1 = nn.Conv2d(8, 12, 1)
        self.conv2 = nn.Conv2d(12, 8, 1)
        self.gamma = nn.Parameter(torch.rand(8, 1, 1) + 0.2)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x + self.gamma * self.conv2(F.gelu(self.conv1(x)))
        return self.head(x)


@case(
    IMAGE,
    exact={"inner": 8},
    half={"inner.weight": [4, 3, 3, 3], "outer.weight": [3, 4, 3, 3]},
    fixed=("outer.bias",),
)
class InputResidual(nn.Module):
    """What is added to the model's input cannot go."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 8, 3, padding=1)
        self.outer = nn.Conv2d(8, 3, 3, padding=1)
        self.head = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x + self.outer(F.relu(self.inner(x))))


@case(
    IMAGE,
    exact={"stem": 8, "inner": 12, "outer": 8},
    half={
        "stem.weight": [4, 3, 3, 3],
        "inner.weight": [6, 4, 3, 3],
        "outer.weight": [8, 6, 3, 3],
        "fc.weight": [4, 8],
    },
)
class PaddedShortcut(nn.Module):
    """A shortcut that is padded with channels of zeros: as many on each side as are left there."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.inner = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.outer = nn.Conv2d(12, 16, 3, padding=1)
        self.fc = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.outer(F.relu(self.inner(x)))
        y = F.relu(y + F.pad(x[:, :, ::2, ::2], [0, 0, 0, 0, 4, 4]))
        return self.fc(y.mean([2, 3]))


@case(
    IMAGE,
    exact={"stem": 8, "inner": 6},
    half={"stem.weight": [4, 3, 3, 3], "inner.weight": [3, 4, 3, 3], "outer.weight": [4, 3, 3, 3]},
)
class InplaceResidual(nn.Module):
    """relu_, add_ and mul_ on what others still see."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.inner = nn.Conv2d(8, 6, 3, padding=1)
        self.outer = nn.Conv2d(6, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).relu_()
        y = self.outer(F.relu6(self.inner(x), inplace=True))
        y += x
        y.mul_(0.5)
        return self.head(F.hardswish(y, inplace=True))


@case(
    IMAGE,
    exact={"stem": 8, "squeeze": 4},
    half={
        "stem.weight": [4, 3, 3, 3],
        "squeeze.weight": [2, 4],
        "excite.weight": [4, 2],
        "head.weight": [2, 4, 1, 1],
    },
)
class SqueezeExcite(nn.Module):
    """x · s(x), s one number a channel."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.squeeze = nn.Linear(8, 4)
        self.excite = nn.Linear(4, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        s = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean([2, 3])))))
        return self.head(x * s.view(s.size(0), s.size(1), 1, 1))


@case(
    IMAGE,
    exact={"stem": 8},
    half={"stem.weight": [4, 3, 3, 3], "gate.weight": [1, 4, 1, 1], "head.weight": [2, 4, 1, 1]},
)
class SpatialGate(nn.Module):
    """A map [n, 1, h, w] times all channels: the gate's one channel is none of them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.gate = nn.Conv2d(8, 1, 1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        return self.head(x * torch.sigmoid(self.gate(x)))


@case(IMAGE, exact={}, inexact={"stem": 8}, nothing=True)
class PooledSpatialGate(nn.Module):
    """Mean and maximum over the channels: a zeroed channel still counts, so nothing is exact."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.gate = nn.Conv2d(2, 1, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        pooled = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return self.head(x * torch.sigmoid(self.gate(pooled)))


@case(IMAGE, exact={}, inexact={}, nothing=True)
class NeighbourChannels(nn.Module):
    """A convolution along the channel axis (efficient channel attention) looks at neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.along = nn.Conv1d(1, 1, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        s = self.along(x.mean([2, 3]).unsqueeze(1)).squeeze(1)
        return self.head(x * torch.sigmoid(s).unsqueeze(2).unsqueeze(3))
