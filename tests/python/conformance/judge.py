# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a cut model in PyTorch, with nothing of the program under test but its files."""

import io

import torch
from torch import Tensor, nn

from .case import Case, Input, random_inputs

Kept = dict[str, dict[int, list[int]]]  # parameter -> axis -> surviving indices

TOLERANCE = 1e-5  # relative to the largest number in the output, float32


def tensors(value: object) -> list[Tensor]:
    """The floating-point tensors in a nested output, in order."""
    if isinstance(value, Tensor):
        return [value] if value.is_floating_point() else []
    if isinstance(value, dict):
        value = tuple(value.values())
    return [tensor for part in value or () for tensor in tensors(part)]


def run(model: nn.Module, inputs: tuple[Input, ...], method: str = "forward") -> list[Tensor]:
    copies = (x.clone() if isinstance(x, Tensor) else [y.clone() for y in x] for x in inputs)
    with torch.no_grad():
        return tensors(getattr(model, method)(*copies))


def difference(a: list[Tensor], b: list[Tensor]) -> float:
    """max |a - b| / max |a|, the worst of all outputs; infinite where shapes or numbers are wrong."""
    if len(a) != len(b) or not a:
        return float("inf")
    worst = 0.0
    for x, y in zip(a, b):
        if x.shape != y.shape or not torch.isfinite(y).all():
            return float("inf")
        worst = max(worst, float((x - y).abs().max() / x.abs().max().clamp_min(1e-20)))
    return worst


def batches(model: nn.Module, specs: tuple[str, ...], other_batch: int = 0) -> list[tuple[Input, ...]]:
    """Random inputs with one sample, with two where the original takes two, and with `other_batch` where given."""
    inputs = [random_inputs(specs, 1, seed=3)]
    if other_batch:
        inputs.append(random_inputs(specs, other_batch, seed=6))
    pair = random_inputs(specs, 2, seed=4)
    try:
        run(model, pair)
    except RuntimeError:  # a trace may have baked the batch in
        return inputs
    return inputs + [pair]


def kept_of(report: dict, model: nn.Module) -> Kept:
    """The report's `kept`, with every name of a parameter that has several."""
    kept = {name: {int(a): i for a, i in axes.items()} for name, axes in report["kept"].items()}
    state = model.state_dict()
    named = {state[name].data_ptr(): name for name in kept if name in state}
    for name, value in state.items():
        if name not in kept and value.numel() and value.data_ptr() in named:
            kept[name] = kept[named[value.data_ptr()]]
    return kept


def check_slices(original: nn.Module, cut: nn.Module, kept: Kept) -> None:
    """The cut model holds the kept slices of the original's numbers under the same names.

    Whole numbers may be others: indices of channels are counted anew.
    """
    before, after = original.state_dict(), cut.state_dict()
    assert list(before) == list(after), "names of the state_dict"
    unknown = kept.keys() - before.keys()
    assert not unknown, f"`kept` names {unknown}"
    for name, value in before.items():
        for axis, indices in kept.get(name, {}).items():
            assert indices, f"{name}: nothing is left on axis {axis}"
            assert indices == sorted(set(indices)), f"{name}: `kept` of axis {axis} is not ascending"
            value = value.index_select(axis, torch.tensor(indices))
        assert value.shape == after[name].shape, f"{name}: {list(after[name].shape)} is not as `kept` says"
        same = torch.equal(value, after[name]) or not value.is_floating_point()
        assert same, f"{name}: other numbers than the original's"


def masked(original: nn.Module, kept: Kept, rows_stay: tuple[str, ...] = ()) -> nn.Module:
    """The original with zeros in every slice that `kept` leaves out; buffers stay as they are."""
    with torch.no_grad():
        for name, parameter in original.named_parameters():
            for axis, indices in kept.get(name, {}).items():
                if axis == 0 and name in rows_stay:
                    continue
                gone = torch.ones(parameter.shape[axis], dtype=torch.bool)
                gone[indices] = False
                parameter.index_fill_(axis, gone.nonzero().flatten(), 0.0)
    return original


def with_gradients(model: nn.Module, inputs: tuple[Input, ...]) -> set[str]:
    """Names of the parameters that a backward pass reaches."""
    model.zero_grad(set_to_none=True)
    parameters = [p for p in model.parameters() if p.is_floating_point()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    sum(output.pow(2).sum() for output in tensors(model(*inputs))).backward()
    return {name for name, p in model.named_parameters() if p.grad is not None}


def saved_again(model: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    buffer = io.BytesIO()
    torch.jit.save(model, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


def rebuilt(wanted: Case, cut: nn.Module) -> nn.Module:
    """The case's module built with the widths of `cut`, holding its numbers."""
    state = cut.state_dict()
    model = wanted.rebuild({name: list(value.shape) for name, value in state.items()})
    model.load_state_dict(state)
    return model.eval()


def widths(groups: list[dict], exact: bool) -> dict[str, tuple[int, ...]]:
    """Per first producer the widths of its groups that may go and have more than one channel."""
    found: dict[str, tuple[int, ...]] = {}
    for group in groups:
        if group["locked"] or group["exact"] != exact or group["width"] < 2:
            continue
        producer = group["key"].partition("[")[0]
        found[producer] = (*found.get(producer, ()), group["width"])
    return {producer: tuple(sorted(all_of)) for producer, all_of in found.items()}


def expected(groups: dict[str, int | tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {k: tuple(sorted(w)) if isinstance(w, tuple) else (w,) for k, w in groups.items()}
