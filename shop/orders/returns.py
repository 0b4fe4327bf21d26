"""Withdrawal from the contract and the way back of pieces: who may, until when, how far each return has come.

Directive 2011/83/EU, articles 9 to 16, and its article 11a (withdrawal function): given to every buyer, in the EU or not.
Money is not moved here (payments.returns). Writes are called inside a transaction, on a locked order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from shop.catalogue.models import Product
from shop.core import clock
from shop.core.clock import local_day
from shop.core.db import db, record
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.ids import public_id
from shop.core.policies import get_policy
from shop.i18n.formats import number
from shop.i18n.messages import gettext as _
from shop.orders.events import ReturnMoved
from shop.orders.models import Order, OrderLine, Return, ReturnLine
from shop.orders.services import note
from shop.orders.states import UNSENT
from shop.shipping.services import add_working_days

# Days in which a buyer may withdraw, counted from the delivery.
RETURN_DAYS = 14
OPEN = ("asked", "approved", "sent", "received")
TABLE = {
    ("asked", "approve"): "approved",
    ("approved", "send"): "sent",
    ("sent", "send"): "sent",  # its buyer corrects the number
    # Some buyers send before they are told where to.
    ("asked", "receive"): "received",
    ("approved", "receive"): "received",
    ("sent", "receive"): "received",
    ("asked", "refuse"): "refused",
    ("received", "refuse"): "refused",
    # Closed by the refund, whoever asked for it.
    ("asked", "close"): "refunded",
    ("approved", "close"): "refunded",
    ("sent", "close"): "refunded",
    ("received", "close"): "refunded",
    # That refund came back from the buyer's bank.
    ("refunded", "reopen"): "received",
}


class ReturnRefused(Conflict):
    """A return in its state does not allow `action`."""

    def __init__(self, way_back: Return, action: str) -> None:
        text = _("This return has moved on meanwhile. Look at it again.")
        super().__init__(text, state=way_back.state, action=action)


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of an order and why its buyer cannot withdraw from it: "" (can), custom, late, returned or gone."""

    line: OrderLine
    obstacle: str


def withdrawal_ends_on(lines: Iterable[OrderLine]) -> date | None:
    """The last day on which a buyer may withdraw; None while a piece is still to leave.

    The 14 days follow the day on which the last parcel of the order came into the hands of the buyer, or of somebody the
    buyer named, not being the carrier (Directive 2011/83/EU, article 9(2)(b)(i)): what lies at a post office has not
    arrived. What begins a period is not counted in it, and one that would end on a Saturday or Sunday ends on the next
    working day (Regulation 1182/71, article 3; holidays differ by country and are not known here). A day that was said
    is believed only from the hand-over on. Of a parcel nobody has said anything about, the policy
    `delivery_allowance_days` after its hand-over stands for that day: long, because it is for us to show when it came.
    """
    lines = list(lines)
    if any(line.state in UNSENT for line in lines):
        return None
    sent = {line: local_day(line.handed_over_at) for line in lines if line.handed_over_at is not None}
    arrivals = [max(line.arrived_on, day) for line, day in sent.items() if line.arrived_on is not None]
    unheard_of = [day for line, day in sent.items() if line.arrived_on is None]
    if unheard_of:
        arrivals.append(max(unheard_of) + timedelta(days=get_policy("delivery_allowance_days")))
    return add_working_days(max(arrivals) + timedelta(days=RETURN_DAYS), 0) if arrivals else None


def list_choices(order: Order, lines: Sequence[OrderLine]) -> list[Choice]:
    """The lines of an order with what stands in the way of withdrawing from each."""
    if order.paid_at is None:
        return []
    ends = withdrawal_ends_on(lines)
    return [Choice(line, _obstacle(order, line, ends)) for line in lines]


def _obstacle(order: Order, line: OrderLine, ends: date | None) -> str:
    if not line.kept:
        return "returned"
    is_alive = line.state in UNSENT or (line.state == "handed_over" and line.refunded_at is None)
    if order.state != "paid" or not is_alive or line.refund_asked_at is not None:
        return "gone"
    if line.kind == "custom":
        return "custom"
    return "late" if ends is not None and clock.today() > ends else ""


def list_returns(order_id: int) -> list[tuple[Return, dict[int, int]]]:
    """Returns of an order with what is in each, {line id: how many}, oldest first."""
    rows = db.session.execute(
        select(Return, ReturnLine.line_id, ReturnLine.quantity)
        .join(ReturnLine, ReturnLine.return_id == Return.id)
        .where(Return.order_id == order_id)
        .order_by(Return.id, ReturnLine.line_id)
    )
    found: dict[int, tuple[Return, dict[int, int]]] = {}
    for way_back, line_id, quantity in rows:
        found.setdefault(way_back.id, (way_back, {}))[1][line_id] = quantity
    return list(found.values())


