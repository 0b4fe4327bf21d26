"""The report as CSV: one form for machines, one for people with a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from shop.core.money import exponent
from shop.i18n.messages import current_language
from shop.reports.sales import COLUMNS, Report, SalesRow
from shop.reports.wording import family_names, headings

# OWASP ASVS 5.0, 1.2.10: what a spreadsheet would take for a formula.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def guard(text: str) -> str:
    """A text cell that no spreadsheet runs as a formula: an apostrophe goes before what looks like one."""
    text = text.replace("\0", "")
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def to_csv(report: Report) -> bytes:
    """The contract's columns, comma, amounts as whole minor units, UTF-8 with BOM."""
    rows = [[_cell(getattr(row, name)) for name in COLUMNS] for row in report.rows]
    return write_rows([list(COLUMNS), *rows], ",")


def to_locale_csv(report: Report) -> bytes:
    """For people, in the language of the moment: headings in words, amounts as decimals.

    French and Arabic spreadsheets expect `;` and a decimal comma, English ones `,` and a point.
    """
    mark, delimiter = (".", ",") if current_language() == "en" else (",", ";")
    families = family_names()
    rows = [[_shown(row, name, mark, families) for name in COLUMNS] for row in report.rows]
    return write_rows([list(headings().values()), *rows], delimiter)


def _cell(value: str | int) -> str:
    return str(value) if isinstance(value, int) else guard(value)


def _shown(row: SalesRow, name: str, mark: str, families: dict[str, str]) -> str:
    value = getattr(row, name)
    if name == "family":
        return guard(families.get(row.family, row.family))
    if not name.endswith("_minor"):
        return _cell(value)
    return decimal_text(value, "MAD" if name == "net_mad_minor" else row.currency, mark)


def decimal_text(minor: int, currency: str, mark: str) -> str:
    """An amount with its decimals and no groups: `-1250,00`."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):f}".replace(".", mark)


def write_rows(rows: Iterable[list[str]], delimiter: str) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")
