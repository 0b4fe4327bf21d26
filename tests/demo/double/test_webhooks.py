"""Delivery of events: signature, retries, and the faults of the way."""

import json
from collections.abc import Callable
from typing import Any

import stripe
from flask import Flask
from flask.testing import FlaskClient

from shop.demo.double.app import create_double, deliver_due, state_of
from shop.demo.double.inprocess import pay
from tests.demo.double.conftest import SECRETS, Clock, Inbox, order, sdk
from tests.demo.double.spec import SpecObserver


def signed_by(letter: tuple[bytes, dict[str, str]], secret: str, clock: Clock) -> bool:
    """As the SDK sees it, on the double's clock instead of the machine's."""
    body, headers = letter
    moment, _ = stripe.WebhookSignature._get_timestamp_and_signatures(headers["Stripe-Signature"], "v1")
    assert moment == clock.now
    try:
        return stripe.WebhookSignature.verify_header(body.decode(), headers["Stripe-Signature"], secret, None)
    except stripe.SignatureVerificationError:
        return False


def test_each_event_is_delivered_once_signed_with_every_secret(
    paid: Callable[[], Any],
    deliver: Callable[[], int],
    inbox: Inbox,
    clock: Clock,
    spec_observer: SpecObserver,
) -> None:
    paid()
    assert deliver() == 3
    assert inbox.types == ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    for letter in inbox.letters:
        assert all(signed_by(letter, secret, clock) for secret in SECRETS)
        assert not signed_by(letter, "whsec_other", clock)
        spec_observer.event(json.loads(letter[0]))
    assert deliver() == 0


def test_a_refused_delivery_is_tried_again_later_with_a_fresh_signature(
    paid: Callable[[], Any],
    deliver: Callable[[], int],
    inbox: Inbox,
    clock: Clock,
    client: stripe.StripeClient,
) -> None:
    inbox.answers = [500, TimeoutError(), 302]
    paid()
    deliver()
    assert [event.pending_webhooks for event in client.v1.events.list().data] == [1, 1, 1]
    assert deliver() == 0
    clock.move(seconds=10)
    inbox.answers = [200, 200, 503]
    assert deliver() == 3
    assert all(signed_by(letter, SECRETS[0], clock) for letter in inbox.letters[3:])
    clock.move(seconds=59)
    assert deliver() == 0
    clock.move(seconds=1)
    assert deliver() == 1
    assert [event.pending_webhooks for event in client.v1.events.list().data] == [0, 0, 0]


def test_deliveries_are_given_up_after_three_days(
    paid: Callable[[], Any], deliver: Callable[[], int], inbox: Inbox, clock: Clock
) -> None:
    paid()
    inbox.answers = [500] * 1000
    for _ in range(24 * 5):
        deliver()
        clock.move(hours=1)
    attempts = len(inbox.letters) // 3
    assert 6 <= attempts <= 9
    before = len(inbox.letters)
    clock.move(days=10)
    deliver()
    assert len(inbox.letters) == before


def test_duplicates_arrive_with_the_same_identifier(
    paid: Callable[[], Any], deliver: Callable[[], int], inbox: Inbox, control: Callable[..., Any]
) -> None:
    control("webhooks", duplicate=2)
    paid()
    assert deliver() == 9
    assert len({json.loads(body)["id"] for body, _ in inbox.letters}) == 3


def test_shuffling_changes_the_order_and_nothing_else(
    paid: Callable[[], Any], deliver: Callable[[], int], inbox: Inbox, control: Callable[..., Any]
) -> None:
    control("webhooks", shuffle=True)
    for _ in range(4):
        paid()
    assert deliver() == 12
    ordered = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"] * 4
    assert inbox.types != ordered
    assert sorted(inbox.types) == sorted(ordered)


def test_a_delay_holds_deliveries_back(
    paid: Callable[[], Any], deliver: Callable[[], int], clock: Clock, control: Callable[..., Any]
) -> None:
    control("webhooks", delay=3600)
    paid()
    assert deliver() == 0
    clock.move(hours=1)
    assert deliver() == 3


def test_dropped_events_are_never_delivered_but_stay_in_the_list(
    paid: Callable[[], Any],
    deliver: Callable[[], int],
    client: stripe.StripeClient,
    control: Callable[..., Any],
) -> None:
    control("webhooks", drop=50)
    for _ in range(10):
        paid()
    assert 5 <= deliver() <= 25
    assert len(client.v1.events.list({"limit": 100}).data) == 30
    control("webhooks", drop=100)
    paid()
    assert deliver() == 0


def test_a_forged_copy_travels_beside_and_no_secret_fits_it(
    paid: Callable[[], Any],
    deliver: Callable[[], int],
    inbox: Inbox,
    clock: Clock,
    control: Callable[..., Any],
) -> None:
    control("webhooks", forge=True)
    inbox.answers = [200, 400] * 3
    paid()
    assert deliver() == 6
    good = [letter for letter in inbox.letters if signed_by(letter, SECRETS[0], clock)]
    forged = [letter for letter in inbox.letters if letter not in good]
    assert len(good) == len(forged) == 3
    assert all(json.loads(body)["id"].startswith("evt_forged") for body, _ in forged)
    clock.move(days=1)
    assert deliver() == 0


