# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, spectra, graphs, packed sequences and fused layers: few operators, each with its own rule."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

IMAGE = "1x3x8x8"


@case(IMAGE, exact={"conv": 8, "mix": 6}, half={"conv.weight": [4, 3, 3, 3], "filter": [4, 8, 5, 2]})
class SpectralFilter(nn.Module):
    """Weights in the frequency domain: the transform mixes places, not channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.filter = nn.Parameter(torch.randn(8, 8, 5, 2))
        self.mix = nn.Conv2d(8, 6, 1)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        spectrum = torch.fft.rfft2(x) * torch.view_as_complex(self.filter)
        x = torch.fft.irfft2(spectrum, s=x.shape[-2:])
        return self.head(F.relu(self.mix(x)))


@case("1x6", "1x5", exact={"left": 8, "right": 12, "both": 10}, half={"both.weight": [5, 4, 6]})
class Bilinear(nn.Module):
    """A product of two inputs with a weight of three axes."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(6, 8)
        self.right = nn.Linear(5, 12)
        self.both = nn.Bilinear(8, 12, 10)
        self.head = nn.Linear(10, 2)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.head(F.relu(self.both(self.left(x), self.right(y))))


@case("1x5x6", "1x7:int64:0..5", "1x7:int64:0..5", exact={"embed": 8}, half={"message.weight": [4, 4], "head.weight": [2, 4]})
class MessagePassing(nn.Module):
    """Messages along the edges of a graph, summed by index_add and by scatter_add."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.message = nn.Linear(8, 8)
        self.other = nn.Linear(8, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor, source: Tensor, target: Tensor) -> Tensor:
        nodes = F.relu(self.embed(x))
        sent = self.message(nodes[:, source[0]])
        nodes = nodes + torch.zeros_like(nodes).index_add(1, target[0], sent)
        sent = self.other(nodes[:, source[0]])
        where = target.unsqueeze(-1).expand_as(sent)
        nodes = nodes + torch.zeros_like(nodes).scatter_add(1, where, sent)
        return self.head(F.relu(nodes))


@case("1x6x5", forms=("trace",), exact={"inner": 8, "outer": 8}, half={"outer.weight_hh_l0": [12, 4]})
class PackedSequence(nn.Module):
    """Recurrent layers on packed sequences; what they give is padded again between them."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.GRU(5, 8, batch_first=True)
        self.outer = nn.GRU(8, 8, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        lengths = torch.full((x.size(0),), x.size(1), dtype=torch.long)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, True, False)
        y, _ = nn.utils.rnn.pad_packed_sequence(self.inner(packed)[0], True)
        packed = nn.utils.rnn.pack_padded_sequence(torch.tanh(y), lengths, True, False)
        y, _ = nn.utils.rnn.pad_packed_sequence(self.outer(packed)[0], True)
        return self.head(y)


@case(IMAGE, half={"conv.weight": [4, 3, 3, 3], "head.weight": [2, 4, 1, 1]})
class Involution(nn.Module):
    """Neighbourhoods weighed by kernels that the image makes; padding brings no channel in."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.kernel = nn.Conv2d(8, 9, 1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        n, c, h, w = x.shape
        near = F.unfold(x, 3, padding=1).view(n, c, 9, h, w)
        weights = self.kernel(x).softmax(1).unsqueeze(1)
        return self.head((near * weights).sum(2))


@case(
    "1x5x16",
    forms=("trace",),
    exact={"layers.0.linear1": 24, "layers.1.linear1": 24},
    inexact={},
    half={
        "layers.0.linear1.weight": [12, 16],
        "layers.0.linear1.bias": [12],
        "layers.0.linear2.weight": [16, 12],
        "layers.1.linear1.weight": [12, 16],
        "layers.1.linear1.bias": [12],
        "layers.1.linear2.weight": [16, 12],
    },
    fixed=("layers.0.self_attn.in_proj_weight", "layers.1.norm2.weight", "layers.1.linear2.bias"),
)
class FusedEncoder(nn.Module):
    """Encoder layers traced without gradients are one operator each: only the feed-forward part can go."""

    def __init__(self) -> None:
        super().__init__()
        one = lambda: nn.TransformerEncoderLayer(16, 4, 24, batch_first=True)  # noqa: E731
        self.layers = nn.ModuleList([one(), one()])
        self.head = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            for layer in self.layers:
                x = layer(x)
        return self.head(x)


@case(
    "1x8x12",
    "1x9:int64:0..8",
    exact={"embed": 16, "message": 10},
    half={"embed.weight": [8, 12], "score.weight": [1, 8], "message.weight": [5, 8], "head.weight": [3, 5]},
)
class RepeatedIndices(nn.Module):
    """Rows that are looked up and added by one index for all channels, stretched by repeat and by expand."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(12, 16)
        self.score = nn.Linear(16, 1)
        self.message = nn.Linear(16, 10)
        self.head = nn.Linear(10, 3)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        x = F.relu(self.embed(x))
        best = self.score(x).squeeze(-1).topk(4, 1)[1]
        picked = torch.gather(x, 1, best.unsqueeze(-1).repeat(1, 1, x.shape[-1]))
        x = torch.cat((x, picked), 1)[:, :9]
        sent = self.message(x)
        index = target.unsqueeze(-1).expand(-1, -1, sent.size(-1))
        nodes = torch.zeros(x.size(0), 8, sent.size(-1)).scatter_add(1, index, sent)
        return self.head(F.relu(nodes))
