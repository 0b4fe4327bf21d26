"""Idempotency, the controls, and a double that is closed and opened again."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient

from shop.demo.double.app import create_double, deliver_due, state_of
from shop.demo.double.inprocess import pay
from tests.demo.double.conftest import Clock, Inbox, order, plain, sdk

KEY = {"idempotency_key": "order-7KX2M9QA-1"}


def create(client: stripe.StripeClient, options: Any = None, **changes: Any) -> Any:
    return client.v1.checkout.sessions.create(order(**changes), options or {})  # type: ignore[arg-type]


def count(client: stripe.StripeClient) -> int:
    return len(client.v1.checkout.sessions.list({"limit": 100}).data)


def test_the_same_key_gives_the_same_answer_and_one_session(client: stripe.StripeClient, clock: Clock) -> None:
    first = create(client, KEY)
    clock.move(hours=23)
    again = create(client, KEY)
    assert again.id == first.id
    assert again.created == first.created
    headers = again.last_response.headers
    assert headers["Idempotent-Replayed"] == "true"
    assert headers["Original-Request"] == first.last_response.request_id
    assert count(client) == 1


def test_the_same_key_with_other_parameters_is_refused(client: stripe.StripeClient) -> None:
    create(client, KEY)
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as caught:
        create(client, KEY, customer_email="other@example.com")
    assert caught.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({"charge": "ch_1"}, KEY)  # type: ignore[arg-type]
    assert count(client) == 1


def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, clock: Clock) -> None:
    first = create(client, KEY)
    clock.move(hours=24)
    assert create(client, KEY).id != first.id


def test_what_was_refused_before_work_began_does_not_use_up_a_key(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        create(client, KEY, locale="ar")
    assert create(client, KEY).status == "open"


def test_a_refusal_that_came_from_the_work_is_kept(client: stripe.StripeClient, double: Flask) -> None:
    session = create(client)
    pay(double, session.id)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    params: Any = {"payment_intent": str(intent), "amount": 99999}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded") as caught:
            client.v1.refunds.create(params, KEY)  # type: ignore[arg-type]
    assert caught.value.headers["Idempotent-Replayed"] == "true"  # type: ignore[index]


def test_a_second_call_while_the_first_runs_is_a_conflict(
    double: Flask, client: stripe.StripeClient, control: Callable[..., Any]
) -> None:
    control("latency", seconds=0.4)
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(create(sdk(double), KEY)))
    thread.start()
    while not state_of(double).in_flight:
        pass
    # The SDK keeps IdempotencyError for a 400.
    with pytest.raises(stripe.APIError) as caught:
        create(client, KEY)
    thread.join()
    assert caught.value.http_status == 409
    assert caught.value.json_body["error"]["code"] == "idempotency_key_in_use"  # type: ignore[index]
    control("latency")
    assert create(client, KEY).id == results[0].id


def test_an_answer_lost_after_the_work_is_found_by_its_key(
    client: stripe.StripeClient, control: Callable[..., Any]
) -> None:
    control("reset_after_work", times=1)
    with pytest.raises(stripe.APIConnectionError):
        create(client, KEY)
    assert count(client) == 1
    assert create(client, KEY).last_response.headers["Idempotent-Replayed"] == "true"
    assert count(client) == 1


def test_a_refused_connection_does_nothing(client: stripe.StripeClient, control: Callable[..., Any]) -> None:
    control("refuse", times=2)
    for _ in range(2):
        with pytest.raises(stripe.APIConnectionError):
            create(client, KEY)
    assert count(client) == 0
    control("refuse", times=-1)
    for _ in range(3):
        with pytest.raises(stripe.APIConnectionError):
            client.v1.charges.list()
    control("refuse")
    assert create(client, KEY).status == "open"


def test_a_500_is_replayed_and_does_no_work(client: stripe.StripeClient, control: Callable[..., Any]) -> None:
    control("status", status=500, times=1)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            create(client, KEY)
        assert caught.value.http_status == 500
    assert count(client) == 0
    assert create(client, {"idempotency_key": "another"}).status == "open"


def test_a_500_after_the_work_was_done_is_replayed_though_the_work_stands(
    client: stripe.StripeClient, control: Callable[..., Any]
) -> None:
    control("status", status=500, times=1, after_work=True)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            create(client, KEY)
        assert caught.value.http_status == 500
    assert count(client) == 1


def test_an_answer_cut_in_the_middle_is_found_whole_by_its_key(
    client: stripe.StripeClient, control: Callable[..., Any]
) -> None:
    control("truncate", times=1)
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        create(client, KEY)
    assert create(client, KEY).last_response.headers["Idempotent-Replayed"] == "true"
    assert count(client) == 1


def test_a_key_has_at_most_255_characters_and_only_writing_calls_use_one(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="255"):
        create(client, {"idempotency_key": "k" * 256})
    assert create(client, {"idempotency_key": "k" * 255}).status == "open"
    for status in ("open", "complete"):
        client.v1.checkout.sessions.list({"status": status}, KEY)  # type: ignore[arg-type]
    assert create(client, KEY).status == "open"


def test_what_is_not_implemented_or_not_let_in_does_not_use_up_a_key(
    double: Flask, client: stripe.StripeClient
) -> None:
    with pytest.raises(stripe.AuthenticationError):
        create(sdk(double, "sk_live_1"), KEY)
    with pytest.raises(stripe.APIError, match="does not implement"):
        create(client, KEY, mode="subscription")
    assert create(client, KEY).status == "open"


@pytest.mark.parametrize("status", [409, 429])
def test_a_conflict_or_a_limit_is_tried_again_with_the_same_key(
    client: stripe.StripeClient, control: Callable[..., Any], status: int
) -> None:
    control("status", status=status, times=1)
    with pytest.raises(stripe.StripeError) as caught:
        create(client, KEY)
    assert caught.value.http_status == status
    assert create(client, KEY).status == "open"
    assert count(client) == 1


def test_a_429_is_not_remembered_and_the_client_tries_again(
    double: Flask, client: stripe.StripeClient, control: Callable[..., Any]
) -> None:
    control("status", status=429, times=1)
    with pytest.raises(stripe.RateLimitError):
        create(client, KEY)
    assert create(client, KEY).status == "open"
    control("status", status=503, times=2)
    assert create(client, {"idempotency_key": "another", "max_network_retries": 2}).status == "open"


def test_controls_are_listed_with_their_values_and_only_those_that_work(browser: FlaskClient) -> None:
    controls = browser.get("/_ctl/").json["controls"]  # type: ignore[index]
    names = {"latency", "refuse", "reset_after_work", "truncate", "status", "webhooks", "clock", "seed"}
    ways = {"balance_delay", "settlement", "refund_pending", "refund_fails", "disputes", "payouts", "bank_debit"}
    assert set(controls) == names | ways
    assert all(one["help"].endswith(".") for one in controls.values())
    assert controls["webhooks"]["value"] == {
        "duplicate": 0,
        "shuffle": False,
        "delay": 0,
        "drop": 0,
        "forge": False,
        "early": False,
        "api_version": None,
    }


@pytest.mark.parametrize(
    ("name", "values", "status"),
    [
        ("volcano", {}, 404),
        ("dispute", {}, 400),
        ("dispute", {"charge": "ch_none"}, 400),
        ("dispute", {"colour": "red"}, 400),
        ("settlement", {"currency": "xyz"}, 400),
        ("settlement", {"also": "usd"}, 400),
        ("payouts", {"fail": -2}, 400),
        ("latency", {"seconds": -1}, 400),
        ("latency", {"minutes": 1}, 400),
        ("status", {"status": 200}, 400),
        ("webhooks", {"drop": 101}, 400),
        ("webhooks", {"shuffle": "yes"}, 400),
        ("refuse", {"times": True}, 400),
        ("refuse", [1], 400),
    ],
)
def test_a_control_refuses_what_it_cannot_do(browser: FlaskClient, name: str, values: Any, status: int) -> None:
    answer = browser.post(f"/_ctl/{name}", json=values)
    assert answer.status_code == status
    assert answer.json["error"]


def test_the_clock_is_moved_by_its_control(
    client: stripe.StripeClient, clock: Clock, control: Callable[..., Any]
) -> None:
    session = create(client, expires_at=clock.now + 2100)
    control("clock", offset=2100)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert create(client).created == clock.now + 2100


def test_the_clock_can_be_advanced_and_set(
    client: stripe.StripeClient, clock: Clock, control: Callable[..., Any]
) -> None:
    assert control("clock", advance=60) == {"clock": {"offset": 60}}
    assert control("clock", advance=60) == {"clock": {"offset": 120}}
    assert create(client).created == clock.now + 120
    control("clock", set=clock.now + 86400)
    clock.move(seconds=1)
    assert create(client).created == clock.now + 86400
    control("clock")
    assert create(client).created == clock.now


def test_what_would_come_later_can_be_hurried(
    client: stripe.StripeClient, double: Flask, control: Callable[..., Any], paid: Callable[..., Any]
) -> None:
    control("balance_delay", seconds=3600)
    first, second = paid(), paid()
    open_session = create(client)
    assert control("hurry", object=first.id) == {"hurry": 1}
    assert [one.source for one in client.v1.balance_transactions.list().data] == [first.id]
    assert control("hurry") == {"hurry": 1}
    assert {one.source for one in client.v1.balance_transactions.list().data} == {first.id, second.id}
    assert client.v1.checkout.sessions.retrieve(open_session.id).status == "open"


def test_violations_can_be_read_where_an_examiner_watches(browser: FlaskClient, client: stripe.StripeClient) -> None:
    create(client)
    told = browser.get("/_ctl/violations").json
    assert told == {"violations": [], "seen": {"PostCheckoutSessions": 1}}
    silent = create_double(None, clock=Clock(), webhook_url=None, webhook_secrets=[])
    assert silent.test_client().get("/_ctl/violations").status_code == 404
    state_of(silent).close()


def run(seed: int, clock: Clock) -> list[str]:
    double = create_double(None, clock=clock, seed=seed, webhook_url="http://shop.test/", webhook_secrets=["whsec_1"])
    client = sdk(double)
    ids = []
    for _ in range(3):
        session = client.v1.checkout.sessions.create(plain("usd", 5000))  # type: ignore[arg-type]
        pay(double, session.id)
        ids.append(session.id)
    ids += [f"{one.id} {one.amount}" for one in client.v1.balance_transactions.list().data]
    state_of(double).close()
    return ids


def test_the_same_seed_gives_the_same_history(clock: Clock, control: Callable[..., Any]) -> None:
    assert run(7, clock) == run(7, clock) != run(8, clock)
    assert control("seed", seed=9) == {"seed": {"seed": 9}}


def test_a_double_opened_again_remembers_everything(tmp_path: Path, clock: Clock, inbox: Inbox) -> None:
    def opened() -> Flask:
        return create_double(
            str(tmp_path / "double.sqlite"),
            clock=clock,
            webhook_url="http://shop.test/",
            webhook_secrets=["whsec_1"],
        )

    first = opened()
    first.test_client().post("/_ctl/balance_delay", json={"seconds": 60})
    first.test_client().post("/_ctl/webhooks", json={"delay": 30})
    first.test_client().post("/_ctl/secrets", json={"add": "whsec_2"})
    session = create(sdk(first), KEY)
    pay(first, session.id)
    abandoned = create(sdk(first))
    assert deliver_due(first, inbox) == 0
    state_of(first).close()

    second = opened()
    assert state_of(second).seed == 1
    client = sdk(second)
    assert create(client, KEY).id == session.id
    clock.move(seconds=60)
    assert deliver_due(second, inbox) == 3
    assert inbox.letters[0][1]["Stripe-Signature"].count("v1=") == 2
    assert len(client.v1.balance_transactions.list().data) == 1
    assert create(client).id not in (session.id, abandoned.id)
    clock.move(days=1)
    assert client.v1.checkout.sessions.retrieve(abandoned.id).status == "expired"
    state_of(second).close()


def test_a_file_of_an_earlier_demonstration_is_still_read(tmp_path: Path, clock: Clock, inbox: Inbox) -> None:
    path = str(tmp_path / "double.sqlite")
    old = sqlite3.connect(path)
    old.executescript(
        "CREATE TABLE delivery (seq INTEGER PRIMARY KEY, event TEXT NOT NULL, born INTEGER NOT NULL, due INTEGER,"
        " attempts INTEGER NOT NULL, forged INTEGER NOT NULL, outcome TEXT NOT NULL);"
    )
    old.close()
    opened = create_double(path, clock=clock, webhook_url="http://shop.test/", webhook_secrets=["whsec_1"])
    pay(opened, create(sdk(opened)).id)
    assert deliver_due(opened, inbox) == 3
    state_of(opened).close()


def test_a_failure_of_the_double_itself_is_a_500_and_leaves_nothing(
    double: Flask, client: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("shop.demo.double.resources.expand", fail)
    with pytest.raises(stripe.APIError) as caught:
        create(client, KEY)
    monkeypatch.undo()
    assert caught.value.http_status == 500
    assert count(client) == 0


def test_two_buyers_at_once_pay_one_session_once(double: Flask, client: stripe.StripeClient) -> None:
    session = create(client).id
    outcomes: list[Any] = []

    def attempt() -> None:
        try:
            outcomes.append(pay(double, session))
        except Exception as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("paid") == 1
    assert outcomes.count("SessionClosed") == 7
    assert len(client.v1.charges.list().data) == 1
