"""Signing in by a letter: its link, the session that follows, and their ends."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select

from shop.buyers.models import BuyerKey
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.ids import token, token_hash
from shop.notifications.queries import is_written
from shop.notifications.services import write_letter
from shop.orders.models import Order

# A letter may take its time; a session lasts as long as a cart.
LIFETIME = {"link": timedelta(hours=1), "session": timedelta(days=30)}


def post_link(*, letter: str, email: str, language: str) -> None:
    """Send the link to an address that something was ordered with. Outside any transaction.

    The page that asked said the same either way. `letter` is the public id the letter will bear, so that doing it twice
    writes one.
    """
    with transaction():
        ordered = db.session.execute(select(Order.id).where(Order.email == email).limit(1)).first()
        if ordered is None or is_written(letter):
            return
        path = f"/{language}/account/enter?k={_make('link', email)}"
        write_letter("buyer_link", email, language, {"path": path}, known_as=letter)


def begin_session(link: str) -> str | None:
    """Use a link: the value of a new session's cookie, or None for one that is unknown, old or used. In a transaction."""
    used = delete(BuyerKey).where(*_valid("link", link)).returning(BuyerKey.email)
    email = db.session.scalars(used).first()
    return None if email is None else _make("session", email)


def is_link(link: str) -> bool:
    """Whether a link can still be used."""
    return db.session.execute(select(BuyerKey.email).where(*_valid("link", link))).first() is not None


def find_email(session: str | None) -> str | None:
    """The e-mail address a session has proved, or None."""
    return db.session.scalars(select(BuyerKey.email).where(*_valid("session", session or ""))).first()


def end_session(session: str) -> None:
    """Sign out. Inside a transaction."""
    db.session.execute(delete(BuyerKey).where(BuyerKey.key_hash == token_hash(session)))


def forget_keys(email: str) -> None:
    """End every session and link of an address. Inside a transaction."""
    db.session.execute(delete(BuyerKey).where(BuyerKey.email == email))


def _make(kind: str, email: str) -> str:
    value, now = token(), clock.now()
    db.session.execute(delete(BuyerKey).where(BuyerKey.expires_at <= now))
    expires = now + LIFETIME[kind]
    db.session.add(BuyerKey(key_hash=token_hash(value), kind=kind, email=email, created_at=now, expires_at=expires))
    db.session.flush()
    return value


def _valid(kind: str, value: str) -> tuple[ColumnElement[bool], ...]:
    return (BuyerKey.key_hash == token_hash(value), BuyerKey.kind == kind, BuyerKey.expires_at > clock.now())
