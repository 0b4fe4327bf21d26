"""SQLite: copied and put back by its own online backup (sqlite.org/backup.html), page by page, while others read and write."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError

from shop.backup.errors import RestoreRefused
from shop.core.db import engine_options, sqlite_module

# How long a writer may hold the database before the restore gives up.
PATIENCE_SECONDS = 30


def open_file(path: Path) -> Any:
    """A plain connection to a database file, of the library the shop uses."""
    return sqlite_module().connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)


def copy_database(engine: Engine, target: Path) -> None:
    """The database as of one moment, as a file of its own. Writers go on meanwhile."""
    with closing(open_file(target)) as copy:
        # Only a way station: what becomes of it is synchronised, it is not.
        copy.execute("PRAGMA synchronous=OFF")
        source = engine.raw_connection()
        try:
            source.driver_connection.backup(copy)  # type: ignore[union-attr]
        finally:
            source.close()


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    """An engine on a database file that nobody else uses; afterwards it is one file again."""
    url = f"sqlite:///{path}"
    engine = create_engine(url, **engine_options(url))
    try:
        yield engine
    finally:
        engine.dispose()
        with closing(open_file(path)) as alone:
            alone.execute("PRAGMA journal_mode=DELETE")


def list_faults(connection: Connection) -> list[str]:
    """What is wrong with a database file as a file: broken pages and indexes, rows that point at nothing."""
    try:
        broken = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(5)") if row[0] != "ok"]
    except DatabaseError as error:
        return [str(error.orig)]
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    return broken + [f"A row of {row[0]} points at nothing in {row[2]}." for row in dangling]


def put_back(copy: Path, target: Path, aside: Path | None) -> None:
    """Make a database what a copy holds, in one transaction that running processes see whole or not at all.

    What was there until that very moment is kept in the file `aside`. Raises RestoreRefused when a writer does not let go.
    """
    with closing(open_file(copy)) as source, closing(open_file(target)) as live:
        waiting = [aside] if aside else []
        if live.execute("PRAGMA journal_mode").fetchone()[0] != "wal" and aside:
            # Without WAL nobody reads while we write: what is kept is of a moment earlier.
            _keep(target, waiting.pop())

        def advance(status: int, _remaining: int, _total: int) -> None:
            if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise RestoreRefused("Something holds the database; stop the shop and its worker, and try again.")
            # The first page has made us the writer: from now on nobody adds what the old database would lose.
            if waiting:
                _keep(target, waiting.pop())

        source.backup(live, pages=1, progress=advance)
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _keep(target: Path, aside: Path) -> None:
    with closing(open_file(target)) as old, closing(open_file(aside)) as kept:
        old.backup(kept)
        kept.execute("PRAGMA journal_mode=DELETE")
