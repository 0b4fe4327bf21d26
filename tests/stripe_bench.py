"""The shop, its worker and Stripe's double on one clock, without sockets: what the money tests stand on."""

import re
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from shop import worker
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Job
from shop.demo.double.app import create_double, deliver_due
from shop.demo.double.inprocess import InProcessClient, pay
from shop.orders.models import Order
from shop.payments import checkout
from shop.payments.gateway import API_VERSION
from shop.payments.queries import list_attempts
from tests.demo.double.spec import SpecObserver


class Bench:
    """`pay(order)` as a buyer would; `deliver()` the webhooks; `work()` as the worker would."""

    def __init__(self, app: Flask, clock: VirtualClock) -> None:
        self.app, self.clock = app, clock
        self.settings = app.config["SETTINGS"]
        self.observer = SpecObserver()
        self.double = create_double(
            None,
            clock=clock,
            webhook_url="http://localhost/webhooks/stripe",
            webhook_secrets=list(self.settings.stripe_webhook_secrets),
            observer=self.observer,
        )
        self.answers: list[int] = []

    def client(self, connection_error: type[Exception]) -> InProcessClient:
        return InProcessClient(self.double, connection_error)

    def violations(self) -> list[str]:
        return self.observer.violations

    def open(self, order: Order) -> str:
        """Open the payment page; its session id."""
        url = checkout.open_payment(order.id)
        found = re.search(r"cs_[A-Za-z0-9_]+", url)
        assert found
        return found.group()

    def pay(self, order: Order, card: str = "4242424242424242", **more: Any) -> Any:
        """Open the page and pay; Stripe knows, the shop does not yet."""
        return pay(self.double, self.open(order), card, **more)

    def deliver(self) -> int:
        """Hand the shop every webhook that is due."""
        client = self.app.test_client()

        def send(url: str, body: bytes, headers: Any) -> int:
            status = client.post("/webhooks/stripe", data=body, headers=dict(headers)).status_code
            self.answers.append(status)
            return status

        return deliver_due(self.double, send)

    def work(self, **advance: float) -> None:
        """Deliver and do every job, letting a little time pass so that what was put off a few seconds comes too."""
        for _turn in range(6):
            delivered = self.deliver()
            done = worker.run_due()
            self.clock.advance(**(advance or {"seconds": 3}))
            if not delivered and not done:
                break
        db.session.rollback()

    def settle(self, order: Order, card: str = "4242424242424242") -> None:
        """Pay and let the news arrive."""
        self.pay(order, card)
        self.work()

    def control(self, name: str, **values: Any) -> None:
        answer = self.double.test_client().post(f"/_ctl/{name}", json=values)
        assert answer.status_code == 200, answer.json

    def forget_failures(self) -> None:
        """Make every postponed job due now."""
        with transaction():
            db.session.execute(
                update(Job).where(Job.done_at.is_(None)).values(run_at=self.clock() - timedelta(seconds=1))
            )

    def charges(self, order: Order) -> list[Any]:
        """Successful charges at Stripe for an order, refunded or not."""
        key = {"Authorization": f"Bearer {self.settings.stripe_secret_key}", "Stripe-Version": API_VERSION}
        found = self.double.test_client().get("/v1/charges?limit=100", headers=key).json
        intents = {attempt.payment_intent for attempt in list_attempts(order.id)}
        return [
            charge
            for charge in found["data"]
            if charge["payment_intent"] in intents and charge["status"] == "succeeded"
        ]


def make_bench(app: Flask, clock: VirtualClock) -> Bench:
    return Bench(app, clock)
