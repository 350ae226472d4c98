# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conformance case is, and the table of all of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

Widths = dict[str, int | tuple[int, ...]]
Input = Tensor | list[Tensor]


@dataclass(frozen=True)
class Case:
    """A module and what channel pruning must make of it, computed by hand.

    Groups are named by the module path of their first producer in order of execution; where one
    producer feeds several, its entry is a tuple with the width of each. Groups of one channel do
    not count: nothing can go.
    """

    name: str
    doc: str
    build: Callable[[], nn.Module]
    inputs: tuple[str, ...]  # as `espalier-cli --input` takes them, batch first
    forms: tuple[str, ...] = ("script", "trace")  # of "script", "trace", "frozen"
    exact: Widths | None = None  # all groups that are exact and not locked; None: not judged
    inexact: Widths | None = None  # all groups that need --allow-inexact; None: not judged
    opt_in: bool = False  # prune with --allow-inexact
    half: dict[str, list[int]] = field(default_factory=dict)  # shapes after --channels 0.5
    heads: dict[str, int] = field(default_factory=dict)  # width of one head in the rows of these parameters
    shrinks: tuple[str, ...] = ()  # parameters that must lose elements at --channels 0.5
    fixed: tuple[str, ...] = ()  # parameters that must keep their shape at any ratio
    rows_stay: tuple[str, ...] = ()  # parameters whose zeroed rows would divide by zero
    lifted: bool = False  # parameters are constants in the file; names in `half` are the program's
    nothing: bool = False  # nothing may be cut at all
    other_batch: int = 0  # a batch size that takes a branch which the example does not
    methods: tuple[str, ...] = ()  # those beside forward that work on the cut widths
    unproved: tuple[str, ...] = ()  # how lines of the report's `unproved` begin
    rebuild: Callable[[dict[str, list[int]]], nn.Module] | None = None  # the narrower module


CASES: dict[str, Case] = {}


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def case(*inputs: str, **expected) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """Registers the decorated class, built without arguments, as a case of its own."""

    def register(module: type[nn.Module]) -> type[nn.Module]:
        add_case(snake(module.__name__), module, *inputs, doc=module.__doc__ or "", **expected)
        return module

    return register


def add_case(name: str, build: Callable[[], nn.Module], *inputs: str, doc: str, **expected) -> None:
    if name in CASES:
        raise ValueError(f"two cases are called {name}")
    CASES[name] = Case(name, doc, build, inputs, **expected)


def random_input(spec: str, batch: int, generator: torch.Generator) -> Input:
    """A tensor as `spec` says ("1x3x8x8", "1x7:int64:0..30"), with `batch` samples.

    "list:3x8x8" is a list of that many tensors.
    """
    if spec.startswith("list:"):
        one = "1x" + spec.removeprefix("list:")
        return [random_input(one, 1, generator)[0] for _ in range(batch)]
    shape, _, kind = spec.partition(":")
    sizes = [batch, *map(int, shape.split("x")[1:])]
    if not kind:
        return torch.randn(sizes, generator=generator)
    low, high = map(int, kind.partition(":")[2].split(".."))
    return torch.randint(low, high, sizes, generator=generator)


def random_inputs(specs: tuple[str, ...], batch: int, seed: int = 0) -> tuple[Input, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(random_input(spec, batch, generator) for spec in specs)


def liven(model: nn.Module, example: tuple[Input, ...]) -> nn.Module:
    """Moves norms and biases off their initial values, calibrates running statistics; eval mode.

    Zero biases and unit gammas hide mistakes in cutting channels.
    """
    calibrated = []
    for module in model.modules():
        weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
        if isinstance(weight, nn.Parameter) and weight.dim() == 1:
            nn.init.uniform_(weight, 0.5, 1.5)
        if isinstance(bias, nn.Parameter):
            nn.init.normal_(bias, 0.0, 0.3)
        if getattr(module, "running_mean", None) is not None and hasattr(module, "momentum"):
            calibrated.append((module, module.momentum))
            module.momentum = None  # a cumulative average
    if calibrated:
        with torch.no_grad():
            model.train()(*example)
    for module, momentum in calibrated:
        module.momentum = momentum
    return model.eval()


def make(wanted: Case) -> nn.Module:
    """The module of a case, the same at every call."""
    torch.manual_seed(0)
    return liven(wanted.build(), random_inputs(wanted.inputs, 8, seed=1))
