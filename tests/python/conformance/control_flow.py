# SPDX-License-Identifier: GPL-3.0-or-later
"""Branches, loops, checks, several inputs and outputs, and a frozen file."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import add_case, case
from .chains import ConvBnReluLinear

IMAGE = "1x3x8x8"
SCRIPT = ("script",)


@case(
    IMAGE,
    forms=SCRIPT,
    exact={"conv1": 8, "extra": 6},
    half={"conv1.weight": [4, 3, 3, 3], "extra.weight": [3, 4, 1, 1], "head.weight": [2, 3, 1, 1]},
)
class FlagBranch(nn.Module):
    """An `if` on an attribute: the branch that runs is cut like any other code."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.extra = nn.Conv2d(8, 6, 1)
        self.head = nn.Conv2d(6, 2, 1)
        self.deep = True

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        if self.deep:
            x = F.relu(self.extra(x))
        else:
            x = x[:, :6]
        return self.head(x)


@case(IMAGE, forms=SCRIPT, shrinks=("conv1.weight",))
class ShapeBranch(nn.Module):
    """An `if` on the size of the image; the other branch never runs here."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.small = nn.Conv2d(8, 2, 1)
        self.large = nn.Conv2d(8, 2, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        if x.size(2) > 16:
            return self.large(x)
        return self.small(x)


@case(
    IMAGE,
    forms=SCRIPT,
    exact={"conv": 8},
    half={"conv.weight": [4, 3, 3, 3], "conv.bias": [4], "head.weight": [2, 4, 1, 1]},
    fixed=("aside1.weight", "aside2.weight"),
    other_batch=5,
    unproved=("A branch in the model (control_flow.py:",),
)
class BatchBranch(nn.Module):
    """More than four samples take another way: through layers of its own, and through one that is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)
        self.aside1 = nn.Conv2d(3, 6, 1)
        self.aside2 = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.conv(x))
        if x.size(0) > 4:
            return self.head(torch.tanh(y)) + self.aside2(F.relu(self.aside1(x)))
        return self.head(y)


@case(
    IMAGE,
    forms=SCRIPT,
    exact={"conv1": 8, "conv2": 12},
    half={
        "conv1.weight": [4, 3, 3, 3],
        "conv1.bias": [4],
        "conv2.weight": [6, 4, 3, 3],
        "conv2.bias": [6],
        "head.weight": [4, 6],
    },
    methods=("scores",),
    unproved=("The method scores beside forward",),
)
class ExportedMethod(nn.Module):
    """A second entry beside forward, which runs the same layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1)
        self.head = nn.Linear(12, 4)

    @torch.jit.export
    def scores(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.conv2(F.relu(self.conv1(x))))
        return self.head(x.amax([2, 3])).softmax(1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        return self.head(x.mean([2, 3]))


@case(
    IMAGE,
    exact={"stem": 8},
    half={"stem.weight": [4, 3, 1, 1], "again.weight": [4, 4, 1, 1], "head.weight": [2, 4, 1, 1]},
)
class RepeatedLoop(nn.Module):
    """A loop that stays a loop in a script: one convolution, three times, with a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 1)
        self.again = nn.Conv2d(8, 8, 1)
        self.head = nn.Conv2d(8, 2, 1)
        self.times = 3

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(self.times):
            x = x + torch.tanh(self.again(x))
        return self.head(x)


@case(
    IMAGE,
    exact={"layers.0": 8, "layers.1": 6, "layers.2": 10},
    half={"layers.1.weight": [3, 4, 3, 3], "layers.2.weight": [5, 3, 3, 3], "head.weight": [2, 5]},
)
class ModuleListLoop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = [3, 8, 6, 10]
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:])
        )
        self.head = nn.Linear(10, 2)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.head(x.mean([2, 3]))


