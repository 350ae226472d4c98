# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that every include points the way docs/architecture.md allows, that its picture of the includes is up to date, and
that no UI object has seen torch.

Usage: check.py SOURCE_DIR [BUILD_DIR]. Exit 1 and one line per violation.
"""
import pathlib
import re
import subprocess
import sys

import picture

# Each room may include itself, its parents here, and theirs.
CORE_ROOMS = {
    "base": [],
    "script": ["base"],
    "model": ["script"],
    "channels": ["model"],
    "prune": ["channels"],
    "data": ["script"],
    "measure": ["prune", "data"],
    "train": ["measure"],
    "exchange": ["train"],
    "project": ["exchange"],
}
UI_ROOMS = {
    "style": [],
    "jobs": [],
    "plots": ["style"],
    "document": ["jobs"],
    "models": ["document", "style"],
    "dialogs": ["models", "plots"],
    "panels": ["dialogs"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
QT = re.compile(r"^(Q[A-Z]\w*|Qt\w+/.*|qcustomplot\.h)$")


def reachable(rooms, room):
    seen, todo = {room}, [room]
    while todo:
        for parent in rooms[todo.pop()]:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen


def violations_of(path, text):
    """The include rules one source file breaks. `path` is relative to the project, with forward slashes."""
    parts = path.split("/")
    storey, room = parts[0], parts[1] if len(parts) > 2 else ""
    for _, target in INCLUDE.findall(text):
        to = target.split("/")
        if storey == "core":
            if QT.match(target):
                yield f"{path}: core must not include Qt ({target})"
            if to[0] in ("ui", "app"):
                yield f"{path}: core must not include {to[0]} ({target})"
            if room == "base" and TORCH.match(target):
                yield f"{path}: base must not include torch ({target})"
            if path.endswith(".h") and not path.endswith("_torch.h") and (TORCH.match(target) or target.endswith("_torch.h")):
                yield f"{path}: a header that includes torch must be named *_torch.h ({target})"
            if to[0] == "core" and len(to) > 2 and to[1] not in reachable(CORE_ROOMS, room):
                yield f"{path}: core/{room} must not include core/{to[1]} ({target})"
        if storey in ("ui", "app"):
            if TORCH.match(target) or target.endswith("_torch.h"):
                yield f"{path}: {storey} must not include torch ({target})"
        if storey == "ui":
            if to[0] == "app":
                yield f"{path}: ui must not include app ({target})"
            if to[0] == "ui" and len(to) > 2 and to[1] not in reachable(UI_ROOMS, room):
                yield f"{path}: ui/{room} must not include ui/{to[1]} ({target})"
        if parts[:2] == ["app", "cli"] and (QT.match(target) or to[0] == "ui"):
            yield f"{path}: the command line must not need a window ({target})"
        if target.endswith("qcustomplot.h") and path != "ui/plots/qcp.h":
            yield f"{path}: only ui/plots/qcp.h includes QCustomPlot"


def all_violations(source):
    for storey in ("core", "ui", "app", "tests"):
        for path in sorted((source / storey).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                text = path.read_text(encoding="utf-8")
                relative = path.relative_to(source).as_posix()
                if "SPDX-License-Identifier: GPL-3.0-or-later" not in text[:200]:
                    yield f"{relative}: no SPDX line"
                yield from violations_of(relative, text)
    for rooms, storey in ((CORE_ROOMS, "core"), (UI_ROOMS, "ui")):
        for folder in sorted(p for p in (source / storey).iterdir() if p.is_dir()):
            if folder.name not in rooms:
                yield f"{storey}/{folder.name}: a room that the architecture does not know"
            elif not (folder / "README.md").is_file():
                yield f"{storey}/{folder.name}: no README.md"
            elif len((folder / "README.md").read_text(encoding="utf-8").splitlines()) > 15:
                yield f"{storey}/{folder.name}/README.md: longer than 15 lines"


def picture_violations(source):
    if picture.up_to_date(source, CORE_ROOMS, UI_ROOMS) != (source / picture.PAGE).read_text(encoding="utf-8"):
        yield f"{picture.PAGE}: its picture of includes is out of date; run tests/architecture/picture.py {source}"


def torch_in_ui_objects(build):
    """Names UI and application objects whose compiler dependencies hold a torch header."""
    listing = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True)
    current = ""
    for line in listing.stdout.splitlines():
        if line and not line.startswith(" "):
            current = line.split(":")[0]
        elif re.match(r"(ui|app)/", current) and "/include/torch/csrc/" in line:
            yield f"{current}: saw the torch header {line.strip()}"
            current = ""


def self_check():
    """The rules must be able to fail: each of these lines is a violation."""
    bad = {
        "core/base/a.cpp": '#include "core/model/x.h"',
        "core/model/b.cpp": "#include <QString>",
        "core/model/c.h": "#include <torch/script.h>",
        "ui/panels/d.cpp": '#include "core/model/snapshot_torch.h"',
        "ui/plots/e.cpp": "#include <qcustomplot.h>",
        "app/cli/f.cpp": '#include "ui/plots/x.h"',
    }
    return [path for path, line in bad.items() if not list(violations_of(path, line))]


def main():
    source = pathlib.Path(sys.argv[1])
    found = [f"self-check: {path} was let through" for path in self_check()]
    found += all_violations(source)
    found += picture_violations(source)
    if len(sys.argv) > 2:
        found += torch_in_ui_objects(pathlib.Path(sys.argv[2]))
    print("\n".join(found) or "architecture: every include points the right way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
