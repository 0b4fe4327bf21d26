"""Money back, asked for: what is left of an order and what of it is to go. Committed here; refund_news tells the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from shop.core import clock
from shop.core.db import db
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.ids import token
from shop.core.money import allocate
from shop.core.outbox import enqueue
from shop.core.policies import audit
from shop.i18n.formats import money_text
from shop.i18n.messages import gettext as _
from shop.ledger.books import FOREIGN, Part, Split, portion
from shop.ledger.posting import owed
from shop.ledger.queries import read_books
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines, lock_order_with_lines
from shop.orders.services import note
from shop.payments.models import Attempt, Dispute, Refund, RefundPart
from shop.payments.quarantine import resolve
from shop.payments.queries import find_charge, list_failed_refunds, list_quarantine, list_refund_parts

OPEN = ("requested", "pending")
REFUNDABLE = ("paid", "unfillable", "refunded")
# A dispute that ended so leaves the charge free to be refunded again.
HARMLESS = ("won", "warning_closed", "prevented")
# The bank only asks; a refund is an answer.
OPEN_INQUIRY = ("warning_needs_response", "warning_under_review")
# A part by its kind and line.
Key = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Refundable:
    """What of an order could still be given back, in minor units with tax, less what is on its way already.

    `pieces` is how many of each line have not been paid back, {line id: how many}.
    """

    lines: dict[int, int]
    shipping: int
    duty: int
    pieces: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.lines.values()) + self.shipping + self.duty

    @property
    def by_part(self) -> dict[Key, int]:
        lines: dict[Key, int] = {("line", line_id): minor for line_id, minor in self.lines.items()}
        return {**lines, ("shipping", None): self.shipping, ("duty", None): self.duty}


def refundable(order_id: int, lines: Sequence[OrderLine] | None = None) -> Refundable:
    """What is left to give back of an order; nothing of one that is not paid. `lines` by line id, empty ones left out."""
    lines = list_lines(order_id) if lines is None else lines
    books = read_books(order_id, lines)
    asked, paid_back = _asked(order_id), count_pieces(order_id)
    left = {
        (part.kind, part.line_id): part.minor - asked.get((part.kind, part.line_id), 0)
        for part in books.left_in_parts()
    }
    of_lines = {line_id: minor for (_kind, line_id), minor in left.items() if line_id is not None and minor > 0}
    pieces = {line.id: max(0, line.quantity - paid_back.get(line.id, 0)) for line in lines}
    return Refundable(of_lines, max(0, left["shipping", None]), max(0, left["duty", None]), pieces)


def _asked(order_id: int) -> dict[Key, int]:
    """What open refunds of an order will give back, by part."""
    rows = db.session.execute(
        select(RefundPart.kind, RefundPart.line_id, func.sum(RefundPart.amount_minor).label("minor"))
        .join(Refund, RefundPart.refund_id == Refund.id)
        .where(Refund.order_id == order_id, Refund.state.in_(OPEN))
        .group_by(RefundPart.kind, RefundPart.line_id)
    )
    return {(row.kind, row.line_id): int(row.minor) for row in rows}


def count_pieces(order_id: int, but: int | None = None) -> dict[int, int]:
    """How many pieces of each line refunds of an order have paid back or will, {line id: how many}; without one of them."""
    rows = db.session.execute(
        select(RefundPart.line_id, func.sum(RefundPart.quantity).label("quantity"))
        .join(Refund, RefundPart.refund_id == Refund.id)
        .where(Refund.order_id == order_id, Refund.state != "failed", Refund.id != (but or 0), RefundPart.quantity > 0)
        .group_by(RefundPart.line_id)
    )
    return {row.line_id: int(row.quantity) for row in rows}


def find_blocking_dispute(attempt_id: int) -> Dispute | None:
    """The dispute for which Stripe refuses refunds of a payment: a chargeback that is open or lost."""
    statement = select(Dispute).where(
        Dispute.attempt_id == attempt_id, Dispute.is_refundable.is_(False), Dispute.status.not_in(HARMLESS)
    )
    return db.session.scalars(statement.order_by(Dispute.id.desc()).limit(1)).first()


def why_blocked(dispute: Dispute) -> str:
    """Why nothing can be given back because of a dispute, in a sentence."""
    if dispute.status == "lost":
        return _("The bank has given this payment back to the buyer; Stripe refunds nothing of it any more.")
    return _("The buyer contests this payment at the bank; until that is decided nothing can be refunded.")


def _refuse_disputed(attempt_id: int) -> None:
    dispute = find_blocking_dispute(attempt_id)
    if dispute is not None:
        raise Conflict(why_blocked(dispute))


def request_refund(
    order_id: int,
    *,
    line_ids: Iterable[int] | None = None,
    pieces: Mapping[int, int] | None = None,
    amount_minor: int | None = None,
    shipping_only: bool = False,
    reason: str,
    actor: int | None,
    return_id: int | None = None,
) -> Refund:
    """Ask for money of a paid order to be given back. Inside a transaction.

    Whole lines (`line_ids`; the last ones take the postage with them), or so many pieces of lines (`pieces`), for each its
    share of what is left of its line, as of the return `return_id`; an amount, over the given lines or, without
    them, over all of them and then the postage; the postage alone; or, with none of these, all that is left. Raises
    Conflict when nothing of that is left or the payment is disputed, Invalid for an amount below one or above what is
    left, NotFound for a line of another order.
    """
    order, lines = lock_order_with_lines(order_id)
    attempt = find_charge(order_id)
    if attempt is None or order.state not in REFUNDABLE:
        raise Conflict(_("This order has no payment that could be refunded."))
    _refuse_disputed(attempt.id)
    left = refundable(order_id, lines)
    if pieces is not None:
        line_ids = pieces.keys()
    chosen = None if line_ids is None else _known(lines, set(line_ids))
    if amount_minor is not None:
        parts = _of_amount(left, amount_minor, chosen, order.currency)
    elif shipping_only:
        parts = [Part("shipping", left.shipping)]
    else:
        parts = _of_lines(left, chosen, pieces or {})
    parts = [part for part in parts if part.minor]
    if not parts:
        raise Conflict(_("Everything of this order has been refunded already."))
    return _ask(order, lines, attempt, parts, left, reason, actor, pieces or {}, return_id)


def _known(lines: Sequence[OrderLine], wanted: set[int]) -> list[int]:
    known = [line.id for line in lines if line.id in wanted]
    if len(known) != len(wanted):
        raise NotFound(_("There is no such order."))
    return known


def _of_lines(left: Refundable, chosen: list[int] | None, pieces: Mapping[int, int]) -> list[Part]:
    if chosen is not None and not set(chosen) <= left.lines.keys():
        raise Conflict(_("A chosen piece has been refunded already."))
    wanted = left.lines.keys() if chosen is None else chosen
    parts = [Part("line", _share(left, line_id, pieces.get(line_id)), line_id) for line_id in wanted]
    if all(minor == left.lines[line_id] for line_id, minor in _by_line(parts, left).items()):
        parts += [Part("shipping", left.shipping), Part("duty", left.duty)]
    return parts


def _share(left: Refundable, line_id: int, quantity: int | None) -> int:
    """What so many pieces of a line bring back: of what is left, so that the last of them bring all of it."""
    minor, count = left.lines[line_id], left.pieces[line_id]
    return minor if quantity is None or quantity >= count else portion(minor, quantity, count)


def _by_line(parts: Sequence[Part], left: Refundable) -> dict[int, int]:
    return {**dict.fromkeys(left.lines, 0), **{part.line_id: part.minor for part in parts if part.line_id is not None}}


def _of_amount(left: Refundable, minor: int, chosen: list[int] | None, currency: str) -> list[Part]:
    lines = left.lines if chosen is None else {line_id: left.lines.get(line_id, 0) for line_id in chosen}
    goods = sum(lines.values())
    most = left.total if chosen is None else goods
    if not 0 < minor <= most:
        raise _wrong_amount(minor, money_text(most, currency), of_all=chosen is None)
    shares = allocate(min(minor, goods), list(lines.values())) if goods else []
    parts = [Part("line", share, line_id) for line_id, share in zip(lines, shares, strict=False)]
    postage = min(max(0, minor - goods), left.shipping)
    return [*parts, Part("shipping", postage), Part("duty", max(0, minor - goods - postage))]


def _wrong_amount(minor: int, most: str, *, of_all: bool) -> Invalid:
    if minor <= 0:
        text = _("Enter an amount above zero.")
    elif of_all:
        text = _("At most %(amount)s of this order is left to give back.", amount=most)
    else:
        text = _("At most %(amount)s of the chosen pieces is left to give back.", amount=most)
    return Invalid(text, {"amount": text})


def request_return(order: Order, attempt: Attempt, *, reason: str, actor: int | None = None) -> Refund:
    """Give back a whole payment that bought nothing: what was charged. Inside a transaction, on a locked order."""
    paid = read_books(order.id, []).rows("payment", str(attempt.payment_intent))
    refund = _write(order, attempt, [], owed(paid), reason, actor, {})
    # Which may be another currency than was agreed.
    refund.currency = paid[0].currency
    return refund


def ask_again(refund_id: int, *, actor: int | None) -> Refund:
    """Ask once more for a refund that failed, with the same parts. Inside a transaction.

    Raises Conflict when it did not fail, the payment is disputed, or that money has gone back in another way.
    """
    failed = db.session.get_one(Refund, refund_id)
    order, lines = lock_order_with_lines(failed.order_id)
    attempt = db.session.get_one(Attempt, failed.attempt_id)
    db.session.refresh(failed)
    if failed.state != "failed":
        raise Conflict(_("Only a refund that failed can be asked for again."))
    _refuse_disputed(attempt.id)
    reason = "staff" if failed.reason == "stripe" else failed.reason
    parts = [Part(part.kind, part.amount_minor, part.line_id) for part in list_refund_parts(failed.id)]
    left = refundable(order.id, lines)
    if any(part.minor > left.by_part.get((part.kind, part.line_id), 0) for part in parts):
        raise Conflict(_("That money has gone back in another way meanwhile."))
    if parts:
        pieces = {part.line_id: part.quantity for part in list_refund_parts(failed.id) if part.line_id is not None}
        return _ask(order, lines, attempt, parts, left, reason, actor, pieces, failed.return_id)
    if failed.amount_minor > _foreign_left(order.id, lines):
        raise Conflict(_("That money has gone back in another way meanwhile."))
    again = request_return(order, attempt, reason=reason, actor=actor)
    _tell(order, again, actor)
    _resolve(failed)
    return again


def _foreign_left(order_id: int, lines: Sequence[OrderLine]) -> int:
    """What of payments that bought nothing still waits to go back, less what was asked for."""
    has_parts = select(RefundPart.id).where(RefundPart.refund_id == Refund.id).exists()
    asked = select(func.sum(Refund.amount_minor)).where(Refund.order_id == order_id, Refund.state.in_(OPEN), ~has_parts)
    return read_books(order_id, lines).left(FOREIGN) - int(db.session.scalar(asked) or 0)


def _ask(
    order: Order,
    lines: Sequence[OrderLine],
    attempt: Attempt,
    parts: Sequence[Part],
    left: Refundable,
    reason: str,
    actor: int | None,
    pieces: Mapping[int, int],
    return_id: int | None,
) -> Refund:
    # What takes all that is left of a line takes its pieces, whichever way it was asked for.
    whole = {
        line_id: left.pieces[line_id] for line_id, minor in left.lines.items() if Part("line", minor, line_id) in parts
    }
    refund = _write(order, attempt, parts, sum(part.minor for part in parts), reason, actor, {**pieces, **whole})
    refund.return_id = return_id
    hold_back(lines, parts, left, refund)
    going = {(part.kind, part.line_id): part.minor for part in parts}
    _resolve_made_good(order.id, {key: minor - going.get(key, 0) for key, minor in left.by_part.items()})
    _tell(order, refund, actor)
    return refund


def _write(
    order: Order,
    attempt: Attempt,
    parts: Sequence[Part],
    amount: int,
    reason: str,
    actor: int | None,
    pieces: Mapping[int, int],
) -> Refund:
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
    write_parts(refund.id, parts, pieces)
    enqueue("send_refund", {"refund_id": refund.id}, key=f"send-{refund.key}")
    return refund


def _tell(order: Order, refund: Refund, actor: int | None) -> None:
    facts: dict[str, Any] = {"amount_minor": refund.amount_minor, "currency": refund.currency, "reason": refund.reason}
    note(order.id, "refund_requested", actor=actor, **facts)
    audit(actor, "request refund", "order", order.number, **facts)


def write_parts(
    refund_id: int, parts: Sequence[Part], pieces: Mapping[int, int], divided: Iterable[Split] = ()
) -> None:
    """What of its order a refund gives back, `pieces` by line; once it is booked, with how the lines' parts divided."""
    splits = {split.line_id: split for split in divided}
    for part in parts:
        row = RefundPart(refund_id=refund_id, kind=part.kind, line_id=part.line_id, amount_minor=part.minor)
        row.quantity = pieces.get(part.line_id or 0, 0)
        split = splits.get(part.line_id or 0)
        if split is not None:
            row.net_minor, row.commission_minor = split.net_minor, split.commission_minor
            row.tax_minor = split.tax_minor
        db.session.add(row)