def test_a_secret_is_rotated_while_both_sign_for_a_time(
    paid: Callable[[], Any], deliver: Callable[[], int], inbox: Inbox, clock: Clock, control: Callable[..., Any]
) -> None:
    def signers() -> list[str]:
        inbox.letters.clear()
        paid()
        deliver()
        names = [*SECRETS, "whsec_third"]
        return [name for name in names if all(signed_by(letter, name, clock) for letter in inbox.letters)]

    shown = control("secrets", add="whsec_third", keep_seconds=86400)["secrets"]
    assert shown == {"http://shop.test/webhooks/stripe": ["…hird", "…irst", "…cond"]}
    assert signers() == [*SECRETS, "whsec_third"]
    control("secrets", expire=SECRETS[1])
    assert signers() == [SECRETS[0], "whsec_third"]
    clock.move(days=1)
    assert signers() == ["whsec_third"]


def test_a_second_endpoint_gets_every_event_with_its_own_secret(
    paid: Callable[[], Any],
    double: Flask,
    inbox: Inbox,
    clock: Clock,
    client: stripe.StripeClient,
    control: Callable[..., Any],
    browser: FlaskClient,
) -> None:
    other = "http://other.test/hook"
    control("endpoint", url=other, secret="whsec_other")
    sent: list[str] = []

    def send(url: str, body: bytes, headers: Any) -> int:
        sent.append(url)
        assert signed_by((body, headers), "whsec_other" if url == other else SECRETS[0], clock)
        return 500 if url == other else 200

    paid()
    assert {event.pending_webhooks for event in client.v1.events.list().data} == {2}
    assert deliver_due(double, send) == 6
    assert sent.count(other) == 3
    assert {event.pending_webhooks for event in client.v1.events.list().data} == {1}
    control("endpoint", url=other, remove=True)
    clock.move(seconds=10)
    deliver_due(double, send)
    assert len(sent) == 6
    clock.move(days=1)
    assert deliver_due(double, send) == 0
    for values in ({"url": other}, {"secret": "whsec_1"}, {"url": other, "secret": "whsec_1", "remove": True}):
        assert browser.post("/_ctl/endpoint", json=values).status_code == 400


def test_an_event_can_be_sent_again_long_after(
    paid: Callable[[], Any],
    deliver: Callable[[], int],
    inbox: Inbox,
    clock: Clock,
    client: stripe.StripeClient,
    control: Callable[..., Any],
    browser: FlaskClient,
) -> None:
    paid()
    deliver()
    clock.move(days=3)
    old = client.v1.events.list({"type": "charge.succeeded"}).data[0].id
    assert control("resend", event=old)["resend"] == {"id": old, "type": "charge.succeeded"}
    assert deliver() == 1
    assert json.loads(inbox.letters[-1][0])["id"] == old
    assert signed_by(inbox.letters[-1], SECRETS[0], clock)
    assert browser.post("/_ctl/resend", json={"event": "evt_none"}).status_code == 400


def test_news_can_arrive_before_the_answer_that_caused_it(
    double: Flask, client: stripe.StripeClient, control: Callable[..., Any], paid: Callable[[], Any], inbox: Inbox
) -> None:
    charge = paid()
    deliver_due(double, inbox)
    seen = []

    def send(url: str, body: bytes, headers: Any) -> int:
        # The receiver asks what the event is about: the work is done, only its answer is still on the way.
        thing = json.loads(body)["data"]["object"]
        if thing["object"] == "refund":
            seen.append(client.v1.refunds.retrieve(thing["id"]).status)
        return 200

    state_of(double).send = send
    control("webhooks", early=True)
    client.v1.refunds.create({"charge": charge.id, "amount": 100})
    assert seen == ["succeeded"]
    control("webhooks")
    client.v1.refunds.create({"charge": charge.id, "amount": 100})
    assert seen == ["succeeded"]


def test_events_can_speak_an_old_version(
    paid: Callable[[], Any], deliver: Callable[[], int], inbox: Inbox, control: Callable[..., Any]
) -> None:
    control("webhooks", api_version="2020-08-27")
    paid()
    deliver()
    assert {json.loads(body)["api_version"] for body, _ in inbox.letters} == {"2020-08-27"}


def test_without_an_address_events_are_only_listed(clock: Clock) -> None:
    silent = create_double(None, clock=clock, webhook_url=None, webhook_secrets=[])
    client = sdk(silent)
    pay(silent, client.v1.checkout.sessions.create(order()).id)  # type: ignore[arg-type]
    assert deliver_due(silent) == 0
    assert len(client.v1.events.list().data) == 3
    state_of(silent).close()


def test_the_receiver_may_call_the_double_back(
    paid: Callable[[], Any], double: Flask, client: stripe.StripeClient, deliver: Callable[[], int]
) -> None:
    seen = []

    def send(url: str, body: bytes, headers: Any) -> int:
        seen.append(client.v1.events.retrieve(json.loads(body)["id"]).id)
        # What is on its way is not sent a second time by a delivery that begins meanwhile.
        assert deliver() == 0
        return 200

    paid()
    assert deliver_due(double, send) == 3
    assert len(set(seen)) == 3
