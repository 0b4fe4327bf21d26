"""What a report says about itself, in the language of the moment: title, period, circles, definitions, headings."""

from collections.abc import Iterable

from sqlalchemy import select

from shop.catalogue.models import Family
from shop.core.clock import CASABLANCA
from shop.core.db import db
from shop.core.policies import get_policy
from shop.i18n.formats import country_name, date, datetime_, list_text, number
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, ngettext
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS
from shop.programme.models import Edition, Programme
from shop.reports.filters import ReportFilters
from shop.reports.sales import COLUMNS, Report


def title() -> str:
    return _("Export sales by artisan or unit")


def period_text(filters: ReportFilters) -> str:
    return _("from %(first)s to %(last)s", first=date(filters.first, "long"), last=date(filters.last, "long"))


def basis_name(basis: str) -> str:
    return {"booked": _("Paid orders"), "exported": _("Exported sales"), "settled": _("Settled sales")}[basis]


def source_name(source: str) -> str:
    return {
        "platform": _("Sales of this shop"),
        "declared": _("Declared sales (fairs, other platforms)"),
        "all": _("Sales of this shop and declared sales"),
    }[source]


def facts(report: Report) -> list[tuple[str, str]]:
    """What was asked for, as (label, value): every document opens with it."""
    filters = report.filters
    pairs = [
        (_("Period"), period_text(filters)),
        (_("Basis"), basis_name(filters.basis)),
        (_("Source"), source_name(filters.source)),
    ]
    for label, model, code in (
        (_("Programme"), Programme, filters.programme),
        (_("Edition"), Edition, filters.edition),
        (_("Family"), Family, filters.family),
    ):
        if code is not None:
            pairs.append((label, _name_of(model, code)))
    if filters.country is not None:
        pairs.append((_("Destination"), destination_names([filters.country])[filters.country]))
    pairs.append((_("Made on"), datetime_(report.as_of)))
    return pairs


def _name_of(model: type[Programme] | type[Edition] | type[Family], code: str) -> str:
    row = db.session.scalars(select(model).where(model.code == code)).first()
    return str(getattr(row, f"name_{current_language()}")) if row is not None else code


def family_names() -> dict[str, str]:
    """Names of the families in the language of the moment, by code."""
    return {row.code: str(getattr(row, f"name_{current_language()}")) for row in db.session.scalars(select(Family))}


def region_label(code: str) -> str:
    """Name of a region by the code of a unit (MA-07), or the code where it is none."""
    region = REGIONS.get(code.removeprefix("MA-"))
    return region.name() if region else code


def destination_names(codes: Iterable[str]) -> dict[str, str]:
    """Names of destinations by code; every code the programme counts as home is Morocco, an unknown one is nothing."""
    home = set(get_policy("domestic_codes"))
    return {code: country_name("MA" if code in home else code) if code else "" for code in codes}


def edition_names() -> dict[str, str]:
    """Names of the editions in the language of the moment, by code."""
    return {row.code: str(getattr(row, f"name_{current_language()}")) for row in db.session.scalars(select(Edition))}


def definitions(filters: ReportFilters) -> list[str]:
    """The sentences without which the figures cannot be read."""
    days = get_policy("refund_window_days", filters.last)
    basis = {
        "booked": _("A sale counts on the day its order was paid, wherever it goes."),
        "exported": _(
            "A sale counts on the day it was handed to the carrier for a destination abroad. "
            "What was cancelled before that never counts."
        ),
        "settled": ngettext(
            "A sale counts when %(num)s day has passed since it was handed over for a destination abroad, no refund or "
            "dispute of it is open, and not all of it was given back.",
            "A sale counts when %(num)s days have passed since it was handed over for a destination abroad, no refund or "
            "dispute of it is open, and not all of it was given back.",
            days,
        ),
    }[filters.basis]
    sentences = [
        basis,
        _("Days are those of Morocco (%(zone)s), from midnight to midnight.", zone=CASABLANCA.key),
        _("Amounts are goods only: without tax, duties and postage, after discounts, in the currency the buyer paid."),
        _("A refund counts in the period in which it happens, at the exchange rate of the sale it belongs to."),
        _(
            "Dirhams use the rate of the day the sale counts (for settled sales, of the hand-over); where none was "
            "published that day, the last one before. They are rounded once per line. Lines without a rate are counted "
            "apart and are worth nothing here."
        ),
        _("Commission and fees are those of the same lines, less what was given back with refunds."),
        _("Fees are the part of the payment provider’s fee that the maker bears, as far as it is known today."),
        _("Due to the unit = net sales − commission − fees."),
        _("A unit in two programmes and an order of several units count once in the totals."),
    ]
    if filters.source != "platform":
        sentences.append(
            _(
                "Declared sales were reported by units or organisers, not observed by this shop. They carry no "
                "commission, and count for the programmes the unit was in on the day of the sale."
            )
        )
    return sentences


def headings() -> dict[str, str]:
    """Column headings for people, by contract name, in its order."""
    texts = (
        _("Unit no."),
        _("Unit"),
        _("Programmes"),
        _("Editions"),
        _("Main family"),
        _("Region"),
        _("Currency"),
        _("Orders"),
        _("Lines"),
        _("Quantity"),
        _("Gross sales"),
        _("Refunds"),
        _("Net sales"),
        _("Net sales in dirhams"),
        _("Commission"),
        _("Fees"),
        _("Due to the unit"),
        _("Lines without a rate"),
    )
    return dict(zip(COLUMNS, texts, strict=True))


def totals_text(report: Report) -> str:
    """How much was counted, in one line."""
    totals = report.totals
    parts = [
        ngettext("%(count)s unit", "%(count)s units", totals.units, count=number(totals.units)),
        ngettext("%(count)s order", "%(count)s orders", totals.orders, count=number(totals.orders)),
        ngettext("%(count)s line", "%(count)s lines", totals.lines, count=number(totals.lines)),
    ]
    return list_text(parts)


def unconverted_text(report: Report) -> str:
    """A warning for lines that are missing from the dirham column, or nothing."""
    missing = report.totals.unconverted_lines
    if not missing:
        return ""
    return ngettext(
        "%(count)s line has no exchange rate and is missing from the dirham column.",
        "%(count)s lines have no exchange rate and are missing from the dirham column.",
        missing,
        count=number(missing),
    )


def rate_sources(report: Report) -> str:
    """Where the exchange rates come from, or nothing when none was needed."""
    return list_text(sorted({rate.source for rate in report.rates}))


def is_right_to_left() -> bool:
    return LANGUAGES[current_language()].direction == "rtl"
