# SPDX-License-Identifier: GPL-3.0-or-later
"""Criteria with data, computed in eager PyTorch: the independent judge."""
import torch
from torch import nn
from torch.nn import functional


def gradients(model, inputs, labels):
    """By parameter the gradient of the mean cross-entropy."""
    model.zero_grad()
    functional.cross_entropy(model(inputs), labels).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def taylor(model, inputs, labels):
    """Of one batch."""
    found = gradients(model, inputs, labels)
    return {name: (p * found[name]).abs().detach() for name, p in model.named_parameters()}


def gradient(model, inputs, labels):
    return {name: g.abs() for name, g in gradients(model, inputs, labels).items()}


def fisher(model, inputs, labels):
    """One sample after the other."""
    sums = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for i in range(len(inputs)):
        for name, g in gradients(model, inputs[i:i + 1], labels[i:i + 1]).items():
            sums[name] += g ** 2
    return {name: (p ** 2 * sums[name] / (2 * len(inputs))).detach() for name, p in model.named_parameters()}


def inputs_of(model, inputs):
    """By module name all that its forward was given."""
    seen = {}
    hooks = [module.register_forward_hook(lambda m, args, out, name=name: seen.setdefault(name, []).append(args[0]))
             for name, module in model.named_modules() if name]
    with torch.no_grad():
        model(inputs)
    for hook in hooks:
        hook.remove()
    return seen


def features(values, module):
    """[numbers, features of the module's input]."""
    if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)):
        return values.transpose(0, 1).flatten(1).t()
    return values.flatten(0, -2)


def wanda(model, inputs, _labels=None):
    """By parameter the scores, and the output row of every weight; only modules that have inputs to speak of."""
    scores, rows = {}, {}
    modules = dict(model.named_modules())
    for name, seen in inputs_of(model, inputs).items():
        module = modules[name]
        if not isinstance(module, (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.Linear, nn.Embedding)):
            continue
        weight = module.weight.detach().abs()
        if isinstance(module, nn.Embedding):
            norm = torch.bincount(torch.cat([s.flatten() for s in seen]), minlength=len(weight)).float().sqrt()
            scores[name], rows[name] = weight * norm[:, None], torch.arange(weight.shape[1]).expand_as(weight)
            continue
        norm = torch.cat([features(s, module) for s in seen]).norm(dim=0)
        out = torch.empty_like(weight)
        row = torch.empty(weight.shape, dtype=torch.long)
        groups = getattr(module, "groups", 1)
        for index in torch.cartesian_prod(*[torch.arange(n) for n in weight.shape[:2]]):
            i, j = index.tolist()
            if isinstance(module, nn.ConvTranspose1d):  # [in, out / groups, k]
                feature, output = i, i // (weight.shape[0] // groups) * weight.shape[1] + j
            else:  # [out, in / groups, ...]
                feature, output = i // (weight.shape[0] // groups) * weight.shape[1] + j, i
            out[i, j] = weight[i, j] * norm[feature]
            row[i, j] = output
        scores[name], rows[name] = out, row
    return ({f"{name}.weight": s for name, s in scores.items()}, {f"{name}.weight": r for name, r in rows.items()})
