"""What staff do in a drill."""

from sqlalchemy import select

from shop.core.db import db, transaction
from shop.orders.models import Order
from shop.payments.refunds import request_refund


def ask_back(emails: list[str]) -> None:
    """Staff give the whole money of some orders back."""
    for order_id in db.session.scalars(select(Order.id).where(Order.email.in_(emails), Order.state == "paid")):
        with transaction():
            request_refund(order_id, line_ids=None, reason="buyer", actor=None)
