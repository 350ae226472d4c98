# SPDX-License-Identifier: GPL-3.0-or-later
"""Normalisations: one channel at a time, over channels, and of the weights themselves."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import add_case, case

IMAGE = "1x3x8x8"


class WithNorm(nn.Module):
    def __init__(self, norm: nn.Module, width: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.norm = norm
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.norm(self.conv(x))))


ONE_BY_ONE = {
    "exact": {"conv": 8},
    "half": {"conv.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1], "norm.weight": [4]},
}
add_case(
    "instance_norm",
    lambda: WithNorm(nn.InstanceNorm2d(8, affine=True)),
    IMAGE,
    doc="each channel by its own statistics",
    **ONE_BY_ONE,
)
add_case(
    "instance_norm_running",
    lambda: WithNorm(nn.InstanceNorm2d(8, affine=True, track_running_stats=True)),
    IMAGE,
    doc="each channel by its running statistics",
    **ONE_BY_ONE,
)
add_case(
    "batch_norm_without_affine",
    lambda: WithNorm(nn.BatchNorm2d(8, affine=False)),
    IMAGE,
    doc="running statistics alone",
    exact={"conv": 8},
    half={"norm.running_mean": [4], "norm.running_var": [4], "head.weight": [2, 4, 1, 1]},
)
add_case(
    "group_norm",
    lambda: WithNorm(nn.GroupNorm(2, 8)),
    IMAGE,
    doc="statistics over four channels: only by opting in, equally many of each group",
    opt_in=True,
    exact={},
    half={"conv.weight": [4, 3, 3, 3], "norm.weight": [4], "head.weight": [2, 4, 1, 1]},
    rebuild=lambda shape: WithNorm(
        nn.GroupNorm(2, shape["conv.weight"][0]), shape["conv.weight"][0]
    ),
)
add_case(
    "group_norm_one_group",
    lambda: WithNorm(nn.GroupNorm(1, 8)),
    IMAGE,
    doc="statistics over all channels: only by opting in",
    opt_in=True,
    exact={},
    inexact={"conv": 8},
    half={"conv.weight": [4, 3, 3, 3], "norm.weight": [4], "head.weight": [2, 4, 1, 1]},
    rebuild=lambda shape: WithNorm(
        nn.GroupNorm(1, shape["conv.weight"][0]), shape["conv.weight"][0]
    ),
)
add_case(
    "group_norm_without_opt_in",
    lambda: WithNorm(nn.GroupNorm(2, 8)),
    IMAGE,
    doc="nothing may go unless asked",
    exact={},
    nothing=True,
)
add_case(
    "local_response_norm",
    lambda: WithNorm(nn.LocalResponseNorm(3)),
    IMAGE,
    doc="divides by neighbouring channels, and cutting would make others neighbours",
    exact={},
    inexact={},
    nothing=True,
)
add_case(
    "softmax_over_channels",
    lambda: WithNorm(nn.Softmax(dim=1)),
    IMAGE,
    doc="every channel divides by all: nothing may go unless asked",
    exact={},
    inexact={"conv": 8},
    nothing=True,
)


class ChannelLayerNorm(nn.Module):
    """LayerNorm over the channels of [n, c, h, w]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, [self.width], self.weight, self.bias, 1e-6)
        return x.permute(0, 3, 1, 2)


add_case(
    "channel_layer_norm",
    lambda: WithNorm(ChannelLayerNorm(8)),
    IMAGE,
    doc="layer norm over channels, baked normalized_shape: only by opting in",
    opt_in=True,
    exact={},
    inexact={"conv": 8},
    half={"conv.weight": [4, 3, 3, 3], "norm.weight": [4], "head.weight": [2, 4, 1, 1]},
    rebuild=lambda shape: WithNorm(
        ChannelLayerNorm(shape["conv.weight"][0]), shape["conv.weight"][0]
    ),
)


