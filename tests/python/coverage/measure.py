# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut half of every exact channel group of a dozen torchvision models, and judge the files in PyTorch.

    python measure.py --program espalier-cli --models DIR [--table FILE.md] [--json FILE.json] [NAME…]

Model files that DIR lacks are written first. Exits with 1 when a file is wrong or too little could
be removed, with 77 when torchvision is not there.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conformance import judge  # noqa: E402
from coverage import tv_models  # noqa: E402
from coverage.table import Row, markdown  # noqa: E402

SKIPPED = 77


@dataclass(frozen=True)
class Least:
    """What must be reached: a share of the executed parameters gone."""

    cnn: float = 0.40
    transformer: float = 0.30

    def of(self, name: str) -> float:
        return self.transformer if name in tv_models.TRANSFORMERS else self.cnn


@dataclass(frozen=True)
class Finished:
    status: int
    stdout: str
    stderr: str
    peak_bytes: int


# A process counts what its parent held when it was started: this parent is small.
LAUNCHER = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)
"""


def run(*command: object) -> Finished:
    """Runs a program to its end; the peak is that of the largest of its processes."""
    with tempfile.NamedTemporaryFile("r") as peak:
        words = [sys.executable, "-c", LAUNCHER, peak.name, *map(str, command)]
        done = subprocess.run(words, capture_output=True, text=True)
        kilobytes = int(peak.read() or 0)
    return Finished(done.returncode, done.stdout, done.stderr, kilobytes * 1024)


def prunable_share(groups: list[dict], executed: dict[str, torch.Tensor]) -> float:
    """Share of the numbers in `executed` that lie in a slice of an exact group that may go."""
    covered: dict[str, dict[int, torch.Tensor]] = {}
    for group in groups:
        if group["locked"] or not group["exact"] or group["width"] < 2:
            continue
        for member in group["members"]:
            value = executed.get(member["parameter"])
            if value is not None:
                axes = covered.setdefault(member["parameter"], {})
                length = value.shape[member["axis"]]
                axes.setdefault(member["axis"], torch.zeros(length, dtype=torch.bool))[
                    member["indices"]
                ] = True
    prunable = 0.0
    for name, axes in covered.items():
        untouched = 1.0
        for hit in axes.values():
            untouched *= 1 - float(hit.float().mean())
        prunable += executed[name].numel() * (1 - untouched)
    return prunable / sum(value.numel() for value in executed.values())


def counted(groups: list[dict], exact: bool, locked: bool) -> int:
    return sum(g["locked"] == locked and (locked or g["exact"] == exact) for g in groups)


def check(value: bool, complaint: str) -> None:
    if not value:
        raise AssertionError(complaint)


def judged(original, cut, kept, inputs) -> float:
    """The largest relative difference between the cut model and the original with zeros."""
    got = [judge.run(cut, x) for x in inputs]
    before = judge.run(original, inputs[0])
    check(judge.difference(before, got[0]) > 1e-4, "cutting changed nothing")
    twin = judge.masked(original, kept)
    return max(judge.difference(judge.run(twin, x), a) for x, a in zip(inputs, got))


def measure(program: Path, name: str, path: Path, folder: Path) -> Row:
    spec = "x".join(map(str, tv_models.example(name).shape))
    inspected = run(program, "inspect", path, "--input", spec, "--json")
    check(inspected.status == 0, inspected.stderr[-600:])
    groups = json.loads(inspected.stdout)["groups"]

    out, report_file = folder / "cut.pt", folder / "report.json"
    pruned = run(
        program, "prune", path, "--input", spec, "--channels", 0.5, "--scope", "layer",
        "--output", out, "--report", report_file,
    )  # fmt: skip
    check(pruned.status == 0, pruned.stderr[-600:])
    report = json.loads(report_file.read_text())

    again = run(program, "inspect", out, "--input", spec, "--json")
    check(again.status == 0, again.stderr[-600:])
    macs_after = json.loads(again.stdout)["macs"]
    check(macs_after == report["macs"]["after"], f"{macs_after} MACs, not as predicted")

    original, cut = torch.jit.load(str(path)), torch.jit.load(str(out))
    kept = judge.kept_of(report, original)
    judge.check_slices(original, cut, kept)
    inputs = judge.batches(original, (spec,))
    reached = judge.with_gradients(original, inputs[0])
    check(judge.with_gradients(cut, inputs[0]) == reached, "other parameters get gradients")
    for model in (original, cut):
        model.zero_grad(set_to_none=True)
    executed = {n: p.detach() for n, p in original.named_parameters() if n in reached}
    after = {n: p for n, p in cut.named_parameters() if n in reached}
    removed = 1 - sum(p.numel() for p in after.values()) / sum(
        p.numel() for p in executed.values()
    )
    return Row(
        model=name,
        form=path.name.split(".")[-2],
        exact=counted(groups, exact=True, locked=False),
        inexact=counted(groups, exact=False, locked=False),
        locked=counted(groups, exact=False, locked=True),
        parameters=sum(p.numel() for p in original.parameters()),
        prunable=prunable_share(groups, executed),
        removed=removed,
        macs_before=report["macs"]["before"],
        macs_after=macs_after,
        seconds=report["seconds"],
        peak_bytes=pruned.peak_bytes,
        proof=report["proof"]["max_relative_difference"],
        in_pytorch=judged(original, cut, kept, inputs),
        batches=len(inputs),
    )


def verdict(row: Row) -> str:
    """Why a row is not good enough; empty when it is."""
    if row.in_pytorch > judge.TOLERANCE:
        return f"masked and cut differ by {row.in_pytorch:.1e}"
    least = Least().of(row.model)
    if row.removed < least:
        return f"{row.removed:.0%} of the executed parameters removed, at least {least:.0%} must go"
    if row.macs_after >= row.macs_before:
        return "no MACs saved"
    return ""


def measure_safely(program: Path, name: str, path: Path) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        try:
            row = measure(program, name, path, Path(folder))
            return row.with_verdict(verdict(row))
        except AssertionError as error:
            return Row.failed(name, path.name.split(".")[-2], str(error))
        except Exception:
            traceback.print_exc()
            return Row.failed(name, path.name.split(".")[-2], traceback.format_exc(limit=0))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True, help="espalier-cli")
    parser.add_argument("--models", type=Path, required=True, help="folder of the model files")
    parser.add_argument("--table", type=Path, help="write the table here (Markdown)")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("names", nargs="*", default=tv_models.NAMES, metavar="NAME")
    args = parser.parse_args()
    try:
        tv_models.import_torchvision()
    except ImportError as error:
        print(f"SKIPPED ALL: torchvision is not there ({error}): run scripts/setup.sh --coverage")
        return SKIPPED
    torch.set_num_threads(os.cpu_count() or 1)
    rows = []
    for name in args.names:
        for path in tv_models.write(name, args.models):
            rows.append(measure_safely(args.program, name, path))
            print(rows[-1].line(), flush=True)
    if args.table:
        args.table.write_text(markdown(rows))
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
