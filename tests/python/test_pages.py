# SPDX-License-Identifier: GPL-3.0-or-later
"""What README.md and docs/*.md point to is there: pages, headings, pictures, commands of the window and their keys."""
import re

import pytest

from conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MENUS = "File|Edit|View|Prune|Train|Tools|Help"
ACTION = re.compile(r'\{"[\w.]+", "([^"]+)", \d, TEXT\("([^"]+)"\), "([^"]*)"')
COMMAND = re.compile(rf"((?:{MENUS}) ▸ [^*]+?)…?\*(?:,? \(?((?:Ctrl|Shift|Alt|F\d)[+\w]*))?")
LABEL = re.compile(r"(?<![*\w])\*([A-Z][^*]{1,60}?)\*(?![*\w])")
PANEL = re.compile(r'\{"(view\.\w+)", "View", 1, TEXT\("([^"]+)"\), "(F\d+)"')


def text_of(page):
    """Without blocks of code, and with single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S))


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands():
    """{"File ▸ Open": "Ctrl+O"}: the menus' words without their letters and dots."""
    table = (ROOT / "app" / "gui" / "action_table.cpp").read_text()
    found = {f"{menu} ▸ {text}".replace("/", " ▸ ").replace("&", "").rstrip("…"): key
             for menu, text, key in ACTION.findall(table)}
    assert len(found) > 60
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        place = page.parent / path if path else page
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), f"{target}: has {sorted(anchors(place))}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_of_the_window_are_called_that(page):
    known = commands()
    menus = {name.rpartition(" ▸ ")[0] for name in known}
    for name, key in COMMAND.findall(text_of(page)):
        if name in menus:
            continue
        assert name in known, name
        assert not key or key == known[name], f"{name}: {key}, but it is {known[name]}"


def test_every_command_is_in_italics():
    for page in PAGES:
        for found in re.finditer(rf"(?:^|[^*\w])(?:{MENUS}) ▸ ", text_of(page)):
            assert found[0].startswith("*"), f"{page.name}: {found[0]}"


def test_the_tour_names_every_panel():
    tour = (ROOT / "docs" / "tour.md").read_text()
    panels = [text for _, text, _ in PANEL.findall((ROOT / "app" / "gui" / "action_table.cpp").read_text())]
    tabs = re.findall(r'addTab\([^,]+, tr\("(\w+)"\)', (ROOT / "app" / "gui" / "workspace.cpp").read_text())
    assert len(panels) == 6 and len(tabs) == 6
    for name in [text.replace("&", "") for text in panels] + tabs:
        assert f"**{name}**" in tour or f"### {name}" in tour, name


def test_every_picture_is_shown():
    shown = set().union(*(re.findall(r"images/([\w-]+\.png)", page.read_text()) for page in PAGES))
    assert shown == {path.name for path in (ROOT / "docs" / "images").glob("*.png")}


def test_every_page_is_in_the_contents():
    contents = (ROOT / "docs" / "README.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in contents, page.name


def words_of_the_program():
    """Every text in the code, as people see it."""
    found = set()
    for source in [path for room in ("app", "ui", "core") for path in (ROOT / room).rglob("*.[ch]*")]:
        joined = re.sub(r"'\\?.'|\"\s*\n\s*\"", "", source.read_text())
        found.update(text.replace("&", "") for text in re.findall(r'"((?:[^"\\]|\\.)*)"', joined))
    return found


def test_what_is_in_italics_and_capitals_is_a_label_of_the_window():
    known = {text.rstrip("….: ") for text in words_of_the_program()}
    checked = 0
    for page in PAGES:
        for name in LABEL.findall(text_of(page)):
            if "▸" in name or page.name == "coverage.md":  # commands: see above; that page's columns
                continue
            assert name.rstrip("….:, ") in known, f"{page.name}: {name}"
            checked += 1
    assert checked > 50
