# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the build into a prefix, once for all tests here, and then moves the prefix elsewhere."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest


class Installed:
    """An installation that was moved after it was made."""

    def __init__(self, prefix, home):
        self.prefix, self.home = prefix, home
        self.share = prefix / "share"

    def run(self, program, *arguments, timeout=120):
        """Runs a program of it with nothing in the environment but a home of its own."""
        return subprocess.run([self.prefix / "bin" / program, *map(str, arguments)], capture_output=True, text=True,
                              timeout=timeout, env={"HOME": str(self.home)}, cwd=self.home)


@pytest.fixture(scope="session")
def build():
    folder = os.environ.get("ESPALIER_BUILD")
    if not folder:
        pytest.skip("ESPALIER_BUILD names no build folder: run through ctest")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def installed(build):
    with tempfile.TemporaryDirectory(prefix="install-", dir=build) as folder:
        made, moved = pathlib.Path(folder, "made"), pathlib.Path(folder, "moved to here")
        subprocess.run(["cmake", "--install", build, "--prefix", made], check=True, capture_output=True)
        made.rename(moved)
        home = pathlib.Path(folder, "home")
        home.mkdir()
        yield Installed(moved, home)


@pytest.fixture
def tool():
    """The path of a program that Debian has; the test is skipped where it is not installed."""

    def find(name, package):
        found = shutil.which(name)
        if not found:
            pytest.skip(f"{name} is not installed (Debian: {package})")
        return found

    return find
