"""Errors that say the database cannot serve just now, told from errors that say something is wrong with what was asked.

An outage leaves nothing half done: the transaction is gone, the same request may be sent again.
"""

import sqlite3
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, OperationalError
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
# PostgreSQL's documentation, appendix A, error codes: lock_not_available, deadlock_detected, serialization_failure,
# too_many_connections, disk_full, out_of_memory, read_only_sql_transaction, admin_shutdown, crash_shutdown, cannot_connect_now.
# Told by code and not by the driver's classes, so that a shop on SQLite does not load the driver, which takes 9 MB a process.
_POSTGRESQL = {
    "55P03": Outage.BUSY,
    "40P01": Outage.BUSY,
    "40001": Outage.BUSY,
    "53300": Outage.BUSY,
    "53100": Outage.FULL,
    "53200": Outage.FULL,
    "25006": Outage.FULL,
    "57P01": Outage.AWAY,
    "57P02": Outage.AWAY,
    "57P03": Outage.AWAY,
}


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
    # What is not of PostgreSQL has none at all.
    state = getattr(cause, "sqlstate", "")
    if state in _POSTGRESQL:
        return _POSTGRESQL[state]
    # A connection that broke, or none that could be made, carries no code of the server's.
    lost = error.connection_invalidated or (isinstance(error, OperationalError) and state is None)
    return Outage.AWAY if lost else None
