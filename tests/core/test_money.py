"""Money is whole minor units of one currency."""

from fractions import Fraction

import pytest

from shop.core.money import Money, UnknownCurrency, basis_points, exponent, round_half_up


def test_exponents_follow_stripe() -> None:
    assert [exponent(code) for code in ("EUR", "JPY", "TND", "ISK", "UGX", "MGA")] == [2, 0, 3, 2, 2, 0]


def test_an_unknown_currency_is_refused_rather_than_guessed() -> None:
    with pytest.raises(UnknownCurrency):
        exponent("XXX")
    with pytest.raises(UnknownCurrency):
        Money(1, "ZZZ")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(TypeError):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(TypeError):
        Money(1, "EUR") * 1.5  # type: ignore[operator]
    with pytest.raises(TypeError):
        Money(1.0, "EUR")  # type: ignore[arg-type]


def test_halves_round_away_from_zero() -> None:
    assert [round_half_up(Fraction(n, 2)) for n in (-3, -1, 1, 3)] == [-2, -1, 1, 2]
    assert basis_points(5, 1000) == 1
