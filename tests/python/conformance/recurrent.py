# SPDX-License-Identifier: GPL-3.0-or-later
"""Recurrent layers: a hidden channel is four (three) rows of the gates and a column of the next step."""

import torch
from torch import Tensor, nn

from .case import add_case, case

SEQUENCE = "1x7x6"


class Recurrent(nn.Module):
    """Sixteen hidden channels, the last step read by a linear layer."""

    def __init__(self, kind: type[nn.RNNBase], layers: int = 1, both_ways: bool = False) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 10)
        self.rnn = kind(10, 16, layers, batch_first=True, bidirectional=both_ways)
        self.head = nn.Linear(32 if both_ways else 16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.rnn(torch.relu(self.inner(x)))[0]
        return self.head(x[:, -1])


def add(name: str, kind: type[nn.RNNBase], gates: int, **options) -> None:
    layers, both_ways = options.get("layers", 1), options.get("both_ways", False)
    half = {
        "inner.weight": [5, 6],
        "rnn.weight_ih_l0": [gates * 8, 5],
        "rnn.weight_hh_l0": [gates * 8, 8],
        "rnn.bias_hh_l0": [gates * 8],
        "head.weight": [3, 16 if both_ways else 8],
    }
    if layers == 2:
        half["rnn.weight_ih_l1"] = [gates * 8, 16 if both_ways else 8]
    if both_ways:
        half["rnn.weight_hh_l0_reverse"] = [gates * 8, 8]
    exact = {"inner": 10, "rnn": 16} if layers == 1 and not both_ways else None
    add_case(
        name,
        lambda: Recurrent(kind, **options),
        SEQUENCE,
        doc=f"{layers} layer(s){', both ways' if both_ways else ''}",
        exact=exact,
        half=half,
    )


add("lstm", nn.LSTM, 4)
add("lstm_two_layers", nn.LSTM, 4, layers=2)
add("lstm_both_ways", nn.LSTM, 4, both_ways=True)
add("lstm_two_layers_both_ways", nn.LSTM, 4, layers=2, both_ways=True)
add("gru", nn.GRU, 3)
add("gru_two_layers", nn.GRU, 3, layers=2)
add("gru_both_ways", nn.GRU, 3, both_ways=True)
add("rnn_tanh", nn.RNN, 1)


@case("1x3x8x16", exact={"conv": 8, "rnn": 12}, half={"rnn.weight_ih_l0": [24, 16]})
class ConvThenLstm(nn.Module):
    """Rows of an image become features of a sequence: a channel is four columns of the gates."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.rnn = nn.LSTM(32, 12, batch_first=True)
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv(x))
        n, c, h, w = x.shape
        x = x.permute(0, 3, 1, 2).reshape(n, w, c * h)
        return self.head(self.rnn(x)[0])


@case(
    SEQUENCE,
    exact={"rnn": 16},
    half={
        "rnn.weight_ih_l0": [32, 6],
        "rnn.weight_hh_l0": [32, 8],
        "rnn.bias_ih_l0": [32],
        "rnn.bias_hh_l0": [32],
        "head.weight": [3, 8],
    },
)
class LstmState(nn.Module):
    """The hidden state itself is read, the output is not."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(6, 16, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        output, (hidden, cell) = self.rnn(x)
        return self.head(hidden[-1] + torch.tanh(cell[-1]))


@case(
    SEQUENCE,
    exact={"cell": 16},
    half={
        "cell.weight_ih": [32, 6],
        "cell.weight_hh": [32, 8],
        "cell.bias_ih": [32],
        "cell.bias_hh": [32],
        "head.weight": [3, 8],
    },
)
class LstmCellLoop(nn.Module):
    """A cell, stepped by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(6, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(0), 16)
        c = torch.zeros(x.size(0), 16)
        for step in range(7):
            h, c = self.cell(x[:, step], (h, c))
        return self.head(h)


@case(
    "1x9x6",
    forms=("script",),
    exact={"inner": 10, "rnn": 8},
    half={"rnn.weight_ih_l0": [12, 5], "rnn.weight_hh_l0": [12, 4], "head.weight": [3, 4]},
)
class PackedByLength(nn.Module):
    """A packed batch: how wide the state must be is checked against numbers, how long against data."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 10)
        self.rnn = nn.GRU(10, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        lengths = torch.tensor([9, 7, 5, 4, 4, 4, 4, 4])[: x.size(0)]
        packed = nn.utils.rnn.pack_padded_sequence(self.inner(x), lengths, batch_first=True)
        padded, _ = nn.utils.rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return self.head(padded.sum(1))
