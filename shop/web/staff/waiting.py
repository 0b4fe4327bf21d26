"""What waits for an officer: counted for the overview, listed behind each count. Reads over several rooms."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from shop.catalogue.models import Product
from shop.core import clock
from shop.core.clock import local_day
from shop.core.db import db
from shop.orders.messages import is_unanswered
from shop.orders.models import Message, Order, OrderLine, Return
from shop.orders.states import UNSENT
from shop.payments.disputes import TO_ANSWER
from shop.payments.models import Dispute, Quarantine, Refund
from shop.payments.queries import is_waiting
from shop.shipping.models import FreightRequest

# A maker has a day to answer before an officer calls.
ANSWER_WITHIN = timedelta(hours=24)
# And two to answer a buyer's message, before an officer does.
REPLY_WITHIN = timedelta(days=2)
WAITS = ("unanswered", "calls", "ready", "late", "messages", "returns", "refunds", "quarantine")
# A return waits for the address it goes to, and once it is back for its refund.
RETURNS_TO_ACT = ("asked", "received")


@dataclass(frozen=True, slots=True)
class Wait:
    """How many of a kind wait, and since when the oldest does; or until when the first has to be done."""

    kind: str
    count: int
    since: date | None
    until: date | None = None


def count_pieces_to_review() -> int:
    return db.session.scalar(select(func.count()).select_from(Product).where(Product.state == "review")) or 0


def _of_lines(kind: str) -> ColumnElement[bool]:
    """Which order lines wait in a way; every one of a paid order."""
    now = clock.now()
    return and_(
        Order.state == "paid",
        {
            "unanswered": and_(OrderLine.state == "paid", Order.paid_at < now - ANSWER_WITHIN),
            "calls": and_(OrderLine.state == "paid", OrderLine.call_asked_at.is_not(None)),
            "ready": OrderLine.state == "ready",
            "late": and_(OrderLine.state.in_(UNSENT), OrderLine.promise_on < clock.today()),
        }[kind],
    )


def orders_waiting(kind: str) -> Select[Any]:
    """Ids of the orders that wait in a way of WAITS."""
    if kind == "messages":
        return select(Message.order_id).where(_needs_reply())
    if kind == "returns":
        return select(Return.order_id).where(Return.state.in_(RETURNS_TO_ACT))
    if kind == "refunds":
        return select(Refund.order_id).where(is_waiting())
    if kind == "quarantine":
        return select(Order.id).where(
            (Order.state == "quarantined") | Order.id.in_(select(Quarantine.order_id).where(_is_kept()))
        )
    return select(OrderLine.order_id).join(Order, OrderLine.order_id == Order.id).where(_of_lines(kind))


def _needs_reply() -> ColumnElement[bool]:
    return is_unanswered(clock.now() - REPLY_WITHIN)


def _is_kept() -> ColumnElement[bool]:
    """Money or a message that fits nothing; a refund that failed waits among the refunds."""
    return and_(Quarantine.resolved_at.is_(None), Quarantine.kind != "refund_failed")


def list_waits() -> list[Wait]:
    """Everything that waits, in the order it should be looked at."""
    waits = [_count("pieces", select(func.count(), func.min(Product.submitted_at)).where(Product.state == "review"))]
    since = {"unanswered": Order.paid_at, "calls": OrderLine.call_asked_at, "ready": OrderLine.ready_at}
    for kind in ("unanswered", "calls", "ready", "late"):
        oldest = func.min(since.get(kind, OrderLine.promise_on))
        statement = select(func.count(OrderLine.order_id.distinct()), oldest).join(
            Order, OrderLine.order_id == Order.id
        )
        waits.append(_count(kind, statement.where(_of_lines(kind))))
    messages = select(func.count(Message.order_id.distinct()), func.min(Message.at)).where(_needs_reply())
    waits.append(_count("messages", messages))
    unanswered = select(func.count(), func.min(Dispute.answer_by)).where(Dispute.status.in_(TO_ANSWER))
    answer = _count("disputes", unanswered)
    waits.append(replace(answer, since=None, until=answer.since))
    asked = select(func.count(), func.min(FreightRequest.asked_at)).where(FreightRequest.state == "asked")
    waits.append(_count("freight", asked))
    to_act = Return.state.in_(RETURNS_TO_ACT)
    waits.append(_count("returns", select(func.count(), func.min(Return.asked_at)).where(to_act)))
    waits.append(_count("refunds", select(func.count(), func.min(Refund.requested_at)).where(is_waiting())))
    waits.append(_count("quarantine", select(func.count(), func.min(Quarantine.at)).where(_is_kept())))
    return waits


def _count(kind: str, statement: Select[*tuple[Any, ...]]) -> Wait:
    count, since = db.session.execute(statement).one()
    return Wait(kind, count, local_day(since) if isinstance(since, datetime) else since)


def list_urgent_lines(limit: int = 12) -> list[tuple[OrderLine, Order]]:
    """Lines that have not left yet, the earliest ship-by date first."""
    statement = (
        select(OrderLine, Order)
        .join(Order, OrderLine.order_id == Order.id)
        .where(Order.state == "paid", OrderLine.state.in_(UNSENT))
        .order_by(OrderLine.promise_on, OrderLine.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in db.session.execute(statement)]


def list_orders_waiting(kind: str, *, before_id: int | None, limit: int) -> list[Order]:
    """Orders that wait in a way of WAITS, newest first, paged by key."""
    statement = select(Order).where(Order.id.in_(orders_waiting(kind))).order_by(Order.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(Order.id < before_id)
    return list(db.session.scalars(statement))
