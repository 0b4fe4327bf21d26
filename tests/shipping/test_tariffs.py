"""Decisions about zones and their postage: a country in one zone, an amount that can be charged, a trail."""

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, transaction
from shop.core.errors import Invalid
from shop.core.tables import Audit
from shop.shipping.queries import read_tariff
from shop.shipping.tariffs import ZoneDecision, decide_band, decide_zone, list_bands, open_zone
from tests.builders import make_basics

NORTH = ZoneDecision(["IS", "NO"], 4, 9, "price list of the post, 2026")


@pytest.mark.both_databases
def test_a_new_zone_is_no_destination_before_it_has_postage(app: Flask) -> None:
    make_basics()
    with transaction():
        open_zone("north", NORTH, actor=None)
    assert not read_tariff("EUR").find_zone("IS").rates  # type: ignore[union-attr]
    with transaction():
        decide_band("north", 2_000, {"EUR": 2_150, "JPY": 3_500}, actor=None)
    assert read_tariff("EUR").quote("IS", 1_500).amount_minor == 2_150
    assert read_tariff("JPY").quote("NO", 1_500).amount_minor == 3_500
    with transaction():
        decide_band("north", 2_000, {}, actor=None)
    assert 2_000 not in list_bands().get(2, {})
    assert [row.action for row in db.session.scalars(select(Audit).order_by(Audit.id))][:2] == [
        "open zone",
        "decide postage",
    ]


def test_a_country_is_in_one_zone(app: Flask) -> None:
    make_basics()
    for countries in (["FR"], ["XX"], []):
        with pytest.raises(Invalid) as caught, transaction():
            open_zone("north", ZoneDecision(countries, 4, 9, "list"), actor=None)
        assert set(caught.value.fields) == {"countries"}
    with transaction():
        decide_zone("world", ZoneDecision(["FR", "IS"], 5, 9, "list"), actor=None)
    assert read_tariff("EUR").destinations() == ["FR", "IS"]


@pytest.mark.parametrize(
    ("code", "decision", "field"),
    [
        ("North!", NORTH, "code"),
        ("world", NORTH, "code"),
        ("north", ZoneDecision(["IS"], 9, 4, "list"), "days_max"),
        ("north", ZoneDecision(["IS"], 4, 9, ""), "source"),
    ],
)
def test_what_cannot_be_is_said_in_its_place(app: Flask, code: str, decision: ZoneDecision, field: str) -> None:
    make_basics()
    with pytest.raises(Invalid) as caught, transaction():
        open_zone(code, decision, actor=None)
    assert set(caught.value.fields) == {field}


def test_postage_is_an_amount_that_can_be_charged(app: Flask) -> None:
    make_basics()
    with pytest.raises(Invalid) as caught, transaction():
        decide_band("world", 0, {"KWD": 1_001, "EUR": -1}, actor=None)
    assert set(caught.value.fields) == {"up_to", "amount_kwd", "amount_eur"}
