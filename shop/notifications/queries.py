"""Reads of letters."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import defer

from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.messages import gettext as _
from shop.notifications.models import Attachment, Letter


def list_letters(*, recipient: str = "", before_id: int | None = None, limit: int = 50) -> list[Letter]:
    """Letters, newest first; `recipient` is a part of the address. Bodies are not loaded."""
    statement = select(Letter).options(defer(Letter.html), defer(Letter.text)).order_by(Letter.id.desc()).limit(limit)
    if recipient:
        statement = statement.where(Letter.recipient.icontains(recipient, autoescape=True))
    if before_id is not None:
        statement = statement.where(Letter.id < before_id)
    return list(db.session.scalars(statement))


def list_order_letters(order_id: int) -> list[Letter]:
    """Letters about an order, oldest first. Bodies are not loaded."""
    statement = select(Letter).options(defer(Letter.html), defer(Letter.text)).where(Letter.order_id == order_id)
    return list(db.session.scalars(statement.order_by(Letter.id)))


def get_letter(public_id: str) -> Letter:
    """A letter; raises NotFound."""
    letter = db.session.scalars(select(Letter).where(Letter.public_id == public_id)).first()
    if letter is None:
        raise NotFound(_("There is no such letter."))
    return letter


def is_written(public_id: str) -> bool:
    """Whether there is a letter that is known so."""
    return db.session.execute(select(Letter.id).where(Letter.public_id == public_id)).first() is not None


def list_attachments(letter_id: int) -> list[Attachment]:
    """What travels with a letter, in order."""
    return list(db.session.scalars(select(Attachment).where(Attachment.letter_id == letter_id).order_by(Attachment.id)))


def list_attached_letters(letter_ids: Iterable[int]) -> set[int]:
    """Which of some letters carry a file."""
    return set(db.session.scalars(select(Attachment.letter_id).where(Attachment.letter_id.in_(list(letter_ids)))))
