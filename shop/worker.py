"""The worker: jobs under a lease, and the rounds that heal what messages lost. Beside the web process, any number of them."""

import logging
import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from shop.buyers import erasure, keys
from shop.catalogue import stock
from shop.core import clock, outbox
from shop.core.db import db, transaction
from shop.core.errors import EdgeFailed
from shop.core.marks import WORKER_SEEN, remember_moment
from shop.core.outages import find_outage
from shop.invoicing import services as invoicing
from shop.media import renditions
from shop.notifications import sender, services
from shop.orders import answers
from shop.payments import balance, clearing, inbox, recovery, refund_news, settle

log = logging.getLogger("shop.worker")

JOBS: dict[str, Callable[[dict[str, Any]], object]] = {
    "stripe_event": lambda job: inbox.handle(job["event_id"]),
    "settle_order": lambda job: settle.settle_order(job["order_id"]),
    "send_refund": lambda job: _send_refund(job["refund_id"]),
    "import_balance": lambda job: balance.import_balance(),
    "look_again": lambda job: clearing.look_again(job["quarantine_id"]),
    "return_payment": lambda job: clearing.return_payment(job["quarantine_id"]),
    "issue_documents": lambda job: invoicing.issue_documents(job["order_id"]),
    "send_letter": lambda job: sender.send_letter(job["letter_id"]),
    "month_report": lambda job: services.post_month_report(**job),
    "order_link": lambda job: services.post_order_link(**job),
    "show_sold": lambda job: stock.show_sold(job["variants"]),
    "encode_avif": lambda job: renditions.encode_avif(job["picture_id"]),
    "buyer_link": lambda job: keys.post_link(**job),
    "strip_events": lambda job: erasure.strip_events(job["order_ids"]),
}


def sign() -> None:
    """Let `shop doctor` see that a worker is alive."""
    with transaction():
        remember_moment(WORKER_SEEN, clock.now())


# Rounds that need no job: what they do, and how often.
ROUNDS: tuple[tuple[str, Callable[[], object], timedelta], ...] = (
    ("sign", sign, timedelta(minutes=1)),
    ("catch_up", recovery.catch_up, timedelta(seconds=30)),
    ("sweep", settle.sweep, timedelta(seconds=30)),
    ("import_balance", balance.import_balance, timedelta(minutes=5)),
    ("poll_events", inbox.poll_events, timedelta(minutes=5)),
    ("ask_banks", settle.ask_banks, timedelta(hours=1)),
    ("forget_answers", answers.forget_answers, timedelta(minutes=5)),
    ("ask_for_avif", renditions.ask_for_all, timedelta(minutes=5)),
)


# What asks Stripe. When it said nothing several times in a row these wait for the next look, and letters go out meanwhile.
OF_STRIPE = ("stripe_event", "settle_order", "send_refund", "import_balance", "look_again", "return_payment")

# A worker whose rounds fail pauses up to so many doublings: sixteen seconds.
LONGEST_PAUSE = 5


# Some banks take days for a refund. Stripe tells when it is done; should that be lost, this asks.
REFUND_PAUSE = timedelta(hours=1)


def _send_refund(refund_id: int) -> None:
    refund_news.send_refund(refund_id)
    if refund_news.is_unfinished(refund_id):
        again = clock.now() + REFUND_PAUSE
        with transaction():
            key = f"refund-{refund_id}-{int(again.timestamp()) // 3600}"
            outbox.enqueue("send_refund", {"refund_id": refund_id}, key=key, run_at=again)


def run_due(limit: int = 100, *, but: Collection[str] = ()) -> int:
    """Do the jobs that are due, none of the kinds in `but`, one after another; how many were done.

    A failing one is given back, not lost. Ends after one that is PATIENT, so that no round waits for the rest of those.
    """
    done = silences = 0
    for _turn in range(limit):
        with transaction():
            claimed = outbox.claim(1, but=(*but, *OF_STRIPE) if silences == settle.SILENCES else but)
        if not claimed:
            return done
        job_id, kind, payload = claimed[0]
        try:
            JOBS[kind](payload)
        except Exception as error:
            # The worker outlives any one job; the error stands in the job's row and in the log, and the job comes again.
            db.session.rollback()
            silences += isinstance(error, EdgeFailed) and kind in OF_STRIPE
            if isinstance(error, EdgeFailed) or find_outage(error) is not None:
                log.warning("job %s %s will be tried again: %s", kind, job_id, error)
            else:
                log.exception("job %s %s failed", kind, job_id)
            with transaction():
                outbox.postpone(job_id, f"{type(error).__name__}: {error}")
        else:
            with transaction():
                outbox.complete(job_id)
            done += 1
            silences = 0 if kind in OF_STRIPE else silences
        if kind in outbox.PATIENT:
            return done
    return done


def work(stop: threading.Event, pause_seconds: float = 0.5) -> None:
    """Jobs and rounds until told to stop. Call inside an app context.

    Outlives its database: while that is away, full or held by another, it looks again at growing intervals.
    """
    next_round: dict[str, datetime] = {}
    failures = 0
    while not stop.is_set():
        done = 0
        try:
            done = run_due()
            for name, action, every in ROUNDS:
                now = clock.now()
                if now >= next_round.get(name, now):
                    next_round[name] = now + every
                    action()
            failures = 0
        except EdgeFailed as error:
            log.warning("a round will be repeated: %s", error)
        except Exception as error:
            failures += 1
            outage = find_outage(error)
            if outage is None:
                log.exception("a round failed and will be repeated")
            else:
                log.warning("the database is %s; the worker looks again: %s", outage, getattr(error, "orig", error))
        finally:
            db.session.remove()
        if not done:
            stop.wait(pause_seconds * 2 ** min(failures, LONGEST_PAUSE))
