"""What stands in suspense, thing by thing: movements that fit nothing, and payments that bought nothing."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from shop.core.db import db
from shop.ledger import accounts
from shop.ledger.books import ARRIVALS, FOREIGN, GROSS, undone
from shop.ledger.models import Entry
from shop.ledger.queries import list_uncleared
from shop.payments.models import Attempt, Dispute, Refund
from shop.payments.queries import is_waiting, list_quarantine


@dataclass(frozen=True, slots=True)
class Standing:
    """What of one movement or payment stands in suspense: `stripe_id` is its balance transaction or payment intent."""

    stripe_id: str
    currency: str
    minor: int
    is_explained: bool


def list_standing() -> list[Standing]:
    """All that stands in suspense; explained is what is open in quarantine or on its way back to the buyer."""
    sums: dict[tuple[str, str], int] = {}
    rows = _rows()
    payments = _payments_of(rows)
    for row in rows:
        key = (payments[row.source, row.source_id] if row.leg.startswith(FOREIGN) else row.source_id, row.currency)
        signed = row.amount_minor if row.credit == accounts.SUSPENSE else -row.amount_minor
        sums[key] = sums.get(key, 0) + signed
    standing = {key: minor for key, minor in sums.items() if minor}
    explained = ({row.stripe_id for row in list_quarantine()} | _returning()) if standing else set()
    return [
        Standing(stripe_id, currency, minor, stripe_id in explained)
        for (stripe_id, currency), minor in sorted(standing.items())
    ]


def _rows() -> list[Any]:
    columns = (Entry.source, Entry.source_id, Entry.leg, Entry.credit, Entry.amount_minor, Entry.currency)
    there = (Entry.debit == accounts.SUSPENSE) | (Entry.credit == accounts.SUSPENSE)
    return list(db.session.execute(select(*columns).where(there).order_by(Entry.id)))


def _payments_of(rows: list[Any]) -> dict[tuple[str, str], str]:
    """The payment each cause of rows about payments that bought nothing belongs to."""
    causes = {(row.source, row.source_id) for row in rows if row.leg.startswith(FOREIGN)}
    if not causes:
        return {}
    arrivals = [identifier for source, identifier in causes if source in ARRIVALS]
    statement = select(Entry.source_id, Entry.leg).where(
        Entry.source.in_(ARRIVALS), Entry.source_id.in_(arrivals), Entry.leg.startswith(GROSS)
    )
    cleared = {
        row.source_id: row.leg.removeprefix(GROSS).removesuffix(undone("")) for row in db.session.execute(statement)
    }
    named = {cause: cleared.get(cause[1], cause[1]) if cause[0] in ARRIVALS else cause[1] for cause in causes}
    intents: dict[str, str] = {}
    for model in (Refund, Dispute):
        pairs = select(model.stripe_id, Attempt.payment_intent).join(Attempt, model.attempt_id == Attempt.id)
        found = db.session.execute(pairs.where(model.stripe_id.in_(named.values())))
        intents |= {str(stripe_id): str(intent) for stripe_id, intent in found}
    return {cause: intents.get(name, name) for cause, name in named.items()}


def _returning() -> set[str]:
    """Payments of which a refund waits: for Stripe, for its movement to be booked, or, failed, for somebody to answer."""
    unbooked = [cause.id for cause in list_uncleared() if cause.source == "refund"]
    statement = (
        select(Attempt.payment_intent)
        .join(Refund, Refund.attempt_id == Attempt.id)
        .where(is_waiting() | Refund.stripe_id.in_(unbooked))
    )
    return {intent for intent in db.session.scalars(statement) if intent}
