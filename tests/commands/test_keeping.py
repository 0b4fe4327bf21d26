"""`shop backup`, `shop restore`, `shop doctor` and `shop db check` as they are typed: what they print and how they end."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from shop.cli import main
from shop.core import schema
from shop.core.clock import VirtualClock
from shop.core.db import db
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.builders import make_order
from tests.stripe_bench import Bench, make_bench

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bench(app: Flask, clock: VirtualClock) -> Iterator[Bench]:
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": schema.head()})
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        yield bench


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bench: Bench) -> Typed:
    """`typed("backup", file, instance=folder)`: exit code, standard output, standard error."""
    for name in ("SHOP_DATABASE_URL", "SHOP_STORAGE_URL", "SHOP_BASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object, instance: Path = tmp_path) -> tuple[int, str, str]:
        monkeypatch.setenv("SHOP_INSTANCE", str(instance))
        monkeypatch.setattr(sys, "argv", ["shop", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_a_backup_is_made_and_put_back_elsewhere(typed: Typed, bench: Bench, tmp_path: Path) -> None:
    number, file, elsewhere = make_order().number, tmp_path / "backup.zip", tmp_path / "elsewhere"
    code, out, _err = typed("backup", file)
    assert code == 0
    assert f"schema {schema.head()}; orders: 1, ledger rows: 0, picture files: 0. Secrets are not in it." in out

    code, _out, err = typed("backup", file)
    assert (code, "--force" in err) == (1, True)

    code, out, err = typed("restore", file, instance=elsewhere)
    # The piece of this test has a picture without a file.
    assert code == 0
    assert err.startswith("Pictures of the database that have no file here, nor in the backup: 1.")
    assert err.count("\n") == 1
    assert "Payment pages opened since: 0 rebuilt, 0 adopted, 0 set aside, 0 closed." in out
    with db.engine.connect() as connection:
        connection.execute(text("ATTACH :path AS other"), {"path": str(elsewhere / "shop.sqlite")})
        assert connection.execute(text("SELECT number FROM other.shop_order")).scalar() == number

    code, _out, err = typed("restore", file, instance=elsewhere)
    assert (code, "--force" in err) == (1, True)

    bench.control("refuse", times=9)
    code, out, err = typed("restore", "--force", file, instance=elsewhere)
    assert (code, "is kept in" in out) == (1, True)
    assert err.splitlines()[1].startswith("Stripe did not answer")
    assert err.count("\n") == 2

    code, out, _err = typed("doctor", instance=elsewhere)
    assert code == 1
    assert "wrong  restore: No orders are taken until Stripe was asked" in out


def test_the_check_of_the_database_says_what_it_promises(typed: Typed) -> None:
    code, out, err = typed("db", "check")
    assert (code, err) == (0, "")
    assert out.startswith("Database: SQLite 3.")
    assert "journal mode WAL, synchronous FULL" in out
