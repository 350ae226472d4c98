# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of includes in docs/architecture.md: which rooms name headers of which other rooms.

Usage: picture.py SOURCE_DIR writes it anew. check.py fails where it is not what the code says.
"""
import pathlib
import re
import sys

PAGE = "docs/architecture.md"
APP_ROOMS = ["guard", "cli", "gui"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"(core|ui|app)/(\w+)/', re.M)
PLACE = re.compile(r"(<!-- Written by tests/architecture/picture\.py: do not edit by hand\. -->\n```\n).*?(^```$)", re.M | re.S)


def includes_of(source):
    """{(including room, included room)}; a room is "core/prune"."""
    found = set()
    for storey in ("core", "ui", "app"):
        for path in (source / storey).rglob("*"):
            if path.suffix in (".h", ".cpp"):
                room = "/".join(path.relative_to(source).parts[:2])
                text = path.read_text(encoding="utf-8")
                found |= {(room, f"{to_storey}/{to}") for to_storey, to in INCLUDE.findall(text)}
    return found


def drawn(rooms, includes):
    """A row and a column for each room, from the ground up: a dot right of the squares would be an arrow that points up."""
    letters = "abcdefghijklmnopqrstuvwxyz"[:len(rooms)]
    lines = [" " * 18 + " ".join(letters)]
    for letter, room in zip(letters, rooms):
        cells = ("■" if other == room else "●" if (room, other) in includes else " " for other in rooms)
        lines.append(f"{letter}  {room:<15}" + " ".join(cells))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def up_to_date(source, core_rooms, ui_rooms):
    """The page as it should be. `core_rooms` and `ui_rooms`: names from the ground up."""
    rooms = ([f"core/{name}" for name in core_rooms] + [f"ui/{name}" for name in ui_rooms]
             + [f"app/{name}" for name in APP_ROOMS])
    picture = drawn(rooms, includes_of(source))
    page = (source / PAGE).read_text(encoding="utf-8")
    if not PLACE.search(page):
        raise SystemExit(f"{PAGE}: there is no place for the picture of includes")
    return PLACE.sub(lambda found: found[1] + picture + found[2], page)


def main():
    from check import CORE_ROOMS, UI_ROOMS
    source = pathlib.Path(sys.argv[1])
    (source / PAGE).write_text(up_to_date(source, CORE_ROOMS, UI_ROOMS), encoding="utf-8")


if __name__ == "__main__":
    main()