class WeightNormConv(nn.Module):
    """weight = g · v / ‖v‖ per output channel (Salimans & Kingma 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.rand(outputs, 1, 1, 1) + 0.5)
        self.v = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        norm = (self.v * self.v).sum(dim=[1, 2, 3], keepdim=True).sqrt()
        return F.conv2d(x, self.v * (self.g / norm), self.bias, padding=1)


@case(
    IMAGE,
    exact={"conv": 8},
    half={"conv.v": [4, 3, 3, 3], "conv.g": [4, 1, 1, 1], "head.weight": [2, 4, 1, 1]},
    rows_stay=("conv.v",),
)
class WeightNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = WeightNormConv(3, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.conv(x)))


@case(
    IMAGE,
    exact={"conv1": 8, "conv2": 6},
    half={
        "conv1.v": [4, 3, 3, 3],
        "conv1.g": [4, 1, 1, 1],
        "conv1.bias": [4],
        "conv2.v": [3, 4, 3, 3],
        "conv2.g": [3, 1, 1, 1],
        "conv2.bias": [3],
        "head.weight": [2, 3, 1, 1],
    },
    rows_stay=("conv1.v", "conv2.v"),
)
class WeightNormTwice(nn.Module):
    """The second one normalises over the first one's channels; a zero column adds nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = WeightNormConv(3, 8)
        self.conv2 = WeightNormConv(8, 6)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.conv2(F.relu(self.conv1(x)))))


def hooked() -> nn.Module:
    model = WithNorm(nn.BatchNorm2d(8))
    nn.utils.weight_norm(model.conv)
    return model


add_case(
    "weight_norm_hook",
    hooked,
    IMAGE,
    doc="torch's own weight norm, which only a trace can hold",
    forms=("trace",),
    exact={"conv": 8},
    half={"conv.weight_v": [4, 3, 3, 3], "conv.weight_g": [4, 1, 1, 1], "norm.weight": [4]},
    rows_stay=("conv.weight_v",),
)


class StandardConv(nn.Conv2d):
    """A convolution with standardised weights (Qiao 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        w = self.weight
        mean = w.mean(dim=[1, 2, 3], keepdim=True)
        std = w.std(dim=[1, 2, 3], keepdim=True) + 1e-5
        return F.conv2d(x, (w - mean) / std, self.bias, self.stride, self.padding)


@case(
    IMAGE,
    exact={"conv2": 6},
    half={"conv2.weight": [3, 8, 3, 3], "head.weight": [2, 3, 1, 1]},
    fixed=("conv1.weight",),
)
class WeightStandardisation(nn.Module):
    """Output channels of conv2 are exact; its inputs are not: mean and σ count them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.conv2 = StandardConv(8, 6, 3)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.conv2(F.relu(self.conv1(x)))))


class BatchNormedConv(nn.Conv2d):
    """A convolution whose weights are standardised by the batch norm operator."""

    def forward(self, x: Tensor) -> Tensor:
        rows = self.weight.reshape(1, self.out_channels, -1)
        w = F.batch_norm(rows, None, None, training=True, momentum=0.0, eps=1e-6).reshape_as(self.weight)
        return F.conv2d(x, w, self.bias, self.stride, self.padding)


class BatchNormedWeights(nn.Module):
    def __init__(self, inner: int = 8, outer: int = 6) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, inner, 3)
        self.conv2 = BatchNormedConv(inner, outer, 3)
        self.head = nn.Conv2d(outer, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.conv2(F.relu(self.conv1(x)))))


add_case(
    "batch_normed_weights",
    BatchNormedWeights,
    IMAGE,
    doc="statistics over the inputs of a convolution; its output channels are exact, its inputs on request",
    exact={"conv2": 6},
    inexact={"conv1": 8},
    opt_in=True,
    half={"conv1.weight": [4, 3, 3, 3], "conv2.weight": [3, 4, 3, 3], "head.weight": [2, 3, 1, 1]},
    rebuild=lambda shape: BatchNormedWeights(shape["conv2.weight"][1], shape["conv2.weight"][0]),
)


class FeatureNorm(nn.Module):
    """Norms per token: their statistics are over the features, which are inexact."""

    def __init__(self, norm: str = "instance", width: int = 16, inner: int = 12) -> None:
        super().__init__()
        self.up = nn.Linear(6, width)
        self.norm = nn.InstanceNorm1d(9, affine=True) if norm == "instance" else nn.GroupNorm(3, 9)
        self.inner = nn.Linear(width, inner)
        self.head = nn.Linear(inner, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.inner(self.norm(self.up(x)))))


for kind in ("instance", "group"):
    add_case(
        f"{kind}_norm_per_token",
        lambda kind=kind: FeatureNorm(kind),
        "1x9x6",
        doc=FeatureNorm.__doc__,
        exact={"inner": 12},
        inexact={"up": 16},
        opt_in=True,
        half={"up.weight": [8, 6], "norm.weight": [9], "inner.weight": [6, 8], "head.weight": [5, 6]},
        rebuild=lambda shape, kind=kind: FeatureNorm(kind, shape["up.weight"][0], shape["inner.weight"][0]),
    )
