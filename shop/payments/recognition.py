"""Asking Stripe what stands behind money or a message that nobody here knows, and taking up what is ours after all.

Every call to Stripe is written down before it is made, so what is not known by its id, its payment or our metadata is
not ours: unless the database is older than Stripe, because a backup was restored. What is found then is settled from
Stripe's word alone.
"""

from typing import Any

from shop.core.db import db, transaction
from shop.orders.queries import find_order, lock_order
from shop.payments.dispute_news import settle_dispute
from shop.payments.gateway import ChargeView, RefundView, StripeRefused, gateway
from shop.payments.lost import adopt
from shop.payments.models import Attempt
from shop.payments.places import SOURCES, Key
from shop.payments.quarantine import resolve_messages
from shop.payments.queries import find_attempt
from shop.payments.refund_news import follow_refund
from shop.payments.settle import revive, settle_order, settle_payment

# What people need to tell whose money it is.
Told = dict[str, Any]


def recognise(key: Key) -> Told:
    """Ask Stripe about the source of a movement and take up what is ours. Outside any transaction.

    What Stripe says of it, for people; empty when there is nothing to ask or Stripe knows nothing. Raises EdgeFailed.
    """
    act = {"charge": _charge, "refund": _refund, "dispute": _dispute}.get(SOURCES.get(key.type, ""))
    if act is None or key.source is None:
        return {}
    try:
        return act(key.source)
    except StripeRefused as refused:
        return {"refused": refused.code}


def _charge(charge_id: str) -> Told:
    charge = gateway().fetch_charge(charge_id)
    take_up(charge.payment_intent, charge.metadata, charge=charge.id)
    return _told(charge)


def _refund(refund_id: str) -> Told:
    view = gateway().fetch_refund(refund_id)
    told = _told_refund(view)
    settle_payment(intent=view.payment_intent, charge=view.charge, key=view.attempt)
    if not follow_refund(view) and view.charge:
        told |= _charge(view.charge)
        follow_refund(view)
    return told


def _dispute(dispute_id: str) -> Told:
    if settle_dispute(dispute_id):
        return {}
    charge = gateway().fetch_dispute(dispute_id).charge
    told = _charge(charge) if charge else {}
    settle_dispute(dispute_id)
    return told


def _told(charge: ChargeView) -> Told:
    said = {
        "order": charge.metadata.get("order"),
        "email": charge.email,
        "description": charge.description,
        "payment_intent": charge.payment_intent,
        "charge": charge.id,
        "charged_minor": charge.amount_minor,
        "charged_currency": charge.currency,
    }
    return {name: value for name, value in said.items() if value is not None}


def _told_refund(view: RefundView) -> Told:
    return {"refund": view.id, "returned_minor": view.amount_minor, "returned_currency": view.currency}


def take_up(payment_intent: str | None, metadata: dict[str, str], *, charge: str | None = None) -> int | None:
    """Settle the order of a payment, also one of which only the order is known. Outside any transaction.

    The order's id, None for a payment that is not ours. Raises EdgeFailed.
    """
    attempt = find_attempt(intent=payment_intent, charge=charge, key=metadata.get("attempt"))
    attempt_id = attempt.id if attempt else _adopt(payment_intent, metadata)
    if attempt_id is None:
        return None
    attempt = db.session.get_one(Attempt, attempt_id)
    order_id = attempt.order_id
    if attempt.state == "abandoned" and payment_intent:
        session = gateway().find_session_of(payment_intent)
        if session is not None:
            revive(attempt_id, session.id)
    settle_order(order_id)
    _name(attempt_id, payment_intent, charge)
    return order_id


def _name(attempt_id: int, payment_intent: str | None, charge: str | None) -> None:
    """Remember the charge of a payment that a bank still works on, or that was settled before Stripe named it."""
    with transaction():
        attempt = db.session.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
        if charge and attempt.charge is None and attempt.payment_intent in {None, payment_intent}:
            attempt.payment_intent, attempt.charge = payment_intent, charge
        if payment_intent:
            resolve_messages(payment_intent)


def _adopt(payment_intent: str | None, metadata: dict[str, str]) -> int | None:
    """Write down the attempt a payment was made by, for an order that is known; its id, None where there is no order."""
    order = find_order(metadata.get("order", ""))
    if order is None or payment_intent is None:
        return None
    order_id, number = order.id, order.number
    session = gateway().find_session_of(payment_intent)
    if session is None or session.metadata.get("order") != number:
        return None
    with transaction():
        return adopt(lock_order(order_id), session).id