def hold_back(lines: Sequence[OrderLine], parts: Sequence[Part], left: Refundable, refund: Refund) -> None:
    """What is being given back whole is not sent any more; a piece whose price is reduced is."""
    going = {part.line_id: part.minor for part in parts if part.line_id is not None}
    for line in lines:
        if line.id in going and going[line.id] == left.lines.get(line.id):
            line.refund_asked_at = refund.requested_at


def _resolve_made_good(order_id: int, left: dict[Key, int]) -> None:
    """Failed refunds whose money is on its way again wait for nobody any more."""
    for failed in list_failed_refunds(order_id):
        parts = list_refund_parts(failed.id)
        if parts and all(left.get((part.kind, part.line_id), 0) < part.amount_minor for part in parts):
            _resolve(failed)


def _resolve(failed: Refund) -> None:
    names = {failed.stripe_id, failed.key}
    kept = list_quarantine(kind="refund_failed", order_id=failed.order_id)
    resolve((row for row in kept if row.stripe_id in names), "returned")


def on_line_declined(line_id: int) -> None:
    """A maker cannot make a piece: the buyer gets it back at once. Inside the transaction of the answer.

    While the buyer contests the payment at the bank nothing can be given back; once that has come to nothing, it is.
    After a chargeback that was lost the buyer has the money.
    """
    line = db.session.get_one(OrderLine, line_id)
    attempt = find_charge(line.order_id)
    dispute = find_blocking_dispute(attempt.id) if attempt else None
    if dispute is not None and dispute.status != "lost":
        note(line.order_id, "refund_waits_for_dispute", line_id=line_id)
    elif dispute is None and line_id in refundable(line.order_id).lines:
        request_refund(line.order_id, line_ids=[line_id], reason="declined", actor=None)
