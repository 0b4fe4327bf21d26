"""The version of everything public: one number that grows with every commit that could change a public page.

Kept pages carry the number they were made under and are thrown away when it grows. It is written in the transaction of
the change itself, as its last statement, so a page can never be newer than its number.
"""

from typing import Any

from sqlalchemy import Integer, String, cast, event, insert, select, update
from sqlalchemy.orm import Session

from shop.core.db import db
from shop.core.tables import Installation

KEY = "public_version"
# Tables whose rows stand on public pages. Stock and imports, which bypass the session's objects, call `touch`.
PUBLIC = frozenset(
    [
        "craft",
        "edition",
        "family",
        "levy",
        "material",
        "membership",
        "person",
        "picture",
        "policy",
        "price",
        "product",
        "product_picture",
        "programme",
        "rate",
        "suspension",
        "text_row",
        "unit",
        "variant",
        "zone",
        "zone_rate",
    ]
)


def touch() -> None:
    """Say that this transaction changes what public pages show."""
    db.session().info["public_changed"] = True


@event.listens_for(Session, "after_flush")
def _look(session: Session, context: Any) -> None:
    if session.info.get("public_changed"):
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if getattr(row, "__tablename__", "") in PUBLIC:
            session.info["public_changed"] = True
            return


@event.listens_for(Session, "before_commit")
def _grow(session: Session) -> None:
    if not session.info.pop("public_changed", False):
        return
    session.info["public_grown"] = True
    grown = session.execute(
        update(Installation).where(Installation.key == KEY).values(value=_next()),
        execution_options={"synchronize_session": False},
    )
    if not grown.rowcount:  # type: ignore[attr-defined]
        session.execute(insert(Installation).values(key=KEY, value="1"))


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("public_changed", None)
    session.info.pop("public_grown", None)


def _next() -> Any:
    """The number after this one; as text, because the table keeps text."""
    return cast(cast(Installation.value, Integer) + 1, String)


def version_here() -> Any:
    """The number as a column of any statement, None before anything was public; of the same moment as its other columns."""
    return select(Installation.value).where(Installation.key == KEY).scalar_subquery()


def public_version() -> str:
    """The number now; "0" before anything was public."""
    with db.engine.connect() as connection:
        found = connection.execute(select(Installation.value).where(Installation.key == KEY)).scalar()
    return found or "0"
