# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the conformance cases as TorchScript files, and cases.json that says what must come out.

    python make_cases.py OUT_DIR [NAME…]     writes all of them, or those named
    python make_cases.py --list              says what each one is
"""

import argparse
import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conformance import attention, chains, concat, control_flow, grouped  # noqa: E402, F401
from conformance import gathered, norm, operators, recurrent, reshape, residual, sharing  # noqa: E402, F401
from conformance.case import CASES, Case, make, random_inputs  # noqa: E402


def write(wanted: Case, folder: Path) -> None:
    """Writes every form of one case: NAME.script.pt, NAME.trace.pt, NAME.frozen.pt."""
    model = make(wanted)
    inputs = random_inputs(wanted.inputs, 1, seed=2)
    for form in wanted.forms:
        if form == "trace":
            saved = torch.jit.trace(model, inputs, check_trace=False, strict=False)
        else:
            saved = torch.jit.script(model)
        if form == "frozen":
            saved = torch.jit.freeze(saved)
        saved.save(str(folder / f"{wanted.name}.{form}.pt"))


def describe(wanted: Case) -> dict[str, object]:
    """The case as JSON."""
    fields = asdict(wanted)
    del fields["build"], fields["rebuild"]
    return fields | {"files": {form: f"{wanted.name}.{form}.pt" for form in wanted.forms}}


def write_cases(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            write(CASES[name], folder)
    text = json.dumps([describe(CASES[name]) for name in names], indent=1)
    (folder / "cases.json").write_text(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_dir", type=Path, nargs="?")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="say what each case is")
    args = parser.parse_args()
    if args.list:
        for name, wanted in CASES.items():
            print(f"{name} ({', '.join(wanted.forms)})\n    {' '.join(wanted.doc.split())}")
    elif args.out_dir is None:
        parser.error("OUT_DIR or --list is needed")
    else:
        torch.set_num_threads(1)
        write_cases(args.out_dir, args.names or list(CASES))


if __name__ == "__main__":
    main()
