"""What a process keeps of public data other than stock: made once, looked up until something that it shows changes.

A process asks what has changed at most once a second, and at once after a commit of its own; from then on nothing older is
given out. So whoever makes a page of what is kept, under the number of changes heard of before, makes none of what was
before that number. Only for what public pages show: what decides money is read anew.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from shop.core.db import INSTEAD, db, reading
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
        if told > self.number or len(changed) > MOST_NAMES:
            # Older changes are told no longer, or it is too much to remember.
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


class State:
    """What a process has heard and kept for one application."""

    def __init__(self) -> None:
        # Grows when everything is forgotten: numbers of changes of before and after are not of one row.
        self.epoch = 0
        # Commits of this process that changed something public, and how many of them the news are newer than.
        self.committed = self.told = 0
        self._asking = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Begin anew: nothing is kept, nothing was heard."""
        self.epoch += 1
        self.values: dict[object, OrderedDict[Hashable, Any]] = {}
        self.news = News()
        self.looked_at: int | None = None

    def look(self, ask: Callable[[], Changes | None] = read_changes) -> None:
        """Hear what has changed if it is time to: one thread asks, the others go on with what is known, unless they wait
        for a commit of their own. `ask` answers None if it cannot be told now; what it raises is raised."""
        committed, now = self.committed, time.monotonic_ns()
        own = committed != self.told
        due = own or self.looked_at is None or now - self.looked_at >= LOOK_NANOSECONDS
        if not due or not self._asking.acquire(blocking=own):
            return
        try:
            changes = ask()
            if changes is not None:
                if changes.number < self.news.number:
                    # The database was put back to an earlier day.
                    self.forget()
                self.news.hear(changes)
                self.told = committed
            self.looked_at = now
        finally:
            self._asking.release()


_states: "WeakKeyDictionary[Engine, State]" = WeakKeyDictionary()


def state() -> State:
    """Of the current application: another may have another database."""
    engine = db.engine
    return _states.get(engine) or _states.setdefault(engine, State())


def forget_all() -> None:
    """Forget what is kept for the current application, and what was heard."""
    state().forget()


@dataclass(slots=True)
class _Entry(Generic[T]):
    version: int
    checked: int
    names: frozenset[str] | None
    value: T


class Keep(Generic[T]):
    """At most so many values of one kind, of which what was not used for longest goes first. Never to be changed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()

    def _entries(self, own: State) -> "OrderedDict[Hashable, _Entry[T]]":
        return own.values.setdefault(self, OrderedDict())

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
        own = state()
        own.look()
        # In this order: `forget` writes the values first.
        news, entries = own.news, self._entries(own)
        found = [(key, entry) for key in keys if (entry := entries.get(key)) is not None and news.holds(entry)]
        with self._lock:
            for key, _entry in found:
                if key in entries:
                    entries.move_to_end(key)
        return [(key, entry.value) for key, entry in found]

    def put(self, key: Hashable, value: T, number: int, *names: str) -> T:
        """Keep a value until HOUSE or one of `names` changes. `number` is of the newest change that its reading saw; where
        it is made of something kept as well, no newer than `heard` before."""
        if _changing():
            return value
        own = state()
        entries = self._entries(own)
        with self._lock:
            # What this process has not heard of yet will be heard, and then the value is made once more.
            version = min(number, own.news.number)
            entries[key] = _Entry(version, version, frozenset(names), value)
            entries.move_to_end(key)
            while len(entries) > self._most:
                entries.popitem(last=False)
        return value


_house: Keep[object] = Keep(MOST)
_NOTHING = object()


def kept(key: Hashable, make: Callable[[], T], names: Iterable[str] = ()) -> T:
    """The value made under a key since the last change of HOUSE or of `names`; made now if there is none."""
    found = _house.find(key, _NOTHING)
    if found is not _NOTHING:
        return cast("T", found)
    if _changing():
        return make()
    # A transaction that began before the newest change reads what was before it.
    number, made = min(_number(), heard()), make()
    _house.put(key, made, number, *names)
    return made


def heard() -> int:
    """The number of the newest change this process has heard of: what it keeps is as new as that, perhaps no newer."""
    return state().news.number


def _number() -> int:
    """The number of the newest change, as this transaction sees it."""
    with reading() as connection:
        return connection.scalar(select(PublicState.number)) or 0


def _changing() -> bool:
    """Whether what is read here is not what everybody else reads."""
    # Asked without making a session: a page of nothing but what is kept needs none.
    if not db.session.registry.has():
        return False
    session = db.session()
    return is_changing(session) or INSTEAD in session.info


@event.listens_for(Session, "after_commit")
def _look_again(session: Session) -> None:
    own = _states.get(session.get_bind().engine) if session.info.pop("public_grown", False) else None
    if own is not None:
        own.committed += 1
