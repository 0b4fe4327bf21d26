"""The report as PDF."""

from typing import Any

from shop.core.typeset import typeset
from shop.i18n.formats import dirhams_text, money_text, number
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.reports import wording
from shop.reports.sales import CurrencyTotal, Report, SalesRow

# What stands in the table of the PDF; the other columns of the contract are in the CSV and the workbook.
AMOUNTS = ("gross_minor", "refunds_minor", "net_minor", "net_mad_minor", "commission_minor", "fees_minor")


def to_pdf(report: Report) -> bytes:
    """The report in the language of the moment, right to left in Arabic. Tagged (PDF/UA-1)."""
    return typeset("shop.reports", "artisan_sales.typ", _payload(report))


def _payload(report: Report) -> dict[str, Any]:
    language = LANGUAGES[current_language()]
    families = wording.family_names()
    sources = wording.rate_sources(report)
    return {
        "language": language.code,
        "direction": language.direction,
        "title": wording.title(),
        "basis": wording.basis_name(report.filters.basis),
        "period": wording.period_text(report.filters),
        "facts": wording.facts(report),
        "headings": _headings(),
        "rows": [_row(row, families) for row in report.rows],
        "totals": [_total(total) for total in report.totals.currencies],
        "counted": wording.totals_text(report),
        "headline": _("Net sales"),
        "headline_value": dirhams_text(report.totals.net_mad_minor),
        "warning": wording.unconverted_text(report),
        "empty": _("No sale counts for this period and these filters."),
        "definitions_title": _("How to read these figures"),
        "definitions": wording.definitions(report.filters),
        "rates": _("Exchange rates from: %(sources)s.", sources=sources) if sources else "",
        "page": _("Page {page} of {pages}"),
    }


def _headings() -> list[str]:
    known = wording.headings()
    names = ("unit_name", "orders", "quantity", *AMOUNTS, "payable_minor")
    return [known[name] for name in names]


def _row(row: SalesRow, families: dict[str, str]) -> list[Any]:
    place = f"{wording.region_label(row.region)} · {families.get(row.family, row.family)}"
    return [[row.unit_name, place], number(row.orders), number(row.quantity), *_amounts(row)]


def _total(total: CurrencyTotal) -> list[Any]:
    return [[_("Total in %(currency)s", currency=total.currency), ""], "", "", *_amounts(total)]


def _amounts(row: SalesRow | CurrencyTotal) -> list[str]:
    return [
        dirhams_text(getattr(row, name)) if name == "net_mad_minor" else money_text(getattr(row, name), row.currency)
        for name in (*AMOUNTS, "payable_minor")
    ]
