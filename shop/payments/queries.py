"""Reads of attempts, refunds and what waits for somebody's eyes."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, func, or_, select

from shop.core.db import db
from shop.core.errors import NotFound
from shop.ledger.models import Entry
from shop.orders.models import Order, OrderLine
from shop.payments.models import Attempt, BalanceTransaction, Dispute, DisputePart, Quarantine, Refund, RefundPart


def list_attempts(order_id: int) -> list[Attempt]:
    """Attempts to pay an order, oldest first."""
    return list(db.session.scalars(select(Attempt).where(Attempt.order_id == order_id).order_by(Attempt.id)))


def list_refunds(order_id: int) -> list[Refund]:
    """Refunds of an order, oldest first."""
    return list(db.session.scalars(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)))


def list_refund_parts(refund_id: int) -> list[RefundPart]:
    """What of its order a refund gives back, lines first."""
    statement = select(RefundPart).where(RefundPart.refund_id == refund_id).order_by(RefundPart.id)
    return list(db.session.scalars(statement))


def list_contested(*, is_open: bool, before_id: int | None = None, limit: int = 200) -> list[tuple[Dispute, Order]]:
    """Disputes with their orders: those that are open by the day they have to be answered, others newest first."""
    statement = select(Dispute, Order).join(Order, Order.id == Dispute.order_id).limit(limit)
    if before_id is not None:
        statement = statement.where(Dispute.id < before_id)
    if is_open:
        # What has been answered has no such day any more.
        statement = statement.where(Dispute.closed_at.is_(None))
        statement = statement.order_by(Dispute.answer_by.is_(None), Dispute.answer_by, Dispute.id)
    else:
        statement = statement.where(Dispute.closed_at.is_not(None)).order_by(Dispute.id.desc())
    return [(dispute, order) for dispute, order in db.session.execute(statement)]


def contested_lines(line_ids: Iterable[int]) -> dict[int, tuple[Dispute, DisputePart]]:
    """The newest dispute that took money of each of some lines and has not given it back, with what it took."""
    rows = db.session.execute(
        select(Dispute, DisputePart)
        .join(DisputePart, DisputePart.dispute_id == Dispute.id)
        .where(DisputePart.line_id.in_(list(line_ids)), Dispute.reinstated_at.is_(None))
        .order_by(Dispute.id)
    )
    return {part.line_id: (dispute, part) for dispute, part in rows}


def is_taken_back(line: OrderLine, dispute: Dispute, part: DisputePart) -> bool:
    """Whether a dispute that is lost took all that was left of a line: what has not left is then not sent."""
    left = line.net_minor + line.tax_minor - line.refunded_minor - part.net_minor - part.tax_minor
    return dispute.status == "lost" and left <= 0


def owed_lines(line_ids: Iterable[int]) -> set[int]:
    """Which of some lines have money that was given back in vain: the buyer's bank sent it to us again."""
    statement = select(RefundPart.line_id).join(Refund, RefundPart.refund_id == Refund.id)
    statement = statement.where(RefundPart.line_id.in_(list(line_ids)), Refund.settled_at.is_not(None), is_unanswered())
    return {line_id for line_id in db.session.scalars(statement) if line_id is not None}


def list_parts_of(refund_ids: Iterable[int]) -> dict[int, list[RefundPart]]:
    """The parts of several refunds, {refund id: parts}, in one statement."""
    found: dict[int, list[RefundPart]] = {}
    statement = select(RefundPart).where(RefundPart.refund_id.in_(list(refund_ids))).order_by(RefundPart.id)
    for part in db.session.scalars(statement):
        found.setdefault(part.refund_id, []).append(part)
    return found


def list_disputes(order_id: int) -> list[Dispute]:
    """Disputes of an order, oldest first."""
    return list(db.session.scalars(select(Dispute).where(Dispute.order_id == order_id).order_by(Dispute.id)))


def sum_dispute_fees(stripe_ids: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """What Stripe has kept for disputes, {dispute: [(minor, currency)]}, as far as their movements have arrived."""
    moved = BalanceTransaction
    rows = db.session.execute(
        select(moved.source, moved.currency, func.sum(moved.fee_minor).label("minor"))
        .where(moved.source.in_(list(stripe_ids)))
        .group_by(moved.source, moved.currency)
        .order_by(moved.currency)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        if row.minor:
            found.setdefault(str(row.source), []).append((int(row.minor), row.currency))
    return found


def is_unanswered() -> ColumnElement[bool]:
    """Of a refund: it failed, and its money has not gone back in another way since."""
    named = Quarantine.stripe_id.in_([Refund.stripe_id, Refund.key])
    kept = select(Quarantine.id).where(Quarantine.kind == "refund_failed", Quarantine.resolved_at.is_(None), named)
    return and_(Refund.state == "failed", kept.exists())


def is_waiting() -> ColumnElement[bool]:
    """Of a refund: Stripe has not finished it, or it failed and nobody has acted."""
    return or_(Refund.state.in_(["requested", "pending"]), is_unanswered())


def list_failed_refunds(order_id: int) -> list[Refund]:
    """Refunds of an order that failed and wait for somebody, oldest first."""
    return list(
        db.session.scalars(select(Refund).where(Refund.order_id == order_id, is_unanswered()).order_by(Refund.id))
    )


def find_charge(order_id: int) -> Attempt | None:
    """The attempt whose money is booked as the sale; not one that was paid by mistake and only passes through suspense."""
    sale = select(Entry.id).where(
        Entry.source == "payment", Entry.source_id == Attempt.payment_intent, Entry.leg != "suspense"
    )
    statement = select(Attempt).where(Attempt.order_id == order_id, Attempt.state == "paid", sale.exists())
    return db.session.scalars(statement.order_by(Attempt.id).limit(1)).first()


def get_attempt(attempt_id: int) -> Attempt:
    """An attempt by its key; raises NotFound."""
    attempt = db.session.get(Attempt, attempt_id)
    if attempt is None:
        raise NotFound("There is no such attempt.", attempt_id=attempt_id)
    return attempt


def find_attempt(
    *, session_id: str | None = None, intent: str | None = None, charge: str | None = None, key: str | None = None
) -> Attempt | None:
    """The attempt that is known by any of these names."""
    conditions = [
        column == value
        for column, value in (
            (Attempt.session_id, session_id),
            (Attempt.payment_intent, intent),
            (Attempt.charge, charge),
            (Attempt.key, key),
        )
        if value
    ]
    return db.session.scalars(select(Attempt).where(or_(*conditions)).limit(1)).first() if conditions else None


def list_quarantine(
    *, kind: str | None = None, stripe_id: str | None = None, order_id: int | None = None
) -> list[Quarantine]:
    """What fits nothing and is not resolved, oldest first; of a kind, of one thing of Stripe's, of an order."""
    statement = select(Quarantine).where(Quarantine.resolved_at.is_(None)).order_by(Quarantine.id)
    for column, value in ((Quarantine.kind, kind), (Quarantine.stripe_id, stripe_id), (Quarantine.order_id, order_id)):
        if value is not None:
            statement = statement.where(column == value)
    return list(db.session.scalars(statement))


def list_balance_transactions(sources: Iterable[str]) -> list[BalanceTransaction]:
    """Balance transactions of some charges and refunds."""
    statement = select(BalanceTransaction).where(BalanceTransaction.source.in_(list(sources)))
    return list(db.session.scalars(statement.order_by(BalanceTransaction.created_at, BalanceTransaction.id)))
