"""Which installation this is: its settings, and whether its database bears the demo's mark.

A demonstration keeps its own few settings (addresses, made-up Stripe keys) in `demo.json` of its folder, so that every
command given that folder works on it; they are read only where the mark stands.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from shop.core.config import Settings, check_production, from_environment
from shop.core.db import engine_options
from shop.core.errors import ConfigurationError

DEMO_FILE = "demo.json"


def find_mark(database_url: str, key: str = "demo") -> str | None:
    """The value of an installation mark; None where there is no database, no table, or no such mark."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    engine = create_engine(url, **engine_options(database_url))
    try:
        if not inspect(engine).has_table("installation"):
            return None
        with engine.connect() as connection:
            found = connection.execute(text("SELECT value FROM installation WHERE key = :key"), {"key": key}).first()
            return None if found is None else str(found[0])
    finally:
        engine.dispose()


def holds_something_else(database_url: str) -> bool:
    """Whether there is a database with tables that does not bear the demo's mark."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return False
    engine = create_engine(url, **engine_options(database_url))
    try:
        return bool(inspect(engine).get_table_names()) and find_mark(database_url) is None
    finally:
        engine.dispose()


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
