"""Quotes: what a parcel to a country costs and how long it travels. A tariff is read in one statement."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select

from shop.core import clock
from shop.core.db import db
from shop.core.policies import DEFAULTS
from shop.core.tables import Policy
from shop.i18n.formats import country_name, weight
from shop.i18n.messages import gettext as _
from shop.shipping.errors import CannotShip
from shop.shipping.models import Zone, ZoneRate
from shop.shipping.services import Arrival, arrival

# What needs more parcels than this is freight, and freight is asked for, not clicked.
MAX_PARCELS = 20


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
    """A zone with its postage in one currency: (up to grams, minor units), lightest first."""

    code: str
    countries: tuple[str, ...]
    days_min: int
    days_max: int
    tax_mode: str
    rates: tuple[tuple[int, int], ...]


class Tariff:
    """All zones in one currency, without the countries that are home to the programme."""

    def __init__(self, currency: str, zones: list[TariffZone]) -> None:
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
        zone = self.find_zone(country)
        if zone is None or not zone.rates:
            text = _("We do not send to %(country)s yet.", country=country_name(country))
            raise CannotShip("country", text, country=country)
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


def read_tariff(currency: str) -> Tariff:
    """Every zone with its rates in a currency, in one statement."""
    today = clock.today()
    domestic = (
        select(Policy.value)
        .where(Policy.key == "domestic_codes", Policy.from_on <= today)
        .order_by(Policy.from_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
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
    ).all()
    found: dict[str, TariffZone] = {}
    for row in rows:
        home = DEFAULTS["domestic_codes"] if row.domestic is None else row.domestic
        abroad = tuple(country for country in row.countries if country not in home)
        rate = () if row.up_to_grams is None else ((row.up_to_grams, row.amount_minor),)
        earlier = found[row.code].rates if row.code in found else ()
        found[row.code] = TariffZone(row.code, abroad, row.days_min, row.days_max, row.tax_mode, earlier + rate)
    return Tariff(currency, list(found.values()))


def quote(country: str, currency: str, weight_grams: int) -> Quote:
    """Postage of so many grams to a country. Raises CannotShip."""
    return read_tariff(currency).quote(country, weight_grams)


def list_destinations() -> list[str]:
    """Codes of the countries we send to, in code order; never a code the programme counts as home."""
    return read_tariff("EUR").destinations()


def find_zone(country: str) -> TariffZone | None:
    """The zone of a destination (its rates in euro), or None."""
    return read_tariff("EUR").find_zone(country)
