# SPDX-License-Identifier: GPL-3.0-or-later
"""Attention: heads are units, and what is baked into a file is the number and the width of them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import case

TOKENS = "1x5x6"


class TorchAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.embed(x))
        x = x + self.attention(x, x, x, need_weights=False)[0]
        return self.head(x)


@case(
    TOKENS,
    exact={"embed": 16, "attention": 4},
    half={
        "embed.weight": [8, 6],
        "embed.bias": [8],
        "attention.in_proj_weight": [24, 8],
        "attention.in_proj_bias": [24],
        "attention.out_proj.weight": [8, 8],
        "attention.out_proj.bias": [8],
        "head.weight": [3, 8],
    },
    heads={"attention.in_proj_weight": 4},
)
class MultiheadAttention(TorchAttention):
    """nn.MultiheadAttention; its checks on the width of the stream are baked into scripts.

    It lays q, k and v out as [3, 16]: the three keep the same positions of every head.
    """


@case(
    "1x5x6",
    "1x7x6",
    exact={"memory": 16, "attention": 8, "attention.out_proj": 16},
    half={
        "embed.weight": [8, 6],
        "embed.bias": [8],
        "memory.weight": [8, 6],
        "memory.bias": [8],
        "attention.in_proj_weight": [24, 8],
        "attention.in_proj_bias": [24],
        "attention.out_proj.weight": [8, 8],
        "attention.out_proj.bias": [8],
        "head.weight": [3, 8],
    },
    heads={"attention.in_proj_weight": 8},
)
class CrossMultiheadAttention(nn.Module):
    """Queries from one sequence, keys and values from another: one matrix reads both."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.memory = nn.Linear(6, 16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        m = self.memory(memory)
        return self.head(self.attention(self.embed(x), m, m, need_weights=False)[0])


