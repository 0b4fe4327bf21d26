"""Putting aside what fits nothing, and noting how it was cleared up. Inside a transaction."""

from collections.abc import Iterable
from typing import Any

from shop.core import clock
from shop.core.db import db
from shop.payments.models import Quarantine
from shop.payments.queries import list_quarantine


def put_aside(kind: str, stripe_id: str, data: dict[str, Any], order_id: int | None = None) -> None:
    """Keep money or a message that fits nothing, with all that is known of it, until somebody has looked."""
    db.session.add(Quarantine(kind=kind, stripe_id=stripe_id, order_id=order_id, data=data, at=clock.now()))


def resolve(rows: Iterable[Quarantine], resolution: str, actor: int | None = None) -> None:
    """Note how something was cleared up: found, returned or explained."""
    for row in rows:
        row.resolved_at, row.resolution, row.resolved_by = clock.now(), resolution, actor


def resolve_messages(payment_intent: str) -> None:
    """The messages about a payment are understood, now that it is known."""
    about = [row for row in list_quarantine(kind="event") if row.data.get("payment_intent") == payment_intent]
    resolve(about, "found")
