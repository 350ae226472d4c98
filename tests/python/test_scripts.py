# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts that people type: they parse, say what they do, and refuse what they do not know before they begin."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = sorted([*(ROOT / "scripts").glob("*.sh"), *(ROOT / "tests").glob("*/*.sh"), ROOT / ".ci" / "run"])
TYPED = [path for path in SCRIPTS if path.parent.name == "scripts"]


def run(path, *arguments):
    return subprocess.run([str(path), *arguments], capture_output=True, text=True, timeout=20)


def test_all_are_found():
    assert {"build.sh", "package.sh", "pictures.sh", "run.sh", "setup.sh", "test.sh"} <= {path.name for path in TYPED}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_it_parses(path):
    done = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_mode & 0o111


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.name)
def test_it_says_what_it_does(path):
    done = run(path, "--help")
    head = path.read_text().split("set -euo pipefail")[0].splitlines()[2:]
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.splitlines() == [line.removeprefix("#").removeprefix(" ") for line in head]


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.name)
def test_it_refuses_what_it_does_not_know(path):
    done = run(path, "--no-such-option")
    assert done.returncode == 2 and done.stdout == ""
    assert f"{path.name}: unknown option" in done.stderr and "--no-such-option" in done.stderr
