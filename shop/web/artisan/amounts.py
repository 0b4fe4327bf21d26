"""Dirhams as a maker reads them: whole, with the day of the rate where a rate was needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from markupsafe import Markup

from shop.core.money import round_half_up
from shop.core.rates import DatedRate, find_rate
from shop.i18n import gettext as _
from shop.i18n.formats import isolate, number


@dataclass(frozen=True, slots=True)
class Dirhams:
    """An amount in centimes; `on` is the day of the oldest rate it was estimated with, None if none was needed."""

    minor: int
    on: date | None


class Converter:
    """Today's rates, each looked up once for all the lines of a page."""

    def __init__(self) -> None:
        self._rates: dict[str, DatedRate | None] = {}

    def in_dirhams(self, amounts: Mapping[str, int]) -> Dirhams | None:
        """Amounts by currency as one estimate in dirhams at the latest rates; None when a rate is missing."""
        total, days = 0, []
        for currency, minor in amounts.items():
            if currency not in self._rates:
                self._rates[currency] = find_rate(currency)
            rate = self._rates[currency]
            if rate is None:
                return None
            total += rate.to_mad(minor)
            if currency != "MAD":
                days.append(rate.on)
        return Dirhams(total, min(days, default=None))


def whole_dirhams(minor: int) -> Markup:
    """Centimes as whole dirhams, rounded half up: `450 DH`."""
    amount = number(round_half_up(Fraction(minor, 100)))
    return isolate(_("%(amount)s DH", amount=amount))


def about_dirhams(minor: int) -> Markup:
    """As whole_dirhams, said to be an estimate: `about 450 DH`."""
    return Markup(_("about %(amount)s", amount=whole_dirhams(minor)))
