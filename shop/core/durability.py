"""What the database in use really promises, asked of a live connection: said at every start, judged by the checks.

A setting that was asked for is not a setting that is in force: a file system without shared memory refuses WAL in
silence, and a PostgreSQL server may have been told not to wait for its disk.
"""

import sqlite3
from dataclasses import dataclass

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from shop.core.db import engine_options, in_wal_reset_range, numbers

# sqlite.org/pragma.html#pragma_synchronous
SYNCHRONOUS = {"0": "OFF", "1": "NORMAL", "2": "FULL", "3": "EXTRA"}
# A writer waits so long for another before it gives up, in milliseconds.
PATIENCE = 10_000


@dataclass(frozen=True, slots=True)
class Promise:
    """`said` is one line for the start; `faults` one sentence for each thing that could lose what was acknowledged."""

    said: str
    faults: tuple[str, ...]


def read_promise(connection: Connection) -> Promise:
    """What a connection of the engine stands on."""
    return _sqlite(connection) if connection.dialect.name == "sqlite" else _postgresql(connection)


def promise_of(database_url: str) -> Promise:
    """What this process would stand on with a database address; opens and closes a connection of its own."""
    engine = create_engine(database_url, **engine_options(database_url))
    try:
        with engine.connect() as connection:
            return read_promise(connection)
    finally:
        engine.dispose()


def _ask(connection: Connection, statement: str) -> str:
    return str(connection.exec_driver_sql(statement).scalar())


def _sqlite(connection: Connection) -> Promise:
    version = _ask(connection, "SELECT sqlite_version()")
    unsound = in_wal_reset_range(numbers(version))
    journal = _ask(connection, "PRAGMA journal_mode").upper()
    synchronous = SYNCHRONOUS.get(_ask(connection, "PRAGMA synchronous"), "unknown")
    said = f"Database: SQLite {version}, journal mode {journal}, synchronous {synchronous}"
    if unsound:
        said += f"; this library can corrupt a database in WAL mode (WAL-reset bug), hence {journal}"
    elif in_wal_reset_range(sqlite3.sqlite_version_info):
        said += f"; Python's own {sqlite3.sqlite_version} can corrupt a database in WAL mode and is not used"
    faults = []
    if unsound and journal == "WAL":
        faults.append(f"SQLite {version} can corrupt a database in WAL mode; install pysqlite3 0.6.1 or newer.")
    if synchronous not in {"FULL", "EXTRA"}:
        faults.append(f"SQLite does not wait for the disk (synchronous is {synchronous}): a power cut loses orders.")
    if journal not in {"WAL", "DELETE", "TRUNCATE", "PERSIST"}:
        faults.append(f"SQLite keeps no journal on disk ({journal}): a crash corrupts the database.")
    for pragma, promise in (
        ("foreign_keys", "rows could point at nothing"),
        ("recursive_triggers", "REPLACE could pass by the guards of the books"),
    ):
        if _ask(connection, f"PRAGMA {pragma}") != "1":
            faults.append(f"SQLite's {pragma} is off: {promise}.")
    if int(_ask(connection, "PRAGMA busy_timeout")) < PATIENCE:
        faults.append(f"SQLite's busy_timeout is below {PATIENCE} ms: two buyers at once would be refused.")
    return Promise(f"{said}.", tuple(faults))


def _postgresql(connection: Connection) -> Promise:
    version = _ask(connection, "SHOW server_version")
    answers = {name: _ask(connection, f"SHOW {name}") for name in ("synchronous_commit", "fsync", "full_page_writes")}
    told = ", ".join(f"{name} {value}" for name, value in answers.items())
    faults = tuple(
        f"PostgreSQL's {name} is off: a power cut loses orders or corrupts the database."
        for name, value in answers.items()
        if value == "off"
    )
    return Promise(f"Database: PostgreSQL {version}, {told}.", faults)
