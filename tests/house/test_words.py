"""Words that hide what is meant, and numbers that lose money."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "shop"
TESTS = HOUSE.parent / "tests"
# A name that says nothing collects everything.
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "manager", "base_service"}
MONEY_ROOMS = ("core", "ledger", "payments", "payouts", "orders", "shipping", "reports", "fulfilment", "catalogue")


def modules(*folders: Path) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path.relative_to(HOUSE.parent).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def floats(tree: ast.Module) -> list[int]:
    """Lines that call float() or write a fraction as a float."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = [path for folder in (HOUSE, TESTS) for path in folder.rglob("*") if path.is_dir() or path.suffix == ".py"]
    assert [str(path) for path in names if path.stem.strip("_") in VAGUE] == []


@pytest.mark.parametrize("room", MONEY_ROOMS)
def test_no_float_comes_near_money(room: str) -> None:
    assert [(name, floats(tree)) for name, tree in modules(HOUSE / room) if floats(tree)] == []


def test_a_float_is_found() -> None:
    assert floats(ast.parse("total = float(text)\nrate = 0.5\ncount = 3\n")) == [1, 2]


def test_no_error_is_swallowed_in_silence() -> None:
    silent = [
        (name, node.lineno)
        for name, tree in modules(HOUSE)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
    ]
    assert silent == []


def test_nothing_waits_to_be_finished() -> None:
    unfinished = [
        path.relative_to(HOUSE.parent).as_posix()
        for path in HOUSE.rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js"}
        and any(
            mark in path.read_text(encoding="utf-8") for mark in ("TO" + "DO", "FIX" + "ME", "NOT " + "YET", "XX" + "X")
        )
    ]
    assert unfinished == []