class Attention(nn.Module):
    """Four heads of four; subclasses say how q, k and v come out of `qkv`."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.qkv = nn.Linear(16, 48)
        self.proj = nn.Linear(16, 16)
        self.head = nn.Linear(16, 3)
        self.heads = 4


STREAM = {
    "embed.weight": [8, 6],
    "embed.bias": [8],
    "proj.weight": [8, 8],
    "proj.bias": [8],
    "head.weight": [3, 8],
}
FUSED = STREAM | {"qkv.weight": [24, 8], "qkv.bias": [24]}


@case(TOKENS, exact={"embed": 16, "qkv": (4, 4)}, half=FUSED, heads={"qkv.weight": 4})
class QkvByChunk(Attention):
    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q = q.view(n, t, self.heads, -1).transpose(1, 2)
        k = k.view(n, t, self.heads, -1).transpose(1, 2)
        v = v.view(n, t, self.heads, -1).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.head(x + self.proj(y.transpose(1, 2).reshape(n, t, -1)))


@case(TOKENS, exact={"embed": 16, "qkv": (4, 4)}, half=FUSED, heads={"qkv.weight": 4})
class QkvBySplitCausal(Attention):
    """Split by the width of the stream, a triangular mask, softmax by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.width = 16
        self.register_buffer("mask", torch.tril(torch.ones(5, 5)).view(1, 1, 5, 5))

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.size()
        q, k, v = self.qkv(x).split(self.width, dim=2)
        q = q.view(n, t, self.heads, c // self.heads).transpose(1, 2)
        k = k.view(n, t, self.heads, c // self.heads).transpose(1, 2)
        v = v.view(n, t, self.heads, c // self.heads).transpose(1, 2)
        a = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        a = a.masked_fill(self.mask[:, :, :t, :t] == 0, -1e9)
        y = (F.softmax(a, dim=-1) @ v).transpose(1, 2).contiguous().view(n, t, c)
        return self.head(x + self.proj(y))


@case(TOKENS, exact={"embed": 16, "qkv": 4}, half=FUSED, heads={"qkv.weight": 4})
class QkvByIndex(Attention):
    """reshape to [n, t, 3, heads, d], permute, then [0], [1], [2]: q, k and v keep the same positions."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = 4**-0.5

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        qkv = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        a = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.head(x + self.proj((a @ v).transpose(1, 2).reshape(n, t, c)))


@case(TOKENS, exact={"embed": 16, "qkv": 4}, half=FUSED, heads={"qkv.weight": 4})
class QkvByUnbind(Attention):
    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        qkv = self.qkv(x).reshape(n, t, 3, self.heads, 4).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.head(x + self.proj(y.transpose(1, 2).reshape(n, t, c)))


class SeparateAttention(nn.Module):
    """q, k and v by layers of their own, heads and their width baked as numbers."""

    def __init__(self, heads: int = 4, shared: int = 4) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.query = nn.Linear(16, 4 * heads)
        self.key = nn.Linear(16, 4 * shared)
        self.value = nn.Linear(16, 4 * shared)
        self.proj = nn.Linear(4 * heads, 16)
        self.head = nn.Linear(16, 3)
        self.heads = heads
        self.shared = shared
        self.width = 4


SEPARATE = STREAM | {
    "query.weight": [8, 8],
    "query.bias": [8],
    "key.weight": [8, 8],
    "key.bias": [8],
    "value.weight": [8, 8],
    "value.bias": [8],
}

SEPARATE_HEADS = {"query.weight": 4, "key.weight": 4, "value.weight": 4}


@case(TOKENS, exact={"embed": 16, "query": 4, "value": 4}, half=SEPARATE, heads=SEPARATE_HEADS)
class SeparateQkv(SeparateAttention):
    def split(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), x.size(1), self.heads, self.width).permute(0, 2, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        a = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.width)
        y = torch.matmul(F.softmax(a, dim=-1), v).permute(0, 2, 1, 3).contiguous()
        y = y.view(y.size(0), y.size(1), self.heads * self.width)
        return self.head(x + self.proj(y))


@case(
    TOKENS,
    exact={"embed": 16, "query": 4, "value": 4},
    half=SEPARATE
    | {"key.weight": [4, 8], "key.bias": [4], "value.weight": [4, 8], "value.bias": [4]},
    heads=SEPARATE_HEADS,
)
class GroupedQuery(SeparateAttention):
    """Four query heads on two heads of keys and values, repeated by expand and reshape."""

    def __init__(self) -> None:
        super().__init__(4, 2)

    def repeat(self, x: Tensor) -> Tensor:
        n, h, t, d = x.shape
        x = x[:, :, None, :, :].expand(n, h, 2, t, d)
        return x.reshape(n, h * 2, t, d)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        q = self.query(x).view(n, t, self.heads, self.width).transpose(1, 2)
        k = self.key(x).view(n, t, self.shared, self.width).transpose(1, 2)
        v = self.value(x).view(n, t, self.shared, self.width).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, self.repeat(k), self.repeat(v))
        return self.head(x + self.proj(y.transpose(1, 2).reshape(n, t, -1)))


@case(
    TOKENS,
    exact={"embed": 16, "query": 2, "value": 4},
    half=SEPARATE | {"cos": [5, 2], "sin": [5, 2]},
    heads=SEPARATE_HEADS,
)
class RotaryAttention(SeparateAttention):
    """Positions by rotation: a head's halves are turned against each other and go in pairs."""

    def __init__(self) -> None:
        super().__init__()
        angles = torch.arange(5.0)[:, None] * torch.tensor([1.0, 0.3])[None]
        self.register_buffer("cos", torch.cat([angles.cos(), angles.cos()], 1))
        self.register_buffer("sin", torch.cat([angles.sin(), angles.sin()], 1))

    def turn(self, x: Tensor) -> Tensor:
        half = x.shape[-1] // 2
        other = torch.cat([-x[..., half:], x[..., :half]], -1)
        return x * self.cos + other * self.sin

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        q = self.turn(self.query(x).view(n, t, self.heads, self.width).transpose(1, 2))
        k = self.turn(self.key(x).view(n, t, self.heads, self.width).transpose(1, 2))
        v = self.value(x).view(n, t, self.heads, self.width).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.head(x + self.proj(y.transpose(1, 2).reshape(n, t, -1)))


@case(TOKENS, exact={"embed": 16, "query": 4, "value": 4}, half=SEPARATE, heads=SEPARATE_HEADS)
class EinsumAttention(SeparateAttention):
    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        q = self.query(x).view(n, t, self.heads, self.width)
        k = self.key(x).view(n, t, self.heads, self.width)
        v = self.value(x).view(n, t, self.heads, self.width)
        a = torch.einsum("nqhd,nkhd->nhqk", q, k) * 0.5
        y = torch.einsum("nhqk,nkhd->nqhd", a.softmax(-1), v).reshape(n, t, -1)
        return self.head(x + self.proj(y))


@case(TOKENS, exact={"query": 16, "value": 16, "embed": 16}, half=SEPARATE)
class OneHead(SeparateAttention):
    """With one head nothing else holds q, k and v: any channel may go. q and k move together."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        a = torch.bmm(self.query(x), self.key(x).transpose(1, 2)) * 0.25
        return self.head(x + self.proj(torch.bmm(a.softmax(-1), self.value(x))))


@case(
    TOKENS,
    exact={"embed": 16, "query": 4},
    inexact={},
    half=STREAM
    | {"query.weight": [8, 8], "query.bias": [8], "key.weight": [8, 8], "value.weight": [8, 8]},
)
class CrossCovariance(SeparateAttention):
    """Channels attend to channels: whole heads go exactly, channels of a head would change its softmax."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        q = F.normalize(self.query(x).view(n, t, self.heads, 4).permute(0, 2, 3, 1), dim=-1)
        k = F.normalize(self.key(x).view(n, t, self.heads, 4).permute(0, 2, 3, 1), dim=-1)
        v = self.value(x).view(n, t, self.heads, 4).permute(0, 2, 3, 1)
        y = (q @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return self.head(x + self.proj(y.permute(0, 3, 1, 2).reshape(n, t, c)))


class Stream(nn.Module):
    """Layer norm, a two-layer branch, a sum: the residual stream of a transformer."""

    def __init__(self, width: int = 16, inner: int = 24) -> None:
        super().__init__()
        self.embed = nn.Linear(6, width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.last = nn.LayerNorm(width)
        self.head = nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        x = x + self.down(F.gelu(self.up(self.norm(x))))
        return self.head(self.last(x))


@case(
    TOKENS,
    exact={"up": 24},
    inexact={"embed": 16},
    half={"up.weight": [12, 16], "down.weight": [16, 12]},
    fixed=("embed.weight", "norm.weight"),
)
class LayerNormStream(Stream):
    """Without opting in only the branch's inside goes."""


@case(
    TOKENS,
    opt_in=True,
    exact={"up": 24},
    inexact={"embed": 16},
    half={"embed.weight": [8, 6], "norm.weight": [8], "up.weight": [12, 8], "head.weight": [3, 8]},
    rebuild=lambda shape: Stream(shape["embed.weight"][0], shape["up.weight"][0]),
)
class LayerNormStreamOptIn(Stream):
    """Opting in, the stream goes too; the result is the same module, built narrower."""


@case(TOKENS, exact={"up": 24}, half={"up.weight": [12, 16], "gate.weight": [12, 16]})
class RmsNormStream(nn.Module):
    """x / √mean(x²), and a gated branch."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.weight = nn.Parameter(torch.rand(16) + 0.5)
        self.up = nn.Linear(16, 24, bias=False)
        self.gate = nn.Linear(16, 24, bias=False)
        self.down = nn.Linear(24, 16, bias=False)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        y = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight
        y = self.up(y)
        return self.head(x + self.down(y * F.silu(self.gate(x))))


@case(
    TOKENS,
    exact={"embed": 16, "up": 12},
    half={"position": [1, 5, 8], "token": [1, 1, 8], "up.weight": [6, 8], "down.weight": [8, 6]},
)
class PositionAndToken(nn.Module):
    """A learned position embedding and a class token, expanded and joined."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.position = nn.Parameter(torch.randn(1, 5, 16) / 4)
        self.token = nn.Parameter(torch.randn(1, 1, 16) / 4)
        self.up = nn.Linear(16, 12)
        self.down = nn.Linear(12, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x) + self.position
        x = torch.cat([self.token.expand(x.size(0), -1, -1), x], dim=1)
        x = x + self.down(F.gelu(self.up(x)))
        return self.head(x[:, 0])


@case(
    "1x3x16x16",
    exact={"patch": 16, "qkv": 4},
    half={
        "patch.weight": [8, 3, 2, 2],
        "patch.bias": [8],
        "qkv.weight": [24, 8],
        "qkv.bias": [24],
        "proj.weight": [8, 8],
        "proj.bias": [8],
        "head.weight": [3, 8],
    },
    fixed=("table", "relative"),
    heads={"qkv.weight": 4},
)
class WindowAttention(nn.Module):
    """Channels last, rolled, cut in windows of 4×4, attended, put together and rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 2, stride=2)
        self.qkv = nn.Linear(16, 48)
        self.proj = nn.Linear(16, 16)
        self.table = nn.Parameter(torch.randn(49, 4) / 4)
        index = torch.arange(4)
        rows = (index[:, None] - index[None, :] + 3).repeat_interleave(4, 0).repeat_interleave(4, 1)
        columns = (index[:, None] - index[None, :] + 3).repeat(4, 4)
        self.register_buffer("relative", (rows * 7 + columns).flatten())
        self.head = nn.Linear(16, 3)
        self.heads = 4

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).permute(0, 2, 3, 1)
        n, h, w, c = x.shape
        y = torch.roll(x, shifts=(-2, -2), dims=(1, 2))
        y = y.view(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        qkv = self.qkv(y).reshape(y.size(0), 16, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        bias = self.table[self.relative].view(16, 16, -1).permute(2, 0, 1).contiguous()
        a = (q * 0.5).matmul(k.transpose(-2, -1)) + bias.unsqueeze(0)
        y = F.softmax(a, dim=-1).matmul(v).transpose(1, 2).reshape(y.size(0), 16, c)
        y = self.proj(y).view(n, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5)
        y = torch.roll(y.reshape(n, h, w, c), shifts=(2, 2), dims=(1, 2))
        return self.head(F.gelu(x + y).mean(dim=[1, 2]))


@case(
    TOKENS,
    forms=("script",),  # a trace has the one fused operator that is taken without gradients
    exact={"layer.self_attn": 6, "layer.linear1": 32},
    half={
        "layer.self_attn.in_proj_weight": [36, 24],
        "layer.self_attn.out_proj.weight": [24, 12],
        "layer.linear1.weight": [16, 24],
        "layer.linear2.weight": [24, 16],
    },
)
class EncoderLayer(nn.Module):
    """nn.TransformerEncoderLayer and the attention in it each have a fused shortcut without gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 24)
        self.layer = nn.TransformerEncoderLayer(24, 4, 32, dropout=0.0, batch_first=True)
        self.head = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(self.embed(x)))


@case(
    TOKENS,
    forms=("script",),
    inexact={"embed": 24},
    opt_in=True,
    half={
        "embed.weight": [12, 6],
        "stack.layers.0.self_attn.in_proj_weight": [36, 12],
        "stack.layers.0.norm1.weight": [12],
        "stack.layers.1.linear1.weight": [16, 12],
        "stack.layers.1.linear2.weight": [12, 16],
        "head.weight": [3, 12],
    },
)
class EncoderStack(nn.Module):
    """The stream of nn.TransformerEncoder: the shortcut without gradients has layer norms of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 24)
        layer = nn.TransformerEncoderLayer(24, 4, 32, dropout=0.0, batch_first=True)
        self.stack = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stack(self.embed(x)))


@case(
    "1x5x24",
    forms=("script",),
    exact={"layer.self_attn": 6, "layer.linear1": 32},
    half={
        "layer.self_attn.in_proj_weight": [36, 24],
        "layer.self_attn.out_proj.weight": [24, 12],
        "layer.linear1.weight": [16, 24],
        "layer.linear2.weight": [24, 16],
    },
)
class EncoderOnInput(nn.Module):
    """The input itself needs no gradient: whether the fused shortcut is taken depends on the weights alone."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(24, 4, 32, dropout=0.0, batch_first=True)
        self.head = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x))


@case("1x5x16", exact={"query": 4, "value": 4}, shrinks=("query.weight", "key.weight", "value.weight", "head.weight"))
class GroupedQueryAttention(nn.Module):
    """More query heads than a head is wide, fewer key heads: only positions fit all three."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(16, 24)
        self.key = nn.Linear(16, 8)
        self.value = nn.Linear(16, 8)
        self.head = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, _ = x.shape
        query = self.query(x).view(batch, tokens, 6, 4).transpose(1, 2)
        key = self.key(x).view(batch, tokens, 2, 4).transpose(1, 2)
        value = self.value(x).view(batch, tokens, 2, 4).transpose(1, 2)
        y = F.scaled_dot_product_attention(query, key, value, enable_gqa=True)
        return self.head(y.transpose(1, 2).flatten(2))


@case("1x9x16", exact={"qkv": 8}, half={"qkv.weight": [24, 16], "proj.weight": [16, 8]})
class WidthOfHeadsFromShape(nn.Module):
    """Two heads, and the number two is also an axis of a permutation further up: only one of them changes."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(16, 48)
        self.proj = nn.Linear(16, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(x.size(0), 3, 3, 16).permute(0, 2, 1, 3)
        n, h, w, c = x.shape
        x = x.reshape(n, h * w, c)
        qkv = self.qkv(x).reshape(-1, h * w, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        weights = (query @ key.transpose(-2, -1) * 8**-0.5).softmax(-1)
        return self.head(x + self.proj((weights @ value).transpose(1, 2).flatten(2)))
