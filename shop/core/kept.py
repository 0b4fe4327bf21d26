"""What a process keeps of public data other than stock: made once, looked up until something public changes.

A process asks for the newest version at most once a second, in the transaction that reads the data, so what is kept is
never older than its version; a commit of its own is seen at once, and so is any that the process has heard of elsewhere:
whoever keeps a page under a number must not make it of what was before that number. Only for what public pages show: what decides money is
read anew.
"""

import time
from collections.abc import Callable, Hashable
from typing import Any, ClassVar, TypeVar

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from shop.core.db import db
from shop.core.tables import PublicState
from shop.core.versions import is_changing

LOOK_NANOSECONDS = 1_000_000_000
# More than the destinations in all currencies and languages; beyond it everything is made anew.
MOST = 4096

T = TypeVar("T")


class _Store:
    """Of the process."""

    version: int | None = None
    # Of the newest change when it was looked at last, and of the newest that was heard of.
    number: int = 0
    heard: int = 0
    looked_at: int | None = None
    values: ClassVar[dict[Hashable, Any]] = {}


def forget_all() -> None:
    """Called by the app factory: another application may have another database."""
    _Store.version, _Store.looked_at, _Store.values = None, None, {}
    _Store.number = _Store.heard = 0


def hear(number: int) -> None:
    """There has been a change of this number: what is looked up from now on is at least as new."""
    _Store.heard = number


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """The value made under a key since the last public change; made now if there is none. Never to be changed."""
    if is_changing(db.session()):
        # This transaction sees what nobody else does yet.
        return make()
    now = time.monotonic_ns()
    old = _Store.looked_at is None or now - _Store.looked_at >= LOOK_NANOSECONDS
    if old or _Store.number < _Store.heard:
        number, version = _look()
        if version != _Store.version or len(_Store.values) > MOST:
            _Store.values = {}
        _Store.number, _Store.version, _Store.looked_at = number, version, now
    values = _Store.values
    if key in values:
        found: T = values[key]
        return found
    # A transaction that began before the newest change reads what was before it: good for its answer, not to be kept.
    (_number, seen), made = _look(), make()
    if seen == _Store.version and values is _Store.values:
        values[key] = made
    return made


def _look() -> tuple[int, int]:
    """The numbers of the newest change and of the newest other than of stock, as this transaction sees them."""
    row = db.session.execute(select(PublicState.number, PublicState.lasting)).first()
    return (row.number, row.lasting) if row else (0, 0)


@event.listens_for(Session, "after_commit")
def _forget(session: Session) -> None:
    if session.info.pop("public_grown", False):
        _Store.looked_at = None
