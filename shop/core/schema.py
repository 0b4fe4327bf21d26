"""Migrations: forward only, run by Alembic, which is imported when one is asked for and never by a web request."""

from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from shop.core.db import db

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def revisions() -> list[str]:
    """All revisions among the files, oldest first: a file name begins with its revision, and they sort by age."""
    return sorted(path.name.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def head() -> str:
    """The newest revision."""
    return revisions()[-1]


def at_head() -> bool:
    """Whether the database bears the newest revision."""
    if not inspect(db.engine).has_table("alembic_version"):
        return False
    with db.engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == head()


def upgrade(to: str = "head") -> None:
    """Bring the database to a revision, the newest unless another is named."""
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    options: Any = Config()
    options.set_main_option("script_location", str(FOLDER))
    with db.engine.connect() as connection:
        options.attributes["connection"] = connection
        command.upgrade(options, to)
        connection.commit()
