"""SQLite through apsw, in the form SQLAlchemy expects of a driver: so the shop's own SQL runs on a disk that we write.

Only as much of PEP 249 as the shop uses. The name of the module matters: the shop knows SQLite's connections by it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import apsw

apilevel, threadsafety, paramstyle = "2.0", 1, "qmark"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
# The file system whose files are recorded; set by who records (disks.Recorder).
vfs = ""


class Error(Exception):
    sqlite_errorcode = 0


class DatabaseError(Error): ...


class OperationalError(DatabaseError): ...


class IntegrityError(DatabaseError): ...


class ProgrammingError(DatabaseError): ...


class InterfaceError(Error): ...


class InternalError(DatabaseError): ...


class DataError(DatabaseError): ...


class NotSupportedError(DatabaseError): ...


def _translated(error: apsw.Error) -> Error:
    kind = IntegrityError if isinstance(error, apsw.ConstraintError) else OperationalError
    translated = kind(str(error))
    translated.sqlite_errorcode = getattr(error, "extendedresult", 0)
    return translated


class Cursor:
    """Rows are read at once, so no statement stays open."""

    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._cursor = connection.apsw.cursor()
        self._cursor.exec_trace = self._describe
        self.description: Sequence[Any] | None = None
        self.rowcount, self.lastrowid = -1, 0
        self._rows: list[Any] = []

    def _describe(self, cursor: Any, _statement: str, _bindings: Any) -> bool:
        # Once a statement has ended without a row nobody tells its columns any more.
        columns = cursor.get_description()
        self.description = [(name, None, None, None, None, None, None) for name, _type in columns] or None
        return True

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> "Cursor":
        return self._run(lambda: list(self._cursor.execute(statement, parameters)))

    def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> "Cursor":
        return self._run(lambda: list(self._cursor.executemany(statement, parameters)))

    def _run(self, act: Any) -> "Cursor":
        self.description = None
        before = self._connection.apsw.total_changes()
        try:
            self._rows = act()
        except apsw.Error as error:
            raise _translated(error) from error
        changed = self._connection.apsw.total_changes() - before
        self.rowcount = changed if self.description is None else -1
        self.lastrowid = self._connection.apsw.last_insert_rowid()
        return self

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[Any]:
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        self._rows = []
        self._cursor.close(True)


class Connection:
    isolation_level: str | None = None

    def __init__(self, database: str, timeout: int) -> None:
        self.apsw = apsw.Connection(database, vfs=vfs or None)
        self.apsw.set_busy_timeout(timeout * 1000)

    def cursor(self) -> Cursor:
        return Cursor(self)

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
        return self.cursor().execute(statement, parameters)

    def create_function(self, name: str, arguments: int, function: Any, *, deterministic: bool = False) -> None:
        self.apsw.create_scalar_function(name, function, arguments, deterministic=deterministic)

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def _end(self, how: str) -> None:
        if self.apsw.in_transaction:
            self.execute(how)

    def close(self) -> None:
        self.apsw.close()


def connect(database: str, timeout: int = 5, **_of_sqlite3: Any) -> Connection:
    return Connection(database, timeout)


def Binary(value: bytes) -> bytes:  # noqa: N802
    return value
