"""Every template compiles, has a title, is used, and holds neither style nor script nor a side of the screen."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from shop.notifications import render

SHOP = Path(__file__).parents[2] / "shop"
FOLDER = SHOP / "templates"
FILES = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".html", ".txt", ".xml"})
EXTENDS = re.compile(r"{%-?\s*extends\s")
# Mail programs know no stylesheet, so letters carry their style on the element.
LETTERS = {path for path in FILES if path.parent.name == "letters"} | {FOLDER / "layouts" / "letter.html"}
LAYOUTS = {path for path in FILES if path.parent.name == "layouts"}
PAGES = [path for path in FILES if EXTENDS.search(path.read_text(encoding="utf-8")) and path not in LETTERS | LAYOUTS]
PARTS = [path for path in FILES if path not in PAGES and path not in LETTERS]

INLINE = re.compile(
    r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:"
    r"|<script\b(?![^>]*\b(?:src=|type=\"(?:application/(?:ld\+)?json|importmap)\"))",
    re.IGNORECASE,
)
SIDES = re.compile(r"\b(?:class|style)\s*=\s*\"[^\"]*(?<![a-z])(?:left|right|ltr|rtl)(?![a-z])[^\"]*\"", re.IGNORECASE)


def name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def words(path: Path) -> str:
    """A template without its comments, which may name anything."""
    return re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@cache
def named_in_code() -> list[re.Pattern[str]]:
    """Every string of the house that names a template; what an f-string leaves open may be any word."""
    patterns = []
    for path in SHOP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [part.value if isinstance(part, ast.Constant) else None for part in parts]
            if any(isinstance(text, str) and text.endswith((".html", ".txt", ".xml")) for text in texts):
                patterns.append(re.compile("".join(r"\w+" if text is None else re.escape(str(text)) for text in texts)))
    return patterns


@cache
def named_in_templates() -> set[str]:
    return {match for path in FILES for match in re.findall(r"[\"']([\w/-]+\.(?:html|txt|xml))[\"']", words(path))}


def is_named(path: Path) -> bool:
    return name(path) in named_in_templates() or any(pattern.fullmatch(name(path)) for pattern in named_in_code())


def test_there_are_pages_to_look_at() -> None:
    assert len(PAGES) > 30


def test_every_template_compiles(app: Flask) -> None:
    for path in FILES:
        environment = render._environment() if path in LETTERS else app.jinja_env
        assert environment.get_template(name(path))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_has_a_title(path: Path) -> None:
    title = re.search(r"{%-?\s*block title\s*-?%}(.*?){%-?\s*endblock", words(path), re.DOTALL)
    assert title
    assert title[1].strip()


@pytest.mark.parametrize("path", [path for path in FILES if path not in LETTERS], ids=name)
def test_a_template_holds_no_style_and_no_script_of_its_own(path: Path) -> None:
    # The content security policy allows neither, so they would be dead on arrival.
    assert INLINE.findall(words(path)) == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_class_names_a_side_of_the_screen(path: Path) -> None:
    assert SIDES.findall(words(path)) == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_is_shown_by_some_handler(path: Path) -> None:
    assert is_named(path)


@pytest.mark.parametrize("path", PARTS, ids=name)
def test_a_part_is_used_by_some_page(path: Path) -> None:
    assert is_named(path)


def test_every_template_a_template_names_exists() -> None:
    assert named_in_templates() - {name(path) for path in FILES} == set()


@pytest.mark.parametrize("line", ['<p style="color:red">', "<style>", '<a onclick="x()">', "<script>x()</script>"])
def test_style_and_script_are_found(line: str) -> None:
    assert INLINE.search(line)


def test_data_for_machines_and_files_are_no_inline_scripts() -> None:
    assert not INLINE.search(
        '<script type="application/ld+json">{}</script><script type="module" src="/a.js"></script>'
    )


def test_a_side_of_the_screen_is_found() -> None:
    assert SIDES.search('<div class="card card--left">')
    assert not SIDES.search('<div class="copyright bright">')
