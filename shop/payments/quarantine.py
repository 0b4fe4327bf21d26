"""Putting aside what fits nothing, and noting how it was cleared up. Inside a transaction."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db
from shop.payments.models import Quarantine


def put_aside(kind: str, stripe_id: str, data: dict[str, Any], order_id: int | None = None) -> None:
    """Keep money or a message that fits nothing, with all that is known of it, until somebody has looked."""
    db.session.add(Quarantine(kind=kind, stripe_id=stripe_id, order_id=order_id, data=data, at=clock.now()))


def list_open(
    *, kind: str | None = None, stripe_id: str | None = None, order_id: int | None = None
) -> list[Quarantine]:
    """What waits to be cleared up, oldest first; of a kind, of one thing of Stripe's, of an order."""
    statement = select(Quarantine).where(Quarantine.resolved_at.is_(None)).order_by(Quarantine.id)
    for column, value in ((Quarantine.kind, kind), (Quarantine.stripe_id, stripe_id), (Quarantine.order_id, order_id)):
        if value is not None:
            statement = statement.where(column == value)
    return list(db.session.scalars(statement))


def resolve(rows: Iterable[Quarantine], resolution: str, actor: int | None = None) -> None:
    """Note how something was cleared up: found, returned or explained."""
    for row in rows:
        row.resolved_at, row.resolution, row.resolved_by = clock.now(), resolution, actor


def resolve_messages(payment_intent: str) -> None:
    """The messages about a payment are understood, now that it is known."""
    about = [row for row in list_open(kind="event") if row.data.get("payment_intent") == payment_intent]
    resolve(about, "found")
