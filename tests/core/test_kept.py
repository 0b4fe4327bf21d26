"""What a process keeps is as new as the newest public change it has heard of."""

import pytest
from flask import Flask
from sqlalchemy import update

from shop.core import kept as store
from shop.core.db import db, transaction
from shop.core.kept import kept
from shop.core.tables import PublicState
from shop.core.versions import touch


def counting() -> tuple[list[int], object]:
    calls: list[int] = []

    def make() -> int:
        calls.append(1)
        return len(calls)

    return calls, make


@pytest.mark.both_databases
def test_a_value_is_made_once_until_something_public_changes(app: Flask) -> None:
    _calls, make = counting()
    assert [kept("a", make), kept("a", make)] == [1, 1]  # type: ignore[arg-type]
    with transaction():
        touch()
    assert kept("a", make) == 2  # type: ignore[arg-type]


def test_another_process_is_heard_of_after_a_second(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _calls, make = counting()
    kept("a", make)  # type: ignore[arg-type]
    with transaction():
        touch()
    kept("a", make)  # type: ignore[arg-type]
    with transaction():
        db.session.execute(update(PublicState).values(number=77, lasting=77))
    assert kept("a", make) == 2  # type: ignore[arg-type]
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 0)
    assert kept("a", make) == 3  # type: ignore[arg-type]


def test_what_the_process_has_heard_of_elsewhere_is_not_waited_for(app: Flask) -> None:
    _calls, make = counting()
    kept("a", make)  # type: ignore[arg-type]
    with transaction():
        touch()
    assert kept("a", make) == 2  # type: ignore[arg-type]
    with transaction():
        db.session.execute(update(PublicState).values(number=77, lasting=77))
    store.hear(77)
    assert [kept("a", make), kept("a", make)] == [3, 3]  # type: ignore[arg-type]


def test_what_a_transaction_has_not_committed_is_not_kept(app: Flask) -> None:
    _calls, make = counting()
    with transaction():
        touch()
        assert [kept("a", make), kept("a", make)] == [1, 2]  # type: ignore[arg-type]
        db.session.rollback()
    assert kept("a", make) == 3  # type: ignore[arg-type]
