"""Where a carrier takes nothing: told with its last day, and ended by staff."""

from datetime import date, timedelta

import pytest
from flask import Flask

from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import Invalid, NotFound
from shop.shipping.errors import CannotShip
from shop.shipping.queries import read_tariff
from shop.shipping.suspensions import Notice, list_suspensions, resume, suspend
from tests.builders import make_basics


def stop(until_on: date | None = None, *, country: str = "US", from_on: date | None = None) -> int:
    with transaction():
        row = suspend(Notice(country, "Poste Maroc", from_on or clock.today(), until_on, "letter"), actor=None)
    return row.id


@pytest.mark.both_databases
def test_it_holds_between_its_days_and_the_longest_is_told(app: Flask) -> None:
    make_basics()
    day = clock.today()
    stop(day)
    stop(day + timedelta(days=3))
    stop(day + timedelta(days=1))
    stop(country="FR", from_on=day + timedelta(days=1))
    tariff = read_tariff("EUR")
    with pytest.raises(CannotShip) as caught:
        tariff.quote("US", 4000)
    assert caught.value.reason == "suspended"
    assert str(date(day.year, day.month, day.day + 3).day) in caught.value.text
    assert tariff.quote("FR", 4000).amount_minor == 6000
    assert "US" in tariff.destinations()


@pytest.mark.both_databases
def test_an_end_nobody_knows_outlasts_every_other(app: Flask) -> None:
    make_basics()
    stop(clock.today() + timedelta(days=400))
    known = stop()
    assert "Nobody knows" in read_tariff("EUR").stop_text("US")
    with transaction():
        resume(known, actor=None)
    assert "Nobody knows" not in read_tariff("EUR").stop_text("US")
    assert len(list_suspensions()) == 1
    with pytest.raises(NotFound), transaction():
        resume(known, actor=None)


def test_a_past_day_or_an_unknown_country_is_refused(app: Flask) -> None:
    make_basics()
    with pytest.raises(Invalid) as caught, transaction():
        suspend(Notice("IS", "", clock.today(), clock.today() - timedelta(days=1), ""), actor=None)
    assert set(caught.value.fields) == {"country", "carrier", "until_on", "source"}
