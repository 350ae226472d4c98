# SPDX-License-Identifier: GPL-3.0-or-later
"""One layer after another: convolutions, linear layers, and what stands between them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import add_case, case

IMAGE = "1x3x8x8"


@case(
    IMAGE,
    exact={"conv1": 8, "conv2": 12},
    half={
        "conv1.weight": [4, 3, 3, 3],
        "bn1.weight": [4],
        "bn1.running_mean": [4],
        "conv2.weight": [6, 4, 3, 3],
        "fc.weight": [5, 6],
        "fc.bias": [5],
    },
)
class ConvBnReluLinear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(12)
        self.fc = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.adaptive_avg_pool2d(F.relu(self.bn2(self.conv2(x))), 1)
        return self.fc(torch.flatten(x, 1))


@case(
    "1x20",
    exact={"fc1": 16, "fc2": 12},
    half={"fc1.weight": [8, 20], "bn.running_var": [8], "fc2.weight": [6, 8], "fc3.weight": [5, 6]},
)
class LinearBatchNorm1d(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(20, 16)
        self.bn = nn.BatchNorm1d(16)
        self.fc2 = nn.Linear(16, 12)
        self.fc3 = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(F.gelu(self.fc2(F.relu(self.bn(self.fc1(x))))))


@case(
    "1x1x12x12",
    exact={"conv1": 6, "conv2": 16, "fc1": 24},
    half={"conv1.weight": [3, 1, 3, 3], "conv2.weight": [8, 3, 3, 3], "fc1.weight": [12, 72]},
)
class LenetFlatten(nn.Module):
    """Each channel of conv2 is nine columns of fc1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 16, 3, padding=1)
        self.fc1 = nn.Linear(16 * 3 * 3, 24)
        self.fc2 = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.max_pool2d(torch.tanh(self.conv2(x)), 2)
        return self.fc2(torch.tanh(self.fc1(x.view(x.size(0), -1))))


class Chain(nn.Module):
    """convolution, batch norm, convolution, mean over space, linear, for any number of axes."""

    def __init__(self, conv: type[nn.Module], norm: type[nn.Module]) -> None:
        super().__init__()
        self.conv1 = conv(3, 8, 3, padding=1)
        self.bn = norm(8)
        self.conv2 = conv(8, 6, 3, padding=1, stride=2)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.bn(self.conv1(x)), 0.1)
        return self.fc(F.silu(self.conv2(x)).flatten(2).mean(2))


add_case(
    "conv1d",
    lambda: Chain(nn.Conv1d, nn.BatchNorm1d),
    "1x3x16",
    doc="convolutions along one axis",
    exact={"conv1": 8, "conv2": 6},
    half={"conv1.weight": [4, 3, 3], "conv2.weight": [3, 4, 3], "fc.weight": [4, 3]},
)
add_case(
    "conv3d",
    lambda: Chain(nn.Conv3d, nn.BatchNorm3d),
    "1x3x4x6x6",
    doc="convolutions along three axes",
    exact={"conv1": 8, "conv2": 6},
    half={"conv1.weight": [4, 3, 3, 3, 3], "conv2.weight": [3, 4, 3, 3, 3], "fc.weight": [4, 3]},
)


