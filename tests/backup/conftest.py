"""An installation that can be backed up: migrated, and with PostgreSQL's own programs on the path where it needs them."""

import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from shop.core import schema
from shop.core.db import db
from tests.postgresql import programs


@pytest.fixture(autouse=True)
def migrated(app: Flask, database_kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": schema.head()})
    if database_kind == "postgresql":
        monkeypatch.setenv("PATH", f"{programs()}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a backup goes."""
    return tmp_path / "backup.zip"
