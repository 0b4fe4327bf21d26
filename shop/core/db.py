"""The database: engine, column types, and the only code that commits."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pysqlite3
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from shop.core import events

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})

# SQLite gives only INTEGER PRIMARY KEY its row ids.
BigId = BigInteger().with_variant(Integer, "sqlite")


def big_id() -> Any:
    """Primary key: a big integer, inside only; people see public ids."""
    return mapped_column(BigId, primary_key=True)


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; refuses a naive time, which would be somebody's wall clock."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def in_wal_reset_range(version: tuple[int, ...]) -> bool:
    """Whether a SQLite library can corrupt a WAL database (sqlite.org/wal.html, the WAL-reset bug).

    Affected: 3.7.0 to 3.51.2, but for the backports 3.44.6 and 3.50.7.
    """
    mended = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}.get((version[0], version[1]))
    if mended is not None:
        return version < mended
    return (3, 7, 0) <= version < (3, 51, 3)


def numbers(version: str) -> tuple[int, ...]:
    """ "3.53.4" as (3, 53, 4)."""
    return tuple(int(part) for part in version.split("."))


def sqlite_module() -> ModuleType:
    """Python's own SQLite if it is sound, else the newer one that is installed beside it."""
    return pysqlite3 if in_wal_reset_range(sqlite3.sqlite_version_info) else sqlite3


def engine_options(url: str) -> dict[str, Any]:
    """Options of the engine for a database address; raises ValueError for a kind we do not serve."""
    kind = make_url(url).get_backend_name()
    if kind == "sqlite":
        return {"module": sqlite_module(), "connect_args": {"timeout": 10, "check_same_thread": False}}
    if kind == "postgresql":
        # As on SQLite: whoever waits ten seconds for another's lock gives up.
        arguments = {"connect_timeout": 5, "options": "-c lock_timeout=10000"}
        return {"pool_pre_ping": True, "pool_size": 8, "connect_args": arguments}
    raise ValueError(url)


class Patience:
    """Makes connections; waits a moment for a server that is being restarted, and not at all for one that stays away.

    The moment counts from the first refusal, for all threads together: in a long outage nobody waits.
    """

    def __init__(self, seconds: int, pause_ms: int = 100) -> None:
        self._seconds, self._pause_ms = seconds, pause_ms
        self._refused_at: float | None = None

    def connect(self, dial: Callable[[], Any], refusal: type[Exception]) -> Any:
        """What `dial` gives, as soon as it gives something. Raises what it raised last, and at once what is no `refusal`."""
        while True:
            try:
                made = dial()
            except refusal:
                now = time.monotonic()
                if self._refused_at is None:
                    self._refused_at = now
                if now - self._refused_at >= self._seconds:
                    raise
                time.sleep(self._pause_ms / 1000)
            else:
                self._refused_at = None
                return made


_patience = Patience(10)


@event.listens_for(Engine, "do_connect")
def _outlast_a_restart(dialect: Dialect, record: ConnectionPoolEntry, given: Any, named: Any) -> Any:
    if dialect.name == "postgresql":
        driver = dialect.loaded_dbapi
        return _patience.connect(lambda: driver.connect(*given, **named), driver.OperationalError)
    return None


