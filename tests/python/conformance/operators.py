# SPDX-License-Identifier: GPL-3.0-or-later
"""Less common operators, each on channels that it must let go, or must not."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

IMAGE = "1x3x8x8"


@case(IMAGE, exact={"left": 8, "right": 6, "mix": 10}, half={"mix.weight": [5, 7, 1, 1], "head.weight": [2, 10, 1, 1]})
class StackedByName(nn.Module):
    """hstack and column_stack put channels beside each other, dstack and vstack do not; hsplit parts them."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Conv2d(3, 8, 3, padding=1)
        self.right = nn.Conv2d(3, 6, 3, padding=1)
        self.mix = nn.Conv2d(14, 10, 1)
        self.head = nn.Conv2d(20, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        both = torch.hstack([F.relu(self.left(x)), torch.sigmoid(self.right(x))])
        left, right = torch.hsplit(both, [8])
        y = F.relu(self.mix(torch.column_stack([left, right])))
        y = torch.dstack([y, y * 2])
        y = torch.vstack([y, y])[: x.size(0)]
        return self.head(torch.hstack([y, y]))


@case(IMAGE, exact={"conv": 8, "mirrored": 12}, half={"mirrored.weight": [6, 4, 1, 1], "head.weight": [2, 6, 1, 1]})
class TurnedAndMirrored(nn.Module):
    """Channels in the opposite order, pictures turned."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.mirrored = nn.Conv2d(8, 12, 1)
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mirrored(F.relu(self.conv(x)).fliplr())
        return self.head(torch.rot90(x, 1, [2, 3]).flipud() + x)


@case(IMAGE, exact={"conv": 8, "mix": 12}, half={"mix.weight": [6, 4, 1, 1], "head.weight": [2, 6, 1, 1]})
class Matrices(nn.Module):
    """Triangles, inverses and order along space: channel by channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.mix = nn.Conv2d(8, 12, 1)
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = x.tril() + torch.linalg.inv(torch.eye(8) * 9 + x.triu(1))
        x = torch.take_along_dim(x, x.argsort(3), 3)
        x = F.relu(self.mix(x))
        middle = x.quantile(0.5, dim=3, keepdim=True) + x.diagonal(dim1=2, dim2=3).unsqueeze(3)
        return self.head(x.diff(dim=2) + middle[:, :, 1:])


@case("1x6x5", exact={"inner": 8, "weight": 10}, half={"weight": [4, 5], "head.weight": [2, 5]})
class Contractions(nn.Module):
    """tensordot and inner sum over channels, broadcast_tensors stretches what has none."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(5, 8)
        self.weight = nn.Parameter(torch.randn(8, 10))
        self.outer = nn.Linear(5, 10)
        self.head = nn.Linear(10, 2)
        self.mix = nn.Parameter(torch.randn(6, 6))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tensordot(F.relu(self.inner(x)), self.weight, dims=([2], [0]))
        y = F.relu(y + self.outer(x))
        mean, whole = torch.broadcast_tensors(y.mean(1, keepdim=True), y)
        mixed = torch.inner((mean + whole).transpose(1, 2), self.mix).transpose(1, 2)
        return self.head(mixed)


@case(
    IMAGE,
    exact={"conv": (4, 8), "few": 6},
    half={"conv.weight": [6, 3, 3, 3], "few.weight": [3, 2, 1, 1], "all.weight": [3, 6, 1, 1]},
)
class PickedByList(nn.Module):
    """A list of channels in the code: what it names goes with its own, the list is written anew."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, padding=1)
        self.few = nn.Conv2d(4, 6, 1)
        self.all = nn.Conv2d(12, 6, 1)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        few = self.few(x[:, [0, 2, 4, 11]])
        shuffled = x.index_select(1, torch.tensor([3, 1, 0, 5, 7, 2, 8, 9, 10, 4, 6, 11]))
        shuffled = shuffled.clone()
        shuffled[shuffled > 1] = 1.0
        return self.head(few + self.all(shuffled))


@case("1x9:int64:0..30", exact={"embed": 16, "narrow": 8, "wide": 6}, half={"narrow.weight": [4, 1, 2, 8]})
class TextConvolutions(nn.Module):
    """Kernels as wide as the embedding read its channels as a linear layer does."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(30, 16)
        self.narrow = nn.Conv2d(1, 8, (2, 16))
        self.wide = nn.Conv2d(1, 6, (3, 16))
        self.head = nn.Linear(14, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).unsqueeze(1)
        narrow = F.relu(self.narrow(x)).squeeze(3).amax(2)
        wide = F.relu(self.wide(x)).squeeze(3).amax(2)
        return self.head(torch.cat([narrow, wide], 1))


@case(IMAGE, exact={"conv": 8, "mix": 10}, inexact={"gate": 6}, half={"conv.weight": [4, 3, 3, 3], "mix.weight": [5, 4, 1, 1]})
class SumsOverChannels(nn.Module):
    """Sums and norms leave masked channels out where these are zero; behind a sigmoid they are one half."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.mix = nn.Conv2d(8, 10, 1)
        self.gate = nn.Conv2d(8, 6, 1)
        self.head = nn.Conv2d(10, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.normalize(F.silu(self.conv(x)))
        if bool(torch.isnan(x).any()) or not bool(torch.isfinite(x).all()):
            x = torch.zeros_like(x)
        gate = torch.sigmoid(self.gate(x)).sum(1, keepdim=True)
        y = self.mix(x)
        return self.head(F.relu(y) * gate * (y * y).sum(1, keepdim=True))


@case(
    "1x9x16",
    exact={"value": 12},
    inexact={"query": 8},
    opt_in=True,
    half={"query.weight": [4, 16], "value.weight": [6, 16], "head.weight": [2, 6]},
)
class LinearAttention(nn.Module):
    """elu + 1 makes ones of masked channels: queries times keys count them."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(16, 8)
        self.key = nn.Linear(16, 8)
        self.value = nn.Linear(16, 12)
        self.head = nn.Linear(12, 2)

    def forward(self, x: Tensor) -> Tensor:
        query, key = F.elu(self.query(x)) + 1, F.elu(self.key(x)) + 1
        weighed = query @ (key.transpose(1, 2) @ self.value(x))
        return self.head(weighed / (query @ key.sum(1).unsqueeze(2)))


@case(IMAGE, exact={"next": 6}, inexact={"conv": 8}, opt_in=True, half={"conv.weight": [4, 3, 3, 3], "next.weight": [3, 4, 1, 1]})
class StrongestChannel(nn.Module):
    """The largest of all channels, and not which one it is, weighs the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.space = nn.Conv2d(2, 1, 3, padding=1)
        self.next = nn.Conv2d(8, 6, 1)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        strongest = torch.max(x, 1, keepdim=True)[0]
        space = self.space(torch.cat([strongest, x.mean(1, keepdim=True)], 1))
        return self.head(F.relu(self.next(x * torch.sigmoid(space))))


@case(IMAGE, forms=("script",), exact={"first": 8, "last": 10}, half={"first.weight": [4, 3, 3, 3], "last.weight": [5, 8, 1, 1]})
class ListsOfFeatures(nn.Module):
    """Lists that are added, sliced, copied and turned around; a dictionary that is asked for a key."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.last = nn.Conv2d(16, 10, 1)
        self.head = nn.Conv2d(10, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        features = [F.relu(self.first(x))]
        features = features + [features[0] + self.second(features[0])]
        turned = features.copy()
        turned.reverse()
        named = {"y": self.last(torch.cat(turned[1:] + features[1:], 1))}
        return self.head(F.relu(named.get("y", x)))
