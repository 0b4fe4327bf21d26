"""Column mappings: every rule, and mappings that make no sense."""

from pathlib import Path

import pytest

from shop.importing.mappings import load_mapping, make_mapper
from shop.importing.problems import MappingInvalid, Problem, TableUnreadable
from shop.importing.tables import read_table

FIELDS = ("sku", "title", "size", "codes")


def values(folder: Path, rule: str, cells: str, header: str = "a,b", more: str = "") -> tuple[str, list[Problem]]:
    (folder / "map.toml").write_text(f"{more}\n[fields]\nsku = {rule}\n{_tables(more)}", encoding="utf-8")
    (folder / "table.csv").write_text(f"{header}\n{cells}\n", encoding="utf-8")
    table = read_table(folder / "table.csv")
    mapper = make_mapper(table, load_mapping(folder / "map.toml", FIELDS), FIELDS, ())
    problems: list[Problem] = []
    found, _whole = mapper.values(table.rows[0], problems)
    return found.get("sku", ""), problems


def _tables(more: str) -> str:
    return """
[lookups.colour]
Red = "R"
"Dark blue" = "DB"
[patterns]
kind = [["rug|carpet", "tapis"], ["pot", "poterie"]]
"""


@pytest.mark.parametrize(
    ("rule", "cells", "expected"),
    [
        ('"a"', " x ,y", "x"),
        ('{ constant = "k" }', "x,y", "k"),
        ('{ template = "{a}-{b}" }', "x,y", "x-y"),
        ('{ template = "{a}[ ({b})]." }', "x,", "x."),
        ('{ template = "{a}[ ({b})]." }', "x,y", "x (y)."),
        ('{ column = "a", factor = 10, digits = 0 }', "12.25,", "122"),
        ('{ column = "a", factor = 0.1 }', "12,", "1.2"),
        ('{ column = "a", lookup = "colour" }', "dark BLUE,", "DB"),
        ('{ column = "a", lookup = "colour", default = "?" }', "green,", "?"),
        ('{ column = "a", lookup = "colour", unknown = "keep" }', "green,", "green"),
        ('{ column = "a", match = "kind", default = "x" }', "Old Carpet,", "tapis"),
        (
            '{ column = "a", split = ";", match = "kind", unknown = "drop" }',
            "rug; pots; glass; carpet,",
            "tapis;poterie",
        ),
        ('{ column = "a", split = ";" }', "x; y;;x,", "x;y"),
        ("{ column = \"a\", find = '([0-9.]+) cm' }", "H 12.5 cm,", "12.5"),
        ('{ column = "a", longest = 12 }', "a very long title,", "a very long…"),
        ('{ column = "a", default = "d" }', ",y", "d"),
        ('[{ column = "a", when = { b = "^H" } }, { constant = "else" }]', "x,W", "else"),
        ('[{ column = "a", when = { b = "^H" } }, { constant = "else" }]', "x,H", "x"),
    ],
)
def test_rules_make_values(tmp_path: Path, rule: str, cells: str, expected: str) -> None:
    assert values(tmp_path, rule, cells) == (expected, [])


def test_an_unknown_value_is_reported_at_its_column(tmp_path: Path) -> None:
    found, problems = values(tmp_path, '{ column = "b", lookup = "colour" }', "x,green")
    assert found == ""
    assert (problems[0].line, problems[0].column, problems[0].code, problems[0].value) == (
        2,
        2,
        "unknown_value",
        "green",
    )


def test_a_number_that_is_none_is_reported(tmp_path: Path) -> None:
    _found, problems = values(tmp_path, '{ column = "a", factor = 10 }', "ten,")
    assert [problem.code for problem in problems] == ["number"]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableUnreadable) as caught:
        values(tmp_path, '"Missing"', "x,y")
    assert caught.value.problem.value == "Missing"


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[fields]\nnothing = 'a'",
        "[fields]\nsku = { column = 'a', constant = 'b' }",
        "[fields]\nsku = { colum = 'a' }",
        "[fields]\nsku = { column = 'a', lookup = 'none' }",
        "[fields]\nsku = { column = 'a', find = '(' }",
        "[fields]\nsku = { column = 'a', unknown = 'maybe' }",
        "timezone = 'Mars/Olympus'",
        "delimiter = '!'",
        "sources = 'x'",
    ],
)
def test_a_mapping_that_makes_no_sense_says_where(tmp_path: Path, text: str) -> None:
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(MappingInvalid) as caught:
        load_mapping(tmp_path / "map.toml", FIELDS)
    assert "map.toml" in caught.value.text


def test_a_constant_from_outside_wins_over_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text("[fields]\nsku = 'gone'", encoding="utf-8")
    (tmp_path / "table.csv").write_text("a\n1\n", encoding="utf-8")
    table = read_table(tmp_path / "table.csv")
    mapping = load_mapping(tmp_path / "map.toml", FIELDS).with_constants({"sku": "S"}, FIELDS)
    assert make_mapper(table, mapping, FIELDS, ()).values(table.rows[0], []) == ({"sku": "S"}, True)
    with pytest.raises(MappingInvalid):
        mapping.with_constants({"nothing": "x"}, FIELDS)
