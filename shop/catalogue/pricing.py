"""From the maker's dirhams to what a buyer sees, and back. Suggestions only: what is charged is a stored price."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from shop.catalogue.currencies import default_currency, list_currencies
from shop.core import clock
from shop.core.money import basis_points, exponent
from shop.core.policies import get_policy
from shop.core.rates import DatedRate, MissingRate, find_rate, get_rate
from shop.i18n import gettext as _
from shop.i18n.formats import date as date_text


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a buyer would see in one currency and about what would reach the maker, at a dated rate."""

    price_minor: int
    currency: str
    receives_mad_minor: int
    rate: DatedRate


def suggest_price(ask_mad_minor: int, currency: str, on: date | None = None) -> int:
    """The maker's ask plus the margin of the policy `price_margin_bp`, at the day's rate, up to whole units.

    The margin covers commission, payment fee and exchange, so that not less than the ask reaches the maker. Raises
    MissingRate.
    """
    day = on or clock.today()
    rate = _rate(currency, day)
    margin = Fraction(10_000 + get_policy("price_margin_bp", day), 10_000)
    units = Fraction(ask_mad_minor, 100) * margin / rate.mad
    return -int(-units // 1) * 10 ** exponent(currency)


def suggest_prices(ask_mad_minor: int, on: date | None = None) -> dict[str, int]:
    """Suggested prices {currency: minor}. A currency without a rate is left out, never guessed.

    Raises MissingRate when none of the shop's currencies has one.
    """
    day = on or clock.today()
    known = [currency for currency in list_currencies() if find_rate(currency, day) is not None]
    if not known:
        _rate(default_currency(), day)
    return {currency: suggest_price(ask_mad_minor, currency, day) for currency in known}


def missing_rates(on: date | None = None) -> list[str]:
    """Currencies of the shop that have no rate on a day: staff must bring one before they can be priced."""
    return [currency for currency in list_currencies() if find_rate(currency, on) is None]


def estimate_receives(ask_mad_minor: int, on: date | None = None, currency: str = "EUR") -> Estimate:
    """What a piece at this ask would cost abroad and about what its maker would receive. Raises MissingRate."""
    day = on or clock.today()
    price = suggest_price(ask_mad_minor, currency, day)
    return Estimate(price, currency, estimate_share(price, currency, day), _rate(currency, day))


def estimate_share(price_minor: int, currency: str, on: date | None = None) -> int:
    """About what reaches the maker of a price, in centimes: less commission and, where the maker bears it, the fee."""
    day = on or clock.today()
    kept = basis_points(price_minor, get_policy("commission_bp", day))
    if get_policy("fee_bearer", day) == "maker":
        kept += basis_points(price_minor, get_policy("fee_estimate_bp", day))
    return _rate(currency, day).to_mad(price_minor - kept)


@dataclass(frozen=True, slots=True)
class ShareTerms:
    """What is kept of a price by the terms a sale of today would be frozen with, in basis points; fee only as the maker's."""

    commission_bp: int
    fee_bp: int

    def reaches(self, price_minor: int) -> int:
        """About what of a price reaches its maker, in the price's own currency."""
        return price_minor - basis_points(price_minor, self.commission_bp) - basis_points(price_minor, self.fee_bp)


def share_terms() -> ShareTerms:
    """The terms of today. Three statements."""
    fee_bp = get_policy("fee_estimate_bp") if get_policy("fee_bearer") == "maker" else 0
    return ShareTerms(get_policy("commission_bp"), fee_bp)


def _rate(currency: str, on: date) -> DatedRate:
    try:
        return get_rate(currency, on)
    except MissingRate as error:
        error.text = _(
            "There is no exchange rate for %(currency)s on %(day)s. The programme’s staff must enter it first.",
            currency=currency,
            day=date_text(on),
        )
        raise