def get_return(order_id: int, known_as: str) -> Return:
    """A return of this order, read anew; raises NotFound."""
    statement = select(Return).where(Return.public_id == known_as, Return.order_id == order_id)
    found = db.session.scalars(statement.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(_("There is no such return."))
    return found


def find_last_instructions() -> str:
    """What the last buyer was told about the way back: the address seldom changes."""
    told = select(Return.instructions).where(Return.instructions != "").order_by(Return.approved_at.desc()).limit(1)
    return db.session.scalar(told) or ""


def choose_lines(
    order: Order,
    lines: Sequence[OrderLine],
    wanted: Iterable[int],
    pieces: Mapping[int, int],
    seen: Mapping[int, int],
) -> list[tuple[OrderLine, int]]:
    """The lines a buyer withdraws from, and from how many of each: `pieces`, or all that are left where it says nothing.

    `seen` is how many were left when the buyer chose, so that a form that is sent twice counts once. Raises NotFound for
    another order's line, Conflict for one that cannot be withdrawn from; Invalid for no line, for a number that is none,
    is more than are left, is in no step in which it is sold or was chosen from a number that has changed.
    """
    wanted = set(wanted)
    choices = [choice for choice in list_choices(order, lines) if choice.line.id in wanted]
    if not wanted:
        text = _("Choose what you withdraw from.")
        raise Invalid(text, {"lines": text})
    if len(choices) != len(wanted):
        raise NotFound(_("There is no such order."))
    if any(choice.obstacle for choice in choices):
        raise Conflict(_("You cannot withdraw from a chosen piece, or have done so already."))
    chosen = [(choice.line, pieces.get(choice.line.id, choice.line.kept)) for choice in choices]
    steps = _read_steps(line.product_id for line, _quantity in chosen)
    wrong = {
        f"pieces-{line.id}": text
        for line, quantity in chosen
        if (text := _wrong_quantity(line, quantity, seen.get(line.id, line.kept), steps[line.product_id]))
    }
    if wrong:
        raise Invalid(next(iter(wrong.values())), wrong)
    return chosen


def _read_steps(product_ids: Iterable[int]) -> dict[int, int]:
    """In what steps products are sold, {product id: how many}: a box is not opened."""
    statement = select(Product.id, Product.quantity_step).where(Product.id.in_(set(product_ids)))
    return {row.id: row.quantity_step for row in db.session.execute(statement)}


def _wrong_quantity(line: OrderLine, quantity: int, seen: int, step: int) -> str:
    if seen != line.kept:
        return _(
            "You have withdrawn from a part of it meanwhile. Of this piece %(left)s are left: look at the number again.",
            left=number(line.kept),
        )
    if quantity < 1:
        return _("Enter how many you withdraw from, at least 1.")
    if quantity > line.kept:
        return _("You can withdraw from at most %(left)s of this piece.", left=number(line.kept))
    if quantity % step and quantity != line.kept:
        return _("It is sold in steps of %(step)s: choose as many, twice as many and so on, or all.", step=number(step))
    return ""


def open_return(order_id: int, chosen: Sequence[tuple[OrderLine, int]], *, has_left: bool) -> Return:
    """Write down how many of which lines come back; those that have not left are with us already."""
    now = clock.now()
    way_back = Return(
        public_id=public_id(),
        order_id=order_id,
        state="asked" if has_left else "received",
        asked_at=now,
        received_at=None if has_left else now,
    )
    db.session.add(way_back)
    db.session.flush()
    for line, quantity in chosen:
        db.session.add(ReturnLine(return_id=way_back.id, line_id=line.id, quantity=quantity))
        # Counted where the row stands, so that its constraint holds whatever this transaction has read.
        line.withdrawn = OrderLine.withdrawn + quantity
    db.session.flush()
    return way_back


def _move(way_back: Return, action: str, actor: int | None) -> None:
    if (way_back.state, action) not in TABLE:
        raise ReturnRefused(way_back, action)
    way_back.state = TABLE[way_back.state, action]
    note(way_back.order_id, f"return_{way_back.state}", actor=actor)


def approve_return(way_back: Return, instructions: str, *, actor: int | None) -> None:
    """Tell the buyer where to send it and how. Raises Invalid without words, ReturnRefused when it has moved on."""
    if not instructions.strip():
        text = _("Write where the piece is to be sent and how.")
        raise Invalid(text, {"words": text})
    _move(way_back, "approve", actor)
    way_back.instructions, way_back.approved_at = instructions.strip()[:2000], clock.now()
    record(ReturnMoved(way_back.id, way_back.state))


def note_sent_back(way_back: Return, carrier: str, tracking: str) -> None:
    """The buyer says that it is in the post."""
    _move(way_back, "send", None)
    way_back.carrier, way_back.tracking, way_back.sent_at = carrier.strip()[:80], tracking.strip()[:80], clock.now()


def receive_return(way_back: Return, *, actor: int | None) -> None:
    """The piece is back."""
    _move(way_back, "receive", actor)
    way_back.received_at = clock.now()
    record(ReturnMoved(way_back.id, way_back.state))


def refuse_return(way_back: Return, reason: str, *, actor: int | None) -> None:
    """It is not taken back, or not paid for. Raises Invalid without a reason."""
    if not reason.strip():
        text = _("Write why the return is refused: the buyer reads it.")
        raise Invalid(text, {"words": text})
    _move(way_back, "refuse", actor)
    way_back.reason, way_back.closed_at = reason.strip()[:1000], clock.now()
    record(ReturnMoved(way_back.id, way_back.state))


def close_return(way_back: Return) -> None:
    """The money is back."""
    _move(way_back, "close", None)
    way_back.closed_at = clock.now()


def reopen_return(way_back: Return) -> None:
    """The money came back from the buyer's bank: it is owed again."""
    _move(way_back, "reopen", None)
    way_back.closed_at = None
