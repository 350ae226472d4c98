# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a dozen torchvision models as ONNX and run them in onnxruntime beside PyTorch.

    python onnx_files.py --program espalier-cli --models FOLDER [NAME…]

Writes one line per file. Exits with 1 when a file is refused, differs by more than 1e-4 of the
largest output at batch 1 or 3, or does not take any batch; with 77 where torchvision or onnxruntime
is not there.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import onnx_judge  # noqa: E402
from coverage import tv_models  # noqa: E402

kSkipped = 77


def judge(program: Path, model: Path, pixels: int, folder: Path) -> tuple[bool, str]:
    """Whether one file comes out right, and a line about it."""
    target = folder / (model.stem + ".onnx")
    spec = f"1x3x{pixels}x{pixels}"
    started = time.monotonic()
    done = subprocess.run([str(program), "export", str(model), "--input", spec, "--format", "onnx",
                           "--output", str(target)], capture_output=True, text=True)  # fmt: skip
    seconds = time.monotonic() - started
    if done.returncode != 0:
        return False, f"refused: {done.stderr.strip().splitlines()[-1]}"
    session = onnx_judge.session_of(target)
    module = torch.jit.load(str(model)).eval()
    is_free = onnx_judge.takes_any_batch(session)
    batches = (1, 3) if is_free else (1,)
    worst = max(onnx_judge.largest_difference(module, session, [spec], batch) for batch in batches)
    target.unlink()
    batch = "any batch" if is_free else "batch 1 alone"
    return is_free and worst <= onnx_judge.TOLERANCE, f"{batch}, differs by {worst:.1e}, {seconds:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("names", nargs="*", default=tv_models.NAMES, metavar="NAME")
    args = parser.parse_args()
    try:
        import onnxruntime  # noqa: F401

        tv_models.import_torchvision()
    except ImportError as missing:
        print(f"skipped: {missing} (scripts/setup.sh --coverage installs it)")
        return kSkipped
    warnings.simplefilter("ignore")
    right = True
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names:
            for model in tv_models.write(name, args.models):
                is_right, line = judge(args.program, model, tv_models.side(name), Path(folder))
                right = right and is_right
                print(f"{'ok   ' if is_right else 'WRONG'} {model.name}: {line}", flush=True)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
