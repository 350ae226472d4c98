# SPDX-License-Identifier: GPL-3.0-or-later
"""One row a model file, and the page docs/coverage.md made of them."""

import os
import platform
from dataclasses import dataclass, field, replace

import torch


CUTTING = ("cut", "prove", "save")


@dataclass(frozen=True)
class Row:
    model: str
    form: str
    exact: int = 0  # groups that may go, and cutting them changes nothing but the zeros
    inexact: int = 0  # groups that need --allow-inexact
    locked: int = 0
    parameters: int = 0
    prunable: float = 0.0  # share of the executed parameters, in exact groups
    removed: float = 0.0  # share of the executed parameters
    macs_before: int = 0
    macs_after: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0
    proof: float = 0.0  # largest relative difference, by the program
    in_pytorch: float = 0.0  # the same, by PyTorch
    batches: int = 0
    wrong: str = ""

    @staticmethod
    def failed(model: str, form: str, why: str) -> "Row":
        return Row(model, form, wrong=why.strip() or "failed")

    def with_verdict(self, why: str) -> "Row":
        return replace(self, wrong=why)

    def second(self, *stages: str) -> float:
        return sum(self.seconds.get(stage) or 0.0 for stage in stages)

    def late(self) -> tuple[str, ...]:
        """Stages over their limit. A busy machine may be why: they are marked, and fail nothing."""
        analysis = 2.0 if self.model in ("densenet121", "swin_t", "vit_b_16") else 1.0
        rest = 15.0 if self.model in ("swin_t", "vit_b_16") else 5.0
        late = ("analyse",) if self.second("analyse") > analysis else ()
        return late + (CUTTING if self.second(*CUTTING) > rest else ())

    def seconds_cell(self, stage: str) -> str:
        return f"{self.second(stage):.2f}" + (" !" if stage in self.late() else "")

    def line(self) -> str:
        """For a terminal."""
        head = f"{self.model:20} {self.form:6}"
        if not self.parameters:
            return f"{head} WRONG: {self.wrong}"
        stages = " ".join(f"{s} {self.second(s):.2f}" for s in ("analyse", "cut", "prove", "save"))
        return (
            f"{head} {self.exact}+{self.inexact}+{self.locked} groups, {self.prunable:.0%} prunable,"
            f" {self.removed:.0%} removed, {self.macs_before / 1e6:.0f} -> {self.macs_after / 1e6:.0f}"
            f" MMACs, {stages} s, {self.peak_bytes / 1e6:.0f} MB, proof {self.proof:.1e},"
            f" PyTorch {self.in_pytorch:.1e}" + (f" WRONG: {self.wrong}" if self.wrong else "")
        )

    def cells(self) -> list[str]:
        if not self.parameters:
            return [self.model, self.form, f"**{' '.join(self.wrong.split())[:160]}**", *[""] * 11]
        return [
            self.model,
            self.form,
            f"{self.exact} / {self.inexact} / {self.locked}",
            f"{self.prunable:.0%}",
            f"{self.removed:.0%}",
            f"{self.macs_before / 1e6:,.0f} → {self.macs_after / 1e6:,.0f}".replace(",", " "),
            self.seconds_cell("analyse"),
            self.seconds_cell("cut"),
            self.seconds_cell("prove"),
            self.seconds_cell("save"),
            f"{self.peak_bytes / 1e6:.0f} ({(self.peak_bytes - 5e8) / (4 * self.parameters):.1f}×)",
            f"{self.proof:.0e}",
            f"{self.in_pytorch:.0e}" + (" **" + self.wrong + "**" if self.wrong else ""),
            str(self.batches),
        ]


HEADINGS = [
    "model", "form", "groups", "prunable", "removed", "MMACs", "analyse s", "cut s", "prove s",
    "save s", "peak MB", "proof", "PyTorch", "batches",
]  # fmt: skip

PAGE = """\
<!-- Written by tests/python/coverage/measure.py: do not edit by hand. -->
# Coverage: a dozen torchvision models

Every exact channel group of every model loses half of its channels
(`espalier-cli prune MODEL --channels 0.5 --scope layer`), from scripted and from traced files.
{verdict}

- *groups*: exact / only with `--allow-inexact` / locked (such as the classes a model puts out).
- *prunable*, *removed*: share of the executed parameters that lie in exact groups, and that are gone.
  A parameter is executed when a backward pass reaches it: auxiliary heads are not.
- *MMACs*: millions of multiply-accumulates for one image, before → after, counted on the two files.
- *analyse* finds the groups, *cut* makes the smaller model, *prove* compares it with the masked one, *save* writes it,
  loads it again and runs it. *peak*: the largest process; in brackets, how many times the bytes of the parameters it
  takes beyond 500 MB. A *!* marks what took longer than it may: 1 s to analyse (densenet121, swin_t and vit_b_16 2 s), 5 s
  to cut, prove and save (swin_t and vit_b_16 15 s).
- *proof*: the max relative difference between the cut and the masked model as the program reports it: to the largest
  output; *PyTorch*: the same, computed by PyTorch from the file, a mask made from the report's `kept`, and new random
  inputs, at one and (where *batches* is 2) at two images. Names in the state_dict, the kept numbers and the parameters that get
  gradients are compared as well.

Weights are random, but norms, biases and running statistics are away from their initial values.
{machine}.

To write this page again: `scripts/setup.sh --coverage`, then
`python tests/python/coverage/measure.py --program build/release/bin/espalier-cli --models DIR --table docs/coverage.md`.

"""


def markdown(rows: list[Row]) -> str:
    wrong = [row for row in rows if row.wrong]
    verdict = (
        f"**{len(rows) - len(wrong)} of {len(rows)} files** come out right."
        if wrong
        else f"All {len(rows)} files come out right."
    )
    machine = f"torch {torch.__version__.split('+')[0]}, {os.cpu_count()} cores ({platform.machine()})"
    lines = [HEADINGS, ["---"] * len(HEADINGS), *(row.cells() for row in rows)]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return PAGE.format(verdict=verdict, machine=machine) + table + "\n"
