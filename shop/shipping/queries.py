"""Quotes: what a parcel to a country costs and how long it travels. A tariff is read in one statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, and_, select

from shop.core import clock
from shop.core.db import db
from shop.core.policies import DEFAULTS
from shop.core.tables import Policy
from shop.i18n.formats import country_name, weight
from shop.i18n.messages import gettext as _
from shop.shipping.charges import Charges, Goods, Rule, charge, in_force
from shop.shipping.errors import CannotShip
from shop.shipping.models import Levy, Zone, ZoneRate
from shop.shipping.services import Arrival, arrival

# What needs more parcels than this is freight, and freight is asked for, not clicked.
MAX_PARCELS = 20
_LEVY = (
    Levy.kind,
    Levy.from_on,
    Levy.rate_bp,
    Levy.country,
    Levy.heading,
    Levy.on_shipping,
    Levy.amounts,
    Levy.limits,
)


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

    `rules` are the levies that hold today for the country the tariff was read for.
    """

    code: str
    countries: tuple[str, ...]
    days_min: int
    days_max: int
    tax_mode: str
    rates: tuple[tuple[int, int], ...]
    rules: tuple[Rule, ...] = ()


class Tariff:
    """All zones in one currency, without the countries that are home to the programme."""

    def __init__(self, currency: str, zones: Iterable[TariffZone]) -> None:
        self.currency = currency
        self._zone_of = {country: zone for zone in zones for country in zone.countries}

    def destinations(self) -> list[str]:
        """Country codes that have postage, in code order."""
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
            raise CannotShip("weight", text, country=country)
        rest_minor = next(minor for grams, minor in zone.rates if rest <= grams) if rest else 0
        return Quote(full * full_minor + rest_minor, zone.days_min, zone.days_max)

    def charge(self, country: str, goods: Sequence[Goods], shipping_minor: int) -> Charges:
        """What goods with that postage come to in the country the tariff was read for. Raises CannotShip."""
        zone = self._get_zone(country)
        return charge(goods, shipping_minor, currency=self.currency, mode=zone.tax_mode, rules=zone.rules)

    def _get_zone(self, country: str) -> TariffZone:
        zone = self.find_zone(country)
        if zone is None or not zone.rates:
            text = _("We do not send to %(country)s yet.", country=country_name(country))
            raise CannotShip("country", text, country=country)
        return zone


def read_tariff(currency: str, country: str | None = None) -> Tariff:
    """Every zone with its rates in a currency and, if a country is named, what is collected for it: in one statement."""
    today = clock.today()
    domestic = (
        select(Policy.value)
        .where(Policy.key == "domestic_codes", Policy.from_on <= today)
        .order_by(Policy.from_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement: Select[Any] = (
        select(
            Zone.code,
            Zone.countries,
            Zone.days_min,
            Zone.days_max,
            Zone.tax_mode,
            ZoneRate.up_to_grams,
            ZoneRate.amount_minor,
            domestic.label("domestic"),
        )
        .outerjoin(ZoneRate, and_(ZoneRate.zone_id == Zone.id, ZoneRate.currency == currency))
        .order_by(Zone.id, ZoneRate.up_to_grams)
    )
    if country is not None:
        here = and_(Levy.zone_id == Zone.id, Levy.country.in_(["", country]), Levy.from_on <= today)
        statement = statement.add_columns(Levy.id.label("levy_id"), *_LEVY).outerjoin(Levy, here)
    first: dict[str, Row[Any]] = {}
    rates: dict[str, dict[int, int]] = {}
    rules: dict[str, dict[int, Rule]] = {}
    for row in db.session.execute(statement):
        first.setdefault(row.code, row)
        if row.up_to_grams is not None:
            rates.setdefault(row.code, {})[row.up_to_grams] = row.amount_minor
        if country is not None and row.levy_id is not None and row.levy_id not in rules.get(row.code, ()):
            rules.setdefault(row.code, {})[row.levy_id] = Rule(*row[-len(_LEVY) :])
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
    )


def _abroad(row: Row[Any]) -> tuple[str, ...]:
    home = DEFAULTS["domestic_codes"] if row.domestic is None else row.domestic
    return tuple(country for country in row.countries if country not in home)


def quote(country: str, currency: str, weight_grams: int) -> Quote:
    """Postage of so many grams to a country. Raises CannotShip."""
    return read_tariff(currency).quote(country, weight_grams)


def list_destinations() -> list[str]:
    """Codes of the countries we send to, in code order; never a code the programme counts as home."""
    return read_tariff("EUR").destinations()


def find_zone(country: str) -> TariffZone | None:
    """The zone of a destination (its rates in euro), or None."""
    return read_tariff("EUR").find_zone(country)
