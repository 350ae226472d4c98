# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a program's manual page from what the program says of itself.

Usage: write_man_page.py PROGRAM TEMPLATE PAGE. In the template, @VERSION@ is the program's version, @OPTIONS@ the options of
`PROGRAM --help`, and @VERBS@ a subsection for each verb with the options of `PROGRAM VERB --help`.
"""
import pathlib
import re
import subprocess
import sys

SECTION = re.compile(r"^(\w+):$")
ENTRY = re.compile(r"^ {2}(\S.*?)(?: {2,}(\S.*))?$")
WIDE_ENTRY = re.compile(r"^ {2}(\S.{25}\S) (\S.*)$")  # its term fills the column but for one space; no line more
MORE = re.compile(r"^ {10,}(\S.*)$")


def said(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True, encoding="utf-8").stdout


def sections_of(help_text):
    """{section: [(term, description)]} of a help text; what stands before the first section is under "" as lines."""
    sections, entries = {"": []}, None
    lines = help_text.splitlines()
    for line, following in zip(lines, lines[1:] + [""]):
        if heading := SECTION.match(line):
            entries = sections.setdefault(heading[1], [])
        elif not line.strip():
            entries = None if entries else entries
        elif entries is None:
            sections[""].append(line)
        elif entry := (not MORE.match(following) and WIDE_ENTRY.match(line)) or ENTRY.match(line):
            entries.append((entry[1], entry[2] or ""))
        elif more := MORE.match(line):
            term, description = entries[-1]
            entries[-1] = (term, f"{description} {more[1]}".strip())
        else:
            sys.exit(f"write_man_page.py: cannot read this line of --help: {line!r}")
    return sections


def escaped(text):
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return r"\&" + text if text[:1] in ".'" else text


def listed(entries):
    """One tagged paragraph an entry, its name in bold, its type and limits as people write them."""
    lines = []
    for term, description in entries:
        name, values = re.fullmatch(r"((?:-\w, ?)?\S+) ?(.*)", term).groups()
        values = re.sub(r"\b([A-Z]+):(?=\1\b|{)", "", values).replace(":NONNEGATIVE", " >= 0")
        values = values.replace("REQUIRED", "(required)")
        values = re.sub(r"Needs: (\S+)", r"(with \1)", values)
        values = re.sub(r"Excludes: (.*)", r"(not with \1)", values)
        lines += [".TP", rf"\fB{escaped(name.replace(',--', ', --'))}\fR {escaped(values)}".rstrip(), escaped(description)]
    return "\n".join(lines)


def verb_page(program, verb):
    sections = sections_of(said(program, verb, "--help"))
    usage = next(line for line in sections[""] if line.startswith("Usage: ")).removeprefix("Usage: ")
    options = [entry for entry in sections.get("Options", []) if not entry[0].startswith("-h,")]
    return "\n".join([rf".SS {escaped(verb)}", escaped(sections[""][0]) + ".", ".P", rf"\fB{escaped(usage)}\fR",
                      listed(sections.get("Positionals", []) + options)])


def main(program, template, page):
    sections = sections_of(said(program, "--help"))
    verbs = [verb for verb, _ in sections.get("Subcommands", [])]
    text = pathlib.Path(template).read_text(encoding="utf-8")
    text = text.replace("@VERSION@", said(program, "--version").split()[1])
    text = text.replace("@OPTIONS@", listed(sections["Options"]))
    text = text.replace("@VERBS@", "\n".join(verb_page(program, verb) for verb in verbs))
    pathlib.Path(page).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
