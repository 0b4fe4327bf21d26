"""`python -m tests.bench.reconcile [--movements N] [--missing N] [--database sqlite|postgresql] [--port N]`.

`shop reconcile` over the real SDK and HTTP against the double in a process of its own: seconds, and memory at its peak.
First with the newest sales missing in the shop, as after a restored backup: they are fetched and booked. Then all again,
when nothing differs. Then with three differences planted, which it must find. Exit code 1 if an answer is not the one
that is true; the figures wanted are 60 seconds and 300 MB for 100,000 movements.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from shop.app import create_app
from shop.core.config import from_environment
from shop.core.db import db, transaction
from shop.core.schema import upgrade
from shop.core.tables import Installation
from shop.demo.run import environment
from tests.bench.movements import fill
from tests.bench.processes import free_port, serve

SECONDS, MEGABYTES = 60, 300
DOUBLE = (
    "from shop.demo.double.serve import serve; import sys; "
    "serve('127.0.0.1', int(sys.argv[1]), sys.argv[2], None, ['whsec_bench'], 1)"
)


@dataclass(frozen=True)
class Look:
    """One run of the command: its answer and what it cost."""

    answer: dict[str, Any]
    code: int
    seconds: float
    cpu: float
    megabytes: float


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def look(env: dict[str, str], *arguments: str) -> Look:
    """Run `shop reconcile` as anybody would."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "shop.cli", "reconcile", "--json", *arguments]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read()
    _pid, status, used = os.wait4(process.pid, 0)
    elapsed = time.monotonic() - begun
    code = process.returncode = os.waitstatus_to_exitcode(status)
    return Look(json.loads(said), code, elapsed, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def make_shop(env: dict[str, str]) -> Flask:
    """A migrated shop that bears the demonstration's mark, which alone may speak to a double."""
    app = create_app(from_environment(env, demo=True))
    with app.app_context():
        upgrade()
        with transaction():
            db.session.merge(Installation(key="demo", value="1"))
    return app


def plant(double: Path) -> None:
    """Three differences at the double: a movement that is gone, one of another amount, one nobody knows."""
    with sqlite3.connect(double) as connection:
        connection.execute("DELETE FROM object WHERE id = 'txn_ch_00000101'")
        connection.execute(
            "UPDATE object SET body = json_set(body, '$.amount', 1, '$.fee', 0, '$.net', 1) WHERE id = 'txn_ch_00000102'"
        )
        connection.execute(
            "INSERT INTO object (id, kind, created, body, hidden) SELECT 'txn_x', kind, created, json_set(body, '$.id', "
            "'txn_x', '$.source', 'ch_x', '$.type', 'contribution'), '{}' FROM object WHERE id = 'txn_ch_00000103'"
        )


def check(name: str, found: Look, wanted: list[str], others: str = "") -> list[str]:
    """What of an answer is not so; kinds of differences in order, those of `others` only counted."""
    kinds = sorted(one["kind"] for one in found.answer["differences"] if one["kind"] != others)
    faults = [] if kinds == wanted else [f"{name}: found {kinds[:9]}, {wanted[:9]} are there"]
    if found.seconds > SECONDS or found.megabytes > MEGABYTES:
        faults.append(f"{name}: {found.seconds:.1f} s and {found.megabytes:.0f} MB are too much")
    return faults


def show(name: str, found: Look) -> None:
    rate = found.answer["movements"] / found.seconds
    print(
        f"{name:42} {found.answer['movements']:8} {len(found.answer['differences']):6} {found.seconds:8.1f}"
        f" {found.cpu:8.1f} {found.megabytes:8.0f} {rate:8.0f}",
        flush=True,
    )


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reconcile")
    parser.add_argument("--movements", type=int, default=100_000)
    parser.add_argument("--missing", type=int, default=1_000, help="sales that the shop has not heard of")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--port", type=int, default=0, help="of the double; 0 takes a free one")
    return parser.parse_args(arguments)


def database_of(kind: str) -> dict[str, str]:
    """The setting for a database that is not the folder's own."""
    if kind == "sqlite":
        return {}
    from sqlalchemy import create_engine, text  # noqa: PLC0415

    from tests.postgresql import postgresql_url  # noqa: PLC0415

    with create_engine(postgresql_url("postgres"), isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CREATE DATABASE bench"))
    return {"SHOP_DATABASE_URL": postgresql_url("bench")}


def main(arguments: list[str]) -> int:
    given = read_arguments(arguments)
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as name, ExitStack() as stack:
        folder, port = Path(name), given.port or free_port()
        values = environment(folder, "127.0.0.1", 1, port)
        env = {**os.environ, "SHOP_INSTANCE": str(folder), **values, **database_of(given.database)}
        say("Writing the movements …")
        app = make_shop(env)
        with app.app_context():
            made = fill(folder / "stripe.sqlite", given.movements, given.missing)
            db.session.remove()
            db.engine.dispose()
        double = [sys.executable, "-c", DOUBLE, str(port), str(folder / "stripe.sqlite")]
        stack.enter_context(serve("double", double, port, "/_ctl/", env))
        print(
            f"{given.database}, {made} movements\n{'':42} {'seen':>8} {'differ':>6} {'seconds':>8} {'cpu s':>8} {'MB':>8} {'a second':>8}"
        )
        faults: list[str] = []
        for title, wanted, others, arguments_ in (
            ("the newest missing: fetched and booked", [], "ours_missing", ()),
            ("nothing differs, all looked at", [], "", ("--since", "2020-01-01")),
            ("nothing differs, from the last look on", [], "", ()),
        ):
            found = look(env, *arguments_)
            show(title, found)
            faults += check(title, found, wanted, others)
        plant(folder / "stripe.sqlite")
        found = look(env, "--since", "2020-01-01")
        show("three planted", found)
        planted = ["amount", "balance", "stripes_missing", "unknown"]
        faults += check("three planted", found, planted)
    for fault in faults:
        say(fault)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
