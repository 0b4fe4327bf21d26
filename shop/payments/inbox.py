"""Webhooks: verified and stored at the door, obeyed by the worker, which always asks Stripe itself."""

import json
from datetime import timedelta
from typing import Any

from shop.core import clock
from shop.core.db import db, insert_new, transaction
from shop.core.errors import EdgeFailed
from shop.core.marks import EVENTS_POLLED, RESTORED_TO, find_moment, installation_id, remember_moment
from shop.core.outbox import enqueue
from shop.payments.dispute_news import settle_dispute
from shop.payments.gateway import EventView, RefundView, SessionView, SignatureWrong, gateway
from shop.payments.lost import is_ours, make_known
from shop.payments.models import InboxEvent
from shop.payments.quarantine import put_aside, resolve
from shop.payments.queries import find_attempt, list_quarantine
from shop.payments.recognition import take_up
from shop.payments.refund_news import follow_refund, follow_refunds
from shop.payments.settle import revive, settle_order, settle_payment

# What the door answers 400 to.
Forged = SignatureWrong
# How far behind the last poll the next one looks: events may appear late.
OVERLAP = timedelta(hours=6)
# Stripe keeps events so long (docs.stripe.com/api/events).
KEPT = timedelta(days=30)


def accept(event: EventView, body: str) -> bool:
    """Store an event under its unique id and ask the worker to look. False if it was here before. In a transaction."""
    if not insert_new(InboxEvent, event_id=event.id, type=event.type, body=body, received_at=clock.now()):
        return False
    enqueue("stripe_event", {"event_id": event.id}, key=f"event-{event.id}")
    return True


def handle(event_id: str) -> None:
    """Obey a stored event: find what it concerns and settle that. Outside any transaction; safe to repeat.

    Raises EdgeFailed while a restored database catches up: what the event is about may have to be made known first.
    """
    stored = db.session.get_one(InboxEvent, event_id)
    if stored.handled_at is not None:
        return
    if find_moment(RESTORED_TO) is not None:
        raise EdgeFailed("", waits_for="what was sold since the backup")
    content = json.loads(stored.body)
    outcome = _route(content["type"], dict(content["data"]["object"]))
    with transaction():
        stored = db.session.get_one(InboxEvent, event_id)
        stored.handled_at, stored.outcome = clock.now(), outcome
        if outcome == "unknown":
            told = {"type": content["type"], **_told(dict(content["data"]["object"]))}
            put_aside("event", event_id, told)


def hear_again(event_id: str) -> bool:
    """Look once more at a stored event that concerned nothing known. Outside any transaction. Whether it does now."""
    stored = db.session.get(InboxEvent, event_id)
    if stored is None:
        return False
    content = json.loads(stored.body)
    if _route(content["type"], dict(content["data"]["object"])) == "unknown":
        return False
    with transaction():
        resolve(list_quarantine(kind="event", stripe_id=event_id), "found")
    return True


def _told(thing: dict[str, Any]) -> dict[str, Any]:
    """What of an object tells people whose it is."""
    metadata = thing.get("metadata") or {}
    said = {
        "object": thing.get("id"),
        "payment_intent": _intent(thing),
        "order": metadata.get("order"),
        "email": (thing.get("customer_details") or thing.get("billing_details") or {}).get("email"),
    }
    return {name: value for name, value in said.items() if value is not None}


def _route(kind: str, thing: dict[str, Any]) -> str:
    if kind.startswith(("refund.", "charge.refund.")):
        return "settled" if _hear_of_refund(gateway().fetch_refund(str(thing.get("id")))) else "unknown"
    if kind.startswith("charge.dispute."):
        return "settled" if settle_dispute(str(thing.get("id"))) else "unknown"
    metadata, intent = thing.get("metadata") or {}, _intent(thing)
    if kind.startswith("checkout.session."):
        attempt = find_attempt(session_id=thing.get("id"), key=metadata.get("attempt"))
        if attempt is not None and attempt.state in {"created", "abandoned"} and thing.get("id"):
            revive(attempt.id, str(thing["id"]))
    elif kind.startswith("payment_intent."):
        attempt = find_attempt(intent=intent, key=metadata.get("attempt"))
    elif kind.startswith("charge."):
        attempt = find_attempt(intent=intent, charge=thing.get("id"), key=metadata.get("attempt"))
        _ask_for_balance(str(thing.get("id")))
    else:
        return "ignored"
    if attempt is None:
        return "settled" if take_up(intent, metadata) is not None else _make_known(kind, thing)
    settle_order(attempt.order_id)
    if kind == "charge.refunded" and intent:
        follow_refunds(intent)
    return "settled"


def _make_known(kind: str, thing: dict[str, Any]) -> str:
    """A payment of ours that we do not remember; "unknown" for somebody else's."""
    with transaction():
        own = installation_id()
    if not is_ours(thing.get("metadata") or {}, own):
        return "unknown"
    if kind.startswith("checkout.session."):
        view: SessionView | None = gateway().fetch_session(str(thing["id"]))
    else:
        view = gateway().find_session_of(str(_intent(thing)))
    return "unknown" if view is None else make_known(view)


def _hear_of_refund(view: RefundView) -> bool:
    settle_payment(intent=view.payment_intent, charge=view.charge, key=view.attempt)
    return follow_refund(view)


def _intent(thing: dict[str, Any]) -> str | None:
    """The payment an object is, or belongs to."""
    value = thing.get("id") if thing.get("object") == "payment_intent" else thing.get("payment_intent")
    return value.get("id") if isinstance(value, dict) else value


def _ask_for_balance(charge: str) -> None:
    with transaction():
        enqueue("import_balance", {}, key=f"balance-event-{charge}-{int(clock.now().timestamp()) // 60}")


def poll_events() -> int:
    """Fetch events that no webhook brought, since the last poll that took in everything, and some hours before it.

    So neither a worker that stood still for days nor a restored database has a gap. Outside any transaction; how many
    were new.
    """
    begun = clock.now()
    last = find_moment(EVENTS_POLLED) or find_moment(RESTORED_TO) or begun
    since = max(last - OVERLAP, begun - KEPT)
    new = 0
    for event, content in gateway().list_events(since):
        with transaction():
            new += accept(event, json.dumps(content))
    with transaction():
        remember_moment(EVENTS_POLLED, begun)
    return new


def verify(body: bytes, signature: str) -> EventView:
    """As gateway.read_webhook: the signature is checked here, at receipt, so that an event may be handled later."""
    return gateway().read_webhook(body, signature)
