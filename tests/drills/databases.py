"""A database for each installation, copied from one that is migrated, marked as a demonstration and knows the basics."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

from shop.app import create_app
from shop.core.db import db, transaction
from shop.core.policies import decide_policy
from shop.core.schema import upgrade
from shop.core.tables import Installation
from shop.web.fonts import FACES
from tests.builders import make_basics
from tests.conftest import make_settings
from tests.postgresql import create_database, drop_database, postgresql_url

MANY = 1_000_000


@cache
def _keep() -> "tempfile.TemporaryDirectory[str]":
    """A folder that lives as long as this process."""
    return tempfile.TemporaryDirectory(prefix="shop-drills-")


def stand_in_fonts(folder: Path) -> None:
    """Empty files in the place of the fonts, which take their time to be cut and hold no money."""
    folder.mkdir()
    for face in FACES:
        (folder / face.file_name).touch()


@cache
def _sqlite_template() -> Path:
    path = Path(_keep().name) / "template.sqlite"
    fill(f"sqlite:///{path}")
    return path


@cache
def _postgresql_template() -> str:
    name = f"drills_{uuid.uuid4().hex[:8]}"
    create_database(name)
    fill(postgresql_url(name))
    return name


def fill(url: str) -> None:
    """Migrate an empty database, mark it as a demonstration and tell it the basics."""
    app = create_app(make_settings(Path(_keep().name), url))
    with app.app_context():
        upgrade()
        with transaction():
            # Only in a demonstration may Stripe's address be the double's.
            db.session.merge(Installation(key="demo", value="1"))
            # All buyers of a drill come from one address and within a minute.
            decide_policy("order_limits", {"network": MANY, "email": MANY, "all": MANY}, date(2026, 1, 1))
        make_basics()
        db.session.remove()
        db.engine.dispose()


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Address of a new database of a kind ("sqlite", "postgresql"), gone at the end."""
    if kind == "sqlite":
        shutil.copy(_sqlite_template(), folder / "shop.sqlite")
        yield f"sqlite:///{folder / 'shop.sqlite'}"
        return
    name = f"drill_{uuid.uuid4().hex[:10]}"
    create_database(name, template=_postgresql_template())
    try:
        yield postgresql_url(name)
    finally:
        drop_database(name)
