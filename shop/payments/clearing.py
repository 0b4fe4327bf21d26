"""What an officer may do about what fits nothing: have Stripe asked again, give money back, say what it is.

Each is written down in the audit trail. Nobody chooses an order by hand: what belongs to one is found by what Stripe says
of it, or not at all.
"""

from typing import Any

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.outbox import enqueue
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.ledger import accounts
from shop.ledger.services import post_explained
from shop.orders.queries import lock_order
from shop.orders.services import cancel_quarantined
from shop.payments.balance import heal_suspense, import_balance
from shop.payments.gateway import StripeRefused, gateway
from shop.payments.inbox import hear_again
from shop.payments.models import BalanceTransaction, Quarantine
from shop.payments.quarantine import resolve
from shop.payments.queries import find_attempt, list_refunds
from shop.payments.refunds import request_return

# Where money goes that belongs to no sale: the operator's own, a fee of Stripe's, what the operator bears or gains.
EXPLANATIONS = (accounts.BANK, accounts.PAYMENT_FEES, accounts.LOSSES)
PAYMENTS = ("charge", "payment")


def get_open(quarantine_id: int) -> Quarantine:
    """Something that waits to be cleared up, locked. Inside a transaction. Raises NotFound, Conflict once it is."""
    row = db.session.get(Quarantine, quarantine_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(_("There is nothing like that in quarantine."), quarantine_id=quarantine_id)
    if row.resolved_at is not None:
        raise Conflict(_("This has been cleared up already."))
    return row


def can_give_back(row: Quarantine) -> bool:
    """Whether it is a payment that bought nothing and whose money is still there."""
    if row.kind == "amount":
        return row.order_id is not None
    is_payment = row.kind == "balance" and row.data.get("type") in PAYMENTS and not row.data.get("misfit")
    return is_payment and "payment_intent" in row.data and "return_asked" not in row.data


def can_explain(row: Quarantine) -> bool:
    """Whether an officer's word is enough: for messages, and for money no order waits for."""
    return row.kind in {"balance", "event"} and not row.data.get("misfit")


# Asking again ---------------------------------------------------------------------------------------------------------


def request_look(quarantine_id: int, *, actor: int | None) -> None:
    """Have the worker ask Stripe once more. Inside a transaction."""
    row = get_open(quarantine_id)
    minute = int(clock.now().timestamp()) // 60
    enqueue("look_again", {"quarantine_id": row.id}, key=f"look-{row.id}-{minute}")
    audit(actor, "look again", "quarantine", row.id, stripe_id=row.stripe_id)


def look_again(quarantine_id: int) -> bool:
    """Ask Stripe once more what something belongs to, and book it there. Outside any transaction. Whether it is known now."""
    row = db.session.get_one(Quarantine, quarantine_id)
    kind, stripe_id = row.kind, row.stripe_id
    if kind == "balance":
        return bool(heal_suspense(ask=True, only=stripe_id))
    return kind == "event" and hear_again(stripe_id)


# Giving back ----------------------------------------------------------------------------------------------------------


def give_back(quarantine_id: int, *, actor: int | None) -> None:
    """Give a payment that bought nothing back to whoever made it. Inside a transaction.

    An order that is quarantined for it is cancelled and its stock is free again. Raises Conflict when the money is on its
    way already, or is not a payment's.
    """
    row = get_open(quarantine_id)
    if not can_give_back(row):
        raise Conflict(_("This is not a payment that could be given back."))
    if row.kind == "amount":
        _return_of_order(row, actor)
    else:
        # Its order is not here, so nothing but the payment itself can be named.
        row.data = {**row.data, "return_asked": clock.now().isoformat(), "return_asked_by": actor}
        enqueue("return_payment", {"quarantine_id": row.id}, key=f"return-{row.stripe_id}")
    audit(actor, "give back", "quarantine", row.id, stripe_id=row.stripe_id)


def _return_of_order(row: Quarantine, actor: int | None) -> None:
    order = lock_order(int(row.order_id or 0))
    attempt = find_attempt(intent=row.stripe_id)
    if attempt is None:
        raise Conflict(_("This is not a payment that could be given back."))
    if any(refund.attempt_id == attempt.id and refund.state != "failed" for refund in list_refunds(order.id)):
        raise Conflict(_("This payment has been given back already, or is on its way."))
    request_return(order, attempt, reason="staff", actor=actor)
    if order.state == "quarantined":
        cancel_quarantined(order, actor=actor)
    resolve([row], "returned", actor)


def return_payment(quarantine_id: int) -> None:
    """Send the refund of a payment whose order is not here. Outside any transaction; safe to repeat.

    Its movement comes as any other and is booked out of suspense together with that of the payment.
    """
    row = db.session.get_one(Quarantine, quarantine_id, populate_existing=True)
    if row.resolved_at is not None or "return_refused" in row.data:
        return
    intent, key = str(row.data["payment_intent"]), f"return-{row.stripe_id}"
    told: dict[str, Any]
    try:
        # Stripe forgets keys after a day: first what it has of this payment.
        view = gateway().find_refund(intent, key) or gateway().refund(intent, int(row.data["charged_minor"]), key)
        told = {"refund": view.id}
    except StripeRefused as refused:
        told = {"return_refused": refused.code}
    with transaction():
        row = db.session.get_one(Quarantine, quarantine_id, populate_existing=True)
        row.data = {**row.data, **told}
    import_balance()


# Saying what it is ----------------------------------------------------------------------------------------------------


def explain(quarantine_id: int, *, account: str | None, note: str, actor: int | None) -> None:
    """Clear something up by an officer's word. Inside a transaction.

    Money leaves suspense for one of EXPLANATIONS; a message needs only the note. Raises Invalid for a
    missing note or account, Conflict for what has another way.
    """
    row = get_open(quarantine_id)
    if not can_explain(row):
        raise Conflict(_("This cannot be cleared up by a note."))
    if not note:
        text = _("Write down what it is and how you know.")
        raise Invalid(text, {"note": text})
    if row.kind == "balance":
        if account not in EXPLANATIONS:
            text = _("Choose what the money is.")
            raise Invalid(text, {"account": text})
        moved = db.session.scalars(select(BalanceTransaction).where(BalanceTransaction.id == row.stripe_id)).one()
        post_explained(moved.id, moved.net_minor, account, moved.currency, clock.today())
    row.data = {**row.data, "note": note}
    resolve([row], "explained", actor)
    audit(actor, "explain", "quarantine", row.id, stripe_id=row.stripe_id, account=account, note=note)
