"""The application is made before processes are forked, and is theirs."""

import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import shop.app
from shop.app import from_environment, prepare
from shop.catalogue.models import Product
from shop.core.db import db
from tests.builders import make_product
from tests.conftest import make_settings


@pytest.fixture
def shop_of(app: Flask, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(tmp_path, database_url)
    monkeypatch.setattr("shop.app.load_settings", lambda *, serving: settings)
    monkeypatch.setattr(shop.app, "_prepared", [])


@pytest.mark.both_databases
def test_a_process_takes_the_application_that_was_made_and_connections_of_its_own(shop_of: None) -> None:
    make_product()
    db.session.remove()
    prepare()
    made = from_environment()
    assert made is from_environment()
    with made.app_context():
        assert db.engine.pool.checkedout() == db.engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with made.app_context():
            seen = len(db.session.scalars(select(Product.id)).all()) == 1
            seen = seen and made.test_client().get("/fr/products").status_code == 200
        os.write(write, b"seen" if seen else b"not seen")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 10) == b"seen"


def test_a_database_that_is_away_is_no_obstacle(shop_of: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = make_settings(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/nowhere", testing=False)
    monkeypatch.setattr("shop.app.load_settings", lambda *, serving: away)
    monkeypatch.setattr("shop.core.db._patience._seconds", 0)
    prepare()
    assert from_environment().config["SETTINGS"] is away


def test_a_database_without_tables_is_no_obstacle(
    shop_of: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = make_settings(tmp_path, f"sqlite:///{tmp_path}/empty.sqlite", testing=False)
    monkeypatch.setattr("shop.app.load_settings", lambda *, serving: empty)
    prepare()
    assert from_environment().config["SETTINGS"] is empty
