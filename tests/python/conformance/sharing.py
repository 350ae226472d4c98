# SPDX-License-Identifier: GPL-3.0-or-later
"""One parameter, several uses."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

WORDS = "1x6:int64:0..30"


@case(
    WORDS,
    exact={"embedding": 16, "up": 24},
    half={"embedding.weight": [30, 8], "up.weight": [12, 8], "down.weight": [8, 12]},
)
class TiedEmbedding(nn.Module):
    """The embedding is also the weight of the output layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 16)
        self.up = nn.Linear(16, 24)
        self.down = nn.Linear(24, 16)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        x = x + self.down(F.relu(self.up(x)))
        return F.linear(x, self.embedding.weight)


@case(
    WORDS,
    exact={"embedding": 16},
    half={"embedding.weight": [30, 8], "decoder.weight": [30, 8]},
    fixed=("decoder.bias",),
)
class TiedModules(nn.Module):
    """Two modules hold one parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 16)
        self.decoder = nn.Linear(16, 30)
        self.decoder.weight = self.embedding.weight

    def forward(self, ids: Tensor) -> Tensor:
        return self.decoder(torch.tanh(self.embedding(ids)))


@case(
    WORDS,
    exact={"word": 16, "conv": 8},
    half={
        "word.weight": [30, 8],
        "place.weight": [6, 8],
        "conv.weight": [4, 8, 3],
        "fc.weight": [3, 4],
    },
)
class TextConv(nn.Module):
    """Two embeddings added, a convolution along the words, the maximum over them."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.Embedding(30, 16)
        self.place = nn.Embedding(6, 16)
        self.conv = nn.Conv1d(16, 8, 3)
        self.fc = nn.Linear(8, 3)
        self.register_buffer("places", torch.arange(6).unsqueeze(0))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.word(ids) + self.place(self.places[:, : ids.size(1)])
        x = F.relu(self.conv(x.transpose(1, 2)))
        return self.fc(x.max(dim=2)[0])


@case(
    "1x6",
    exact={"embed": 16},
    half={"embed.weight": [8, 6], "again.weight": [8, 8], "again.bias": [8], "head.weight": [3, 8]},
)
class UsedTwice(nn.Module):
    """One layer applied to its own output: its inputs are its outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.again = nn.Linear(16, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.embed(x))
        return self.head(F.relu(self.again(F.relu(self.again(x)))))


@case(
    "1x3x8x8",
    "1x3x8x8",
    exact={"trunk.0": 8, "trunk.2": 12},
    half={
        "trunk.0.weight": [4, 3, 3, 3],
        "trunk.2.weight": [6, 4, 3, 3],
        "fc.weight": [2, 6],
    },
)
class Siamese(nn.Module):
    """Two images through one trunk."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 12, 3), nn.AdaptiveAvgPool2d(1)
        )
        self.fc = nn.Linear(12, 2)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        difference = torch.abs(self.trunk(a) - self.trunk(b))
        return self.fc(difference.flatten(1))


@case(
    "1x3x8x8",
    exact={"stem1": 8, "tower": 6},
    half={"stem1.weight": [4, 3, 1, 1], "stem2.weight": [4, 3, 3, 3], "tower.weight": [3, 4, 3, 3]},
)
class SharedHead(nn.Module):
    """One convolution on two levels, as detection heads have it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem1 = nn.Conv2d(3, 8, 1)
        self.stem2 = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.tower = nn.Conv2d(8, 6, 3, padding=1)
        self.out = nn.Conv2d(6, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.out(F.relu(self.tower(F.relu(self.stem1(x)))))
        coarse = self.out(F.relu(self.tower(F.relu(self.stem2(x)))))
        return torch.cat([fine.flatten(2), coarse.flatten(2)], 2).transpose(1, 2)
