"""Quotes: what a parcel to a country costs and how long it travels. A tariff is read in one statement."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Row, Select, String, and_, bindparam, cast, func, or_, select

from shop.core import clock
from shop.core.db import db
from shop.core.kept import kept
from shop.core.policies import DEFAULTS
from shop.core.tables import Policy
from shop.i18n.formats import country_name, isolate, weight
from shop.i18n.formats import date as date_text
from shop.i18n.messages import gettext as _
from shop.shipping.charges import Charges, Goods, Rule, charge, in_force
from shop.shipping.errors import CannotShip
from shop.shipping.models import Levy, Suspension, Zone, ZoneRate
from shop.shipping.services import Arrival, arrival

# What needs more parcels than this is freight, and freight is asked for, not clicked.
MAX_PARCELS = 20
# What parts the suspensions that come as one text; nobody types them (ASCII, unit and record separator).
_FIELD, _RECORD = "\x1f", "\x1e"


@dataclass(frozen=True, slots=True)
class Stop:
    """A carrier takes nothing to a country; `until_on` is the last day of it, None if nobody knows."""

    carrier: str
    until_on: date | None


@dataclass(frozen=True, slots=True)
class Quote:
    """Postage in minor units of the currency asked for; working days in transit."""

    amount_minor: int
    days_min: int
    days_max: int

    def arrives(self, lead_time_days: int, today: date | None = None) -> Arrival:
        """When a piece that takes so long to make is sent, and the days it may arrive on."""
        return arrival(lead_time_days, self.days_min, self.days_max, today or clock.today())


@dataclass(frozen=True, slots=True)
class TariffZone:
    """A zone with its postage in one currency: (up to grams, minor units), lightest first.

    `rules` are the levies, collected or not, that hold today for the country the tariff was read for.
    """

    code: str
    countries: tuple[str, ...]
    days_min: int
    days_max: int
    tax_mode: str
    rates: tuple[tuple[int, int], ...]
    rules: tuple[Rule, ...] = ()


class Tariff:
    """All zones in one currency, without the countries that are home to the programme.

    A country to which a carrier has suspended its service stays a destination: a buyer there is told so.
    """

    def __init__(self, currency: str, zones: Iterable[TariffZone], suspended: Mapping[str, Stop] | None = None) -> None:
        self.currency = currency
        self._suspended = suspended or {}
        self._zone_of = {country: zone for zone in zones for country in zone.countries}

    def destinations(self) -> list[str]:
        """Codes of the countries of all zones, in code order; whether there is postage to one in this currency, a quote tells."""
        return sorted(self._zone_of)

    def find_zone(self, country: str) -> TariffZone | None:
        """The zone of a country; None when nothing is sent there."""
        return self._zone_of.get(country)

    def quote(self, country: str, weight_grams: int, heaviest_piece_grams: int = 0) -> Quote:
        """Postage of so many grams, in several parcels where one would be too heavy.

        `heaviest_piece_grams` is of the piece that cannot be divided. Raises CannotShip with a sentence for the buyer.
        """
        zone = self._get_zone(country)
        if weight_grams <= 0:
            raise CannotShip("weight", _("The weight of this piece is not known yet, so it cannot be sent."))
        most, full_minor = zone.rates[-1]
        full, rest = divmod(weight_grams, most)
        if heaviest_piece_grams > most or full >= MAX_PARCELS:
            where, limit = country_name(country), weight(most)
            text = _("One parcel to %(country)s may weigh up to %(weight)s.", country=where, weight=limit)
            raise CannotShip("freight", text, country=country)
        rest_minor = next(minor for grams, minor in zone.rates if rest <= grams) if rest else 0
        return Quote(full * full_minor + rest_minor, zone.days_min, zone.days_max)

    def charge(self, country: str, goods: Sequence[Goods], shipping_minor: int) -> Charges:
        """What goods with that postage come to in the country the tariff was read for, and what the border asks besides.

        Raises CannotShip.
        """
        zone = self._get_zone(country)
        return charge(goods, shipping_minor, currency=self.currency, mode=zone.tax_mode, rules=zone.rules)

    def stop_text(self, country: str) -> str:
        """Why nothing is carried to a country today, in a sentence; empty where it is."""
        stop = self._suspended.get(country)
        if stop is None:
            return ""
        where = country_name(country)
        if stop.until_on is None:
            return _(
                "%(carrier)s carries nothing to %(country)s at the moment. Nobody knows yet for how long.",
                carrier=isolate(stop.carrier),
                country=where,
            )
        return _(
            "%(carrier)s carries nothing to %(country)s until %(day)s.",
            carrier=isolate(stop.carrier),
            country=where,
            day=date_text(stop.until_on),
        )

    def _get_zone(self, country: str) -> TariffZone:
        zone = self.find_zone(country)
        if zone is None or not zone.rates:
            text = _("We do not send to %(country)s yet.", country=country_name(country))
            raise CannotShip("country", text, country=country)
        stopped = self.stop_text(country)
        if stopped:
            raise CannotShip("suspended", stopped, country=country)
        return zone


def read_tariff(currency: str, country: str | None = None) -> Tariff:
    """Every zone with its rates in a currency and, if a country is named, what it asks for: in one statement."""
    today = clock.today()
    values = {"currency": currency, "country": country or "", "today": today}
    first: dict[str, Row[Any]] = {}
    rates: dict[str, dict[int, int]] = {}
    rules: dict[str, dict[int, Rule]] = {}
    for row in db.session.execute(_tariff(country is not None), values):
        first.setdefault(row.code, row)
        if row.up_to_grams is not None:
            rates.setdefault(row.code, {})[row.up_to_grams] = row.amount_minor
        if country is not None and row.levy_id is not None and row.levy_id not in rules.get(row.code, ()):
            rules.setdefault(row.code, {})[row.levy_id] = _rule(row)
    suspended = _suspended(next(iter(first.values())).suspended) if first else {}
    return Tariff(
        currency,
        [
            TariffZone(
                code,
                _abroad(row),
                row.days_min,
                row.days_max,
                row.tax_mode,
                tuple(rates.get(code, {}).items()),
                tuple(in_force(rules.get(code, {}).values(), country or "", today)),
            )
            for code, row in first.items()
        ],
        suspended,
    )


def kept_tariff(currency: str, country: str | None = None) -> Tariff:
    """As read_tariff, kept by the process until something public changes: for what pages say, never for a charge."""
    return kept(("tariff", currency, country, clock.today()), lambda: read_tariff(currency, country))


@lru_cache(maxsize=2)  # building it costs more than sending it
def _tariff(with_levies: bool) -> Select[Any]:
    today = bindparam("today", type_=Date)
    domestic = (
        select(cast(Policy.value, String))
        .where(Policy.key == "domestic_codes", Policy.from_on <= today)
        .order_by(Policy.from_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    until = func.coalesce(cast(Suspension.until_on, String), "")
    suspended = (
        select(func.aggregate_strings(Suspension.country + _FIELD + until + _FIELD + Suspension.carrier, _RECORD))
        .where(Suspension.from_on <= today, or_(Suspension.until_on.is_(None), Suspension.until_on >= today))
        .scalar_subquery()
    )
    statement: Select[Any] = (
        select(
            Zone.code,
            # As text: a row repeats it for every rate, and the same text is decoded once.
            cast(Zone.countries, String).label("countries"),
            Zone.days_min,
            Zone.days_max,
            Zone.tax_mode,
            ZoneRate.up_to_grams,
            ZoneRate.amount_minor,
            domestic.label("domestic"),
            suspended.label("suspended"),
        )
        .outerjoin(ZoneRate, and_(ZoneRate.zone_id == Zone.id, ZoneRate.currency == bindparam("currency")))
        .order_by(Zone.id, ZoneRate.up_to_grams)
    )
    if not with_levies:
        return statement
    here = and_(Levy.zone_id == Zone.id, Levy.country.in_(["", bindparam("country")]), Levy.from_on <= today)
    return statement.add_columns(
        Levy.id.label("levy_id"),
        Levy.kind,
        Levy.from_on,
        Levy.rate_bp,
        Levy.country,
        Levy.heading,
        Levy.on_shipping,
        cast(Levy.amounts, String).label("amounts"),
        cast(Levy.limits, String).label("limits"),
        Levy.collected,
        Levy.source,
    ).outerjoin(Levy, here)


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        kind=row.kind,
        from_on=row.from_on,
        rate_bp=row.rate_bp,
        country=row.country,
        heading=row.heading,
        on_shipping=row.on_shipping,
        amounts=_figures(row.amounts),
        limits=_figures(row.limits),
        collected=row.collected,
        source=row.source,
    )


@lru_cache(maxsize=256)
def _figures(text: str) -> dict[str, int]:
    return dict(json.loads(text))


@lru_cache(maxsize=64)
def _codes(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _abroad(row: Row[Any]) -> tuple[str, ...]:
    home = DEFAULTS["domestic_codes"] if row.domestic is None else _codes(row.domestic)
    return tuple(country for country in _codes(row.countries) if country not in home)


def _suspended(text: str | None) -> dict[str, Stop]:
    """Of several suspensions of a country the one that lasts longest."""
    found: dict[str, Stop] = {}
    for record in (text or "").split(_RECORD) if text else ():
        country, until, carrier = record.split(_FIELD)
        stop = Stop(carrier, date.fromisoformat(until) if until else None)
        known = found.get(country)
        if known is None or (known.until_on and (stop.until_on is None or stop.until_on > known.until_on)):
            found[country] = stop
    return found


def quote(country: str, currency: str, weight_grams: int) -> Quote:
    """Postage of so many grams to a country. Raises CannotShip."""
    return read_tariff(currency).quote(country, weight_grams)


def list_destinations() -> list[str]:
    """Codes of the countries we send to, in code order; never a code the programme counts as home."""
    return read_tariff("EUR").destinations()


def find_zone(country: str) -> TariffZone | None:
    """The zone of a destination (its rates in euro), or None."""
    return read_tariff("EUR").find_zone(country)
