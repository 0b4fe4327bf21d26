"""Declared sales: what is taken, what is refused, and that a second import changes nothing."""

import csv
import json
import time
import zlib
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from shop.core.db import db, transaction
from shop.demo.mappings import FOLDER as MAPPINGS
from shop.importing.mappings import ColumnMapping, load_mapping
from shop.importing.problems import ImportRefused, Outcome
from shop.orders.declared import FIELDS, apply_sales, prepare_sales
from shop.orders.models import DeclaredSale
from shop.reports.filters import ReportFilters, month_bounds
from shop.reports.sales import artisan_sales
from tests.builders import make_product, make_unit

DATA = Path(__file__).parents[1] / "data" / "imports"
HEADER = ",".join(FIELDS)


def bring_in(path: Path, mapping: ColumnMapping | None = None, **options: Any) -> Outcome:
    source = options.pop("source", None)
    prepared = prepare_sales(path, mapping or ColumnMapping(), source=source)
    with transaction():
        return apply_sales(prepared, **options)


def stored() -> list[DeclaredSale]:
    return list(db.session.scalars(select(DeclaredSale).order_by(DeclaredSale.id)))


@pytest.fixture
def unit(app: Flask) -> Any:
    return make_unit(public_id="artisan001")


@pytest.mark.both_databases
def test_a_file_in_our_own_columns_comes_in_and_a_second_time_changes_nothing(unit: Any) -> None:
    make_product(unit)
    first = bring_in(DATA / "sales.csv")
    assert (first.created, first.problems) == (5, [])
    sales = stored()
    # The same line twice is two sales; its place among the lines of its receipt tells them apart.
    assert [(sale.external_id, sale.occurrence, sale.quantity, sale.amount_minor) for sale in sales] == [
        ("F-1", 1, 2, 24100),
        ("F-1", 2, 2, 24100),
        ("F-1", 3, 1, 0),
        # 3 x 0.835 = 2.505, half to even
        ("F-2", 1, 3, 250),
        ("F-3", 1, -1, -12050),
    ]
    assert sales[0].sold_at == datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
    assert (sales[0].shipping_minor, sales[3].country, sales[3].unit_price) == (1000, None, "0.835")
    again = bring_in(DATA / "sales.csv")
    assert (again.created, again.changed, again.unchanged) == (0, 0, 5)
    assert [sale.id for sale in stored()] == [sale.id for sale in sales]


def test_a_corrected_line_changes_and_the_others_stay(unit: Any, tmp_path: Path) -> None:
    bring_in(DATA / "sales.csv")
    path = tmp_path / "sales.csv"
    path.write_text((DATA / "sales.csv").read_text().replace("TRAY,Plateau,3,", "TRAY,Plateau,4,"))
    outcome = bring_in(path)
    assert (outcome.created, outcome.changed, outcome.unchanged) == (0, 1, 4)
    assert db.session.scalars(select(DeclaredSale.amount_minor).where(DeclaredSale.sku == "TRAY")).one() == 334


def test_a_makers_piece_gives_its_family(unit: Any, tmp_path: Path) -> None:
    variant = make_product(unit)
    other = make_product(make_unit())
    path = tmp_path / "sales.csv"
    rows = [f"1,2026-03-02,artisan001,{sku},,1,5,EUR,,,," for sku in (variant.sku, other.sku, "X")]
    path.write_text("\n".join([HEADER, *rows]))
    bring_in(path)
    assert [sale.family for sale in stored()] == ["TAP", None, None]


def test_a_mapping_reads_another_programs_file(unit: Any) -> None:
    mapping = load_mapping(DATA / "sales-fair.toml", FIELDS)
    prepared = prepare_sales(DATA / "sales-fair.csv", mapping)
    assert prepared.outcome.skipped == 2
    assert [(p.line, p.column, p.heading, p.value) for p in prepared.outcome.problems] == [(6, 7, "Pays", "Atlantide")]
    outcome = bring_in(DATA / "sales-fair.csv", mapping, partial=True)
    assert (outcome.created, outcome.refused) == (2, 1)
    first, second = stored()
    assert (first.sku, first.unit_price, first.amount_minor, first.source) == ("BALGHA/40", "1200.50", 120050, "fair")
    # Half past midnight in Paris is the day before in UTC.
    assert first.sold_at == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert (second.sku, second.country, second.occurrence) == ("POUF", "AE", 2)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (",2026-03-02,artisan001,A,,1,5,EUR,,,,", "external_id", "empty"),
        ("1,yesterday,artisan001,A,,1,5,EUR,,,,", "sold_at", "date"),
        ("1,2036-03-02,artisan001,A,,1,5,EUR,,,,", "sold_at", "range"),
        ("1,2026-03-02,nobody,A,,1,5,EUR,,,,", "artisan_id", "choice"),
        ("1,2026-03-02,artisan001,A,,1.5,5,EUR,,,,", "quantity", "whole"),
        ("1,2026-03-02,artisan001,A,,1e9,5,EUR,,,,", "quantity", "number"),
        ("1,2026-03-02,artisan001,A,,,5,EUR,,,,", "quantity", "empty"),
        ("1,2026-03-02,artisan001,A,,1,five,EUR,,,,", "unit_price", "number"),
        ("1,2026-03-02,artisan001,A,,1,5,EURO,,,,", "currency", "currency"),
        ("1,2026-03-02,artisan001,A,,1,5,EUR,,ZZ,,", "destination_country", "country"),
        ("1,2026-03-02,artisan001,A,,1,5,EUR,,,shipped,", "status", "choice"),
        ("1,2026-03-02,artisan001,A,,1,5,EUR,,,refunded,6", "refunded_amount", "range"),
        ("1,2026-03-02,artisan001,A,,1,5,EUR,-1,,,", "shipping", "range"),
        ("1,2026-03-02,artisan001,A,,1,5", "", "ragged"),
    ],
)
def test_a_bad_row_is_named_and_keeps_the_whole_file_out(
    unit: Any, tmp_path: Path, row: str, column: str, code: str
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([HEADER, "9,2026-03-02,artisan001,GOOD,,1,5,EUR,,,,", row]))
    prepared = prepare_sales(path, ColumnMapping())
    assert [(p.file, p.line, p.heading, p.code) for p in prepared.outcome.problems] == [("sales.csv", 3, column, code)]
    with pytest.raises(ImportRefused), transaction():
        apply_sales(prepared)
    assert stored() == []
    assert bring_in(path, partial=True).created == 1


