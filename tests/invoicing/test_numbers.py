"""Numbers without holes and without twins, whoever comes at the same moment and whoever turns back."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from shop.core.db import db, transaction
from shop.invoicing.models import Series
from shop.invoicing.numbering import number_text, take_number

CLERKS, EACH = 4, 6


class Changed(Exception):
    """Somebody's transaction fails after it has taken a number."""


def apart(app: Flask, work: Callable[[], Any]) -> Any:
    """Do something in a thread's own context and connection."""
    with app.app_context():
        try:
            return work()
        finally:
            db.session.remove()


@pytest.mark.both_databases
def test_clerks_at_the_same_moment_leave_no_hole_and_give_no_number_twice(app: Flask) -> None:
    start = threading.Barrier(CLERKS)

    def clerk(which: int) -> list[int]:
        kept = []
        start.wait()
        for turn in range(EACH):
            try:
                with transaction():
                    number = take_number("F", 2026)
                    if (which + turn) % 3 == 0:
                        raise Changed
                kept.append(number)
            except Changed:
                continue
        return kept

    with ThreadPoolExecutor(CLERKS) as pool:
        found = list(pool.map(lambda which: apart(app, lambda: clerk(which)), range(CLERKS)))
    kept = sorted(number for numbers in found for number in numbers)
    assert kept == list(range(1, len(kept) + 1))
    assert CLERKS < len(kept) < CLERKS * EACH
    assert db.session.scalar(select(Series.last)) == len(kept)


@pytest.mark.both_databases
@pytest.mark.parametrize("turns_back", [True, False])
def test_whoever_comes_second_waits_for_the_first_to_end(app: Flask, turns_back: bool) -> None:
    with transaction():
        take_number("F", 2026)

    def second() -> int:
        with transaction():
            return take_number("F", 2026)

    with ThreadPoolExecutor(1) as pool:
        try:
            with transaction():
                first = take_number("F", 2026)
                waiting = pool.submit(apart, app, second)
                if turns_back:
                    raise Changed
        except Changed:
            pass
        assert (first, waiting.result()) == (2, 2 if turns_back else 3)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_who_only_look_at_the_last_number_take_the_same_one(app: Flask) -> None:
    """The race the lock is there for. SQLite lets nobody begin to write while another does."""
    with transaction():
        take_number("F", 2026)
    both_have_looked = threading.Barrier(2)

    def careless() -> int:
        with transaction():
            last = db.session.scalar(select(func.max(Series.last))) or 0
            both_have_looked.wait()
            return last + 1

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _turn: apart(app, careless), range(2))) == [2, 2]


def test_every_series_and_every_year_begins_at_one(app: Flask) -> None:
    with transaction():
        taken = [take_number("F", 2026), take_number("F", 2026), take_number("A", 2026), take_number("F", 2027)]
    assert taken == [1, 2, 1, 1]
    assert number_text("F", 2026, 123) == "F-2026-000123"


def test_a_number_is_taken_with_its_document_or_not_at_all(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        take_number("F", 2026)
