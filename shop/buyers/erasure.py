"""Erasing what is kept of a buyer, but for what the law on accounts asks to keep.

Amounts, lines and country stay: books and reports stand on them and name nobody. Invoices and credit notes stay as issued,
with name and address, for ten years (Morocco: Code général des impôts, article 211; loi 9-88, article 22), which the
right to erasure leaves room for (Regulation (EU) 2016/679, article 17(3)(b); loi 09-08, article 8).
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, or_, select, update

from shop.buyers.keys import forget_keys
from shop.buyers.orders import list_orders_of
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Conflict
from shop.core.outbox import enqueue, forget_jobs
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.notifications.models import Attachment, Letter
from shop.orders.models import Message, Order, OrderLine
from shop.orders.queries import list_lines, lock_order
from shop.orders.returns import OPEN as OPEN_RETURNS
from shop.orders.returns import list_returns
from shop.orders.services import note
from shop.payments.disputes import CLOSED
from shop.payments.models import Attempt, InboxEvent, Quarantine
from shop.payments.queries import list_disputes, list_failed_refunds, list_refunds
from shop.payments.refunds import OPEN as OPEN_REFUNDS

# Orders nothing more will happen to; of a paid one its lines tell.
OVER = ("expired", "cancelled", "refunded")
LINES_OVER = ("handed_over", "cancelled", "refunded")
# Where Stripe's objects name a person (docs.stripe.com/api: charges, checkout/sessions, payment_intents).
PERSONAL = frozenset(
    {"billing_details", "collected_information", "customer_details", "customer_email", "receipt_email", "shipping"}
    | {"shipping_details", "payment_method_details", "email"}
)


def list_unfinished(email: str) -> list[Order]:
    """Orders of an address that still need its buyer's name: not sent, not decided, money on its way. Newest first."""
    return [order for order in list_orders_of(email) if not _is_over(order, list_lines(order.id))]


def erase_buyer(email: str) -> int:
    """Erase what is kept of a buyer; inside a transaction. How many orders that were. Sessions and links end with it.

    Raises Conflict while an order is unfinished.
    """
    orders = [lock_order(order_id) for order_id in sorted(order.id for order in list_orders_of(email))]
    if any(not _is_over(order, list_lines(order.id)) for order in orders):
        raise Conflict(_("One of your orders is not finished: until then we need your address for it."))
    ids = [order.id for order in orders]
    for order in orders:
        order.email, order.address, order.erased_at = "", {"name": "", "country_code": order.country}, clock.now()
        note(order.id, "erased")
        audit(None, "erase buyer", "order", order.number)
    theirs = select(Letter.id).where(Letter.recipient == email)
    db.session.execute(delete(Attachment).where(Attachment.letter_id.in_(theirs)))
    db.session.execute(delete(Letter).where(Letter.recipient == email))
    db.session.execute(delete(Message).where(Message.order_id.in_(ids)))
    db.session.execute(update(Attempt).where(Attempt.order_id.in_(ids)).values(parameters={}))
    for aside in db.session.scalars(select(Quarantine).where(Quarantine.order_id.in_(ids))):
        aside.data = _without_persons(aside.data)
    forget_keys(email)
    forget_jobs(("order_link", "buyer_link"), email=email)
    if ids:
        enqueue("strip_events", {"order_ids": ids})
    return len(ids)


def strip_events(order_ids: Iterable[int]) -> None:
    """Take the person out of the stored webhooks of erased orders. Outside any transaction; safe to repeat.

    In the worker: webhooks are looked through by what Stripe calls the payment, without an index.
    """
    known = select(Attempt.session_id, Attempt.payment_intent, Attempt.charge).where(
        Attempt.order_id.in_(list(order_ids))
    )
    names = [name for row in db.session.execute(known).all() for name in row if name]
    if not names:
        return
    mentions = or_(*(InboxEvent.body.contains(name, autoescape=True) for name in names))
    with transaction():
        for event in db.session.scalars(select(InboxEvent).where(mentions)):
            event.body = json.dumps(_without_persons(json.loads(event.body)))


def _is_over(order: Order, lines: Iterable[OrderLine]) -> bool:
    if order.state not in (*OVER, "paid"):
        return False
    return (
        (order.state in OVER or all(line.state in LINES_OVER for line in lines))
        and not any(way_back.state in OPEN_RETURNS for way_back, _ids in list_returns(order.id))
        and not any(refund.state in OPEN_REFUNDS for refund in list_refunds(order.id))
        and not list_failed_refunds(order.id)
        and all(dispute.status in CLOSED for dispute in list_disputes(order.id))
    )


def _without_persons(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: None if name in PERSONAL else _without_persons(value) for name, value in thing.items()}
    return [_without_persons(one) for one in thing] if isinstance(thing, list) else thing
