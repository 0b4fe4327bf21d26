"""Numbers without holes: taken under a row lock that lasts until the document is written, or nothing is."""

from functools import lru_cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from shop.core.db import db, dialect, writing
from shop.invoicing.models import Series


def take_number(code: str, year: int) -> int:
    """The next number of a series, from 1 in each year. Inside the transaction that writes the document.

    One statement takes the lock and the number: whoever comes meanwhile waits for this transaction to end, and a
    transaction that fails gives its number back by never having taken it.
    """
    if not writing():
        raise RuntimeError("a number is taken inside a transaction")
    return int(db.session.execute(_next(dialect()), {"code": code, "year": year, "last": 1}).scalar_one())


@lru_cache
def _next(kind: str) -> Any:
    dialects: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    return (
        dialects[kind](Series.__table__)
        .on_conflict_do_update(index_elements=[Series.code, Series.year], set_={"last": Series.last + 1})
        .returning(Series.last)
    )


def number_text(code: str, year: int, sequence: int) -> str:
    """F-2026-000123."""
    return f"{code}-{year}-{sequence:06d}"
