# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels that move to another axis, or become many numbers each."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

IMAGE = "1x3x8x8"


@case(
    IMAGE,
    exact={"conv": 4},
    half={"conv.weight": [8, 3, 3, 3], "head.weight": [2, 2, 1, 1]},
)
class PixelShuffle(nn.Module):
    """Blocks of 2² channels become one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.up = nn.PixelShuffle(2)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.up(self.conv(x))))


@case(
    IMAGE,
    exact={"conv": 4},
    half={"conv.weight": [2, 3, 3, 3], "head.weight": [2, 8, 1, 1]},
)
class SpaceToDepth(nn.Module):
    """One channel becomes 2²."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        n, c, h, w = x.shape
        x = x.view(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).contiguous()
        return self.head(x.view(n, c * 4, h // 2, w // 2))


@case(
    IMAGE,
    exact={"conv": 4},
    half={"conv.weight": [2, 3, 3, 3], "head.weight": [2, 8, 1, 1]},
)
class PixelUnshuffle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.pixel_unshuffle(F.relu(self.conv(x)), 2))


@case(
    IMAGE,
    exact={"conv": 8},
    half={"conv.weight": [4, 3, 3, 3], "head.weight": [2, 16, 1, 1]},
)
class StridedPatches(nn.Module):
    """Four strided views, joined: one channel is read in four places."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(32, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        parts = [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]]
        return self.head(torch.cat(parts, dim=1))


@case(IMAGE, exact={"conv": 6}, half={"conv.weight": [3, 3, 3, 3], "fc.weight": [5, 108]})
class NhwcFlatten(nn.Module):
    """Channels last, then flat: channel c is columns c, c + 6, c + 12, …"""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.fc = nn.Linear(6 * 6 * 6, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(F.relu(self.conv(x)).permute(0, 2, 3, 1), 1))


@case(
    "1x10",
    exact={"fc": 8, "up1": 6},
    half={"fc.weight": [64, 10], "fc.bias": [64], "up1.weight": [4, 3, 2, 2]},
)
class LinearToImage(nn.Module):
    """view(-1, 8, 4, 4): a channel is sixteen rows of fc."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(10, 8 * 4 * 4)
        self.up1 = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.up2 = nn.ConvTranspose2d(6, 3, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.fc(x)).view(-1, 8, 4, 4)
        return self.up2(F.relu(self.up1(x)))


@case(
    IMAGE,
    exact={"conv": 8},
    half={"conv.weight": [8, 3, 1, 1], "head.weight": [2, 4, 1, 1]},
)
class Glu(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.glu(self.conv(x), dim=1))


@case(
    "1x5x10",
    exact={"fc": 12},
    half={"fc.weight": [12, 10], "head.weight": [3, 6]},
)
class ChunkGating(nn.Module):
    """a · gelu(b), a and b the halves of one layer: equal halves must stay."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(10, 24)
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.fc(x).chunk(2, dim=-1)
        return self.head(a * F.gelu(b))


@case(
    IMAGE,
    exact={"patch": 16},
    half={"patch.weight": [8, 3, 2, 2], "head.weight": [3, 8]},
)
class PatchTokens(nn.Module):
    """Patches as tokens: [n, c, h, w] -> [n, hw, c]."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 2, stride=2)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.head(F.gelu(x)).mean(1)


@case(
    IMAGE,
    exact={"patch": 16, "mix1": 12},
    half={
        "patch.weight": [8, 3, 2, 2],
        "position": [1, 16, 8],
        "mix1.weight": [6, 16],
        "mix2.weight": [16, 6],
        "head.weight": [3, 8],
    },
)
class TokenMixing(nn.Module):
    """A layer over the tokens (MLP-Mixer): tokens are not channels of the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 2, stride=2)
        self.position = nn.Parameter(torch.randn(1, 16, 16) / 4)
        self.mix1 = nn.Linear(16, 12)
        self.mix2 = nn.Linear(12, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2) + self.position
        y = self.mix2(F.gelu(self.mix1(x.transpose(1, 2)))).transpose(1, 2)
        return self.head(x + y).mean(1)


@case(
    "1x5x6",
    exact={"up": 16},
    fixed=("mix.weight",),
    half={"up.weight": [8, 6], "head.weight": [3, 8]},
)
class TokenConvolution(nn.Module):
    """A convolution of kernel 1 over tokens: the features beside each other do not meet in it."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(6, 16)
        self.mix = nn.Conv1d(5, 5, 1)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.up(x))
        return self.head(x * self.mix(x))


@case(IMAGE, exact={"conv": 8}, half={"conv.weight": [4, 3, 3, 3], "head.weight": [2, 36, 1, 1]})
class Unfold(nn.Module):
    """Neighbourhoods become channels: nine columns a channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(72, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        return self.head(F.unfold(x, 3).view(x.size(0), 72, 6, 6))


@case(
    IMAGE,
    exact={"conv": 8},
    half={"conv.weight": [8, 3, 3, 3], "conv.bias": [8], "head.weight": [2, 4, 1, 1]},
)
class Maxout(nn.Module):
    """The larger of two channels: they go in pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        n, c, h, w = x.shape
        return self.head(x.view(n, c // 2, 2, h, w).amax(2))


@case(IMAGE, exact={"conv": 8}, half={"conv.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]})
class SelectedChannels(nn.Module):
    """index_select with a fixed permutation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.head = nn.Conv2d(8, 2, 1)
        self.register_buffer("order", torch.tensor([3, 1, 7, 0, 6, 2, 5, 4]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.index_select(F.relu(self.conv(x)), 1, self.order))


@case(IMAGE, exact={"conv": 8}, half={"conv.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]})
class FlippedChannels(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.flip(F.relu(self.conv(x)), [1]))


@case(IMAGE, exact={}, inexact={}, nothing=True)
class RolledChannels(nn.Module):
    """Each channel plus its neighbour: every channel leans on the next, so all could only go together."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.head(F.relu(x + torch.roll(x, 1, 1)))


@case(
    IMAGE,
    exact={"inner": 6},
    inexact={},
    half={"inner.weight": [3, 8, 1, 1], "inner.bias": [3], "head.weight": [2, 3, 1, 1]},
    fixed=("conv.weight",),
)
class SortedChannels(nn.Module):
    """A sort over the channels mixes them by value: nothing before it can be told apart."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.inner = nn.Conv2d(8, 6, 1)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sort(self.conv(x), dim=1)[0]
        return self.head(F.relu(self.inner(x)))
