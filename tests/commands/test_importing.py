"""`shop import` and `shop export` as a person or a script meets them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from shop.catalogue.models import Product
from shop.commands.importing import export_group, import_group
from shop.core.db import db
from shop.core.tables import Rate
from shop.orders.models import DeclaredSale
from tests.builders import make_product, make_unit

DATA = Path(__file__).parents[1] / "data" / "imports"
MAPPING = ["--map", str(DATA / "sales-fair.toml")]


def run(*words: object) -> Result:
    return CliRunner().invoke(import_group, [str(word) for word in words])


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture(autouse=True)
def unit(app: Flask) -> None:
    make_unit(public_id="artisan001")


def test_a_good_file_comes_in_and_says_how_much() -> None:
    result = run("sales", DATA / "sales.csv")
    assert (result.exit_code, result.stderr, count(DeclaredSale)) == (0, "", 5)
    assert result.stdout == "Imported: new 5, changed 0, unchanged 0, skipped rows 0, bad rows 0\n"
    assert "unchanged 5" in run("sales", DATA / "sales.csv").stdout


@pytest.mark.parametrize(
    ("options", "code", "written"),
    [([], 1, 0), (["--partial"], 1, 2), (["--dry-run"], 1, 0), (["--dry-run", "--partial"], 1, 0)],
)
def test_a_bad_row_goes_to_standard_error_with_its_place(options: Sequence[str], code: int, written: int) -> None:
    result = run("sales", DATA / "sales-fair.csv", *MAPPING, *options)
    assert (result.exit_code, count(DeclaredSale)) == (code, written)
    first, *rest = result.stderr.splitlines()
    assert first == "sales-fair.csv:6:7: Pays: “Atlantide” is not among the values the mapping knows."
    assert len(rest) == (0 if options else 1)


def test_a_dry_run_of_a_good_file_is_done_and_writes_nothing() -> None:
    result = run("catalogue", DATA / "catalogue.csv", "--dry-run", "--set", "materials=")
    assert (result.exit_code, count(Product)) == (0, 0)
    assert result.stdout.startswith("Nothing was written. It would be: new 2,")


def test_one_bad_file_keeps_the_others_out(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    result = run("sales", DATA / "sales.csv", tmp_path / "empty.csv")
    assert (result.exit_code, count(DeclaredSale)) == (1, 0)
    assert result.stderr.startswith("empty.csv: This file is empty")


@pytest.mark.parametrize(
    "options",
    [
        ["--set", "nothing=1"],
        ["--set", "sku"],
        ["--map", str(DATA / "sales.csv")],
        ["--map", "no-such-file.toml"],
        ["--lang", "de"],
    ],
)
def test_wrong_usage_exits_with_two(options: Sequence[str]) -> None:
    assert run("sales", DATA / "sales.csv", *options).exit_code == 2


def test_a_file_that_is_not_there_is_wrong_usage() -> None:
    assert run("sales", "no-such-file.csv").exit_code == 2


def test_rates_come_in_and_the_past_stands(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("date,currency,unit,mad,source\n2026-03-02,EUR,1,10.5,bank\n")
    assert run("rates", path).exit_code == 0
    path.write_text("date,currency,unit,mad,source\n2026-03-02,EUR,1,10.6,bank\n")
    assert run("rates", path).exit_code == 1
    assert run("rates", path, "--replace").exit_code == 0
    assert db.session.scalar(select(Rate.mad_millionths).where(Rate.source == "bank")) == 10_600_000


@pytest.mark.parametrize("name", ["all.csv", "all.xlsx", "all.zip"])
def test_an_export_imports_back_unchanged(tmp_path: Path, name: str) -> None:
    make_product()
    result = CliRunner().invoke(export_group, ["catalogue", str(tmp_path / name)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "unchanged 1," in run("catalogue", tmp_path / name).stdout


def test_an_export_needs_an_ending_it_knows(tmp_path: Path) -> None:
    assert CliRunner().invoke(export_group, ["catalogue", str(tmp_path / "all.pdf")]).exit_code == 2
