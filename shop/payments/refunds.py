"""Money back: asked for and committed first, sent to Stripe by the worker, booked when Stripe has done it.

A refund may also begin at Stripe (its dashboard), and one that succeeded may fail days later: both are followed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select

from shop.catalogue import stock
from shop.core import clock
from shop.core.db import db, record, transaction
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.ids import token
from shop.core.money import allocate
from shop.core.outbox import enqueue
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.ledger.books import Part, Split
from shop.ledger.queries import read_books
from shop.ledger.services import post_refund, post_refund_failed
from shop.orders.models import Order, OrderLine
from shop.orders.queries import get_order_by_id, list_lines, lock_order
from shop.orders.services import call_refund_failed, call_refunded, note
from shop.orders.states import next_line_state
from shop.payments.events import RefundFailed, RefundSettled
from shop.payments.gateway import RefundView, StripeRefused, gateway
from shop.payments.models import Attempt, Dispute, Quarantine, Refund, RefundPart
from shop.payments.queries import find_charge, list_refund_parts

# Stripe forgets idempotency keys after 24 hours; well before that we look before we ask again.
KEY_LIFE = timedelta(hours=20)
OPEN = ("requested", "pending")
REFUNDABLE = ("paid", "unfillable", "refunded")
# A dispute that ended so leaves the charge free to be refunded again.
HARMLESS = ("won", "warning_closed", "prevented")


@dataclass(frozen=True, slots=True)
class Refundable:
    """What of an order could still be given back, in minor units with tax, less what is on its way already."""

    lines: dict[int, int]
    shipping: int
    duty: int

    @property
    def total(self) -> int:
        return sum(self.lines.values()) + self.shipping + self.duty


def refundable(order_id: int) -> Refundable:
    """What is left to give back of an order; nothing of one that is not paid. `lines` by line id, empty ones left out."""
    books = read_books(order_id, list_lines(order_id))
    asked = _asked(order_id)
    left = {
        (part.kind, part.line_id): part.minor - asked.get((part.kind, part.line_id), 0)
        for part in books.left_in_parts()
    }
    lines = {line_id: minor for (_kind, line_id), minor in left.items() if line_id is not None and minor > 0}
    return Refundable(lines, max(0, left["shipping", None]), max(0, left["duty", None]))


def _asked(order_id: int) -> dict[tuple[str, int | None], int]:
    """What open refunds of an order will give back, by part."""
    rows = db.session.execute(
        select(RefundPart.kind, RefundPart.line_id, func.sum(RefundPart.amount_minor).label("minor"))
        .join(Refund, RefundPart.refund_id == Refund.id)
        .where(Refund.order_id == order_id, Refund.state.in_(OPEN))
        .group_by(RefundPart.kind, RefundPart.line_id)
    )
    return {(row.kind, row.line_id): int(row.minor) for row in rows}


def is_disputed(order_id: int) -> bool:
    """Whether Stripe refuses refunds of an order because its buyer contests the payment at the bank."""
    statement = select(Dispute.id).where(
        Dispute.order_id == order_id, Dispute.is_refundable.is_(False), Dispute.status.not_in(HARMLESS)
    )
    return db.session.execute(statement.limit(1)).first() is not None


def request_refund(
    order_id: int,
    *,
    line_ids: Iterable[int] | None = None,
    amount_minor: int | None = None,
    shipping_only: bool = False,
    reason: str,
    actor: int | None,
) -> Refund:
    """Ask for money of a paid order to be given back. Inside a transaction.

    Whole lines (`line_ids`; the last ones take the postage with them); an amount, over the given lines or, without
    them, over all of them and then the postage; the postage alone; or, with none of these, all that is left. Raises
    Conflict when that is not left or the payment is disputed, Invalid for an amount below one, NotFound for a line of
    another order.
    """
    order = lock_order(order_id)
    attempt = find_charge(order_id)
    if attempt is None or order.state not in REFUNDABLE:
        raise Conflict(_("This order has no payment that could be refunded."))
    if is_disputed(order_id):
        raise Conflict(_("The buyer contests this payment at the bank; until that is decided nothing can be refunded."))
    left = refundable(order_id)
    chosen = None if line_ids is None else _known(order_id, set(line_ids))
    if amount_minor is not None:
        parts = _of_amount(left, amount_minor, chosen)
    elif shipping_only:
        parts = [Part("shipping", left.shipping)]
    else:
        parts = _of_lines(left, chosen)
    parts = [part for part in parts if part.minor]
    if not parts:
        raise Conflict(_("Everything of this order has been refunded already."))
    amount = sum(part.minor for part in parts)
    refund = _ask(order, attempt, parts, amount, reason, actor)
    for line in list_lines(order_id):
        # What is given back whole is not sent any more; a reduced price is.
        if any(part.line_id == line.id and part.minor == left.lines[line.id] for part in parts):
            line.refund_asked_at = refund.requested_at
    note(order.id, "refund_requested", actor=actor, amount_minor=amount, reason=reason)
    audit(actor, "request refund", "order", order.number, amount_minor=amount, currency=order.currency, reason=reason)
    return refund


def _known(order_id: int, wanted: set[int]) -> list[int]:
    known = [line.id for line in list_lines(order_id) if line.id in wanted]
    if len(known) != len(wanted):
        raise NotFound(_("There is no such order."))
    return known


def _of_lines(left: Refundable, chosen: list[int] | None) -> list[Part]:
    if chosen is not None and not set(chosen) <= left.lines.keys():
        raise Conflict(_("A chosen piece has been refunded already."))
    wanted = left.lines.keys() if chosen is None else chosen
    parts = [Part("line", left.lines[line_id], line_id) for line_id in wanted]
    if len(parts) == len(left.lines):
        parts += [Part("shipping", left.shipping), Part("duty", left.duty)]
    return parts


def _of_amount(left: Refundable, minor: int, chosen: list[int] | None) -> list[Part]:
    if minor <= 0:
        text = _("Enter an amount above zero.")
        raise Invalid(text, {"amount": text})
    lines = left.lines if chosen is None else {line_id: left.lines.get(line_id, 0) for line_id in chosen}
    goods = sum(lines.values())
    if minor > (left.total if chosen is None else goods):
        text = _("So much is not left to give back.")
        raise Conflict(text, left_minor=left.total)
    parts = (
        [
            Part("line", share, line_id)
            for line_id, share in zip(lines, allocate(min(minor, goods), list(lines.values())), strict=True)
        ]
        if goods
        else []
    )
    postage = min(max(0, minor - goods), left.shipping)
    return [*parts, Part("shipping", postage), Part("duty", max(0, minor - goods - postage))]


def request_return(order: Order, attempt: Attempt, *, reason: str, actor: int | None = None) -> Refund:
    """Give back a whole payment that bought nothing. Inside a transaction, on a locked order."""
    return _ask(order, attempt, [], attempt.amount_minor, reason, actor)


def _ask(order: Order, attempt: Attempt, parts: Sequence[Part], amount: int, reason: str, actor: int | None) -> Refund:
    refund = Refund(
        order_id=order.id,
        attempt_id=attempt.id,
        key=f"refund-{order.number}-{token()[:12]}",
        amount_minor=amount,
        currency=attempt.currency,
        reason=reason,
        state="requested",
        requested_by=actor,
        requested_at=clock.now(),
    )
    db.session.add(refund)
    db.session.flush()
    _write_parts(refund.id, parts)
    enqueue("send_refund", {"refund_id": refund.id}, key=f"send-{refund.key}")
    return refund


def _write_parts(refund_id: int, parts: Sequence[Part], divided: Iterable[Split] = ()) -> None:
    splits = {split.line_id: split for split in divided}
    for part in parts:
        row = RefundPart(refund_id=refund_id, kind=part.kind, line_id=part.line_id, amount_minor=part.minor)
        split = splits.get(part.line_id or 0)
        if split is not None:
            row.net_minor, row.commission_minor = split.net_minor, split.commission_minor
            row.tax_minor = split.tax_minor
        db.session.add(row)


def adopt_refund(view: RefundView) -> int | None:
    """Take up a refund that was begun at Stripe; its id here, None if its payment is not ours. Outside a transaction."""
    with transaction():
        attempt = db.session.scalars(
            select(Attempt).where((Attempt.payment_intent == view.payment_intent) | (Attempt.charge == view.charge))
        ).first()
        if attempt is None:
            return None
        lock_order(attempt.order_id)
        known = find_refund_by_stripe_id(view.id)
        if known is not None:
            return known.id
        refund = Refund(
            order_id=attempt.order_id,
            attempt_id=attempt.id,
            key=f"stripe-{view.id}",
            stripe_id=view.id,
            amount_minor=view.amount_minor,
            currency=view.currency,
            reason="stripe",
            state="requested",
            requested_at=clock.now(),
        )
        db.session.add(refund)
        db.session.flush()
        note(refund.order_id, "refund_at_stripe", amount_minor=refund.amount_minor)
        enqueue("send_refund", {"refund_id": refund.id}, key=f"send-{refund.key}")
        return refund.id


def send_refund(refund_id: int) -> None:
    """Send a refund to Stripe, or ask how it went, and apply the answer. Outside any transaction; safe to repeat.

    One that is known there is asked about whatever its state: a refund that succeeded may have failed since.
    """
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    if refund.state == "failed":
        return
    intent = str(db.session.get_one(Attempt, refund.attempt_id).payment_intent)
    amount, key, old = refund.amount_minor, refund.key, clock.now() - refund.requested_at > KEY_LIFE
    view: RefundView | None
    try:
        if refund.stripe_id:
            view = gateway().fetch_refund(refund.stripe_id)
        else:
            view = gateway().find_refund(intent, key) if old else None
            view = view or gateway().refund(intent, amount, key)
    except StripeRefused as refused:
        with transaction():
            _fail(refund_id, refused.message)
        return
    with transaction():
        apply_refund(refund_id, view)


def _fail(refund_id: int, failure: str, *, after_all: bool = False) -> None:
    """Stripe will not give the money back or, `after_all`, could not though it had said so. Inside a transaction."""
    order = lock_order(db.session.get_one(Refund, refund_id).order_id)
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    # Another worker may have heard better news while this one waited for the lock.
    if refund.state == "failed" or (refund.state == "succeeded" and not after_all):
        return
    if refund.state == "succeeded":
        _take_back_success(order, refund)
    refund.state, refund.failure, refund.failed_at = "failed", failure[:500], clock.now()
    ours = {part.line_id for part in list_refund_parts(refund.id)}
    for line in list_lines(refund.order_id):
        if line.id in ours:
            line.refund_asked_at = None
    note(refund.order_id, "refund_failed", failure=refund.failure)
    db.session.add(
        Quarantine(
            kind="refund_failed",
            stripe_id=refund.stripe_id or refund.key,
            order_id=refund.order_id,
            data={"failure": refund.failure, "amount_minor": refund.amount_minor, "currency": refund.currency},
            at=clock.now(),
        )
    )


def _take_back_success(order: Order, refund: Refund) -> None:
    """Days after Stripe said it was done, the buyer's bank sent the money back: it is owed again."""
    lines = list_lines(order.id)
    post_refund_failed(order, lines, str(refund.stripe_id), clock.today())
    parts = list_refund_parts(refund.id)
    given = {part.line_id: part.amount_minor for part in parts if part.line_id is not None}
    for line in lines:
        if line.id in given:
            if line.refunded_at is not None:
                line.state, line.refunded_at = next_line_state(line.state, "fail_refund"), None
            line.refunded_minor -= given[line.id]
    order.shipping_refunded_minor -= sum(part.amount_minor for part in parts if part.kind == "shipping")
    call_refund_failed(order)
    enqueue("import_balance", {}, key=f"balance-{refund.stripe_id}-failed", run_at=clock.now() + timedelta(seconds=2))
    record(RefundFailed(refund.id))


