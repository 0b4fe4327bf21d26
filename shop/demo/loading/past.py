"""The shop, its worker and Stripe's double on one virtual clock, and the steps that are still to come.

Steps lie on a heap by their moment. Those that would lie after the present do not happen, so the newest orders still
wait for somebody when the demonstration opens.
"""

import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from shop import worker
from shop.core.clock import VirtualClock
from shop.core.config import Settings
from shop.core.db import db, transaction
from shop.core.outbox import PATIENT
from shop.core.tables import Job
from shop.demo.double.app import create_double, deliver_due, state_of
from shop.demo.double.inprocess import InProcessClient
from shop.notifications.models import Letter
from shop.payments import settle
from shop.payments.balance import import_balance
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway

Step = Callable[[], None]
WEBHOOK = "/webhooks/stripe"
# Older letters are filed as sent without being rendered: /demo/mail renders what it shows.
LETTERS_SENT_FOR = timedelta(days=14)
# What the demonstration's endpoint was told of: a past of every kind of event would take twice as long to live through
# and say nothing more, because the shop always asks Stripe itself.
TOLD_OF = ("checkout.session.", "refund.", "charge.dispute.", "charge.updated")
# How often Stripe's balance was read; a worker that lives in real time does it after every payment.
BALANCE_EVERY = timedelta(days=3)
# The past ends a little before the present, so that the last jobs, put off by seconds, are done before it too.
MARGIN = timedelta(minutes=5)


class Past:
    """Time that has to be lived through. `virtual` only moves forward; `end` is the present."""

    def __init__(self, app: Flask, virtual: VirtualClock, *, end: datetime, double: Flask) -> None:
        self.virtual, self.end, self.double = virtual, end, double
        self._client: FlaskClient = app.test_client()
        self._steps: list[tuple[datetime, int, Step]] = []
        self._balance_read = virtual()
        self._order = count()

    def at(self, moment: datetime, step: Step) -> None:
        """Do something at a moment, unless that lies in the present or later."""
        if moment < self.end - MARGIN:
            heapq.heappush(self._steps, (moment, next(self._order), step))

    def live(self) -> None:
        """Do every step, and those they lead to."""
        while self._steps:
            moment, _order, step = heapq.heappop(self._steps)
            self.virtual.move_to(max(self.virtual(), moment))
            step()

    def catch_up(self) -> None:
        """Deliver Stripe's webhooks and do the worker's jobs until nothing is due."""
        while True:
            delivered, due = self._deliver(), self._count_due()
            if due:
                # No more than those: what they lead to is looked at first.
                worker.run_due(due, but=PATIENT)
            elif not delivered:
                break
        if self.virtual() > self._balance_read + BALANCE_EVERY:
            self._balance_read = self.virtual()
            import_balance()

    def sweep(self) -> None:
        """The round that finds what no message told of: pages nobody paid on."""
        self.catch_up()
        settle.sweep()
        self.catch_up()

    def conclude(self) -> None:
        """Bring everything to rest. Raises RuntimeError if a job is left undone."""
        for _turn in range(3):
            self.virtual.advance(seconds=5)
            self.catch_up()
        settle.sweep()
        import_balance()
        undone = db.session.scalar(select(func.count(Job.id)).where(Job.done_at.is_(None), Job.kind.not_in(PATIENT)))
        if undone:
            raise RuntimeError(f"{undone} jobs of the demonstration's past were left undone")

    def _deliver(self) -> int:
        def send(_url: str, body: bytes, headers: Mapping[str, str]) -> int:
            if not json.loads(body)["type"].startswith(TOLD_OF):
                return 200
            return self._client.post(WEBHOOK, data=body, headers=dict(headers)).status_code

        return deliver_due(self.double, send)

    def _count_due(self) -> int:
        """How many jobs are due, after taking out what is done otherwise here: Stripe's balance, and old letters."""
        now = self.virtual()
        waiting = Job.done_at.is_(None)
        rows = db.session.execute(select(Job.kind, func.count()).where(waiting).group_by(Job.kind))
        counts: dict[str, int] = {row[0]: row[1] for row in rows}
        otherwise = {"import_balance", "send_letter"} if now < self.end - LETTERS_SENT_FOR else {"import_balance"}
        if found := otherwise & set(counts):
            with transaction():
                db.session.execute(update(Job).where(Job.kind.in_(sorted(found)), waiting).values(done_at=now))
                if "send_letter" in found:
                    db.session.execute(update(Letter).where(Letter.sent_at.is_(None)).values(sent_at=now))
        return sum(number for kind, number in counts.items() if kind not in {*otherwise, *PATIENT})


@contextmanager
def live_through(
    app: Flask, settings: Settings, virtual: VirtualClock, *, end: datetime, double_path: Path, seed: int
) -> Iterator[Past]:
    """A past that is paid for at a double of its own, whose memory is kept in `double_path`."""
    double = create_double(
        str(double_path),
        clock=virtual,
        seed=seed,
        webhook_url=f"{settings.base_url}{WEBHOOK}",
        webhook_secrets=list(settings.stripe_webhook_secrets),
    )
    try:
        with use_gateway(Gateway(settings, http_client=InProcessClient(double, CONNECTION_ERROR))):
            yield Past(app, virtual, end=end, double=double)
    finally:
        state_of(double).close()
