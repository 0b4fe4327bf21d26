"""Which errors of a driver tell of an outage: by the codes of both databases, and by nothing else."""

import sqlite3

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from shop.core.outages import Outage, find_outage


def wrapped(cause: Exception, dbapi_base: type[Exception]) -> DBAPIError:
    """An error as SQLAlchemy raises it."""
    found = DBAPIError.instance("SELECT 1", None, cause, dbapi_base)
    assert isinstance(found, DBAPIError)
    return found


@pytest.mark.parametrize(
    ("cause", "outage"),
    [
        (errors.LockNotAvailable(), Outage.BUSY),
        (errors.DeadlockDetected(), Outage.BUSY),
        (errors.SerializationFailure(), Outage.BUSY),
        (errors.TooManyConnections(), Outage.BUSY),
        (errors.DiskFull(), Outage.FULL),
        (errors.OutOfMemory(), Outage.FULL),
        (errors.ReadOnlySqlTransaction(), Outage.FULL),
        (errors.AdminShutdown(), Outage.AWAY),
        (errors.CrashShutdown(), Outage.AWAY),
        (errors.CannotConnectNow(), Outage.AWAY),
        # The server did not answer: nobody gave a code.
        (psycopg.OperationalError("connection refused"), Outage.AWAY),
        (errors.UniqueViolation(), None),
        (errors.QueryCanceled(), None),
        (psycopg.ProgrammingError("no code"), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_of_postgresql_is_told_by_its_code(cause: Exception, outage: Outage | None) -> None:
    assert find_outage(wrapped(cause, psycopg.Error)) is outage


def test_an_error_of_sqlite_without_a_code_is_no_outage() -> None:
    assert find_outage(wrapped(sqlite3.OperationalError("could not decode"), sqlite3.Error)) is None
