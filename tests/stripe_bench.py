"""The shop, its worker and Stripe's double on one clock, without sockets: what the money tests stand on."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from shop import worker
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Job
from shop.demo.double.app import create_double, deliver_due
from shop.demo.double.inprocess import InProcessClient, debit, pay
from shop.orders.models import Order
from shop.payments import checkout
from shop.payments.gateway import API_VERSION
from shop.payments.queries import list_attempts
from tests.demo.double.spec import SpecObserver

GOOD_ACCOUNT, BAD_ACCOUNT = "FR1420041010050500013M02606", "FR8420041010050500013M02607"


class Bench:
    """`pay(order)` as a buyer would; `deliver()` the webhooks; `work()` as the worker would.

    What begins at Stripe: `dispute`, `end_dispute`, `refund_at_stripe`, `fail_refund`, `payout`. They happen at the
    double at once and return Stripe's objects; the shop learns of them by `work()`.
    """

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
            send=self._send,
        )
        self.answers: list[int] = []

    def client(self, connection_error: type[Exception]) -> InProcessClient:
        return InProcessClient(self.double, connection_error)

    def violations(self) -> list[str]:
        return self.observer.violations

    def open(self, order: Order) -> str:
        """Open the payment page; its session id."""
        return checkout.open_payment(order.id).session_id

    def pay(self, order: Order, card: str = "4242424242424242", **more: Any) -> Any:
        """Open the page and pay; Stripe knows, the shop does not yet."""
        return pay(self.double, self.open(order), card, **more)

    def debit(self, order: Order, iban: str = GOOD_ACCOUNT) -> None:
        """Open the page and order a SEPA debit: the bank decides five days later, or at `control("hurry")`.

        Not offered for an order that excludes payments which take days, nor for one that is not in euro.
        """
        debit(self.double, self.open(order), iban)

    def deliver(self) -> int:
        """Hand the shop every webhook that is due."""
        return deliver_due(self.double)

    def _send(self, url: str, body: bytes, headers: Any) -> int:
        answer = self.app.test_client().post("/webhooks/stripe", data=body, headers=dict(headers))
        self.answers.append(answer.status_code)
        return answer.status_code

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

    def control(self, name: str, **values: Any) -> Any:
        """Set a control or do a verb of the double; its values, or what came of it."""
        answer = self.double.test_client().post(f"/_ctl/{name}", json=values)
        assert answer.status_code == 200, answer.json
        return answer.json[name]  # type: ignore[index]

    def dispute(self, order: Order, **values: Any) -> Any:
        """The buyer's bank disputes the charge of an order: all that was not given back, for fraud, as a chargeback.

        Or `amount=` minor units, `reason=` one of Stripe's, `inquiry=True` without moving money.
        """
        return self.control("dispute", charge=self.charge(order), **values)

    def end_dispute(self, dispute: Any, outcome: str) -> Any:
        """The bank decides: `won`, `lost`, `review`; for an inquiry also `escalated` and `closed`."""
        return self.control("dispute", dispute=dispute["id"], outcome=outcome)

    def refund_at_stripe(self, order: Order, amount: int | None = None) -> Any:
        """Somebody refunds in Stripe's dashboard: all that is left or an amount in minor units, without our metadata."""
        more = {} if amount is None else {"amount": amount}
        return self.control("refund", charge=self.charge(order), **more)

    def fail_refund(self, refund_id: str, reason: str = "expired_or_canceled_card") -> Any:
        """The money of a refund comes back now, also long after it succeeded.

        To let the next refunds fail by themselves: `control("refund_fails", times=1, days=3)`; to let them begin
        pending: `control("refund_pending", times=1, seconds=60)`. Then move the clock.
        """
        return self.control("fail_refund", refund=refund_id, reason=reason)

    def payout(self) -> Any:
        """Stripe pays out what is available, one automatic payout per currency; `control("hurry")` lets them arrive."""
        return self.control("payout")

    def forget_failures(self) -> None:
        """Make every postponed job due now."""
        with transaction():
            db.session.execute(
                update(Job).where(Job.done_at.is_(None)).values(run_at=self.clock() - timedelta(seconds=1))
            )

    def charge(self, order: Order) -> str:
        """The identifier of the charge that paid an order."""
        charges = self.charges(order)
        assert charges, "this order was not paid"
        return str(charges[0]["id"])

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
