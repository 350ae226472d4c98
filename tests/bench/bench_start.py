# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon the program is there, and what it costs while nobody does anything.

    python bench_start.py BUILD/bin [--runs 7] [--idle 10]

Needs Xvfb, xdotool and ImageMagick's `import`. Each start is from exec() to the first picture of the window that is not
of one colour; the window's pictures are looked at again and again, which costs up to a tenth of a second: the figures are
upper bounds. The processor time beside it says what is the program's own on a busy machine. One start before all
others warms the disk and is not counted. Idling: processor time of the window with the example open, once it has
come to rest. Prints JSON: medians, and in brackets the smallest and the largest.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 120  # seconds for a window to appear
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def screen():
    """A display of its own; its name."""
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp",
                               "-noreset"],
                              pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as names:
        name = ":" + names.readline().strip()
    try:
        yield name
    finally:
        server.terminate()
        server.wait()


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def output(command: list, environment: dict) -> bytes:
    return subprocess.run(list(map(str, command)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout


def is_painted(window: str, environment: dict) -> bool:
    """Whether more than one colour is to be seen in the upper left of the window."""
    pixels = output(["import", "-silent", "-window", window, "-crop", "300x200+0+0", "rgb:-"], environment)
    return len({pixels[i:i + 3] for i in range(0, len(pixels) - 2, 3)}) > 1


def wait_for_window(program: subprocess.Popen, environment: dict, started: float) -> dict:
    while program.poll() is None and time.perf_counter() - started < PATIENCE:
        found = output(["xdotool", "search", "--onlyvisible", "--all", "--pid", program.pid, "--class", "."], environment).split()
        for window in found:
            if is_painted(window.decode(), environment):
                return {"wall": time.perf_counter() - started, "cpu": processor_seconds(program.pid)}
        time.sleep(0.005)
    raise TimeoutError("no window")


@contextmanager
def window(args: argparse.Namespace, environment: dict, *more: str):
    """A started program, and what the start took."""
    started = time.perf_counter()
    program = subprocess.Popen([args.programs / "espalier", *more], env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield program, wait_for_window(program, environment, started)
    finally:
        program.terminate()
        program.wait(60)


def start_of_window(args: argparse.Namespace, environment: dict, *more: str) -> dict:
    with window(args, environment, *more) as (_, took):
        return took


def version_of_cli(args: argparse.Namespace, environment: dict) -> dict:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([args.programs / "espalier-cli", "--version"], env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def idling(args: argparse.Namespace, environment: dict, *more: str) -> float:
    """Processor seconds in `args.idle` seconds, once three seconds in a row were quiet."""
    with window(args, environment, *more) as (program, _):
        quiet, last = 0, processor_seconds(program.pid)
        for _ in range(PATIENCE):
            time.sleep(1)
            now = processor_seconds(program.pid)
            quiet, last = (quiet + 1 if now - last < 0.05 else 0), now
            if quiet == 3:
                break
        before = processor_seconds(program.pid)
        time.sleep(args.idle)
        return processor_seconds(program.pid) - before


def summary(takes: list[dict]) -> dict:
    def told(kind: str) -> str:
        values = sorted(each[kind] for each in takes)
        return f"{statistics.median(values):.2f} s ({values[0]:.2f} to {values[-1]:.2f})"
    return {kind: told(kind) for kind in takes[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--idle", type=float, default=10)
    args = parser.parse_args()
    with screen() as display, tempfile.TemporaryDirectory() as home:
        environment = {key: value for key, value in os.environ.items() if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
        environment |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        environment |= {f"XDG_{kind}_HOME": f"{home}/{kind}" for kind in ("CONFIG", "CACHE", "STATE")}
        start_of_window(args, environment, "--example")
        found = {
            "window": summary([start_of_window(args, environment) for _ in range(args.runs)]),
            "window with --example": summary([start_of_window(args, environment, "--example") for _ in range(args.runs)]),
            "espalier-cli --version": summary([version_of_cli(args, environment) for _ in range(args.runs)]),
            f"processor seconds in {args.idle:g} s, start page": round(idling(args, environment), 3),
            f"processor seconds in {args.idle:g} s, example open": round(idling(args, environment, "--example"), 3),
        }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
