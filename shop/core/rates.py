"""Exchange rates to the dirham: dated, sourced, never guessed. A missing rate is an error, never 1."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db
from shop.core.errors import ShopError
from shop.core.money import exponent, round_half_up
from shop.core.tables import Rate


class MissingRate(ShopError):
    """No rate of a currency on or before a day."""

    status = 409

    def __init__(self, currency: str, on: date) -> None:
        super().__init__(
            f"No exchange rate from {currency} to MAD on or before {on.isoformat()}.",
            currency=currency,
            on=on,
        )
        self.currency, self.on = currency, on


@dataclass(frozen=True, slots=True)
class DatedRate:
    """Dirhams for one unit of a currency, exact, with its day and source."""

    currency: str
    on: date
    mad: Fraction
    source: str

    def to_mad(self, minor: int) -> int:
        """Minor units of the currency in centimes of a dirham, rounded half up."""
        return round_half_up(Fraction(minor, 10 ** exponent(self.currency)) * self.mad * 100)

    def from_mad(self, centimes: int) -> int:
        """Centimes of a dirham in minor units of the currency, rounded half up."""
        return round_half_up(Fraction(centimes, 100) / self.mad * 10 ** exponent(self.currency))


def _dated(row: Rate) -> DatedRate:
    return DatedRate(row.currency, row.on, Fraction(row.mad_millionths, 1_000_000 * row.unit), row.source)


def find_rate(currency: str, on: date | None = None) -> DatedRate | None:
    """The last rate published on or before a day (rule C6 of the reports), or None."""
    day = on or clock.today()
    if currency == "MAD":
        return DatedRate("MAD", day, Fraction(1), "identity")
    row = db.session.scalars(
        select(Rate).where(Rate.currency == currency, Rate.on <= day).order_by(Rate.on.desc()).limit(1)
    ).first()
    return _dated(row) if row else None


def get_rate(currency: str, on: date | None = None) -> DatedRate:
    """As find_rate, but raises MissingRate."""
    rate = find_rate(currency, on)
    if rate is None:
        raise MissingRate(currency, on or clock.today())
    return rate


class RateBook:
    """All rates in memory, for a report over many lines: two lookups of the same day cost one."""

    def __init__(self) -> None:
        self._days: dict[str, list[DatedRate]] = {}
        for row in db.session.scalars(select(Rate).order_by(Rate.currency, Rate.on)):
            self._days.setdefault(row.currency, []).append(_dated(row))
        self._found: dict[tuple[str, date], DatedRate | None] = {}

    def find(self, currency: str, on: date) -> DatedRate | None:
        """The last rate on or before a day, or None."""
        if currency == "MAD":
            return DatedRate("MAD", on, Fraction(1), "identity")
        key = (currency, on)
        if key not in self._found:
            earlier = [rate for rate in self._days.get(currency, ()) if rate.on <= on]
            self._found[key] = earlier[-1] if earlier else None
        return self._found[key]
