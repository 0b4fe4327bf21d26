"""Jobs are asked for once, done at least once, and given back when they fail."""

import pytest
from flask import Flask

from shop import worker
from shop.core import outbox
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import EdgeFailed
from shop.core.tables import Job, PublicState
from shop.core.versions import is_changing, public_version, touch

pytestmark = pytest.mark.both_databases


def ask(kind: str = "settle_order", **payload: object) -> None:
    with transaction():
        outbox.enqueue(kind, dict(payload), key="only once")


def test_a_job_with_a_key_is_asked_for_once(app: Flask) -> None:
    with transaction():
        outbox.enqueue("settle_order", {}, key="k")
        outbox.enqueue("settle_order", {}, key="k")
    with transaction():
        outbox.enqueue("settle_order", {}, key="k")
    assert db.session.query(Job).count() == 1


def test_a_leased_job_is_nobody_elses_until_the_lease_runs_out(app: Flask, clock: VirtualClock) -> None:
    ask()
    with transaction():
        assert len(outbox.claim()) == 1
    with transaction():
        assert outbox.claim() == []
    clock.advance(minutes=3)
    with transaction():
        assert len(outbox.claim()) == 1


def test_a_failing_job_is_given_back_with_its_error_and_comes_again(
    app: Flask, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fail_once(payload: dict[str, object]) -> None:
        calls.append(payload)
        if len(calls) == 1:
            raise RuntimeError("the roof is open")

    monkeypatch.setitem(worker.JOBS, "settle_order", fail_once)
    ask(order_id=7)
    assert worker.run_due() == 0
    assert "the roof is open" in str(db.session.query(Job).one().last_error)
    clock.advance(minutes=1)
    assert worker.run_due() == 1
    assert calls == [{"order_id": 7}] * 2


def test_a_letter_does_not_wait_behind_everything_stripe_says_nothing_to(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, sent = [], []

    def wait_in_vain(payload: dict[str, object]) -> None:
        asked.append(payload)
        raise EdgeFailed("")

    monkeypatch.setitem(worker.JOBS, "settle_order", wait_in_vain)
    monkeypatch.setitem(worker.JOBS, "send_letter", sent.append)
    with transaction():
        for order_id in range(9):
            outbox.enqueue("settle_order", {"order_id": order_id})
        outbox.enqueue("send_letter", {"letter_id": 1})
    assert worker.run_due() == 1
    assert sent == [{"letter_id": 1}]
    assert len(asked) == 3


def test_what_a_transaction_asked_for_goes_with_it(app: Flask) -> None:
    def ask_and_break() -> None:
        with transaction():
            outbox.enqueue("settle_order", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_break()
    assert db.session.query(Job).count() == 0


@pytest.mark.both_databases
def test_a_savepoint_taken_back_leaves_what_was_asked_before_it(app: Flask) -> None:
    with transaction():
        outbox.enqueue("settle_order", {})
        touch()
        nested = db.session.begin_nested()
        nested.rollback()
    assert db.session.query(Job).count() == 1
    assert public_version() == 1


@pytest.mark.both_databases
def test_a_savepoint_is_no_end(app: Flask) -> None:
    with transaction():
        nested = db.session.begin_nested()
        outbox.enqueue("settle_order", {})
        touch()
        nested.commit()
        assert db.session.query(Job).count() == 0
        assert db.session.query(PublicState).count() == 0
        assert is_changing(db.session())
    assert db.session.query(Job).count() == 1
    assert public_version() == 1


def test_transactions_do_not_nest(app: Flask) -> None:
    with pytest.raises(RuntimeError), transaction(), transaction():
        pass


def test_work_is_asked_for_inside_a_transaction(app: Flask) -> None:
    with pytest.raises(RuntimeError):
        outbox.enqueue("settle_order", {})
