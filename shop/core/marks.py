"""Moments this installation must remember, kept in its database: a restored database then knows how far it has gone back."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from shop.core.db import db, dialect, insert_new
from shop.core.ids import public_id
from shop.core.tables import Installation

# The worker looked for work.
WORKER_SEEN = "worker_seen"
# Stripe was asked for events, and everything up to then was taken in.
EVENTS_POLLED = "events_polled"
# The backup this database was restored from was begun; gone once everything since has been asked of Stripe.
RESTORED_TO = "restored_to"


# Which installation this is, however often it moves: Stripe's sessions carry it, so that ours are known from others'.
ID = "installation_id"


def installation_id() -> str:
    """The same for as long as the database lives, and in every copy of it. Inside a transaction."""
    found = select(Installation.value).where(Installation.key == ID)
    known = db.session.scalar(found)
    if known is not None:
        return known
    insert_new(Installation, key=ID, value=public_id())
    return db.session.scalars(found).one()


def find_moment(key: str) -> datetime | None:
    """A remembered moment, aware UTC; None if there is none."""
    value = db.session.scalar(select(Installation.value).where(Installation.key == key))
    return None if value is None else datetime.fromisoformat(value)


def remember_moment(key: str, moment: datetime) -> None:
    """Inside a transaction; a later word replaces an earlier one."""
    insert: Any = postgresql.insert if dialect() == "postgresql" else sqlite.insert
    statement = insert(Installation).values(key=key, value=moment.isoformat())
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
    )


def forget_moment(key: str) -> None:
    """Inside a transaction."""
    db.session.execute(delete(Installation).where(Installation.key == key))
