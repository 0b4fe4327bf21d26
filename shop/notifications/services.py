"""Writing letters: a row now, rendered and sent by the worker later."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, NotFound
from shop.core.ids import public_id
from shop.core.outbox import enqueue
from shop.core.policies import audit
from shop.core.runtime import settings
from shop.i18n.messages import gettext as _
from shop.notifications.models import Attachment, Letter
from shop.notifications.queries import get_letter, is_written
from shop.orders.links import order_path
from shop.orders.queries import find_order
from shop.reports.documents import Document
from shop.reports.mailing import make_month_report


def write_letter(
    kind: str,
    recipient: str,
    language: str,
    data: dict[str, Any],
    *,
    order_id: int | None = None,
    attachments: Sequence[Document] = (),
    known_as: str | None = None,
) -> Letter:
    """Put a letter into the outgoing post; inside a transaction. `data` is all its template needs, as JSON.

    `known_as` is its public id where that was decided before.
    """
    letter = Letter(
        public_id=known_as or public_id(),
        kind=kind,
        recipient=recipient,
        language=language,
        order_id=order_id,
        data=data,
        created_at=clock.now(),
    )
    db.session.add(letter)
    db.session.flush()
    db.session.add_all(
        Attachment(letter_id=letter.id, name=file.name, media_type=file.media_type, content=file.content)
        for file in attachments
    )
    enqueue("send_letter", {"letter_id": letter.id}, key=f"letter-{letter.public_id}")
    return letter


def post_month_report(*, letter: str, recipient_id: int, month: str, basis: str) -> None:
    """The job of reports.mailing: make a month's report, then put it into the post. Outside any transaction.

    `letter` is the public id the letter will bear, so that doing it twice writes one.
    """
    if is_written(letter):
        return
    made = make_month_report(recipient_id, month, basis)
    with transaction():
        if not is_written(letter):
            write_letter(
                "month_report", made.email, made.language, made.data, attachments=made.documents, known_as=letter
            )


def post_order_link(*, letter: str, number: str, email: str, language: str) -> None:
    """Send the link of an order to the address it was ordered with, if number and address belong together.

    Outside any transaction. The page that asked said the same either way. `letter` is the public id the letter will
    bear, so that doing it twice writes one.
    """
    with transaction():
        order = find_order(number)
        if order is None or order.email != email.strip().casefold() or is_written(letter):
            return
        path = order_path(order, settings().secret_key).replace(f"/{order.language}/", f"/{language}/", 1)
        data = {"number": order.number, "path": path}
        write_letter("order_link", order.email, language, data, order_id=order.id, known_as=letter)


def write_again(public_id_: str, *, order_id: int, actor: int | None) -> Letter:
    """Send a letter of an order once more, as one of its own; inside a transaction, on a locked order.

    Raises NotFound for another order's, Conflict while it, or one that repeats it, still waits to be sent.
    """
    letter = get_letter(public_id_)
    if letter.order_id != order_id:
        raise NotFound(_("There is no such letter."))
    waiting = select(Letter.id).where(
        Letter.order_id == order_id, Letter.kind == letter.kind, Letter.recipient == letter.recipient
    )
    if db.session.execute(waiting.where(Letter.sent_at.is_(None)).limit(1)).first() is not None:
        raise Conflict(_("This letter is still waiting to be sent, and is tried again by itself."))
    audit(actor, "send letter again", "letter", public_id_, kind=letter.kind)
    return write_letter(letter.kind, letter.recipient, letter.language, dict(letter.data), order_id=order_id)
