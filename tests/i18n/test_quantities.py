"""How many, in words that agree with the number."""

import pytest

from shop.i18n.messages import use_language
from shop.i18n.quantities import how_many


@pytest.mark.parametrize(
    ("language", "quantity", "unit", "said"),
    [
        ("en", 1, "pair", "1 pair"),
        ("en", 2, "pair", "2 pairs"),
        ("fr", 1, "set", "1 ensemble"),
        ("fr", 4, "m2", "4 m²"),
        ("ar", 1, "pair", "زوج واحد"),
        ("ar", 2, "pair", "زوجان"),
        ("ar", 3, "pair", "3 أزواج"),
        ("ar", 11, "pair", "11 زوجا"),
        ("ar", 100, "pair", "100 زوج"),
        ("ar", 4, "m2", "4 م²"),
    ],
)
def test_a_quantity_is_said_as_it_is_sold(language: str, quantity: int, unit: str, said: str) -> None:
    with use_language(language):
        assert how_many(quantity, unit) == said
