"""Which installation this is: its settings, and whether its database bears the demo's mark.

A demonstration keeps its own few settings (addresses, made-up Stripe keys) in `demo.json` of its folder, so that every
command given that folder works on it; they are read only where the mark stands.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from shop.core.config import Settings, check_production, from_environment
from shop.core.db import engine_options, sqlite_module
from shop.core.errors import ConfigurationError

DEMO_FILE = "demo.json"


@contextmanager
def _looked_at(database_url: str) -> Iterator[Engine | None]:
    """A database opened only to be looked at; None where there is no file. A stranger's is not touched.

    SQLite's is opened read-only and without the shop's own settings, which would turn its journal into another kind.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.exists():
            yield None
            return
        address, module = f"{path.resolve().as_uri()}?mode=ro", sqlite_module()

        def connect() -> Any:
            connection = module.connect(address, uri=True)
            connection.execute("PRAGMA query_only=ON")
            return connection

        engine = create_engine("sqlite://", creator=connect, module=module)
    else:
        engine = create_engine(url, **engine_options(database_url))
    try:
        yield engine
    finally:
        engine.dispose()


def find_mark(database_url: str, key: str = "demo") -> str | None:
    """The value of an installation mark; None where there is no database, no table, or no such mark."""
    with _looked_at(database_url) as engine:
        if engine is None or not inspect(engine).has_table("installation"):
            return None
        with engine.connect() as connection:
            found = connection.execute(text("SELECT value FROM installation WHERE key = :key"), {"key": key}).first()
            return None if found is None else str(found[0])


def holds_something_else(database_url: str) -> bool:
    """Whether there is a database with tables that does not bear the demo's mark."""
    with _looked_at(database_url) as engine:
        held = engine is not None and bool(inspect(engine).get_table_names())
    return held and find_mark(database_url) is None


def load_settings(environ: Mapping[str, str] | None = None, *, serving: bool = False) -> Settings:
    """Effective settings; `serving` demands what production needs. Raises ConfigurationError."""
    env = dict(os.environ if environ is None else environ)
    settings = from_environment(env)
    try:
        demo = find_mark(settings.database_url) is not None
    except Exception as error:
        raise ConfigurationError(f"SHOP_DATABASE_URL names a database that cannot be opened: {error}") from error
    if demo:
        path = settings.instance / DEMO_FILE
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        settings = from_environment({**kept, **env}, demo=True)
    if serving:
        check_production(settings)
    return settings
