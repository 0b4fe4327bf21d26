"""Each package says in its docstring what is in it and what is not, briefly enough to be read."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "shop"
PACKAGES = sorted(path.parent for path in HOUSE.rglob("__init__.py") if path.parent != HOUSE)
# What stands in these besides the card: the words other rooms call, and the folder where data lies.
MORE_THAN_A_CARD = {"i18n", "demo/mappings"}
LINES = 15


def label(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


@pytest.mark.parametrize("package", PACKAGES, ids=label)
def test_a_package_has_a_card_of_few_lines(package: Path) -> None:
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    card = ast.get_docstring(tree)
    assert card, "a docstring says what is in the room and what is not"
    assert card.splitlines()[0].strip()
    assert len(card.splitlines()) <= LINES


@pytest.mark.parametrize("package", PACKAGES, ids=label)
def test_a_package_holds_nothing_but_its_card(package: Path) -> None:
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    assert (len(tree.body) > 1) == (label(package) in MORE_THAN_A_CARD)


def test_the_house_itself_is_empty_and_no_folder_of_modules_lacks_its_card() -> None:
    assert (HOUSE / "__init__.py").read_text(encoding="utf-8") == ""
    folders = {path.parent for path in HOUSE.rglob("*.py")} - {HOUSE}
    assert folders == set(PACKAGES)


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        label(path)
        for path in sorted(HOUSE.rglob("*.py"))
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
