# SPDX-License-Identifier: GPL-3.0-or-later
"""What the desktop reads is as its specifications say, and says what the programs say."""
import re
import struct
import subprocess
import xml.etree.ElementTree as xml

import pytest

ID = "org.espalier.Espalier"
SIZES = (16, 24, 32, 48, 64, 128, 256)


def accepted(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def share(installed):
    if not (installed.share / "applications").exists():
        pytest.skip("built without a window")
    return installed.share


def test_menu_entry(share, tool, installed):
    entry = share / f"applications/{ID}.desktop"
    assert not accepted(tool("desktop-file-validate", "desktop-file-utils"), entry).strip()
    fields = dict(line.split("=", 1) for line in entry.read_text().splitlines() if "=" in line)
    assert (installed.prefix / "bin" / fields["Exec"].split()[0]).exists()
    assert (share / f"icons/hicolor/scalable/apps/{fields['Icon']}.svg").exists()


def test_appstream(share, tool):
    accepted(tool("appstreamcli", "appstream"), "validate", "--no-net", share / f"metainfo/{ID}.metainfo.xml")


def test_kinds_of_files(share, tool):
    accepted(tool("update-mime-database", "shared-mime-info"), share / "mime")
    globs = {line.split(":")[2]: line.split(":")[1] for line in (share / "mime/globs2").read_text().splitlines()
             if line[0] != "#"}
    assert globs == {"*.espalier": "application/x-espalier-session", "*.pt": "application/x-torchscript",
                     "*.espalier-plan.json": "application/x-espalier-plan+json",
                     "*.espalier-recipe.json": "application/x-espalier-recipe+json",
                     "*.torchscript": "application/x-torchscript"}
    entry = (share / f"applications/{ID}.desktop").read_text()
    opened = set(re.search(r"^MimeType=(.*);$", entry, re.M)[1].split(";"))
    assert opened == set(globs.values())
    metainfo = xml.parse(share / f"metainfo/{ID}.metainfo.xml")
    assert {node.text for node in metainfo.iter("mediatype")} == opened


@pytest.mark.parametrize("size", SIZES)
def test_icons_have_the_size_of_their_folder(share, size):
    header = (share / f"icons/hicolor/{size}x{size}/apps/{ID}.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", header[16:24]) == (size, size)


def test_the_drawing_is_an_svg(share):
    root = xml.parse(share / f"icons/hicolor/scalable/apps/{ID}.svg").getroot()
    assert root.tag.endswith("svg") and root.get("viewBox") == "0 0 16 16"


def option_names(text):
    return set(re.findall(r"^ +(?:-\w, ?)?(--[a-z-]+)", text, re.M))


def verbs_of(installed):
    listing = installed.run("espalier-cli", "--help").stdout.split("Subcommands:")[1].split("Exit codes")[0]
    return re.findall(r"^ {2}(\w+)", listing, re.M)


@pytest.mark.parametrize("program", ["espalier-cli", "espalier"])
def test_manual_page(installed, tool, program):
    page = installed.share / f"man/man1/{program}.1"
    if not page.exists():
        pytest.skip("built without a window")
    assert not accepted(tool("man", "man-db"), "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page).count("warning")
    text = page.read_text().replace(r"\-", "-")
    verbs = verbs_of(installed) if program == "espalier-cli" else []
    helps = [installed.run(program, *words).stdout for words in [["--help"], *([verb, "--help"] for verb in verbs)]]
    named = set().union(*map(option_names, helps))
    assert len(named) > 1 and named <= set(re.findall(r"--[a-z-]+", text))
    assert re.findall(r"^\.SS (\w+)", text, re.M) == verbs
    assert not re.search(r"@\w+@", text)


def test_pages_find_each_other(installed):
    pages = sorted((installed.share / "espalier" / "docs").glob("*.md"))
    assert pages
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_licences(installed):
    documents = installed.share / "doc/espalier"
    assert "GPL-3.0-or-later" in (documents / "copyright").read_text()
    of_torch = documents / "libtorch-licences.txt"
    assert not of_torch.exists() or "=== LICENSE ===" in of_torch.read_text()
