"""What a process keeps of public data other than stock: made once, looked up until something that it shows changes.

A process asks what has changed at most once a second, and at once after a commit of its own; from then on nothing older is
given out. So whoever makes a page of what is kept, under the number of changes heard of before, makes none of what was
before that number. Only for what public pages show: what decides money is read anew.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import ClassVar, Generic, Protocol, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from shop.core.db import db, reading
from shop.core.tables import PublicState
from shop.core.versions import HOUSE, Changes, is_changing, read_changes

LOOK_NANOSECONDS = 1_000_000_000
# More than the destinations in all currencies and languages.
MOST = 4096
# Names whose last change a process remembers; beyond that it forgets them, and with them all it has kept.
MOST_NAMES = 20_000

T = TypeVar("T")
D = TypeVar("D")
K = TypeVar("K", bound=Hashable)


class Dated(Protocol):
    """Something made of public data: right at number `version`, and still at `checked`. `names` is what it shows besides
    HOUSE; None if nobody said."""

    version: int
    checked: int
    names: frozenset[str] | None


class News:
    """What a process has heard of changes: the newest number, and for each name the number of its last change."""

    def __init__(self) -> None:
        self.number = 0
        # Whatever is older than this may have changed unheard.
        self._floor = 0
        self._changed: dict[str, int] = {}

    def hear(self, changes: Changes) -> None:
        """Take in what has changed since the last time. One thread at a time."""
        if changes.number == self.number:
            return
        changed, floor, told = dict(self._changed), self._floor, changes.number
        for number, names in changes.recent:
            if number <= self.number or number != told:
                break
            told -= 1
            for name in names:
                changed[name] = max(number, changed.get(name, 0))
        if told > self.number or changes.number < self.number or len(changed) > MOST_NAMES:
            # Older changes are told no longer, or the database is another one, or it is too much to remember.
            changed, floor = {}, changes.number
        self._changed, self._floor = changed, max(floor, changed.get(HOUSE, 0))
        self.number = changes.number

    def holds(self, made: Dated) -> bool:
        """Whether nothing of what was made has changed since."""
        if made.checked == self.number:
            return True
        # In this order: `hear` writes the number last.
        number, changed = self.number, self._changed
        if made.names is None or made.version < self._floor or made.version > number:
            return False
        if any(changed.get(name, 0) > made.version for name in made.names):
            return False
        made.checked = number
        return True


class _Process:
    """What there is once in a process."""

    news = News()
    looked_at: int | None = None
    # Commits of its own that changed something public, and how many of them the news are newer than.
    committed: int = 0
    told: int = 0
    asking = threading.Lock()
    keeps: ClassVar["WeakSet[Keep[object]]"] = WeakSet()


def news() -> News:
    """What this process has heard of changes."""
    return _Process.news


def forget_all() -> None:
    """Called by the app factory: another application may have another database."""
    _Process.news, _Process.looked_at = News(), None
    for keep in _Process.keeps:
        keep.clear()


def look(ask: Callable[[], Changes | None] = read_changes) -> None:
    """Hear what has changed, once a second: one thread asks, the others go on with what is known. After a commit of its own
    a process asks at once. `ask` answers None if it cannot be told now; what it raises is raised."""
    committed, now = _Process.committed, time.monotonic_ns()
    own = committed != _Process.told
    due = own or _Process.looked_at is None or now - _Process.looked_at >= LOOK_NANOSECONDS
    if not due or not _Process.asking.acquire(blocking=own):
        return
    try:
        changes = ask()
        _Process.looked_at = now
        if changes is not None:
            _Process.news.hear(changes)
            _Process.told = committed
    finally:
        _Process.asking.release()


class _Entry(Generic[T]):
    __slots__ = ("checked", "names", "value", "version")

    def __init__(self, version: int, names: frozenset[str], value: T) -> None:
        self.version, self.checked, self.names, self.value = (
            version,
            version,
            cast("frozenset[str] | None", names),
            value,
        )


class Keep(Generic[T]):
    """At most so many values of one kind, of which what was not used for longest goes first. Never to be changed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()
        _Process.keeps.add(cast("Keep[object]", self))

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._entries.clear()

    def find(self, key: Hashable, default: D) -> T | D:
        """The value kept under a key, if nothing of it has changed; else the default."""
        for _key, value in self.find_all([key]):
            return value
        return default

    def find_all(self, keys: Iterable[K]) -> list[tuple[K, T]]:
        """Those keys that have a value of which nothing has changed, each with it."""
        if _changing():
            # This transaction sees what nobody else does yet.
            return []
        look()
        entries, news = self._entries, _Process.news
        found = [(key, entry) for key in keys if (entry := entries.get(key)) is not None and news.holds(entry)]
        with self._lock:
            for key, _entry in found:
                if key in entries:
                    entries.move_to_end(key)
        return [(key, entry.value) for key, entry in found]

    def put(self, key: Hashable, value: T, number: int, *names: str) -> T:
        """Keep a value that was read when `number` was the newest change, until HOUSE or one of `names` changes."""
        if _changing():
            return value
        if number > _Process.news.number:
            # More has happened than was heard of: ask, the next time something is looked up.
            _Process.looked_at = None
        with self._lock:
            self._entries[key] = _Entry(number, frozenset(names), value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return value


_house: Keep[object] = Keep(MOST)
_NOTHING = object()


def kept(key: Hashable, make: Callable[[], T], names: Iterable[str] = ()) -> T:
    """The value made under a key since the last change of HOUSE or of `names`; made now if there is none."""
    found = _house.find(key, _NOTHING)
    if found is not _NOTHING:
        return cast("T", found)
    # A transaction that began before the newest change reads what was before it.
    number, made = _number(), make()
    _house.put(key, made, number, *names)
    return made


def _number() -> int:
    """The number of the newest change, as this transaction sees it."""
    with reading() as connection:
        return connection.scalar(select(PublicState.number)) or 0


def _changing() -> bool:
    # Asked without making a session: a page of nothing but what is kept needs none.
    return db.session.registry.has() and is_changing(db.session())


@event.listens_for(Session, "after_commit")
def _look_again(session: Session) -> None:
    if session.info.pop("public_grown", False):
        _Process.committed += 1
