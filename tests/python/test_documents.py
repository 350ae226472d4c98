# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command in README.md and docs/*.md is run, with stand-ins for what a reader brings.

A block of ```sh is run as it is, in order within its document, in a folder of the document's own. One that cannot be is
marked by the line <!-- not run: REASON --> before it.
"""
import os
import pathlib
import re
import subprocess
from dataclasses import dataclass

import pytest

from conftest import ROOT
from doc_stand_ins import prepare

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- not run: ?(?P<reason>.*?) ?-->\n+)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
OUTPUT = re.compile(r"--(?:output|masked-output|save-plan|report|metrics|log)[ =](\S+)")
SHELL = ("sh", "bash")
SHORTEST_REASON = 15  # letters
SECONDS = 900  # for a block; a few on an idle machine


@dataclass
class Block:
    language: str
    text: str
    reason: str | None  # why it is not run


def blocks_of(document):
    return [Block(m["language"], m["text"], m["reason"]) for m in BLOCK.finditer(document.read_text())]


def runnable(document):
    return [block for block in blocks_of(document) if block.language in SHELL and block.reason is None]


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory, examples):
    folder = tmp_path_factory.mktemp("stand-ins")
    prepare(folder, examples)
    return folder


def run(block, folder, cli):
    changes = {"PATH": f"{pathlib.Path(cli.program).parent}:{os.environ['PATH']}",
               "ESPALIER_RESOURCES": str(folder / "resources"), "XDG_CACHE_HOME": str(folder / ".cache")}
    return subprocess.run(["bash", "-euo", "pipefail", "-c", block.text], cwd=folder, capture_output=True, text=True,
                          timeout=SECONDS, env={**os.environ, **changes})


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if runnable(d)], ids=lambda path: path.name)
def test_commands_do_what_they_say(cli, stand_ins, tmp_path, document):
    folder = tmp_path / "here"
    subprocess.run(["cp", "-r", stand_ins, folder], check=True)
    for block in runnable(document):
        done = run(block, folder, cli)
        assert done.returncode == 0, f"{block.text}\n{done.stderr[-2000:]}"
        for name in OUTPUT.findall(block.text):
            written = folder / name
            assert written.is_relative_to(folder) and written.stat().st_size > 0, name
        for model in re.findall(r"espalier-cli tune (\S+)\.pt(?:(?!--output).)*$", block.text, re.M):
            assert (folder / f"{model}-pruned.pt").exists() or "\\\n" in block.text, model


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_command_is_passed_over(document):
    for block in blocks_of(document):
        if block.reason is not None:
            assert block.language in SHELL and len(block.reason) >= SHORTEST_REASON, f"no reason: {block.text}"
        if block.language not in SHELL:
            assert not re.search(r"^\s*(\$ )?(espalier(-cli)? [a-z\[-]|scripts/|cmake )", block.text, re.M), (
                f"commands in a block that is not ```sh:\n{block.text}")


def options_of(cli):
    verbs = re.findall(r"^ {2}(\w+)", cli.ok("--help").stdout.split("Subcommands:")[1].split("Exit")[0], re.M)
    return {verb: set(re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", cli.ok(verb, "--help").stdout, re.M)) for verb in verbs}


# `espalier-cli VERB … --option …` within a sentence: the verb has these options.
def test_commands_within_sentences_name_what_there_is(cli):
    known = options_of(cli)
    named = [(document.name, command) for document in DOCUMENTS
             for command in re.findall(r"`espalier-cli ([a-z][^`]*)`", document.read_text())]
    assert len(named) > 3
    for document, command in named:
        verb, *rest = command.split()
        assert verb in known, f"{document}: {command}"
        assert set(re.findall(r"--[a-z-]+", " ".join(rest))) <= known[verb], f"{document}: {command}"


# `--option` alone: some verb or script has it.
def test_options_within_sentences_exist(cli):
    scripts = "".join(path.read_text() for path in (*(ROOT / "scripts").glob("*.sh"), *(ROOT / "tests" / "bench").glob("*.py")))
    known = set().union(*options_of(cli).values(), re.findall(r"--[a-z-]+", scripts), {"--help", "--version", "--example"})
    for document in DOCUMENTS:
        for option in re.findall(r"`(--[a-z-]+)[^`]*`", document.read_text()):
            assert option in known, f"{document.name}: {option}"
