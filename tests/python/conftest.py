# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives espalier-cli and judges what it writes in real PyTorch."""
import errno
import gzip
import json
import os
import pathlib
import struct
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "resources" / "examples"


class Cli:
    """Runs `espalier-cli` and keeps what it printed."""

    def __init__(self, program):
        self.program = program

    def run(self, *arguments, timeout=300):
        for patience in (0.5, 2, 8, None):
            try:
                return subprocess.run([str(self.program), *map(str, arguments)], capture_output=True, text=True,
                                      errors="replace", timeout=timeout)
            except OSError as failure:  # a busy machine may refuse to start a program at all for a moment
                if patience is None or failure.errno not in (errno.EFAULT, errno.ENOMEM, errno.EAGAIN):
                    raise
                time.sleep(patience)

    def json(self, *arguments):
        return json.loads(self.ok(*arguments, "--json").stdout)

    def ok(self, *arguments, timeout=300):
        done = self.run(*arguments, timeout=timeout)
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture(scope="session")
def cli():
    folder = os.environ.get("ESPALIER_BIN") or ROOT / "build" / "dev" / "bin"
    program = pathlib.Path(folder) / "espalier-cli"
    if not program.exists():
        pytest.skip(f"espalier-cli is not built ({program})")
    return Cli(program)


@pytest.fixture(scope="session")
def fixtures():
    """The folder of small good and bad model files."""
    folder = os.environ.get("ESPALIER_FIXTURES")
    if not folder or not pathlib.Path(folder).is_dir():
        pytest.skip("ESPALIER_FIXTURES names no folder: run through ctest")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def examples():
    return EXAMPLES


@pytest.fixture(scope="session")
def mnist_test():
    """(images [10000, 1, 28, 28] normalised, labels [10000]), read without the program's help."""
    import numpy as np
    import torch

    folder = EXAMPLES / "mnist"
    images = np.frombuffer(gzip.open(folder / "t10k-images-idx3-ubyte.gz").read()[16:], np.uint8)
    labels = np.frombuffer(gzip.open(folder / "t10k-labels-idx1-ubyte.gz").read()[8:], np.uint8)
    pixels = torch.from_numpy(images.copy()).reshape(-1, 1, 28, 28).float() / 255
    return (pixels - 0.1307) / 0.3081, torch.from_numpy(labels.copy()).long()


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """Four IDX files in which the class is the row that is lit."""
    torch = pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("idx")
    torch.manual_seed(0)
    for part, count in (("train", 640), ("t10k", 200)):
        labels = torch.arange(count) % 10
        images = torch.randint(0, 60, (count, 28, 28), dtype=torch.uint8)
        for i, label in enumerate(labels.tolist()):
            images[i, 2 * label + 2:2 * label + 5] = 255
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">iiii", 2051, count, 28, 28) + images.numpy().tobytes()))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">ii", 2049, count) + labels.to(torch.uint8).numpy().tobytes()))
    return folder
