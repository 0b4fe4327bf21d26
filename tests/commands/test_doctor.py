"""`shop doctor` says of each part what is so, finds each fault alone, and goes on where a part cannot be looked at."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from shop.commands import doctor
from shop.commands.doctor import examine
from shop.core import clock as clock_module
from shop.core import outbox, schema
from shop.core.clock import VirtualClock
from shop.core.config import STRIPE_API, from_environment
from shop.core.db import db, transaction
from shop.core.durability import Promise
from shop.core.marks import EVENTS_POLLED, RESTORED_TO, WORKER_SEEN, remember_moment
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.builders import make_product
from tests.stripe_bench import Bench, make_bench


@pytest.fixture
def bench(app: Flask, clock: VirtualClock) -> Iterator[Bench]:
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        yield bench


@pytest.fixture
def healthy(app: Flask, bench: Bench) -> None:
    """At head, with a worker."""
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": schema.head()})
    remember(WORKER_SEEN, EVENTS_POLLED)


def remember(*keys: str) -> None:
    with transaction():
        for key in keys:
            remember_moment(key, clock_module.now())


def look(app: Flask, **changes: Any) -> dict[str, list[str]]:
    """What is wrong by name; everything else is well."""
    sound: dict[str, Any] = {
        "base_url": "https://shop.example",
        "stripe_api_base": STRIPE_API,
        "stripe_publishable_key": "pk_test_1",
        "testing": False,
    }
    settings = replace(app.config["SETTINGS"], **{**sound, **changes})
    wrong: dict[str, list[str]] = {}
    for finding in examine(lambda: settings, nullcontext):
        if finding.wrong:
            wrong.setdefault(finding.name, []).append(finding.text)
    return wrong


@pytest.mark.both_databases
@pytest.mark.usefixtures("healthy")
def test_a_healthy_installation_has_nothing_wrong(app: Flask, clock: VirtualClock) -> None:
    # PostgreSQL has a clock of its own, which nobody moves.
    clock.move_to(datetime.now(UTC))
    remember(WORKER_SEEN, EVENTS_POLLED)
    assert look(app) == {}


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"secret_key": "short"}, "settings", "SHOP_SECRET_KEY"),
        ({"stripe_api_base": "http://127.0.0.1:1"}, "settings", "STRIPE_API_BASE"),
        ({"base_url": "http://shop.example"}, "address", "https"),
        ({"stripe_publishable_key": "pk_live_1"}, "Stripe keys", "The secret key is a test key"),
        ({"stripe_webhook_secrets": ("sk_test",)}, "webhook", "no signing secret"),
        ({"mail_url": "file:///proc/letters"}, "folder of letters", "cannot be written"),
        ({"storage_url": "file:///proc/pictures"}, "folder of pictures", "cannot be written"),
    ],
)
def test_each_wrong_setting_is_found(app: Flask, changes: dict[str, Any], name: str, said: str) -> None:
    wrong = look(app, **changes)
    assert list(wrong) == [name]
    assert said in wrong[name][0]


def go_back(clock: VirtualClock) -> None:
    clock.advance(minutes=-2)


def leave_a_job(clock: VirtualClock) -> None:
    with transaction():
        outbox.enqueue("probe", {})
    clock.advance(minutes=20)
    remember(WORKER_SEEN, EVENTS_POLLED)


def fail_often(clock: VirtualClock) -> None:
    with transaction():
        outbox.enqueue("probe", {}, run_at=clock() + timedelta(hours=1))
    with transaction():
        db.session.execute(text(f"UPDATE job SET attempts = {outbox.ALARM_AFTER}"))


def drop_guard(_clock: VirtualClock) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER ledger_entry_no_update"))


def leave_head(_clock: VirtualClock) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(
    ("spoil", "name", "said"),
    [
        (lambda clock: clock.advance(minutes=6), "worker", "Start: shop work"),
        (lambda clock: (clock.advance(minutes=31), remember(WORKER_SEEN)), "events", "cannot fetch"),
        (lambda clock: remember(RESTORED_TO), "restore", "No orders are taken"),
        (go_back, "clock", "of a later time"),
        (leave_a_job, "queue", "has waited 1200 s"),
        (fail_often, "queue", "fail again and again"),
        (drop_guard, "guards", "ledger_entry_no_update"),
        (leave_head, "schema", "shop db upgrade"),
        (lambda _clock: make_product(), "pictures", "1 of 1 lack files"),
    ],
)
def test_each_fault_of_the_database_is_found(
    app: Flask, clock: VirtualClock, spoil: Callable[[VirtualClock], object], name: str, said: str
) -> None:
    spoil(clock)
    wrong = look(app)
    assert list(wrong) == [name]
    assert said in wrong[name][0]


@pytest.mark.usefixtures("healthy")
def test_a_database_that_does_not_wait_for_the_disk_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "read_promise", lambda _connection: Promise("x", ("A power cut loses orders.",)))
    assert look(app) == {"database": ["A power cut loses orders."]}


@pytest.mark.usefixtures("healthy")
def test_a_silent_stripe_and_a_clock_that_is_not_stripes_are_found(
    app: Flask, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.control("refuse", times=9)
    assert list(look(app)) == ["Stripe"]
    bench.control("refuse", times=0)
    monkeypatch.setattr(Gateway, "ask_time", lambda _self: clock_module.now() + timedelta(minutes=7))
    assert look(app) == {"clock of Stripe": ["420 seconds from ours."]}


@pytest.mark.usefixtures("healthy")
def test_a_full_disk_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_ROOM", 2**60)
    assert list(look(app)) == ["disk"]


@pytest.mark.usefixtures("healthy")
def test_what_cannot_be_looked_at_hides_nothing_else(app: Flask, tmp_path: Path) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE job"))
    assert list(look(app, secret_key="short")) == ["settings", "queue"]


def test_a_setting_that_makes_no_sense_is_a_finding(app: Flask) -> None:
    (finding,) = examine(lambda: from_environment({"SHOP_BASE_URL": "ftp://x"}), nullcontext)
    assert str(finding).startswith("wrong  settings: SHOP_BASE_URL must begin with")
