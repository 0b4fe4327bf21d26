"""What a process keeps is as new as the newest public change it has heard of."""

import threading
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, insert, select, update

from shop.app import create_app
from shop.core import kept as store
from shop.core.db import db, engine_options, instead, transaction
from shop.core.kept import Keep, kept
from shop.core.schema import upgrade
from shop.core.tables import PublicState
from shop.core.versions import Changes, touch
from tests.conftest import make_settings


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


def test_what_the_process_has_heard_of_elsewhere_is_not_waited_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _calls, make = counting()
    kept("a", make)  # type: ignore[arg-type]
    with transaction():
        touch()
    assert kept("a", make) == 2  # type: ignore[arg-type]
    with transaction():
        db.session.execute(update(PublicState).values(number=77, lasting=77))
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 0)
    store.state().look()
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 10**15)
    assert [kept("a", make), kept("a", make)] == [3, 3]  # type: ignore[arg-type]


def test_what_a_transaction_has_not_committed_is_not_kept(app: Flask) -> None:
    _calls, make = counting()
    with transaction():
        touch()
        assert [kept("a", make), kept("a", make)] == [1, 2]  # type: ignore[arg-type]
        db.session.rollback()
    assert kept("a", make) == 3  # type: ignore[arg-type]


@pytest.mark.both_databases
def test_a_value_that_says_what_it_shows_outlasts_other_changes(app: Flask) -> None:
    _calls, make = counting()
    assert kept("a", make, ["p1", "u1"]) == 1  # type: ignore[arg-type]
    with transaction():
        touch("p2")
    assert kept("a", make, ["p1", "u1"]) == 1  # type: ignore[arg-type]
    with transaction():
        touch("u1", "p7")
    assert kept("a", make, ["p1", "u1"]) == 2  # type: ignore[arg-type]
    with transaction():
        touch()
    assert kept("a", make, ["p1", "u1"]) == 3  # type: ignore[arg-type]


def test_what_was_read_before_the_newest_change_is_kept_under_the_number_it_was_read_at(app: Flask) -> None:
    keep: Keep[str] = Keep(3)
    with transaction():
        touch("p1")
    assert keep.find("a", None) is None
    keep.put("a", "old", 0, "p1")
    keep.put("b", "old", 0, "p2")
    keep.put("c", "new", 1, "p1")
    assert [keep.find(key, None) for key in "abc"] == [None, "old", "new"]
    with transaction():
        touch("p2")
    assert keep.find("c", None) == "new"


def test_a_value_newer_than_the_news_is_made_once_more_when_they_are_heard(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep: Keep[str] = Keep(3)
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 10**15)
    assert keep.find("a", None) is None
    with transaction():
        db.session.execute(insert(PublicState).values(id=1, number=5, lasting=5, recent="5:p1;"))
    keep.put("a", "made", 5, "p1")
    assert keep.find("a", None) == "made"
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 0)
    assert keep.find("a", None) is None


@pytest.mark.both_databases
def test_what_is_made_of_something_kept_is_no_newer_than_that(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        touch()
    said = ["old"]
    assert kept("part", lambda: said[0]) == "old"
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 10**15)
    said[0] = "new"
    with transaction():
        db.session.execute(update(PublicState).values(number=2, lasting=2, recent="2:house;1:house;"))
    assert kept("whole", lambda: kept("part", lambda: said[0])) == "old"
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 0)
    assert kept("whole", lambda: kept("part", lambda: said[0])) == "new"


def test_what_another_database_reads_in_its_stead_is_not_kept(app: Flask, tmp_path: Path) -> None:
    _calls, make = counting()
    engine = create_engine(f"sqlite:///{tmp_path}/other.sqlite", **engine_options("sqlite://"))
    with instead(engine):
        assert [kept("a", make), kept("a", make)] == [1, 2]  # type: ignore[arg-type]
    assert [kept("a", make), kept("a", make)] == [3, 3]  # type: ignore[arg-type]
    engine.dispose()


def test_numbers_that_fall_begin_anew(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was put back to an earlier day comes to the same numbers with other changes."""
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 0)
    own, keep = store.state(), Keep[str](3)
    own.look(lambda: Changes(7, ((7, frozenset(["p9"])),)))
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 10**15)
    keep.put("a", "of the old days", 7, "p1")
    assert keep.find("a", None) is not None
    epoch = own.epoch
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 0)
    own.look(lambda: Changes(3, ()))
    own.look(lambda: Changes(7, tuple((number, frozenset(["p2"])) for number in range(7, 3, -1))))
    monkeypatch.setattr(store, "LOOK_NANOSECONDS", 10**15)
    assert keep.find("a", None) is None
    assert own.epoch == epoch + 1


def test_who_writes_and_who_asks_do_not_wait_for_each_other(app: Flask) -> None:
    """On SQLite: one holds its lock and asks for news, while another asks as the first thing in a transaction."""
    kept("a", lambda: 1)
    with transaction():
        touch()
    # There is a commit of this process that nobody has looked at: whoever asks waits for the answer.
    db.session.remove()
    holding, waiting, failed = threading.Event(), threading.Event(), list[BaseException]()

    def first() -> None:
        with app.app_context(), transaction():
            db.session.execute(select(PublicState)).all()
            holding.set()
            waiting.wait(5)
            kept("b", lambda: 1)

    def second() -> None:
        with app.app_context():
            holding.wait(5)
            # Soon: at the latest when this thread waits for the lock.
            threading.Timer(0.2, waiting.set).start()
            try:
                with transaction():
                    kept("c", lambda: 1)
            except BaseException as error:
                failed.append(error)

    threads = [threading.Thread(target=target) for target in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert failed == []


def test_an_application_keeps_nothing_of_another(app: Flask, tmp_path: Path) -> None:
    _calls, make = counting()
    assert [kept("a", make), kept("a", make)] == [1, 1]  # type: ignore[arg-type]
    with create_app(make_settings(tmp_path / "other", f"sqlite:///{tmp_path}/other.sqlite")).app_context():
        upgrade()
        assert kept("a", make) == 2  # type: ignore[arg-type]
    assert kept("a", make) == 1  # type: ignore[arg-type]


def test_what_was_not_used_for_longest_goes_first(app: Flask) -> None:
    keep: Keep[int] = Keep(2)
    keep.put("a", 1, 0)
    keep.put("b", 2, 0)
    assert keep.find("a", None) == 1
    keep.put("c", 3, 0)
    assert [keep.find(key, None) for key in "abc"] == [1, None, 3]
