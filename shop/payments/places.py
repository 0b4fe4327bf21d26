"""What of which order a movement of Stripe's balance belongs to, as far as this shop knows. Asks nobody else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from shop.core.db import db
from shop.ledger.posting import Cause
from shop.payments.models import Attempt, Dispute, Refund

# What the source of a balance transaction is, by its type. docs.stripe.com/reports/balance-transaction-types
SOURCES = {
    "charge": "charge",
    "payment": "charge",
    "payment_failure_refund": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund",
    # Stripe's word for what a dispute takes and gives back; anything else of that type is unknown.
    "adjustment": "dispute",
}
# Methods that take days: their money is shown before it is certain.
SLOW = ("payment", "payment_failure_refund")


@dataclass(frozen=True, slots=True)
class Key:
    """What identifies a movement: `minor` is its amount, negative when it leaves."""

    id: str
    type: str
    source: str | None
    minor: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a movement belongs. `dispute_id` is ours."""

    order_id: int
    cause: Cause
    dispute_id: int | None = None


def find_place(key: Key) -> Place | None:
    """The place of one movement, in at most one statement."""
    return find_places([key]).get(key.id)


def find_places(keys: Iterable[Key]) -> dict[str, Place]:
    """The places of many movements, by their ids, in at most three statements; unknown ones are left out."""
    wanted: dict[str, dict[str, list[Key]]] = {}
    for key in keys:
        kind = SOURCES.get(key.type)
        if kind is not None and key.source is not None:
            wanted.setdefault(kind, {}).setdefault(key.source, []).append(key)
    return {
        key.id: place
        for kind, by_source in wanted.items()
        for source, row in _rows(kind, list(by_source))
        for key in by_source[source]
        if (place := _place(kind, key, row)) is not None
    }


_STATEMENTS: dict[str, Any] = {
    "charge": select(Attempt.charge.label("source"), Attempt.order_id, Attempt.payment_intent, Attempt.state),
    "refund": select(Refund.stripe_id.label("source"), Refund.order_id, Attempt.payment_intent).join(
        Attempt, Refund.attempt_id == Attempt.id
    ),
    "dispute": select(Dispute.stripe_id.label("source"), Dispute.order_id, Attempt.payment_intent, Dispute.id).join(
        Attempt, Dispute.attempt_id == Attempt.id
    ),
}
_COLUMNS: dict[str, Any] = {"charge": Attempt.charge, "refund": Refund.stripe_id, "dispute": Dispute.stripe_id}


def _rows(kind: str, sources: list[str]) -> Iterator[tuple[str, Any]]:
    for row in db.session.execute(_STATEMENTS[kind].where(_COLUMNS[kind].in_(sources))):
        yield row.source, row


def _place(kind: str, key: Key, row: Any) -> Place | None:
    if row.payment_intent is None:
        return None
    if kind == "refund":
        name = "refund_failed" if key.type == "refund_failure" else "refund"
        return Place(row.order_id, Cause(name, row.source, row.payment_intent))
    if kind == "dispute":
        name = "dispute_won" if key.minor > 0 else "dispute"
        return Place(row.order_id, Cause(name, row.source, row.payment_intent), row.id)
    if key.type in SLOW and row.state == "expired":
        return Place(row.order_id, Cause("failed_payment", row.payment_intent, row.payment_intent))
    return Place(row.order_id, Cause("payment", row.payment_intent, row.payment_intent))
