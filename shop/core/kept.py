"""What a process keeps of public data other than stock: made once, looked up until something public changes.

A process asks for the newest version at most once a second, in the transaction that reads the data, so what is kept is
never older than its version; a commit of its own is seen at once. Only for what public pages show: what decides money is
read anew.
"""

import time
from collections.abc import Callable, Hashable
from typing import Any, ClassVar, TypeVar

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from shop.core.db import db
from shop.core.versions import is_changing, lasting_here

LOOK_NANOSECONDS = 1_000_000_000
# More than the destinations in all currencies and languages; beyond it everything is made anew.
MOST = 4096

T = TypeVar("T")


class _Store:
    """Of the process."""

    version: int | None = None
    looked_at: int | None = None
    values: ClassVar[dict[Hashable, Any]] = {}


def forget_all() -> None:
    """Called by the app factory: another application may have another database."""
    _Store.version, _Store.looked_at, _Store.values = None, None, {}


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """The value made under a key since the last public change; made now if there is none. Never to be changed."""
    if is_changing(db.session()):
        # This transaction sees what nobody else does yet.
        return make()
    now = time.monotonic_ns()
    if _Store.looked_at is None or now - _Store.looked_at >= LOOK_NANOSECONDS:
        version = _version()
        if version != _Store.version or len(_Store.values) > MOST:
            _Store.values = {}
        _Store.version, _Store.looked_at = version, now
    values = _Store.values
    if key in values:
        found: T = values[key]
        return found
    # A transaction that began before the newest change reads what was before it: good for its answer, not to be kept.
    seen, made = _version(), make()
    if seen == _Store.version and values is _Store.values:
        values[key] = made
    return made


def _version() -> int:
    return db.session.scalar(select(lasting_here())) or 0


@event.listens_for(Session, "after_commit")
def _forget(session: Session) -> None:
    if session.info.pop("public_grown", False):
        _Store.looked_at = None