def test_two_makers_with_the_same_receipt_numbers_need_two_sources(unit: Any, tmp_path: Path) -> None:
    make_unit(public_id="artisan002")
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([HEADER, "1,2026-03-02,artisan001,A,,1,5,EUR,,,,"]))
    bring_in(path)
    path.write_text("\n".join([HEADER, "1,2026-03-02,artisan002,A,,1,7,EUR,,,,"]))
    prepared = prepare_sales(path, ColumnMapping())
    assert [problem.code for problem in prepared.outcome.problems] == ["taken"]
    assert bring_in(path, source="second fair").created == 1
    assert [sale.amount_minor for sale in stored()] == [500, 700]


# The real sales of December 2010 -------------------------------------------------------------------------------------


def add_artisans(source: Path, target: Path) -> None:
    """The rule the expected figures follow: a stock code belongs to artisan crc32(code) % 40."""
    with source.open(encoding="utf-8", newline="") as old, target.open("w", encoding="utf-8", newline="") as new:
        rows = csv.DictReader(old)
        writer = csv.DictWriter(new, [*(rows.fieldnames or ()), "artisan_id"])
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "artisan_id": f"unit{zlib.crc32(row['StockCode'].encode()) % 40:06d}"})


@pytest.mark.shared
def test_the_real_sales_of_december_2010_give_the_expected_figures_by_artisan_and_by_country(
    app: Flask, tmp_path: Path, shared_data: Path, count_statements: Any
) -> None:
    folder = shared_data / "orders" / "uci_online_retail"
    for number in range(40):
        make_unit(public_id=f"unit{number:06d}")
    files = []
    for day in sorted((folder / "by-day").glob("*.csv")):
        files.append(tmp_path / day.name)
        add_artisans(day, files[-1])
    mapping = load_mapping(MAPPINGS / "uci-online-retail.toml", FIELDS)
    started = time.monotonic()
    with count_statements() as seen:
        outcomes = [bring_in(path, mapping) for path in files]
    print(f"{sum(o.created for o in outcomes)} lines in {time.monotonic() - started:.1f} s, {len(seen)} statements")
    assert len(seen) < 20 * len(files)
    expected = json.loads((folder / "EXPECTED_totals.json").read_text())
    assert sum(outcome.created for outcome in outcomes) == expected["lines"]
    assert all(not outcome.problems for outcome in outcomes)

    with count_statements() as seen:
        again = [bring_in(path, mapping) for path in files]
    assert sum(outcome.unchanged for outcome in again) == expected["lines"]
    assert [statement for statement in seen if not statement.startswith("SELECT")] == []
    assert db.session.scalar(select(func.count()).select_from(DeclaredSale)) == expected["lines"]

    filters = ReportFilters(*month_bounds("2010-12"), source="declared")
    report = artisan_sales(filters)
    totals = report.totals
    assert (totals.orders, totals.lines, totals.units) == (expected["invoices"], expected["lines"], 40)
    assert [(total.currency, total.net_minor * 10) for total in totals.currencies] == [("GBP", expected["net_millis"])]
    with (folder / "EXPECTED_artisan_month.csv").open(encoding="utf-8", newline="") as file:
        wanted = {
            f"unit{int(row['artisan']):06d}": tuple(
                int(row[name]) for name in ("lines", "invoices", "qty", "net_millis")
            )
            for row in csv.DictReader(file)
        }
    assert {row.unit_id: (row.lines, row.orders, row.quantity, row.net_minor * 10) for row in report.rows} == wanted
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for country, amount in db.session.execute(select(DeclaredSale.country, DeclaredSale.amount_minor)):
        sums[country][0] += 1
        sums[country][1] += amount * 10
    with (folder / "EXPECTED_country_month.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = mapping.lookups["country"]
    assert {codes[row["Country"].casefold()]: [int(row["lines"]), int(row["net_millis"])] for row in rows} == sums
