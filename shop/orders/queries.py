"""Reads of orders."""

import hashlib
import hmac
from collections.abc import Iterable

from sqlalchemy import Select, or_, select

from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.messages import gettext as _
from shop.orders.models import Order, OrderEvent, OrderLine


def find_order(number: str) -> Order | None:
    return db.session.scalars(select(Order).where(Order.number == number)).first()


def find_order_of(number: str, email: str) -> Order | None:
    """The order of this number, if it was ordered with this e-mail address.

    One statement and one comparison of equal length, whichever of the two is wrong: the time tells nothing.
    """
    order = find_order(number)
    known, told = (hashlib.sha256(text.encode()).digest() for text in (order.email if order else "", email))
    return order if hmac.compare_digest(known, told) and order is not None else None


def get_order(number: str) -> Order:
    """An order by its number; raises NotFound."""
    order = find_order(number)
    if order is None:
        raise NotFound(_("There is no such order."), number=number)
    return order


def get_order_by_id(order_id: int) -> Order:
    """An order by its key; raises NotFound."""
    order = db.session.get(Order, order_id)
    if order is None:
        raise NotFound(_("There is no such order."), order_id=order_id)
    return order


def lock_order(order_id: int) -> Order:
    """The order, read anew under a row lock (SQLite: the whole database is already ours). Inside a transaction only."""
    statement = select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    order = db.session.scalars(statement).first()
    if order is None:
        raise NotFound(_("There is no such order."), order_id=order_id)
    return order


def lock_order_with_lines(order_id: int) -> tuple[Order, list[OrderLine]]:
    """As lock_order, with the order's lines in their order; locked and read anew in the same statement."""
    statement = (
        select(Order, OrderLine)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.id == order_id)
        .order_by(OrderLine.position)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows = db.session.execute(statement).all()
    if not rows:
        raise NotFound(_("There is no such order."), order_id=order_id)
    return rows[0][0], [row[1] for row in rows]


def list_lines(order_id: int) -> list[OrderLine]:
    """Lines of an order in their order."""
    return list(
        db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position))
    )


def list_events(order_id: int) -> list[OrderEvent]:
    """The history of an order, oldest first."""
    return list(
        db.session.scalars(
            select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.at, OrderEvent.id)
        )
    )


def list_orders(
    *,
    states: Iterable[str] | None = None,
    unit_id: int | None = None,
    q: str = "",
    before_id: int | None = None,
    limit: int = 50,
) -> list[Order]:
    """Orders newest first, paged by key. `q` is the beginning of a number or of an e-mail address."""
    statement: Select[Order] = select(Order).order_by(Order.id.desc()).limit(limit)
    if states is not None:
        statement = statement.where(Order.state.in_(list(states)))
    if unit_id is not None:
        statement = statement.where(Order.id.in_(select(OrderLine.order_id).where(OrderLine.unit_id == unit_id)))
    if q:
        statement = statement.where(
            or_(
                Order.number.startswith(q.strip().upper(), autoescape=True),
                Order.email.startswith(q.strip().casefold(), autoescape=True),
            )
        )
    if before_id is not None:
        statement = statement.where(Order.id < before_id)
    return list(db.session.scalars(statement))


def list_unit_lines(
    unit_id: int, states: Iterable[str] | None = None, limit: int = 100
) -> list[tuple[OrderLine, Order]]:
    """A unit's lines of paid orders, the most urgent ship-by date first."""
    statement = (
        select(OrderLine, Order)
        .join(Order, OrderLine.order_id == Order.id)
        .where(OrderLine.unit_id == unit_id, Order.paid_at.is_not(None))
        .order_by(OrderLine.promise_on, OrderLine.id)
        .limit(limit)
    )
    if states is not None:
        statement = statement.where(OrderLine.state.in_(list(states)))
    return [(line, order) for line, order in db.session.execute(statement)]


def get_unit_line(unit_id: int, line_id: int) -> tuple[OrderLine, Order]:
    """A line of a paid order and its order, if the line is this unit's; else NotFound, as if it did not exist."""
    row = db.session.execute(
        select(OrderLine, Order)
        .join(Order, OrderLine.order_id == Order.id)
        .where(OrderLine.id == line_id, OrderLine.unit_id == unit_id, Order.paid_at.is_not(None))
    ).first()
    if row is None:
        raise NotFound(_("There is no such order."), line_id=line_id)
    return row[0], row[1]
