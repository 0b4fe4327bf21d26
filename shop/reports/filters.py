"""What a report is asked for: a period of Casablanca days, a basis, a source, and narrower circles."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta

from sqlalchemy import select

from shop.catalogue.models import Family
from shop.core.db import db
from shop.core.errors import Invalid
from shop.i18n.countries import COUNTRY_CODES
from shop.i18n.messages import gettext as _
from shop.programme.models import Edition, Programme

BASES = ("booked", "exported", "settled")
SOURCES = ("platform", "declared", "all")
# The names of the filters in addresses, commands and forms.
NAMES = ("from", "to", "basis", "source", "programme", "edition", "family", "country")
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class ReportFilters:
    """`first` and `last` are Casablanca days, both included; None leaves a circle open. Codes, never names."""

    first: date
    last: date
    basis: str = "exported"
    source: str = "platform"
    programme: str | None = None
    edition: str | None = None
    family: str | None = None
    country: str | None = None

    def as_query(self) -> dict[str, str]:
        """The filters as they stand in an address; what is open is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["from"], values["to"] = values.pop("first").isoformat(), values.pop("last").isoformat()
        return {name: values[name] for name in NAMES if values[name] is not None}


def month_bounds(month: str) -> tuple[date, date]:
    """First and last day of a month written YYYY-MM; ValueError if it is none."""
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def parse_filters(values: Mapping[str, str]) -> ReportFilters:
    """Read filters from texts named as in NAMES; empty ones are open. Raises Invalid naming each bad field.

    `from` and `to` (YYYY-MM-DD) are needed; basis is "exported" and source "platform" unless said.
    """
    given = {name: text.strip() for name in NAMES if (text := values.get(name) or "").strip()}
    wrong: dict[str, str] = {}
    first, last = _day(given, "from", wrong), _day(given, "to", wrong)
    if first and last and last < first:
        wrong["to"] = _("The last day lies before the first.")
    basis = _choice(given, "basis", "exported", BASES, wrong)
    source = _choice(given, "source", "platform", SOURCES, wrong)
    if "country" in given:
        given["country"] = given["country"].upper()
        if given["country"] not in COUNTRY_CODES:
            wrong["country"] = _("“%(code)s” is not a country code of two letters.", code=given["country"])
    _check_known(given, wrong)
    if wrong or first is None or last is None:
        raise Invalid(_("The report cannot be made: %(problems)s", problems=" ".join(wrong.values())), wrong)
    circles = {name: given.get(name) for name in ("programme", "edition", "family", "country")}
    return ReportFilters(first, last, basis, source, **circles)


def _day(given: Mapping[str, str], name: str, wrong: dict[str, str]) -> date | None:
    if name not in given:
        wrong[name] = _("The first day is missing.") if name == "from" else _("The last day is missing.")
        return None
    try:
        day = date.fromisoformat(given[name])
    except ValueError:
        wrong[name] = _("“%(text)s” is not a day; write it as in 2026-03-31.", text=given[name])
        return None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        wrong[name] = _("“%(text)s” is too far away; choose a year from 2000 to 2100.", text=given[name])
        return None
    return day


def _choice(given: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...], wrong: dict[str, str]) -> str:
    value = given.get(name, default)
    if value not in allowed:
        wrong[name] = _("“%(text)s” is not one of: %(allowed)s.", text=value, allowed=", ".join(allowed))
    return value


def _check_known(given: Mapping[str, str], wrong: dict[str, str]) -> None:
    columns = {"programme": Programme.code, "edition": Edition.code, "family": Family.code}
    for name, column in columns.items():
        if name not in given or db.session.execute(select(column).where(column == given[name])).first():
            continue
        wrong[name] = {
            "programme": _("There is no programme with the code “%(code)s”.", code=given[name]),
            "edition": _("There is no edition with the code “%(code)s”.", code=given[name]),
            "family": _("There is no family with the code “%(code)s”.", code=given[name]),
        }[name]
