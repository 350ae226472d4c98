# SPDX-License-Identifier: GPL-3.0-or-later
"""What was installed and moved runs by itself: no build tree, no virtual environment, no LD_LIBRARY_PATH."""
import json
import pathlib
import re
import signal
import subprocess

import pytest

SYSTEM = ("/lib/", "/lib64/", "/usr/lib/")


def programs(installed):
    return [installed.prefix / "bin/espalier-cli", installed.prefix / "lib/espalier/espalier-load-guard",
            *installed.prefix.glob("bin/espalier")]


def test_the_command_line_runs(installed):
    done = installed.run("espalier-cli", "--version")
    assert done.returncode == 0 and done.stdout.startswith("espalier-cli "), done.stderr


# A model that was never seen goes through the guard first, which has a folder of its own.
def test_a_model_is_opened_cut_and_written(installed):
    model = installed.share / "espalier/examples/lenet5.script.pt"
    done = installed.run("espalier-cli", "prune", model, "--channels", 0.5, "--output", "cut.pt", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["proof"]["exact"]
    assert 0 < (installed.home / "cut.pt").stat().st_size < model.stat().st_size


def test_the_demo_finds_its_model_and_data(installed):
    done = installed.run("espalier-cli", "demo", "--epochs", 1, timeout=600)
    assert done.returncode == 0, done.stderr
    assert list((installed.home / "espalier-demo").glob("*.pt"))


def test_the_window_opens_and_stays(installed):
    program = installed.prefix / "bin/espalier"
    if not program.exists():
        pytest.skip("built without a window")
    process = subprocess.Popen([program, "--example", "-platform", "offscreen"], env={"HOME": str(installed.home)},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = process.communicate(timeout=5)[0]
        pytest.fail(f"espalier ended by itself with {process.returncode}: {said}")
    except subprocess.TimeoutExpired:
        process.terminate()  # as a session that ends does it
        assert process.wait(timeout=60) in (0, -signal.SIGTERM), process.stdout.read()


def test_libraries_come_from_here_or_from_the_system(installed):
    private = installed.prefix / "lib/espalier"
    if not list(private.glob("libtorch_cpu.so*")):
        pytest.skip("built with a LibTorch that is not installed with it (ESPALIER_BUNDLE_LIBTORCH is OFF)")
    for file in [*programs(installed), *private.glob("*.so*")]:
        listing = subprocess.run(["ldd", file], capture_output=True, text=True, check=True, env={}).stdout
        assert "not found" not in listing, listing
        for name, path in re.findall(r"(\S+) => (/.*) \(0x", listing):
            place = str(pathlib.Path(path).parent.resolve()) + "/"
            assert place.startswith((str(private), *SYSTEM)), f"{file.name} takes {name} from {path}"


def test_no_path_of_the_build_is_searched_for_libraries(installed, build):
    for file in programs(installed):
        dynamic = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True).stdout
        paths = re.findall(r"R(?:UN)?PATH.*\[(.*)\]", dynamic)
        assert str(build) not in str(paths), f"{file.name}: {paths}"
        if (installed.prefix / "lib/espalier/libc10.so").exists():
            assert paths and all(path.startswith("$ORIGIN") for path in ":".join(paths).split(":")), paths