def apply_refund(refund_id: int, view: RefundView) -> None:
    """Apply what Stripe says of a refund. Inside a transaction; monotonic and harmless to repeat."""
    known = db.session.get_one(Refund, refund_id)
    order = lock_order(known.order_id)
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    if refund.state == "failed":
        return
    refund.stripe_id = view.id
    if view.status in {"failed", "canceled"}:
        _fail(refund_id, view.failure or view.status, after_all=True)
    elif view.status == "succeeded" and refund.state != "succeeded":
        _succeed(order, refund)
    elif refund.state == "requested":
        refund.state = "pending"


def _succeed(order: Order, refund: Refund) -> None:
    refund.state, refund.settled_at = "succeeded", clock.now()
    attempt = db.session.get_one(Attempt, refund.attempt_id)
    lines = list_lines(order.id)
    wanted = [Part(part.kind, part.amount_minor, part.line_id) for part in list_refund_parts(refund.id)]
    intent, stripe_id = str(attempt.payment_intent), str(refund.stripe_id)
    given = post_refund(order, lines, wanted, refund.amount_minor, intent, stripe_id, clock.today())
    db.session.execute(delete(RefundPart).where(RefundPart.refund_id == refund.id))
    _write_parts(refund.id, given.parts, given.splits)
    splits = {split.line_id: split for split in given.splits}
    # In the order of the variants, as everywhere stock is moved: so two refunds cannot wait for each other.
    for line in sorted(lines, key=lambda line: line.variant_id):
        if line.id in splits:
            line.refunded_minor += splits[line.id].minor
            if splits[line.id].left_minor == 0:
                _give_back_line(order, line, refund)
    order.shipping_refunded_minor += sum(part.minor for part in given.parts if part.kind == "shipping")
    if given.splits and all(line.refunded_at is not None for line in lines):
        call_refunded(order)
    note(order.id, "refunded", amount_minor=refund.amount_minor, reason=refund.reason)
    enqueue("import_balance", {}, key=f"balance-{stripe_id}", run_at=clock.now() + timedelta(seconds=2))
    record(RefundSettled(refund.id))