_writing: ContextVar[bool] = ContextVar("writing", default=False)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: ConnectionPoolEntry) -> None:
    if "sqlite" not in type(connection).__module__:
        return
    # The driver must not begin transactions of its own: the begin hook below does.
    connection.isolation_level = None
    cursor = connection.cursor()
    if cursor.execute("PRAGMA query_only").fetchone()[0]:
        # Only looked at: it may be a stranger's, whose journal is not ours to turn.
        cursor.close()
        return
    version = cursor.execute("SELECT sqlite_version()").fetchone()[0]
    cursor.execute(f"PRAGMA journal_mode={'DELETE' if in_wal_reset_range(numbers(version)) else 'WAL'}")
    # Of pages half a megabyte for each connection; the system keeps the others once for all processes.
    for pragma in (
        "cache_size=-512",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "recursive_triggers=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Line:
    """Writers of this process who wait for SQLite's one lock.

    It moves fast, and then anybody may stand in it. When it has not moved for `seconds` and `most` stand there, the next
    one is told at once: the other threads are for those who only read.
    """

    def __init__(self, most: int, seconds: int) -> None:
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._since: list[float] = []

    @contextmanager
    def stand(self) -> Iterator[None]:
        """Raises sqlalchemy.exc.TimeoutError when there is no use in it."""
        since = time.monotonic()
        with self._lock:
            if len(self._since) >= self._most and since - min(self._since) > self._seconds:
                raise PoolExhausted("the database is held, and others of this process wait for it already")
            self._since.append(since)
        try:
            yield
        finally:
            with self._lock:
                self._since.remove(since)


_line = Line(most=2, seconds=3)


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if not _writing.get():
        connection.exec_driver_sql("BEGIN")
        return
    # A read that is upgraded to a write cannot wait for the lock, it fails at once: writers say so from the start.
    with _line.stand():
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def transaction() -> Iterator[Session]:
    """The one way to write: everything inside commits together or not at all.

    Ends the read transaction that may be open, so what was loaded before is read anew. Does not nest. Facts recorded
    with `record` reach their subscribers just before the commit.
    """
    if _writing.get():
        raise RuntimeError("transactions do not nest; the caller decides where one begins")
    session: Session = db.session()
    session.rollback()
    # With no read open a rollback forgets nothing, and an object somebody still holds would answer for the row's past.
    session.expire_all()
    session.info["events"] = []
    token = _writing.set(True)
    try:
        # Begun here, SQLite's lock with it: whoever asks anything below asks as the one who writes.
        session.connection()
        yield session
        session.flush()
        for fact in session.info["events"]:
            events.dispatch(fact)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["events"] = []
        _writing.reset(token)


def record(fact: object) -> None:
    """Note a fact of this transaction for its subscribers."""
    if not _writing.get():
        raise RuntimeError("a fact is recorded inside a transaction")
    db.session().info["events"].append(fact)


def insert_new(model: type[Base], **values: Any) -> bool:
    """Write a row unless one with the same unique key is there, also when another process writes it at this moment.

    Inside a transaction. Whether it was written.
    """
    insert = postgresql.insert if dialect() == "postgresql" else sqlite.insert
    table: Any = model.__table__
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return db.session.execute(statement).first() is not None


def insert_all_new(model: type[Base], rows: Sequence[dict[str, Any]]) -> set[Any]:
    """As insert_new for many rows with the same columns, in one statement; those that are there stay as they are.

    The keys of those that were written, of a table with one key column.
    """
    if not rows:
        return set()
    insert = postgresql.insert if dialect() == "postgresql" else sqlite.insert
    table: Any = model.__table__
    statement = insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return set(db.session.scalars(statement, rows))


# Marks the session of another database: what it reads is not the shop's.
INSTEAD = "instead"


@contextmanager
def instead(source: Engine | Connection) -> Iterator[Session]:
    """Everything that asks `db.session` inside the block asks another database of the same kind: a copy, a snapshot."""
    registry = db.session.registry
    own = registry() if registry.has() else None
    session = Session(source, expire_on_commit=False, info={INSTEAD: True})
    registry.set(session)  # type: ignore[arg-type]
    try:
        yield session
    finally:
        session.close()
        if own is None:
            registry.clear()
        else:
            registry.set(own)


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for a page that reads rows and no entities: the session's if there is one, else one of its own, which
    spares the page the session."""
    if db.session.registry.has():
        yield db.session.connection()
    else:
        with db.engine.connect() as connection:
            yield connection


@contextmanager
def newest() -> Iterator[Connection]:
    """A connection that reads what there is now, where the transaction that is open may have begun before. One that writes
    sees the newest itself, and another would wait for it."""
    if writing() or (db.session.registry.has() and INSTEAD in db.session().info):
        yield db.session.connection()
    else:
        with db.engine.connect() as connection:
            yield connection


def let_go() -> None:
    """End the read that may be open: no connection of the database waits while somebody else's machine thinks."""
    db.session.rollback()


def writing() -> bool:
    """Whether a transaction of `transaction()` is open here; network calls refuse to start inside one."""
    return _writing.get()


def dialect() -> str:
    """'sqlite' or 'postgresql'."""
    return str(db.engine.dialect.name)
