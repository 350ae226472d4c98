# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a token task and a small encoder, in the manner of BERT, that solves it.

    python make_token_task.py FOLDER [--steps 3000] [--seed 0]

A sequence has 32 tokens out of 64, among them one of the tokens 0 to 3 and one of 4 and 5. Its class, of 16, tells
which two they are and which of them comes first: attention has to find both and to tell where.
FOLDER gets encoder.pt (scripted: token and position embeddings, two layers of four heads and a
feed-forward width of 256, classification at the first position) and data/ with train.npz (16,000 sequences) and
test.npz (4,000).
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

TOKENS, LENGTH, CLASSES, WIDTH, HEADS, HIDDEN, LAYERS = 64, 32, 16, 64, 4, 256, 2


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head_count = HEADS
        self.scale = (WIDTH // HEADS) ** -0.5
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, HIDDEN)
        self.down = nn.Linear(HIDDEN, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)

    def heads(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(x.size(0), x.size(1), self.head_count, -1).transpose(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.heads(self.query(x)), self.heads(self.key(x)), self.heads(self.value(x))
        weights = torch.softmax(query @ key.transpose(-1, -2) * self.scale, dim=-1)
        mixed = (weights @ value).transpose(1, 2).flatten(2)
        x = self.attention_norm(x + self.out(mixed))
        return self.norm(x + self.down(nn.functional.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(TOKENS, WIDTH)
        self.positions = nn.Parameter(torch.randn(LENGTH, WIDTH) * 0.1)
        self.norm = nn.LayerNorm(WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.tokens(ids) + self.positions)
        for layer in self.layers:
            x = layer(x)
        return self.classifier(x[:, 0])


def sequences(count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(6, TOKENS, (count, LENGTH), generator=generator)
    places = torch.rand(count, LENGTH, generator=generator).argsort(1)[:, :2]
    first = torch.randint(0, 4, (count,), generator=generator)
    second = torch.randint(0, 2, (count,), generator=generator)
    rows = torch.arange(count)
    ids[rows, places[:, 0]], ids[rows, places[:, 1]] = first, second + 4
    return ids, first * 4 + second * 2 + (places[:, 0] < places[:, 1]).long()


def top1(model: nn.Module, ids: torch.Tensor, targets: torch.Tensor) -> float:
    with torch.no_grad():
        return (model.eval()(ids).argmax(1) == targets).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    test = sequences(4000, generator)
    kept = sequences(16000, generator)

    model = Encoder()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=args.steps)
    for step in range(args.steps):
        ids, targets = sequences(128, generator)  # every batch is new: nothing to learn by heart
        loss = nn.functional.cross_entropy(model.train()(ids), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 500 == 499:
            print(f"step {step + 1}  loss {loss.item():.4f}  test top-1 {top1(model, *test):.4f}", flush=True)

    args.folder.mkdir(parents=True, exist_ok=True)
    torch.jit.script(model.eval()).save(args.folder / "encoder.pt")
    (args.folder / "data").mkdir(exist_ok=True)
    for name, (ids, targets) in {"train": kept, "test": test}.items():
        np.savez_compressed(args.folder / "data" / f"{name}.npz", inputs=ids.numpy(), targets=targets.numpy())


if __name__ == "__main__":
    main()
