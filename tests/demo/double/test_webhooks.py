"""Delivery of events: signature, retries, and the faults of the way."""

import json
from collections.abc import Callable
from typing import Any

import stripe
from flask import Flask

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
