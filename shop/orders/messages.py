"""What buyers and makers of an order tell each other, through the shop: neither learns the other's address.

Many makers cannot read or write: an officer may answer in their stead, and both see that the programme wrote.

Writes are called inside a transaction.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import aliased

from shop.accounts.attempts import count_attempts, key_of, network_of
from shop.core import clock
from shop.core.db import db, record
from shop.core.errors import Invalid, NotFound, TooMany
from shop.i18n.messages import gettext as _
from shop.orders.events import MessageWritten
from shop.orders.models import Message, Order, OrderLine

LONGEST = 2000
WINDOW = timedelta(hours=1)
# A buyer may write as often as a talk needs, a machine not.
PER_ORDER, PER_NETWORK = 10, 30


def count_message(ip: str, number: str) -> None:
    """Count a message about to be written by a buyer. Opens its own transaction; raises TooMany."""
    counted = ((f"message-order-{number}", PER_ORDER), (key_of("message-network", network_of(ip)), PER_NETWORK))
    if not count_attempts(counted, WINDOW):
        raise TooMany(_("You have written many messages in a short time. Try again in an hour."))


def write_message(order_id: int, unit_id: int, author: str, text: str, *, actor: int | None = None) -> Message:
    """Write to the maker of a paid order (`author` buyer), or to its buyer (maker; programme in the maker's stead).

    Raises Invalid for an empty or too long text, NotFound for a maker who has nothing in the order.
    """
    text = text.strip()
    if not text:
        raise Invalid(_("Write your message."), {"text": _("Write your message.")})
    if len(text) > LONGEST:
        wrong = _("The message is too long: at most %(count)s characters.", count=LONGEST)
        raise Invalid(wrong, {"text": wrong})
    theirs = select(OrderLine.id).join(Order, OrderLine.order_id == Order.id)
    theirs = theirs.where(Order.id == order_id, OrderLine.unit_id == unit_id, Order.paid_at.is_not(None))
    if db.session.execute(theirs.limit(1)).first() is None:
        raise NotFound(_("There is no such order."))
    message = Message(order_id=order_id, unit_id=unit_id, author=author, account_id=actor, text=text, at=clock.now())
    db.session.add(message)
    db.session.flush()
    record(MessageWritten(message.id))
    return message


def list_messages(order_id: int, unit_id: int | None = None) -> list[Message]:
    """What was written about an order, oldest first; with one maker only, where given."""
    statement = select(Message).where(Message.order_id == order_id).order_by(Message.at, Message.id)
    if unit_id is not None:
        statement = statement.where(Message.unit_id == unit_id)
    return list(db.session.scalars(statement))


def list_talks(unit_id: int, limit: int = 50) -> list[tuple[Order, Message, int]]:
    """The orders a maker has messages about, the newest message first: (order, last message, how many are unread)."""
    unread = func.sum(case((_is_unread(), 1), else_=0)).label("unread")
    last = func.max(Message.id).label("last")
    talks = select(last, unread).where(Message.unit_id == unit_id).group_by(Message.order_id).subquery()
    rows = db.session.execute(
        select(Order, Message, talks.c.unread)
        .join(Message, Message.order_id == Order.id)
        .join(talks, talks.c.last == Message.id)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return [(order, message, int(count)) for order, message, count in rows]


def count_unread(unit_id: int) -> int:
    """How many messages of others a maker has not opened."""
    statement = select(func.count()).select_from(Message).where(Message.unit_id == unit_id, _is_unread())
    return db.session.scalar(statement) or 0


def _is_unread() -> ColumnElement[bool]:
    return (Message.author != "maker") & Message.read_at.is_(None)


def is_unanswered(since: datetime) -> ColumnElement[bool]:
    """Which messages of buyers were written before a moment and have had no answer yet, the maker's or the programme's."""
    later = aliased(Message)
    answered = select(later.id).where(
        later.order_id == Message.order_id,
        later.unit_id == Message.unit_id,
        later.author != "buyer",
        later.id > Message.id,
    )
    return (Message.author == "buyer") & (Message.at < since) & ~answered.exists()


def mark_read(order_id: int, unit_id: int) -> None:
    """The maker has opened what was written about an order."""
    db.session.execute(
        update(Message)
        .where(Message.unit_id == unit_id, _is_unread(), Message.order_id == order_id)
        .values(read_at=clock.now())
        .execution_options(synchronize_session=False)
    )
