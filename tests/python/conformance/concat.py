# SPDX-License-Identifier: GPL-3.0-or-later
"""Joining and parting along the channel axis."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

IMAGE = "1x3x8x8"


@case(
    IMAGE,
    exact={"stem": 8, "grow1": 4, "grow2": 4, "grow3": 6},
    half={
        "grow1.weight": [2, 4, 3, 3],
        "grow2.weight": [2, 6, 3, 3],
        "grow3.weight": [3, 8, 3, 3],
        "bn.weight": [11],
        "fc.weight": [5, 11],
    },
)
class DenseConcat(nn.Module):
    """Every layer reads all before it: 8, 8 + 4, 8 + 4 + 4 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.grow1 = nn.Conv2d(8, 4, 3, padding=1)
        self.grow2 = nn.Conv2d(12, 4, 3, padding=1)
        self.grow3 = nn.Conv2d(16, 6, 3, padding=1)
        self.bn = nn.BatchNorm2d(22)
        self.fc = nn.Linear(22, 5)

    def forward(self, x: Tensor) -> Tensor:
        features = [self.stem(x)]
        features.append(F.relu(self.grow1(torch.cat(features, 1))))
        features.append(F.relu(self.grow2(torch.cat(features, 1))))
        features.append(F.relu(self.grow3(torch.cat(features, 1))))
        return self.fc(F.relu(self.bn(torch.cat(features, 1))).mean([2, 3]))


@case(
    IMAGE,
    exact={"a": 4, "b": 6, "c": 8},
    half={"b.weight": [3, 3, 1, 1], "head.weight": [2, 9, 1, 1]},
)
class CascadedConcat(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 4, 1)
        self.b = nn.Conv2d(3, 6, 1)
        self.c = nn.Conv2d(3, 8, 1)
        self.head = nn.Conv2d(18, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.cat((self.a(x), self.b(x)), dim=1)
        return self.head(F.relu(torch.cat((inner, self.c(x)), dim=-3)))


@case(
    IMAGE,
    exact={"a": 8, "block": 6},
    half={
        "a.weight": [4, 3, 3, 3],
        "b.weight": [4, 3, 3, 3],
        "bn.weight": [8],
        "block.weight": [3, 4, 3, 3],
        "head.weight": [2, 6, 1, 1],
    },
)
class ConcatSplitShared(nn.Module):
    """The halves of a concatenation go through one block: channel i of a moves with i of b."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.b = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(16)
        self.block = nn.Conv2d(8, 6, 3, padding=1)
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        joined = F.relu(self.bn(torch.cat([self.a(x), self.b(x)], 1)))
        left, right = torch.split(joined, [8, 8], dim=1)
        # One activation of the other's output keeps the two halves of `head` apart.
        return self.head(torch.cat([torch.tanh(self.block(left)), self.block(right)], 1))


@case(
    IMAGE,
    exact={"conv": (4, 6, 10), "b": 6},
    half={
        "conv.weight": [10, 3, 1, 1],
        "a.weight": [3, 2, 1, 1],
        "b.weight": [3, 3, 1, 1],
        "c.weight": [3, 5, 1, 1],
    },
)
class SplitInThree(nn.Module):
    """Parts of 4, 6 and 10 channels: three groups of one producer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 20, 1)
        self.a = nn.Conv2d(4, 6, 1)
        self.b = nn.Conv2d(6, 6, 1)
        self.c = nn.Conv2d(10, 6, 1)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b, c = torch.split(F.relu(self.conv(x)), [4, 6, 10], dim=1)
        return self.head(F.relu(self.b(b) + self.a(a) + self.c(c)))


@case(
    IMAGE,
    exact={"conv": (4, 4, 4)},
    half={"conv.weight": [6, 3, 1, 1], "a.weight": [2, 2, 1, 1], "c.weight": [2, 2, 1, 1]},
)
class SplitEven(nn.Module):
    """`split` with one size for all parts."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 1)
        self.a = nn.Conv2d(4, 2, 1)
        self.b = nn.Conv2d(4, 2, 1)
        self.c = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b, c = torch.split(F.relu(self.conv(x)), 4, dim=1)
        return self.a(a) + self.b(b) * torch.sigmoid(self.c(c))


@case(
    IMAGE,
    exact={"conv": (6, 6)},
    half={"conv.weight": [6, 3, 1, 1], "a.weight": [4, 3, 3, 3], "b.weight": [4, 3, 1, 1]},
)
class ChunkInTwo(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 1)
        self.a = nn.Conv2d(6, 4, 3, padding=1)
        self.b = nn.Conv2d(6, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = F.relu(self.conv(x)).chunk(2, dim=1)
        return self.a(a) - self.b(b)


@case(
    IMAGE,
    exact={"conv": (4, 8)},
    half={"conv.weight": [6, 3, 1, 1], "a.weight": [2, 2, 1, 1], "b.weight": [2, 4, 1, 1]},
)
class ChannelSlices(nn.Module):
    """x[:, :4] and x[:, 4:]: the bounds move."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 1)
        self.a = nn.Conv2d(4, 2, 1)
        self.b = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        return self.a(x[:, :4]) + self.b(x[:, 4:])


@case(
    IMAGE,
    exact={"a": 8},
    half={"a.weight": [4, 3, 3, 3], "b.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]},
)
class ConcatOverSpace(nn.Module):
    """Rows below rows: `head` still reads 8 channels, not 16."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.b = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(torch.cat([self.a(x), self.b(x)], 2)))


@case(IMAGE, exact={"conv": 8}, half={"conv.weight": [4, 3, 3, 3], "head.weight": [2, 7, 1, 1]})
class ConcatWithInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(11, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.cat([x, F.relu(self.conv(x))], 1))


@case(
    IMAGE,
    exact={"a": 4, "inner": 6, "b": 4},
    half={
        "a.weight": [2, 3, 1, 1],
        "a.bias": [2],
        "inner.weight": [3, 3, 1, 1],
        "inner.bias": [3],
        "b.weight": [2, 3, 1, 1],
        "b.bias": [2],
        "head.weight": [2, 4, 1, 1],
    },
)
class SliceAssignment(nn.Module):
    """A tensor that is filled in two strokes."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 4, 1)
        self.inner = nn.Conv2d(3, 6, 1)
        self.b = nn.Conv2d(6, 4, 1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.zeros(x.size(0), 8, x.size(2), x.size(3))
        whole[:, :4] = self.a(x)
        whole[:, 4:] = self.b(F.relu(self.inner(x)))
        return self.head(F.relu(whole))


@case(
    IMAGE,
    exact={"conv": (2, 6), "conv2": 8},
    half={
        "conv.weight": [4, 3, 3, 3],
        "conv.bias": [4],
        "partial.weight": [1, 1, 3, 3],
        "partial.bias": [1],
        "conv2.weight": [4, 4, 1, 1],
        "conv2.bias": [4],
        "head.weight": [2, 4, 1, 1],
    },
)
class PartialUpdate(nn.Module):
    """Some channels of a tensor are convolved, written back, the others pass.

    What is written must fit what it overwrites: `partial` gives as many channels as it reads.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.partial = nn.Conv2d(2, 2, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = x.clone()
        y[:, :2, :, :] = self.partial(y[:, :2, :, :])
        return self.head(F.relu(self.conv2(y)) + 1.0)
