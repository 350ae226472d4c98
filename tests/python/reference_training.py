# SPDX-License-Identifier: GPL-3.0-or-later
"""What `espalier-cli tune` does, written again with torch.optim, torch.nn.functional and lr_scheduler.

One batch holds all training samples, so a step is an epoch, and their order matters for rounding alone.
"""
import contextlib
import copy

import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler


def optimizer_of(parameters, options):
    kind = options.pop("name")
    if kind == "sgd":
        return torch.optim.SGD(parameters, **options)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind](parameters, **options)


def scheduler_of(optimizer, options, epochs):
    options = dict(options)
    kind, warmup = options.pop("name"), options.pop("warmup_steps", 0)
    lr = optimizer.param_groups[0]["lr"]
    made = {
        "constant": lambda: lr_scheduler.ConstantLR(optimizer, factor=1),
        "step": lambda: lr_scheduler.StepLR(optimizer, options["step_epochs"], options["gamma"]),
        "multi_step": lambda: lr_scheduler.MultiStepLR(optimizer, options["milestones"], options["gamma"]),
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, epochs),
        "one_cycle": lambda: lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs, pct_start=options["peak"],
                                                     cycle_momentum=False),
        "plateau": lambda: lr_scheduler.ReduceLROnPlateau(optimizer, patience=options["patience"],
                                                          factor=options["factor"]),
    }[kind]()
    if not warmup:
        return made
    rising = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    return lr_scheduler.ChainedScheduler([made, rising])


def penalty(name, module):
    weights = [p for p in module.parameters() if p.dim() > 1]
    if name == "l1":
        return sum(w.abs().sum() for w in weights)
    if name == "l2":
        return sum(w.square().sum() for w in weights) / 2
    if name == "group_lasso":
        return sum(w.flatten(1).norm(dim=1).sum() for w in weights)
    assert name == "bn_l1"
    return sum(p.abs().sum() for n, p in module.named_parameters() if n.startswith("bn") and n.endswith("weight"))


class Reference:
    """Trains `module` on one batch; keeps the loss and rate of every step and the weights after it."""

    def __init__(self, module, dense, masks, recipe):
        self.module, self.dense, self.masks, self.recipe = module, dense.eval(), masks, recipe
        self.losses, self.rates, self.states = [], [], []

    def loss(self, inputs, targets):
        recipe = self.recipe
        scores = self.module(inputs)
        loss = F.cross_entropy(scores.float(), targets,
                               label_smoothing=recipe.get("loss", {}).get("label_smoothing", 0.0))
        if "distillation" in recipe:
            share, t = recipe["distillation"]["weight"], recipe["distillation"]["temperature"]
            with torch.no_grad():
                taught = F.log_softmax(self.dense(inputs) / t, 1)
            divergence = F.kl_div(F.log_softmax(scores / t, 1), taught, reduction="batchmean", log_target=True)
            loss = (1 - share) * loss + share * t * t * divergence
        for term in recipe.get("regularisers", []):
            loss = loss + term["strength"] * penalty(term["name"], self.module)
        return loss

    def autocast(self):
        if self.recipe.get("precision", "fp32") == "fp32":
            return contextlib.nullcontext()
        return torch.autocast("cpu", dtype=torch.bfloat16)

    def mask(self, grads):
        for name, parameter in self.module.named_parameters():
            tensor = parameter.grad if grads else parameter.data
            if name in self.masks and tensor is not None:
                tensor.mul_(self.masks[name])

    def validation(self, inputs, targets):
        with torch.no_grad():
            return F.cross_entropy(self.module.eval()(inputs), targets).item()

    def run(self, inputs, targets):
        optimizer = optimizer_of(self.module.parameters(), dict(self.recipe["optimizer"]))
        scheduler = scheduler_of(optimizer, self.recipe["scheduler"], self.recipe["epochs"])
        self.mask(grads=False)
        self.states.append(copy.deepcopy(self.module.state_dict()))
        for _ in range(self.recipe["epochs"]):
            self.module.train()
            optimizer.zero_grad()
            with self.autocast():
                loss = self.loss(inputs, targets)
            loss.backward()
            self.mask(grads=True)
            if self.recipe.get("clip_norm"):
                torch.nn.utils.clip_grad_norm_(self.module.parameters(), self.recipe["clip_norm"])
            self.losses.append(loss.item())
            self.rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            self.mask(grads=False)
            scheduler.step(*([self.validation(inputs, targets)] if self.recipe["scheduler"]["name"] == "plateau" else []))
            self.states.append(copy.deepcopy(self.module.state_dict()))
        return self
