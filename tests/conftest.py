"""Fixtures of the whole suite: an app on SQLite or PostgreSQL, a clock that stands still, no network."""

import gc
import gzip
import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from pytest_socket import socket_allow_hosts
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from shop.app import create_app
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.config import Settings
from shop.core.db import db
from shop.web import assets
from tests.postgresql import Lender, create_database, postgresql_url

MORNING = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


class Browser(FlaskClient):
    """Requests of a test share the context of its app; what one request has learnt must not reach the next."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        for name in list(g):
            g.pop(name)
        return super().open(*args, **kwargs)


def make_settings(folder: Path, database_url: str, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "instance": folder,
        "secret_key": "a secret key of the tests that is long enough",
        "database_url": database_url,
        "base_url": "http://localhost",
        "storage_url": f"file://{folder / 'media'}",
        "mail_url": f"file://{folder / 'mail'}",
        "stripe_secret_key": "sk_test_demo_tests",
        "stripe_webhook_secrets": ("whsec_tests",),
        "stripe_api_base": "http://127.0.0.1:1",
        "testing": True,
    }
    return Settings(**{**values, **changes})


@pytest.fixture(scope="session", autouse=True)
def compile_rules_once() -> Iterator[None]:
    """Nearly every test has an app of its own with the same hundred and more rules, and Werkzeug compiles each anew.

    Without this the suite spends more time on compiling rules than on any room of the shop.
    """
    compile_anew, known = Rule.compile, {}

    def compile_rule(self: Rule) -> None:
        defaults = tuple(sorted((self.defaults or {}).items()))
        place = self.map.host_matching, self.host, self.subdomain, tuple(self.map.converters.items())
        key = (self.rule, self.is_leaf, self.strict_slashes, self.merge_slashes, defaults, place)
        if key not in known:
            compile_anew(self)
            compiled = {name: getattr(self, name) for name in ("_parts", "_trace", "_converters", "arguments")}
            known[key] = compiled, self._build.__func__, self._build_unknown.__func__
        compiled, build, build_unknown = known[key]
        vars(self).update(compiled)
        self._build, self._build_unknown = build.__get__(self), build_unknown.__get__(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "compile", compile_rule)
        yield


@pytest.fixture(scope="session", autouse=True)
def join_assets_once() -> Iterator[None]:
    """And every app joins and packs the same stylesheets, scripts and signs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("join_css", "sprite"):
            patch.setattr(assets, name, lru_cache(getattr(assets, name)))
        patch.setattr(assets, "gzip", SimpleNamespace(compress=lru_cache(gzip.compress)))
        yield


class Memory(BytecodeCache):
    """Templates as compiled by whichever application of this process came first."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = (bucket.checksum, bucket.code)


@pytest.fixture(scope="session", autouse=True)
def compile_templates_once() -> Iterator[None]:
    """As with rules: a fifth of the suite's time went into the same hundred templates for each application."""
    memory, init = Memory(), Environment.__init__

    def begin(self: Environment, *given: Any, **options: Any) -> None:
        init(self, *given, **options)
        self.bytecode_cache = self.bytecode_cache or memory

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "__init__", begin)
        yield


@pytest.fixture(scope="session", autouse=True)
def compile_statements_once() -> Iterator[None]:
    """And with statements: each application has an engine, and each engine compiles all of them anew.

    What is compiled rests on the kind of the database, its driver and its version, which engines of a kind share.
    """
    known: Any = LRUCache(20_000)

    def share(connection: Connection) -> None:
        connection.engine._compiled_cache = known

    def identity(dialect: Any) -> tuple[Any, ...]:
        return type(dialect), dialect.paramstyle, getattr(dialect, "server_version_info", None)

    event.listen(Engine, "engine_connect", share)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__hash__", lambda self: hash(identity(self)))
        patch.setattr(DefaultDialect, "__eq__", lambda self, other: identity(self) == identity(other))
        yield
    event.remove(Engine, "engine_connect", share)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the whole schema, copied for every test."""
    folder = tmp_path_factory.mktemp("template")
    path = folder / "empty.sqlite"
    app = create_app(make_settings(folder, f"sqlite:///{path}"))
    with app.app_context():
        db.create_all()
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_databases(tmp_path_factory: pytest.TempPathFactory) -> Lender:
    """Empty PostgreSQL databases with the whole schema."""
    folder = tmp_path_factory.mktemp("template_pg")
    name = f"template_{uuid.uuid4().hex[:8]}"
    create_database(name)
    app = create_app(make_settings(folder, postgresql_url(name)))
    with app.app_context():
        db.create_all()
        db.session.remove()
        db.engine.dispose()
    return Lender(name)


@pytest.fixture
def database_kind() -> str:
    """'sqlite' unless a test is parametrised by `both_databases`."""
    return "sqlite"


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if database_kind == "sqlite":
        path = tmp_path / "shop.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    databases: Lender = request.getfixturevalue("postgresql_databases")
    name = databases.lend()
    yield postgresql_url(name)
    databases.take_back(name)


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    """Override in a module to change settings of `app`."""
    return {}


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: VirtualClock, settings_changes: dict[str, Any]) -> Iterator[Flask]:
    """The whole application on an empty database, inside its context."""
    (tmp_path / "media").mkdir()
    application = create_app(make_settings(tmp_path, database_url, **settings_changes))
    application.test_client_class = Browser
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Monday 15 June 2026, ten in the morning in Casablanca, until a test moves it."""
    virtual = VirtualClock(MORNING)
    with clock_module.use(virtual):
        yield virtual


class Statements(list[str]):
    """SQL statements sent while counting, without BEGIN and the like."""


@pytest.fixture
def count_statements(app: Flask) -> Iterator[Any]:
    """`with count_statements() as seen:` … `len(seen)`."""
    active: list[Statements] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.upper().startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            for seen in active:
                seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)

    class Counting:
        def __enter__(self) -> Statements:
            self.seen = Statements()
            active.append(self.seen)
            return self.seen

        def __exit__(self, *error: object) -> None:
            active.remove(self.seen)

    yield Counting
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that lies beside the checkout on some machines; skips where it is absent."""
    folder = Path(os.environ.get("SHOP_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the folder of real data is not beside this checkout (set SHOP_SHARED_DATA)")
    return folder


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no search for garbage needs to look through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Nothing reaches beyond this machine; the plugin lifts it after each test."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_databases"):
        if "database_kind" not in metafunc.fixturenames:
            metafunc.fixturenames.append("database_kind")
        metafunc.parametrize("database_kind", ["sqlite", "postgresql"])
