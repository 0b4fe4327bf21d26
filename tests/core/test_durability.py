"""What the database promises is asked of a live connection, and what breaks the promise is said."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from shop.core import db as database
from shop.core.db import db, engine_options
from shop.core.durability import read_promise


@pytest.mark.both_databases
def test_a_connection_of_the_shop_waits_for_the_disk(app: Flask, database_kind: str) -> None:
    with db.engine.connect() as connection:
        promise = read_promise(connection)
    assert promise.faults == ()
    told = ("journal mode WAL, synchronous FULL",) if database_kind == "sqlite" else ("PostgreSQL 1", "fsync on")
    assert all(part in promise.said for part in told)


@pytest.mark.parametrize(
    ("pragma", "fault"),
    [
        ("synchronous=NORMAL", "a power cut loses orders"),
        ("journal_mode=MEMORY", "no journal on disk"),
        ("foreign_keys=OFF", "foreign_keys is off"),
        ("recursive_triggers=OFF", "recursive_triggers is off"),
        ("busy_timeout=0", "busy_timeout is below"),
    ],
)
def test_each_setting_that_is_not_in_force_is_found(app: Flask, pragma: str, fault: str) -> None:
    with db.engine.connect() as connection:
        connection.connection.driver_connection.execute(f"PRAGMA {pragma}")
        found = read_promise(connection).faults
        connection.invalidate()
    assert len(found) == 1
    assert fault in found[0]


def as_if_unsound(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("shop.core.db", "shop.core.durability"):
        monkeypatch.setattr(f"{module}.in_wal_reset_range", lambda _version: True)


def connect(path: Path) -> Connection:
    url = f"sqlite:///{path}"
    return create_engine(url, **engine_options(url)).connect()


def test_a_library_that_can_corrupt_a_wal_is_not_used_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(tmp_path / "shop.sqlite").close()
    as_if_unsound(monkeypatch)
    with connect(tmp_path / "shop.sqlite") as connection:
        promise = read_promise(connection)
    assert "journal mode DELETE, synchronous FULL; this library can corrupt a database in WAL mode" in promise.said
    assert promise.faults == ()


def test_wal_under_such_a_library_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(tmp_path / "shop.sqlite") as connection:
        as_if_unsound(monkeypatch)
        assert "install pysqlite3" in read_promise(connection).faults[0]


def test_the_library_in_use_is_sound() -> None:
    assert not database.in_wal_reset_range(database.sqlite_module().sqlite_version_info)
