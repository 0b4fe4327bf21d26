"""Errors that say the database cannot serve just now, told from errors that say something is wrong with what was asked.

An outage leaves nothing half done: the transaction is gone, the same request may be sent again.
"""

import sqlite3
from enum import StrEnum

from psycopg import errors as postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted


class Outage(StrEnum):
    """BUSY: somebody else holds it for too long. FULL: it has no room to write. AWAY: it does not answer."""

    BUSY = "busy"
    FULL = "full"
    AWAY = "away"


# sqlite.org/rescode.html, primary codes. A disk that is full or failing answers FULL or IOERR, at the operating
# system's choice; CANTOPEN is also what a full disk says that has no room for a journal.
_SQLITE = {
    sqlite3.SQLITE_BUSY: Outage.BUSY,
    sqlite3.SQLITE_LOCKED: Outage.BUSY,
    sqlite3.SQLITE_FULL: Outage.FULL,
    sqlite3.SQLITE_IOERR: Outage.FULL,
    sqlite3.SQLITE_READONLY: Outage.FULL,
    sqlite3.SQLITE_CANTOPEN: Outage.AWAY,
}
_POSTGRESQL: tuple[tuple[type[Exception], Outage], ...] = (
    (postgresql.LockNotAvailable, Outage.BUSY),
    (postgresql.DeadlockDetected, Outage.BUSY),
    (postgresql.SerializationFailure, Outage.BUSY),
    (postgresql.TooManyConnections, Outage.BUSY),
    (postgresql.DiskFull, Outage.FULL),
    (postgresql.OutOfMemory, Outage.FULL),
    (postgresql.ReadOnlySqlTransaction, Outage.FULL),
    (postgresql.AdminShutdown, Outage.AWAY),
    (postgresql.CrashShutdown, Outage.AWAY),
    (postgresql.CannotConnectNow, Outage.AWAY),
)


def find_outage(error: BaseException | None) -> Outage | None:
    """Which outage an error of the database layer tells of; None for any other error."""
    if isinstance(error, PoolExhausted):
        return Outage.BUSY
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE.get(code & 0xFF)
    for kind, outage in _POSTGRESQL:
        if isinstance(cause, kind):
            return outage
    # A connection that broke, or none that could be made, carries no code of the server's.
    lost = error.connection_invalidated or (isinstance(cause, postgresql.OperationalError) and cause.sqlstate is None)
    return Outage.AWAY if lost else None
