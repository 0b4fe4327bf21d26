"""The stylesheets keep their rules: layers, logical properties, short files, and a weight a weak network can carry."""

import gzip
import re
from pathlib import Path

import pytest

from shop.web.assets import DOORS, css_files, join_css, resource

CSS = resource("static") / "css"
FILES = sorted(CSS.rglob("*.css"))
LAYERS = "reset, tokens, base, layout, components, utilities, print"
STOREFRONT_BUDGET = 14 * 1024

# A property or value that names a side of the screen; `:dir()` and grid lines are not among them.
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)[\w-]*"
    r"|(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height)"
    r"|border-(?:top|bottom)-(?:left|right)-radius|overflow-[xy])\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right))"
)
# Questions put to the screen are physical by nature, and two properties have no logical form every browser knows.
ALLOWED = re.compile(r"@(?:media|container)[^{]*|overflow-x\s*:|overscroll-behavior-x\s*:")


def rules(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL).strip()


def test_layers_are_declared_once_in_their_order() -> None:
    assert rules(CSS / "layers.css") == f"@layer {LAYERS};"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CSS)))
def test_every_rule_stands_in_a_known_layer(path: Path) -> None:
    depth, outside = 0, ""
    for character in rules(path):
        depth += {"{": 1, "}": -1}.get(character, 0)
        outside += character if depth == 0 or (depth == 1 and character == "{") else ""
    assert depth == 0, "a bracket is open"
    heads = [head.strip() for head in re.split(r"[{}]", outside) if head.strip()]
    known = {f"@layer {layer}" for layer in LAYERS.split(", ")} | {f"@layer {LAYERS};"}
    assert heads
    assert set(heads) <= known


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CSS)))
def test_no_rule_names_a_side_of_the_screen(path: Path) -> None:
    assert PHYSICAL.findall(ALLOWED.sub("", rules(path))) == []


def test_the_search_for_sides_finds_them() -> None:
    for rule in (
        "margin-left: 1px",
        "left: 0",
        "text-align: right",
        "width: 3px",
        "border-top-left-radius: 2px",
    ):
        assert PHYSICAL.search(rule), rule
    for rule in (
        "margin-inline-start: 1px",
        "max-inline-size: 3px",
        "border-block-end-width: 1px",
        "stroke-width: 1",
    ):
        assert not PHYSICAL.search(rule), rule


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CSS)))
def test_a_stylesheet_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("door", DOORS)
def test_a_door_sends_at_most_fourteen_kilobytes_of_css(door: str) -> None:
    assert len(gzip.compress(join_css(CSS, door).encode(), 9)) <= STOREFRONT_BUDGET


def test_every_stylesheet_is_sent_by_a_door() -> None:
    assert set(FILES) == {path for door in DOORS for path in css_files(CSS, door)}


def test_scripts_together_weigh_at_most_six_kilobytes() -> None:
    scripts = (resource("static") / "js").glob("*.js")
    assert sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts) <= 6 * 1024
