# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a VGG-16 (Simonyan & Zisserman 2015) with random weights, scripted: 138 M parameters, a file of 528 MiB.

Its first linear layer alone has 102.8 M weights: the size the window's benchmarks are measured on.
Usage: make_vgg16.py OUT.pt
"""
import sys

import torch
from torch import nn

WIDTHS = [64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool"]


def vgg16():
    layers, channels = [], 3
    for width in WIDTHS:
        if width == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    head = [nn.Flatten(), nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
            nn.Dropout(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers, *head)


def main():
    torch.manual_seed(0)
    model = vgg16().eval()
    assert sum(p.numel() for p in model.parameters()) == 138_357_544
    torch.jit.script(model).save(sys.argv[1])


if __name__ == "__main__":
    main()
