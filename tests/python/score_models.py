# SPDX-License-Identifier: GPL-3.0-or-later
"""Small models of 28 x 28 images that use their weights in many ways, and data for them."""
import struct

import torch
from torch import nn
from torch.nn import functional


class Mixed(nn.Module):
    """Convolutions (plain, grouped), batch norm, linear layers and attention."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, stride=2)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=2, dilation=2, groups=2)
        self.qkv = nn.Linear(8, 24)
        self.proj = nn.Linear(8, 12)
        self.fc = nn.Linear(12, 10)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.relu_(self.conv2(x))
        x = functional.max_pool2d(x, 2).flatten(2).transpose(1, 2)  # [n, 36, 8]
        q, k, v = self.qkv(x).chunk(3, 2)
        x = torch.softmax(torch.bmm(q, k.transpose(1, 2)) / 3.0, 2).bmm(v)
        return self.fc(functional.relu(self.proj(x)).mean(1))


class Odd(nn.Module):
    """A shared layer, a product with a parameter, a transposed convolution, a recurrent layer, an embedding."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(28, 8, batch_first=True)
        self.down = nn.Conv1d(8, 8, 4, stride=2, padding="valid")
        self.up = nn.ConvTranspose1d(8, 8, 3, stride=2, padding=1, groups=2)
        self.shared = nn.Linear(8, 8)
        self.matrix = nn.Parameter(torch.randn(8, 12))
        self.table = nn.Embedding(5, 12)
        self.fc = nn.Linear(12, 10)

    def forward(self, x):
        y = self.rnn(x[:, 0])[0].transpose(1, 2)
        y = self.up(torch.tanh(self.down(y))).transpose(1, 2)
        y = torch.relu(self.shared(torch.relu(self.shared(y))))
        y = torch.matmul(y, self.matrix)
        bins = (x.mean((1, 3)) * 10).long().clamp(0, 4)  # [n, 28]
        return self.fc(y.mean(1) + self.table(bins).mean(1))


class Rectified(nn.Module):
    """Two convolutions whose outputs are often zero, and two linear layers."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 5)
        self.conv2 = nn.Conv2d(12, 16, 5)
        self.fc1 = nn.Linear(256, 20)
        self.fc2 = nn.Linear(20, 10)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        return self.fc2(functional.relu(self.fc1(x.flatten(1))))


class Encoder(nn.Module):
    """PyTorch's own encoder layer, whose file has a shortcut that is taken without gradients."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(28, 16)
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        return self.fc(torch.tanh(self.layer(self.embed(x[:, 0]))).mean(1))


def make(kind, seed=3):
    torch.manual_seed(seed)
    model = kind()
    for parameter in model.parameters():  # nothing is exactly zero or one
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    model.train()
    for _ in range(3):
        model(torch.rand(16, 1, 28, 28))
    return model.eval()


def save(model, path, how):
    example = torch.rand(2, 1, 28, 28)
    script = torch.jit.script(model) if how == "script" else torch.jit.trace(model, example, check_trace=False)
    torch.jit.save(script, str(path))
    return path


def write_half(folder, half, count, seed):
    torch.manual_seed(seed)
    pixels = (torch.rand(count, 28, 28) ** 3 * torch.linspace(0.2, 1, 28) * 255).to(torch.uint8)
    labels = torch.arange(count) % 10
    folder.mkdir(exist_ok=True)
    head = struct.pack(">4BIII", 0, 0, 8, 3, count, 28, 28)
    (folder / f"{half}-images-idx3-ubyte").write_bytes(head + pixels.numpy().tobytes())
    head = struct.pack(">4BI", 0, 0, 8, 1, count)
    (folder / f"{half}-labels-idx1-ubyte").write_bytes(head + labels.to(torch.uint8).numpy().tobytes())
    return pixels.float().div(255).unsqueeze(1), labels


def write_samples(folder, count):
    """The test half of an MNIST-like dataset; (inputs as --mean 0 --std 1 give them, labels)."""
    return write_half(folder, "t10k", count, 5)


def write_training(folder, count):
    """Both halves."""
    write_half(folder, "train", count, 6)
    write_half(folder, "t10k", count, 7)
    return folder