def _give_back_line(order: Order, line: OrderLine, refund: Refund) -> None:
    """Nothing of a line is left with the shop: it is not sent, and its piece is for sale again."""
    # A piece that has left the country comes back by the post, if at all; one the maker refused is not for sale; one
    # whose earlier refund failed went back to the shelf then.
    if order.state == "paid" and line.handed_over_at is None and line.state not in {"declined", "refund_failed"}:
        stock.take_back(line.variant_id, line.quantity)
    line.state = next_line_state(line.state, "refund")
    line.refunded_at = refund.settled_at


def find_refund_by_stripe_id(stripe_id: str) -> Refund | None:
    return db.session.scalars(select(Refund).where(Refund.stripe_id == stripe_id)).first()


def follow_refunds(payment_intent: str) -> None:
    """Look at every refund Stripe has of a payment, also those begun there. Outside any transaction."""
    for view in gateway().list_refunds(payment_intent):
        follow_refund(view)


def follow_refund(view: RefundView) -> bool:
    """Apply what Stripe says of a refund, ours or begun there. Outside any transaction. Whether its payment is ours."""
    key = view.metadata.get("refund", "")
    known = db.session.scalars(select(Refund.id).where((Refund.stripe_id == view.id) | (Refund.key == key))).first()
    refund_id = known or adopt_refund(view)
    if refund_id is None:
        return False
    with transaction():
        apply_refund(refund_id, view)
    return True


def on_line_declined(line_id: int) -> None:
    """A maker cannot make a piece: the buyer gets it back at once. Inside the transaction of the answer.

    While the buyer contests the payment at the bank nothing can be given back; staff see the declined line.
    """
    line = db.session.get_one(OrderLine, line_id)
    order = get_order_by_id(line.order_id)
    if is_disputed(order.id):
        note(order.id, "refund_waits_for_dispute", line_id=line_id)
        return
    if line_id in refundable(order.id).lines:
        request_refund(order.id, line_ids=[line_id], reason="declined", actor=None)


def is_unfinished(refund_id: int) -> bool:
    """Whether Stripe still has to finish a refund."""
    return db.session.get_one(Refund, refund_id, populate_existing=True).state in OPEN
