"""Money: integer minor units and an ISO 4217 code. Pure; no float comes near an amount.

The exponents follow Stripe (docs.stripe.com/currencies: zero-decimal and three-decimal currencies), which differs from
ISO 4217 in places (ISK and UGX are sent with two digits, of which the last two are zero), because an amount here is an
amount there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

ZERO_DECIMAL = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# Sent with two digits although nobody uses them: both are zero.
WHOLE_UNITS = frozenset(["ISK", "UGX"])
TWO_DECIMAL = frozenset(
    [
        "AED",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "MAD",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PLN",
        "QAR",
        "RON",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UGX",
        "USD",
        "ZAR",
    ]
)


class UnknownCurrency(ValueError):
    """A code outside the table: refused rather than guessed to have two digits."""


def exponent(currency: str) -> int:
    """Digits after the point of a currency at Stripe: 0, 2 or 3."""
    if currency in TWO_DECIMAL:
        return 2
    if currency in ZERO_DECIMAL:
        return 0
    if currency in THREE_DECIMAL:
        return 3
    raise UnknownCurrency(currency)


def smallest_charge(currency: str) -> int:
    """Minor units an amount charged is a multiple of: 10 with three digits, 100 where Stripe wants whole units, else 1.

    docs.stripe.com/currencies, "Special cases" and "Three-decimal currencies".
    """
    if currency in WHOLE_UNITS:
        return 100
    return 10 if exponent(currency) == 3 else 1


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency. Arithmetic between currencies raises."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("an amount is a whole number of minor units")
        exponent(self.currency)

    def _same(self, other: "Money") -> None:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise TypeError(f"cannot combine {self} with {other}")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        if not isinstance(quantity, int):
            raise TypeError("an amount is multiplied by whole numbers only")
        return Money(self.minor * quantity, self.currency)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units in proportion to `weights` by largest remainder; the parts sum to `total` exactly.

    Ties go to the earlier weight. A negative total is split as its positive mirror. Weights are not negative; if all
    are zero everything goes to the first. Largest remainder (Hamilton) method.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    if any(w < 0 for w in weights):
        raise ValueError("weights must not be negative")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    parts = [total * w // whole for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def round_half_up(value: Fraction) -> int:
    """Nearest integer, halves away from zero: the rounding of every conversion in a report."""
    return -round_half_up(-value) if value < 0 else int(value + Fraction(1, 2))


def basis_points(minor: int, points: int) -> int:
    """`points` / 10 000 of an amount, rounded half up: commission."""
    return round_half_up(Fraction(minor * points, 10_000))
