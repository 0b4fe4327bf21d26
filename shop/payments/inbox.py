"""Webhooks: verified and stored at the door, obeyed by the worker, which always asks Stripe itself."""

import json
from datetime import timedelta
from typing import Any

from shop.core import clock
from shop.core.db import db, insert_new, transaction
from shop.core.outbox import enqueue
from shop.payments.disputes import settle_dispute
from shop.payments.gateway import EventView, RefundView, SignatureWrong, gateway
from shop.payments.models import InboxEvent, Quarantine
from shop.payments.queries import find_attempt
from shop.payments.refund_news import follow_refund, follow_refunds
from shop.payments.settle import revive, settle_order, settle_payment

# What the door answers 400 to.
Forged = SignatureWrong
# How far back the poll looks: longer than any outage we sleep through, shorter than Stripe keeps events (30 days).
OVERLAP = timedelta(hours=6)


def accept(event: EventView, body: str) -> bool:
    """Store an event under its unique id and ask the worker to look. False if it was here before. In a transaction."""
    if not insert_new(InboxEvent, event_id=event.id, type=event.type, body=body, received_at=clock.now()):
        return False
    enqueue("stripe_event", {"event_id": event.id}, key=f"event-{event.id}")
    return True


def handle(event_id: str) -> None:
    """Obey a stored event: find what it concerns and settle that. Outside any transaction; safe to repeat."""
    stored = db.session.get_one(InboxEvent, event_id)
    if stored.handled_at is not None:
        return
    content = json.loads(stored.body)
    outcome = _route(content["type"], dict(content["data"]["object"]))
    with transaction():
        stored = db.session.get_one(InboxEvent, event_id)
        stored.handled_at, stored.outcome = clock.now(), outcome
        if outcome == "unknown":
            db.session.add(Quarantine(kind="event", stripe_id=event_id, data={"type": content["type"]}, at=clock.now()))


def _route(kind: str, thing: dict[str, Any]) -> str:
    if kind.startswith(("refund.", "charge.refund.")):
        return "settled" if _hear_of_refund(gateway().fetch_refund(str(thing.get("id")))) else "unknown"
    if kind.startswith("charge.dispute."):
        return "settled" if settle_dispute(str(thing.get("id"))) else "unknown"
    metadata, intent = thing.get("metadata") or {}, _id(thing.get("payment_intent"))
    if kind.startswith("checkout.session."):
        attempt = find_attempt(session_id=thing.get("id"), key=metadata.get("attempt"))
        if attempt is not None and attempt.state in {"created", "abandoned"} and thing.get("id"):
            revive(attempt.id, str(thing["id"]))
    elif kind.startswith("payment_intent."):
        attempt = find_attempt(intent=thing.get("id"), key=metadata.get("attempt"))
    elif kind.startswith("charge."):
        attempt = find_attempt(intent=intent, charge=thing.get("id"), key=metadata.get("attempt"))
        _ask_for_balance(str(thing.get("id")))
    else:
        return "ignored"
    if attempt is None:
        return "unknown"
    settle_order(attempt.order_id)
    if kind == "charge.refunded" and intent:
        follow_refunds(intent)
    return "settled"


def _hear_of_refund(view: RefundView) -> bool:
    settle_payment(intent=view.payment_intent, charge=view.charge, key=view.attempt)
    return follow_refund(view)


def _id(value: Any) -> str | None:
    return value.get("id") if isinstance(value, dict) else value


def _ask_for_balance(charge: str) -> None:
    with transaction():
        enqueue("import_balance", {}, key=f"balance-event-{charge}-{int(clock.now().timestamp()) // 60}")


def poll_events() -> int:
    """Fetch events that no webhook brought, with an overlapping window. Outside any transaction; how many were new."""
    new = 0
    for event, content in gateway().list_events(clock.now() - OVERLAP):
        with transaction():
            new += accept(event, json.dumps(content))
    return new


def verify(body: bytes, signature: str) -> EventView:
    """As gateway.read_webhook: the signature is checked here, at receipt, so that an event may be handled later."""
    return gateway().read_webhook(body, signature)