@case(
    IMAGE,
    exact={"conv1": 8, "conv2": 6},
    half={"conv2.weight": [3, 4, 3, 3], "conv3.weight": [2, 3, 3, 3]},
)
class SigmoidSoftplus(nn.Module):
    """A removed channel is not zero behind these: sigmoid(0) = 0.5."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.conv2 = nn.Conv2d(8, 6, 3)
        self.conv3 = nn.Conv2d(6, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(F.softplus(self.conv2(torch.sigmoid(self.conv1(x)))))


@case(
    IMAGE,
    exact={"conv1": 8, "conv2": 6},
    half={"prelu1.weight": [4], "prelu2.weight": [1], "conv2.weight": [3, 4, 3, 3]},
    fixed=("prelu2.weight",),
)
class Prelu(nn.Module):
    """One slope a channel, then one slope for all."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.prelu1 = nn.PReLU(8)
        self.conv2 = nn.Conv2d(8, 6, 3)
        self.prelu2 = nn.PReLU()
        self.conv3 = nn.Conv2d(6, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(self.prelu2(self.conv2(self.prelu1(self.conv1(x)))))


class OwnLinear(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(outputs, inputs) / 4)
        self.offset = nn.Parameter(torch.randn(outputs) / 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.kernel, self.offset)


@case(
    "1x10",
    exact={"a": 16, "b": 12},
    half={"a.kernel": [8, 10], "a.offset": [8], "b.kernel": [6, 8], "c.kernel": [3, 6]},
)
class FunctionalLinear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = OwnLinear(10, 16)
        self.b = OwnLinear(16, 12)
        self.c = OwnLinear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.c(F.relu(self.b(F.relu(self.a(x)))))


class MatmulLinear(nn.Module):
    """x @ kernel + offset, kernel [in, out]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(inputs, outputs) / 4)
        self.offset = nn.Parameter(torch.randn(outputs) / 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.kernel) + self.offset


@case(
    "1x5x10",
    exact={"a": 16, "b": 12},
    half={"a.kernel": [10, 8], "a.offset": [8], "b.kernel": [8, 6], "c.kernel": [6, 3]},
)
class MatmulChain(nn.Module):
    """Weights stored [in, out] and used by matmul."""

    def __init__(self) -> None:
        super().__init__()
        self.a = MatmulLinear(10, 16)
        self.b = MatmulLinear(16, 12)
        self.c = MatmulLinear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.c(torch.tanh(self.b(F.relu(self.a(x)))))


class FrozenNorm(nn.Module):
    """Batch norm with everything a buffer, written by hand."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.rand(width) + 0.5)
        self.register_buffer("bias", torch.randn(width))
        self.register_buffer("mean", torch.randn(width))
        self.register_buffer("var", torch.rand(width) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        w = self.weight.reshape(1, -1, 1, 1)
        b = self.bias.reshape(1, -1, 1, 1)
        rv = self.var.reshape(1, -1, 1, 1)
        rm = self.mean.reshape(1, -1, 1, 1)
        scale = w * (rv + 1e-5).rsqrt()
        return x * scale + (b - rm * scale)


@case(
    IMAGE,
    exact={"conv1": 8},
    half={"conv1.weight": [4, 3, 3, 3], "norm.weight": [4], "norm.var": [4]},
)
class FrozenBatchNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.norm = FrozenNorm(8)
        self.conv2 = nn.Conv2d(8, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(F.relu(self.norm(self.conv1(x))))


@case(
    IMAGE,
    forms=("script",),
    exact={"conv1": 8},
    half={"conv1.weight": [4, 3, 3, 3], "spare.weight": [8, 8, 3, 3]},
    fixed=("spare.weight", "lonely"),
)
class UnusedParameter(nn.Module):
    """`spare` is never run and must come out as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.spare = nn.Conv2d(8, 8, 3)
        self.conv2 = nn.Conv2d(8, 4, 3)
        self.lonely = nn.Parameter(torch.randn(8))
        self.train_spare = False

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        if self.train_spare:
            x = self.spare(x)
        return self.conv2(F.relu(x))


@case(
    IMAGE,
    exact={"conv1": 8, "conv3": 6},
    half={"conv2.weight": [1, 4, 3, 3], "conv3.weight": [3, 1, 3, 3], "fc.weight": [4, 3]},
)
class SingleChannelOutput(nn.Module):
    """Weights [1, 8, …] and [6, 1, …] with groups = 1: neither is depthwise."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 1, 3, padding=1)
        self.conv3 = nn.Conv2d(1, 6, 3, padding=1)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv3(F.relu(self.conv2(F.relu(self.conv1(x))))))
        return self.fc(x.mean(dim=[2, 3]))


@case(
    IMAGE,
    exact={"conv1": 8},
    half={"offset": [1, 4, 1, 1], "gain": [4, 1, 1], "conv2.weight": [4, 4, 3, 3]},
    fixed=("shade",),
)
class BufferConstants(nn.Module):
    """Buffers with one entry a channel follow the channels; one that spans space does not."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 4, 3)
        self.register_buffer("offset", torch.randn(1, 8, 1, 1))
        self.register_buffer("gain", torch.rand(8, 1, 1) + 0.5)
        self.register_buffer("shade", torch.randn(1, 1, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(F.relu((self.conv1(x) - self.offset) * self.gain + self.shade))


@case(
    IMAGE,
    exact={"conv1": 8, "up1": 6},
    half={"conv1.weight": [4, 3, 3, 3], "up1.weight": [4, 3, 2, 2], "up2.weight": [3, 2, 2, 2]},
)
class TransposedConv(nn.Module):
    """Transposed weights are [in, out, kh, kw]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.up1 = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.bn = nn.BatchNorm2d(6)
        self.up2 = nn.ConvTranspose2d(6, 2, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.up2(F.relu(self.bn(self.up1(F.relu(self.conv1(x))))))


@case(
    "1x3x16x16",
    exact={"down1": 8, "down2": 12, "up": 8, "merge": 6},
    half={"up.weight": [6, 4, 2, 2], "merge.weight": [3, 8, 3, 3], "head.weight": [2, 3, 1, 1]},
)
class Unet(nn.Module):
    """A skip connection joined by cat, and an up-sampling path."""

    def __init__(self) -> None:
        super().__init__()
        self.down1 = nn.Conv2d(3, 8, 3, padding=1)
        self.down2 = nn.Conv2d(8, 12, 3, padding=1)
        self.up = nn.ConvTranspose2d(12, 8, 2, stride=2)
        self.merge = nn.Conv2d(16, 6, 3, padding=1)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = F.relu(self.down1(x))
        deep = F.relu(self.down2(F.max_pool2d(skip, 2)))
        x = F.relu(self.merge(torch.cat([self.up(deep), skip], 1)))
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.head(x)


@case(
    "1x8",
    forms=("script",),
    exact={"first": 16},
    shrinks=("first.weight", "layers.7.weight", "head.weight"),
    rebuild=lambda shape: ResizedStream(shape["first.weight"][0]),
)
class ResizedStream(nn.Module):
    """Long code with an interpolation, whose options are None: what constants decide is decided as a whole."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.first = nn.Linear(8, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(8))
        self.head = nn.Linear(width, 3)
        self.kernel = nn.Parameter(torch.randn(20, width, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        total = torch.zeros(1)
        for layer in self.layers:
            x = x + torch.tanh(layer(x))
            kernels = self.kernel[None] * x[:, None, :, None, None]
            total = total + torch.rsqrt(kernels.pow(2).sum([2, 3, 4], keepdim=True) + 1e-8).sum()
        y = F.interpolate(x[:, :, None, None].expand(-1, -1, 4, 4), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.head(F.leaky_relu(y.mean([2, 3]), 0.2)) + total * 0.001
