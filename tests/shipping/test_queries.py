"""Postage by zone and weight, destinations, promise dates."""

from datetime import date

import pytest
from flask import Flask

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.policies import decide_policy
from shop.shipping.errors import CannotShip
from shop.shipping.models import Zone, ZoneRate
from shop.shipping.queries import find_zone, list_destinations, quote, read_tariff
from shop.shipping.services import add_working_days, arrival, ship_by


def make_zone(countries: list[str], rates: dict[int, int]) -> None:
    with transaction():
        zone = Zone(
            code="europe", countries=countries, days_min=4, days_max=7, verified_on=date(2026, 1, 1), source="t"
        )
        db.session.add(zone)
        db.session.flush()
        for grams, minor in rates.items():
            db.session.add(ZoneRate(zone_id=zone.id, currency="EUR", up_to_grams=grams, amount_minor=minor))


@pytest.mark.both_databases
@pytest.mark.parametrize(("grams", "minor"), [(1, 1000), (500, 1000), (501, 2000), (2000, 2000)])
def test_a_parcel_costs_the_first_rate_it_fits(app: Flask, grams: int, minor: int) -> None:
    make_zone(["FR"], {500: 1000, 2000: 2000})
    found = quote("FR", "EUR", grams)
    assert (found.amount_minor, found.days_min, found.days_max) == (minor, 4, 7)


def test_what_is_too_heavy_for_one_parcel_goes_in_several(app: Flask) -> None:
    make_zone(["FR"], {500: 1000, 2000: 2000})
    assert quote("FR", "EUR", 4000).amount_minor == 4000
    assert quote("FR", "EUR", 4100).amount_minor == 5000


@pytest.mark.parametrize(
    ("country", "currency", "grams", "piece", "reason"),
    [
        ("JP", "EUR", 100, 0, "country"),
        ("FR", "USD", 100, 0, "country"),
        ("FR", "EUR", 0, 0, "weight"),
        ("FR", "EUR", 2500, 2500, "freight"),
        ("FR", "EUR", 10**9, 0, "freight"),
    ],
)
def test_what_cannot_be_sent_says_why(
    app: Flask, country: str, currency: str, grams: int, piece: int, reason: str
) -> None:
    make_zone(["FR"], {500: 1000, 2000: 2000})
    with pytest.raises(CannotShip) as caught:
        read_tariff(currency).quote(country, grams, piece)
    assert caught.value.reason == reason
    assert caught.value.text


def test_home_is_never_a_destination_whatever_a_zone_says(app: Flask) -> None:
    make_zone(["FR", "MA", "EH"], {500: 1000})
    assert list_destinations() == ["FR"]
    assert find_zone("MA") is None
    with transaction():
        decide_policy("domestic_codes", ["MA", "EH", "FR"], clock.today())
    assert list_destinations() == []


def test_a_tariff_is_one_statement(app: Flask, count_statements) -> None:
    make_zone(["FR"], {500: 1000, 2000: 2000})
    with count_statements() as seen:
        read_tariff("EUR").quote("FR", 100)
    assert len(seen) == 1


def test_working_days_leave_out_the_weekend() -> None:
    friday = date(2026, 6, 19)
    assert add_working_days(friday, 1) == date(2026, 6, 22)
    assert add_working_days(date(2026, 6, 20), 0) == date(2026, 6, 22)
    assert ship_by(0, friday) == date(2026, 6, 23)
    promised = arrival(12, 4, 7, date(2026, 6, 15))
    assert promised.ship_by == date(2026, 6, 30)
    assert (promised.earliest, promised.latest) == (date(2026, 7, 6), date(2026, 7, 9))
