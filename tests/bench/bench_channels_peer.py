# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and cutting channel groups, side by side with Torch-Pruning (Fang 2023).

    python bench_channels_peer.py --program espalier-cli --models DIR [--runs 5] [NAME…]

Both cut half of the channels of everything but the classifier, on one core and one thread, in turns.
Espalier: analyse + plan + cut as its report says, each time in a new process. Torch-Pruning: building
the pruner and its step, on a fresh copy of the module. Loading, imports and a first forward pass are
outside of both; proof and saving, which only Espalier does, are left out too and stated apart.
Needs what `scripts/setup.sh --coverage` installs.
"""

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

LIMIT = 120  # seconds for one run of the peer


def cut_by_peer(name: str) -> None:
    """In a process of its own: answers every line on stdin with the seconds of one more run."""
    import torch

    from coverage import tv_models

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    tv_models.import_torchvision()
    import torch_pruning as tp

    model, example = tv_models.build(name), tv_models.example(name)
    with torch.no_grad():
        model(example)
    print("ready", flush=True)
    for _ in sys.stdin:
        fresh = copy.deepcopy(model)
        last = [m for m in fresh.modules() if getattr(m, "out_features", 0) == 1000]
        try:
            start = time.perf_counter()
            pruner = tp.pruner.MagnitudePruner(
                fresh,
                example,
                importance=tp.importance.MagnitudeImportance(p=2),
                pruning_ratio=0.5,
                ignored_layers=last,
            )
            pruner.step()
            seconds = time.perf_counter() - start
        except Exception as error:
            print("failed: " + " ".join(str(error).split())[:100], flush=True)
            continue
        try:
            with torch.no_grad():
                fresh(example)
            print(seconds, flush=True)
        except Exception:  # some models hold a width as a number that the caller is to change
            print(seconds, "its model does not run", flush=True)


class Peer:
    def __init__(self, name: str) -> None:
        command = [sys.executable, __file__, "--peer", name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.problem = self.remark = ""
        if self.answer() != "ready":
            self.problem = "did not start"

    def answer(self) -> str:
        import select

        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        return self.process.stdout.readline().strip() if ready else f"failed: over {LIMIT} s"

    def seconds(self) -> float | None:
        if self.problem:
            return None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        seconds, _, self.remark = self.answer().partition(" ")
        try:
            return float(seconds)
        except ValueError:
            self.problem = f"{seconds} {self.remark}".strip() or "failed: ended"
            return None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def cut_by_espalier(program: Path, path: Path, spec: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [program, "prune", path, "--input", spec, "--channels", "0.5", "--scope", "layer"]
        done = subprocess.run(
            [*map(str, command), "--output", str(Path(folder) / "cut.pt"), "--report", str(report)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-300:])
        return json.loads(report.read_text())["seconds"]


def compare(program: Path, path: Path, name: str, spec: str, runs: int) -> str:
    peer = Peer(name)
    theirs, ours, proofs = [], [], []
    try:
        for _ in range(runs):
            seconds = cut_by_espalier(program, path, spec)
            ours.append(seconds["analyse"] + seconds["plan"] + seconds["cut"])
            proofs.append(seconds["prove"] + seconds["save"])
            theirs.append(peer.seconds())
    except (RuntimeError, KeyError) as error:
        return f"| {name} | failed: {' '.join(str(error).split())} | | | |"
    finally:
        peer.end()
    mine, proof = statistics.median(ours), statistics.median(proofs)
    if peer.problem:
        return f"| {name} | {mine:.2f} | {peer.problem} | – | {proof:.2f} |"
    yours = statistics.median(theirs)
    remark = f" ({peer.remark})" if peer.remark else ""
    return f"| {name} | {mine:.2f} | {yours:.2f}{remark} | {yours / mine:.1f}× | {proof:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--program", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--form", default="script", choices=["script", "trace"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    if args.peer:
        cut_by_peer(args.peer)
        return
    if not args.program or not args.models:
        parser.error("--program and --models are needed")
    from coverage import tv_models

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["OMP_NUM_THREADS"] = "1"
    print("| model | Espalier s | Torch-Pruning s | ratio | Espalier's proof + save s |")
    print("|---|---|---|---|---|")
    for name in args.names or tv_models.NAMES:
        path = tv_models.write(name, args.models)[tv_models.FORMS.index(args.form)]
        spec = "x".join(map(str, tv_models.example(name).shape))
        print(compare(args.program, path, name, spec, args.runs), flush=True)


if __name__ == "__main__":
    main()
