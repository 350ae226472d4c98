# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a dozen torchvision models as TorchScript files, scripted and traced.

    python tv_models.py OUTDIR [NAME…]      writes NAME.script.pt and NAME.trace.pt of all, or of those named

Nothing is downloaded. Weights are random, but every number is away from its initial value: zero
biases, unit gammas, zero heads and tiny layer scales hide mistakes in cutting channels.
torchvision is looked for in $ESPALIER_TORCHVISION, in the folder `scripts/setup.sh --coverage`
fills, and where Python finds it by itself.
"""

import argparse
import importlib
import os
import sys
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

NAMES = (
    "resnet18", "resnext50_32x4d", "densenet121", "googlenet", "inception_v3",
    "mobilenet_v3_small", "shufflenet_v2_x1_0", "efficientnet_b0", "regnet_y_400mf",
    "convnext_tiny", "vit_b_16", "swin_t",
)  # fmt: skip
TRANSFORMERS = ("vit_b_16", "swin_t")
FORMS = ("script", "trace")

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


def side(name: str) -> int:
    """Pixels along an edge of the square image that `name` is used with."""
    return 299 if name == "inception_v3" else 224


def example(name: str) -> Tensor:
    return torch.randn(1, 3, side(name), side(name), generator=torch.Generator().manual_seed(0))


def add_tool_folder() -> None:
    """Lets Python see the packages that only this measurement needs."""
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    folder = os.environ.get("ESPALIER_TORCHVISION") or Path(data_home) / "espalier" / "coverage"
    if Path(folder).is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))


_operators = None  # the library below lives as long as its schemas are needed


def import_torchvision():
    """`torchvision.models`, also with a CPU torch and a torchvision built for CUDA.

    That build's operators do not load; importing it needs no more than the schemas of two of them.
    Errors: ImportError.
    """
    global _operators
    add_tool_folder()
    if _operators is None and "torchvision" not in sys.modules:
        _operators = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            _operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("torchvision.models")


def spread(parameter: Tensor, low: float, high: float) -> None:
    nn.init.uniform_(parameter, low, high)


def liven(model: nn.Module, images: Tensor) -> nn.Module:
    """Moves every parameter off its initial value, calibrates batch norms on `images`; eval mode."""
    for module in model.modules():
        if isinstance(module, NORMS):
            spread(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0.0, 0.3)
        elif isinstance(getattr(module, "bias", None), nn.Parameter):
            nn.init.normal_(module.bias, 0.0, 0.1)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # a cumulative average
    for parameter in model.parameters():
        if parameter.numel() > 1 and float(parameter.detach().std()) < 1e-4:
            if parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter)  # a head of zeros
            else:
                spread(parameter, 0.1, 0.4)  # layer scale, class token
    with torch.no_grad():
        model.train()(images)
    return model.eval()


def build(name: str) -> nn.Module:
    """The model `name` in eval mode, the same at every call."""
    models = import_torchvision()
    torch.manual_seed(0)
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    small = name not in (*TRANSFORMERS, "inception_v3")  # the others need their own resolution
    model = getattr(models, name)(weights=None, **options)
    pixels = 128 if small else side(name)
    return liven(model, torch.randn(4, 3, pixels, pixels))


def write(name: str, folder: Path, forms: tuple[str, ...] = FORMS) -> list[Path]:
    """Writes the forms that are not there yet; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{form}.pt" for form in forms]
    if all(path.exists() for path in paths):
        return paths
    model = build(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for form, path in zip(forms, paths):
            if form == "script":
                saved = torch.jit.script(model)
            else:
                saved = torch.jit.trace(model, example(name), check_trace=False)
            part = path.with_suffix(".part")
            saved.save(str(part))
            part.rename(path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outdir", type=Path)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.names:
        for path in write(name, args.outdir):
            print(path)


if __name__ == "__main__":
    main()