@case(
    IMAGE,
    forms=SCRIPT,
    exact={"conv1": 8},
    half={"conv1.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]},
)
class CheckedWidth(nn.Module):
    """Raises when the number of channels is not the one it was built with."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.head = nn.Conv2d(8, 2, 1)
        self.channels = 8

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        if x.size(1) != self.channels:
            raise ValueError(f"expected {self.channels} channels, got {x.size(1)}")
        assert x.dim() == 4
        return self.head(x)


@case(
    IMAGE,
    "1x10",
    exact={"image.0": 8, "vector": 12, "joint": 16},
    half={"joint.weight": [8, 10], "out.weight": [3, 8]},
)
class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.vector = nn.Linear(10, 12)
        self.joint = nn.Linear(20, 16)
        self.out = nn.Linear(16, 3)

    def forward(self, image: Tensor, vector: Tensor) -> Tensor:
        a = self.image(image).flatten(1)
        return self.out(F.relu(self.joint(torch.cat([a, F.relu(self.vector(vector))], 1))))


@case(
    IMAGE,
    exact={"conv1": 8},
    half={"conv1.weight": [4, 3, 3, 3], "conv2.weight": [6, 4, 3, 3], "fc.weight": [3, 6]},
)
class DictOutput(nn.Module):
    """What is handed out keeps its channels: conv2 is an output."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.conv2 = nn.Conv2d(8, 6, 3)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.conv2(F.relu(self.conv1(x)))
        return {"features": features, "logits": self.fc(F.relu(features).mean([2, 3]))}


@case(
    IMAGE,
    exact={"conv1": 8, "conv3": 10},
    half={"conv1.weight": [4, 3, 3, 3], "conv2.weight": [6, 4, 3, 3], "conv3.weight": [5, 6, 3, 3]},
)
class TupleOutput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.conv2 = nn.Conv2d(8, 6, 3)
        self.conv3 = nn.Conv2d(6, 10, 3)
        self.fc = nn.Linear(10, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = F.relu(self.conv2(F.relu(self.conv1(x))))
        return self.fc(F.relu(self.conv3(features)).mean([2, 3])), features


@case(
    "list:3x8x8",
    forms=SCRIPT,
    exact={"conv1": 8, "boxes": 6},
    half={"conv1.weight": [4, 3, 3, 3], "boxes.weight": [3, 4, 1, 1], "head.weight": [4, 3, 1, 1]},
)
class ListOfImages(nn.Module):
    """A list comes in, a list of dictionaries goes out, as in detection."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.boxes = nn.Conv2d(8, 6, 1)
        self.head = nn.Conv2d(6, 4, 1)

    def forward(self, images: list[Tensor]) -> list[dict[str, Tensor]]:
        x = F.relu(self.conv1(torch.stack(images)))
        boxes = self.head(F.relu(self.boxes(x))).flatten(2).transpose(1, 2)
        return [{"boxes": boxes[i]} for i in range(len(images))]


@case(IMAGE, exact={"conv1": 8}, half={"conv1.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]})
class DropoutAndIdentity(nn.Module):
    """Dropout, identity and casts that change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.drop = nn.Dropout2d(0.3)
        self.same = nn.Identity()
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.same(self.drop(F.relu(self.conv1(x)))).contiguous().float()
        return self.head(x.clamp(min=0.0, max=20.0).to(torch.float32))


add_case(
    "frozen_file",
    ConvBnReluLinear,
    IMAGE,
    doc="torch.jit.freeze: weights are constants, norms folded into them; each operator names its own",
    forms=("frozen",),
    lifted=True,
    exact={"conv2d_0": 8, "conv2d_1": 12},
    half={
        "conv2d_0.weight": [4, 3, 3, 3],
        "conv2d_0.bias": [4],
        "conv2d_1.weight": [6, 4, 3, 3],
        "conv2d_1.bias": [6],
        "linear_0.weight": [5, 6],
    },
)


@case(
    IMAGE,
    exact={"stem": 8, "body": 12},
    half={"stem.weight": [4, 3, 3, 3], "body.weight": [6, 4, 3, 3], "head.weight": [2, 6]},
)
class NoGradInside(nn.Module):
    """A frozen stem: scripted, the code enters and leaves an object that is no module."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.body = nn.Conv2d(8, 12, 3, padding=1)
        self.head = nn.Linear(12, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            x = torch.relu(self.stem(x)).view(x.shape[0], 8, -1).view(x.shape[0], 8, x.shape[2], -1)
        return self.head(torch.relu(self.body(x)).mean([2, 3]))


@case(
    IMAGE,
    forms=("script",),
    exact={"left": 8, "right": 12},
    half={"left.weight": [4, 3, 3, 3], "right.weight": [6, 3, 3, 3], "head.weight": [2, 10]},
)
class RunsBeside(nn.Module):
    """torch.jit.fork: the cut code runs one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Conv2d(3, 8, 3, padding=1)
        self.right = nn.Conv2d(3, 12, 3, padding=1)
        self.head = nn.Linear(20, 2)

    def forward(self, x: Tensor) -> Tensor:
        left = torch.jit.fork(self.left, x)
        both = torch.cat((self.right(x), torch.jit.wait(left)), 1)
        return self.head(F.relu(both).mean([2, 3]))
