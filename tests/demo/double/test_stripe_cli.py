"""Stripe's own command line as an examiner: its fixtures run against the double and must go through.

`stripe trigger` sends the scripts Stripe wrote to make events happen in a test account. Each must end with exit code 0,
and leave the events its name promises and those around it, in this order; the traffic is held to the specification.

Left out: fixtures of what the shop has nothing of (subscriptions, invoices, quotes, coupons, tax rates, payment links,
connected accounts, transfers, top-ups, issuing, identity, billing meters, cash balances), and `balance.available`,
which goes through but of whose event the double knows nothing.
"""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from shop.demo.double import control
from shop.demo.double.app import create_double, deliver_due, state_of
from shop.demo.double.serve import DoubleServer
from tests.__main__ import find_stripe_cli
from tests.demo.double.conftest import Clock
from tests.demo.double.spec import SpecObserver

# Nobody listens there: what the command would ask the world, such as for a newer version, ends on this machine.
NOWHERE = "http://127.0.0.1:9"

PAID = "payment_intent.created charge.succeeded payment_intent.succeeded"
TRIGGERS = {
    "charge.captured": "payment_intent.created charge.succeeded payment_intent.amount_capturable_updated"
    " charge.captured payment_intent.succeeded",
    "charge.dispute.closed": f"{PAID} charge.dispute.created charge.dispute.closed",
    "charge.dispute.created": f"{PAID} charge.dispute.created",
    "charge.dispute.updated": f"{PAID} charge.dispute.created charge.dispute.updated",
    "charge.failed": "payment_intent.created charge.failed payment_intent.payment_failed",
    "charge.refund.updated": f"{PAID} refund.created charge.refunded refund.updated charge.refund.updated",
    "charge.refunded": f"{PAID} refund.created charge.refunded",
    "charge.succeeded": PAID,
    "checkout.session.completed": "product.created price.created charge.succeeded payment_intent.succeeded"
    " checkout.session.completed",
    "checkout.session.expired": "product.created price.created checkout.session.expired",
    "customer.created": "customer.created",
    "customer.deleted": "customer.created customer.deleted",
    "customer.source.created": "customer.created customer.source.created customer.updated",
    "customer.source.updated": "customer.created customer.source.created customer.updated customer.source.updated",
    "customer.updated": "customer.created customer.updated",
    "payment_intent.amount_capturable_updated": "payment_intent.created charge.succeeded"
    " payment_intent.amount_capturable_updated",
    "payment_intent.canceled": "payment_intent.created payment_intent.canceled",
    "payment_intent.created": "payment_intent.created",
    "payment_intent.payment_failed": "payment_intent.created charge.failed payment_intent.payment_failed",
    "payment_intent.processing": "payment_intent.created charge.pending payment_intent.processing",
    "payment_intent.requires_action": "payment_intent.created payment_intent.requires_action",
    "payment_intent.succeeded": PAID,
    "payment_method.attached": "customer.created payment_method.attached",
    "payment_method.detached": "customer.created payment_method.attached payment_method.detached",
    "payment_method.updated": "customer.created setup_intent.created payment_method.attached setup_intent.succeeded"
    " payment_method.updated",
    "payout.created": f"{PAID} payout.created",
    "payout.updated": f"{PAID} payout.created payout.updated",
    "price.created": "product.created price.created",
    "price.updated": "product.created price.created price.updated",
    "product.created": "product.created",
    "product.deleted": "product.created product.deleted",
    "product.updated": "product.created product.updated",
    "setup_intent.canceled": "setup_intent.created setup_intent.canceled",
    "setup_intent.created": "setup_intent.created",
    "setup_intent.requires_action": "setup_intent.created setup_intent.requires_action",
    "setup_intent.setup_failed": "setup_intent.created setup_intent.setup_failed",
    "setup_intent.succeeded": "setup_intent.created setup_intent.succeeded",
}

# What the double refuses ahead of Stripe, and what would make a customer of the buyer, is left out; the account that
# Stripe's script debits in vain is not among those it documents.
PLAIN = [
    "--remove",
    "checkout_session:payment_method_types",
    "--remove",
    "checkout_session:payment_intent_data.setup_future_usage",
]
DELAYED = {
    "checkout.session.async_payment_succeeded": (
        PLAIN,
        "charge.succeeded payment_intent.succeeded checkout.session.async_payment_succeeded",
    ),
    "checkout.session.async_payment_failed": (
        [*PLAIN, "--override", "payment_method:sepa_debit.iban=AT861904300235473202"],
        "charge.failed payment_intent.payment_failed checkout.session.async_payment_failed",
    ),
}


@dataclass
class Account:
    """A double behind a socket, and Stripe's command line in front of it."""

    cli: str
    double: Flask
    clock: Clock
    port: int
    home: Path
    observer: SpecObserver

    def events(self) -> list[dict[str, Any]]:
        """All events so far, oldest first."""
        state = state_of(self.double)
        with state.lock:
            rows = state.db.execute("SELECT body FROM object WHERE kind = 'event' ORDER BY seq").fetchall()
        return [json.loads(row["body"]) for row in rows]

    def trigger(self, event: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [self.cli, "trigger", event, "--api-base", f"http://127.0.0.1:{self.port}", *options]
        return subprocess.run(
            [*command, "--api-key", "sk_test_demo_cli"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
                "HTTP_PROXY": NOWHERE,
                "HTTPS_PROXY": NOWHERE,
                "NO_PROXY": "127.0.0.1",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@contextmanager
def opened(home: Path) -> Iterator[Account]:
    cli = find_stripe_cli()
    if cli is None:
        pytest.skip(
            "Stripe's command line is not installed: npm install --global @stripe/cli, or name it in STRIPE_CLI"
        )
    clock, observer = Clock(), SpecObserver()
    double = create_double(None, clock=clock, webhook_url=None, webhook_secrets=[], observer=observer)
    # The account of these fixtures pays out what it takes in dollars.
    control.assign(state_of(double), "settlement", {"also": ["usd"]})
    server = DoubleServer(double, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Account(cli, double, clock, server.port, home, observer)
    server.stop()
    thread.join()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with opened(tmp_path_factory.mktemp("stripe")) as account:
        yield account


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Account]:
    """An account of which nothing else is due when its clock is moved."""
    with opened(tmp_path) as account:
        yield account


@pytest.mark.parametrize("event", TRIGGERS)
def test_a_fixture_of_stripe_goes_through_and_leaves_its_events(account: Account, event: str) -> None:
    before = len(account.events())
    ended = account.trigger(event)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    happened = account.events()[before:]
    assert [one["type"] for one in happened] == TRIGGERS[event].split()
    assert event in TRIGGERS[event].split()
    for one in happened:
        account.observer.event(one)
    account.observer.check()


@pytest.mark.parametrize("event", DELAYED)
def test_a_payment_whose_bank_takes_days_ends_as_its_fixture_says(fresh: Account, event: str) -> None:
    options, later = DELAYED[event]
    ended = fresh.trigger(event, *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    before = len(fresh.events())
    fresh.clock.move(days=6)
    deliver_due(fresh.double)
    assert [one["type"] for one in fresh.events()[before:]] == later.split()
    fresh.observer.check()


def test_the_examiner_fails_what_the_double_does_not_do(account: Account) -> None:
    """Without this, exit codes of 0 would prove nothing."""
    ended = account.trigger("coupon.created")
    assert ended.returncode == 1
    assert "does not implement the operation POST /v1/coupons" in ended.stdout + ended.stderr
