"""The same figures in every format, and texts that no reader's program takes for orders."""

import csv
import io
import json
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from shop.core.db import transaction
from shop.core.errors import Invalid
from shop.i18n.messages import use_language
from shop.reports.csv_out import guard
from shop.reports.documents import FORMATS, write_document
from shop.reports.filters import ReportFilters
from shop.reports.sales import COLUMNS, Report, artisan_sales, lines_of
from tests.reports import books
from tests.reports.books import Sold, utc

pytestmark = pytest.mark.both_databases

MARCH = ReportFilters(date(2026, 3, 1), date(2026, 3, 31))
FORMULA = '=HYPERLINK("http://evil.example";"2+2")'


@pytest.fixture
def march(app: Flask) -> None:
    """Two units, two currencies, a refund; one name is a formula, one sale has no rate."""
    with transaction():
        books.rate("EUR", date(2026, 3, 6), 10_750_000)
        honest, sly = books.unit("Aït Bouguemez"), books.unit(FORMULA, name_fr=FORMULA, name_ar=FORMULA)
        handed = utc(2026, 3, 9, 12)
        cohort = [("excellence", "exc-2026")]
        order = books.paid_order(
            [
                Sold(honest, 123450, quantity=3, memberships=cohort, handed_over_at=handed),
                Sold(sly, 5005, handed_over_at=handed),
            ],
            utc(2026, 3, 7, 12),
            shipping=6000,
        )
        books.balance_arrives(order, 4000)
        books.refunded(order, utc(2026, 3, 20, 12), 2)
        books.paid_order([Sold(honest, 70000, handed_over_at=handed)], utc(2026, 3, 8, 12), currency="USD")


def written(form: str, language: str = "en") -> bytes:
    with use_language(language):
        return write_document(artisan_sales(MARCH), form).content


def report() -> Report:
    return artisan_sales(MARCH)


def test_the_csv_for_machines_has_the_contracts_columns_and_minor_units(march: None) -> None:
    content = written("csv")
    assert content.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode())
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == len(report().rows)
    for read, row in zip(rows, report().rows, strict=True):
        for name in COLUMNS[7:]:
            assert int(read[name]) == getattr(row, name)


def test_json_says_filters_rows_and_totals(march: None) -> None:
    data = json.loads(written("json"))
    assert data["filters"] == {"from": "2026-03-01", "to": "2026-03-31", "basis": "exported", "source": "platform"}
    assert [tuple(row) for row in data["rows"]] == [COLUMNS] * len(report().rows)
    assert data["totals"]["currencies"]["EUR"]["gross_minor"] == 128455
    assert data["totals"]["net_mad_minor"] == sum(row["net_mad_minor"] for row in data["rows"])


@pytest.mark.parametrize(
    ("language", "delimiter", "amount"), [("fr", ";", "1234,50"), ("ar", ";", "1234,50"), ("en", ",", "1234.50")]
)
def test_the_table_for_people_suits_the_spreadsheet_of_their_country(
    march: None, language: str, delimiter: str, amount: str
) -> None:
    text = written("table", language).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert amount in rows[1]


def test_the_workbook_reads_back_the_same_numbers(march: None) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(written("xlsx")))
    sheet = book.get_sheet_by_name("Sales").to_python()
    for read, row in zip(sheet[1:], report().rows, strict=False):
        assert read[0] == row.unit_id
        for name in ("gross_minor", "refunds_minor", "net_minor", "net_mad_minor", "payable_minor"):
            assert read[COLUMNS.index(name)] == pytest.approx(getattr(row, name) / 100, abs=1e-9)
    lines = book.get_sheet_by_name("Lines").to_python()
    assert [line[1] for line in lines[1:]] == [line.number for line in lines_of(MARCH)]
    notes = book.get_sheet_by_name("Notes").to_python()
    assert any("31 March 2026" in str(cell) for row in notes for cell in row)
    assert book.get_sheet_by_name("Exchange rates").to_python()[1][:4] == ["EUR", "6 Mar 2026", 10.75, "demonstration"]


def test_the_arabic_workbook_runs_from_the_right(march: None) -> None:
    assert b'rightToLeft="1"' in _member(written("xlsx", "ar"), "xl/worksheets/sheet1.xml")
    assert b"rightToLeft" not in _member(written("xlsx", "fr"), "xl/worksheets/sheet1.xml")


def _member(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


@pytest.mark.parametrize("form", ["csv", "table"])
def test_no_spreadsheet_runs_a_name_as_a_formula(march: None, form: str) -> None:
    assert f"'{FORMULA}" in written(form, "fr").decode().replace('""', '"')


def test_a_formula_in_the_workbook_is_text(march: None) -> None:
    assert b"<f>" not in _member(written("xlsx"), "xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1"])
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guard(text).startswith("'")
    assert "\0" not in guard(text)
    assert guard("Tapis = laine") == "Tapis = laine"


def _pdf_text(content: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = tmp_path / "report.pdf"
    path.write_bytes(content)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, text=True).stdout


def test_the_pdf_says_the_same_figures_and_prints_markup_as_text(march: None, tmp_path: Path) -> None:
    text = _pdf_text(written("pdf"), tmp_path)
    for part in ("€1,234.50", "$700.00", "€50.05", "2+2", "Africa/Casablanca", "from 1 March 2026 to 31 March 2026"):
        assert part in text.replace("\u00a0", " ")
    assert "13,270.88" in text


def test_the_pdf_speaks_arabic_and_french(march: None, tmp_path: Path) -> None:
    assert "1 234,50 €" in _pdf_text(written("pdf", "fr"), tmp_path).replace("\u00a0", " ")
    arabic = written("pdf", "ar")
    assert b"/Lang" in arabic
    assert "1.234,50" in _pdf_text(arabic, tmp_path)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["ar", "fr", "en"])
def test_an_empty_report_is_still_a_document(app: Flask, form: str, language: str) -> None:
    assert written(form, language)


def test_an_unknown_format_is_refused(app: Flask) -> None:
    with pytest.raises(Invalid):
        write_document(artisan_sales(MARCH), "doc")
