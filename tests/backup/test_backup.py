"""A backup is whole or not there, consistent whatever is sold meanwhile, and puts back exactly what it holds."""

import json
import re
import shutil
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from shop.app import create_app
from shop.backup import postgresql, services, sqlite
from shop.backup.errors import BackupFailed, RestoreRefused
from shop.backup.services import back_up, restore
from shop.core import clock as clock_module
from shop.core import marks
from shop.core.clock import VirtualClock
from shop.core.db import db, engine_options, instead, transaction
from shop.core.errors import ShopError
from shop.core.runtime import settings
from shop.core.tables import Installation
from shop.media.images import store_image
from shop.orders.models import Order
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit

QUIET: Callable[..., None] = lambda *_given: None  # noqa: E731


def orders() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Order.number)))


def draw() -> None:
    with transaction():
        store_image(Image.new("RGB", (400, 400), "#c9a227"), now=clock_module.now())


def media() -> dict[str, bytes]:
    folder = settings().media_folder
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("*/*")}


@pytest.mark.both_databases
def test_what_was_backed_up_comes_back_and_what_was_there_is_kept_aside(app: Flask, file: Path) -> None:
    unit = make_unit()
    draw()
    before, pictures = {make_order(make_product(unit)).number}, media()
    written = back_up(file, force=False, progress=QUIET)
    assert (written.pictures, written.manifest.counts["shop_order"]) == (len(pictures), 1)
    lost = make_order(make_product(unit)).number
    shutil.rmtree(settings().media_folder)

    restored = restore(file, force=True, progress=QUIET)
    assert orders() == before
    assert media() == pictures
    assert list_findings() == []
    assert marks.find_moment(marks.RESTORED_TO) == written.manifest.made_at
    assert lost in kept_aside(restored.aside)


def kept_aside(where: str | None) -> set[str]:
    assert where
    if where.startswith("schema "):
        return set(db.session.scalars(text(f"SELECT number FROM {where.removeprefix('schema ')}.shop_order")))
    with sqlite.opened(Path(where)) as engine, instead(engine) as session:
        return set(session.scalars(select(Order.number)))


def test_an_empty_installation_takes_it_without_being_forced(app: Flask, file: Path, tmp_path: Path) -> None:
    order = make_order().number
    back_up(file, force=False, progress=QUIET)
    db.session.remove()
    db.engine.dispose()
    (tmp_path / "shop.sqlite").unlink()
    restored = restore(file, force=False, progress=QUIET)
    assert restored.aside is None
    assert orders() == {order}
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


@pytest.mark.both_databases
def test_a_backup_under_writers_is_of_one_moment(app: Flask, file: Path, clock: VirtualClock) -> None:
    pot = make_product(stock=1000, kind="repeatable")
    acknowledged, stop = [], threading.Event()

    def sell() -> None:
        with app.app_context(), clock_module.use(VirtualClock(clock())):
            while not stop.is_set():
                acknowledged.append(make_order(pot).number)
            db.session.remove()

    sellers = [threading.Thread(target=sell) for _seller in range(2)]
    for seller in sellers:
        seller.start()
    while len(acknowledged) < 3:
        stop.wait(0.01)
    before = set(acknowledged)
    back_up(file, force=False, progress=QUIET)
    while len(acknowledged) < len(before) + 3:
        stop.wait(0.01)
    stop.set()
    for seller in sellers:
        seller.join()
    restore(file, force=True, progress=QUIET)
    assert before <= orders() < set(acknowledged)
    assert list_findings() == []


@pytest.mark.both_databases
def test_a_restore_under_writers_loses_nothing_that_is_not_kept_aside(
    app: Flask, file: Path, clock: VirtualClock
) -> None:
    pot = make_product(stock=1000, kind="repeatable")
    back_up(file, force=False, progress=QUIET)
    acknowledged, stop = [], threading.Event()
    # Connections of its own, as another process has.
    other = create_app(app.config["SETTINGS"])

    def sell() -> None:
        with other.app_context(), clock_module.use(VirtualClock(clock())):
            while not stop.is_set():
                try:
                    acknowledged.append(make_order(pot).number)
                except (ShopError, SQLAlchemyError):
                    # Whoever is in the middle when everything changes; from then on no orders are taken.
                    db.session.rollback()
                    stop.wait(0.01)
            db.session.remove()
            db.engine.dispose()

    seller = threading.Thread(target=sell)
    seller.start()
    while len(acknowledged) < 3:
        stop.wait(0.01)
    restored = restore(file, force=True, progress=QUIET)
    stop.set()
    seller.join()
    assert set(acknowledged) == kept_aside(restored.aside)
    assert orders() == set()


def test_another_process_sees_the_restored_database_at_once(app: Flask, file: Path) -> None:
    url = app.config["SETTINGS"].database_url
    other = create_engine(url, **engine_options(url))
    back_up(file, force=False, progress=QUIET)
    make_order()
    count = select(func.count(Order.id))
    with other.connect() as connection:
        assert connection.scalar(count) == 1
        connection.rollback()
        restore(file, force=True, progress=QUIET)
        assert connection.scalar(count) == 0
    other.dispose()


def test_a_backup_does_not_replace_a_file_unless_forced(app: Flask, file: Path) -> None:
    file.write_text("the only good one")
    with pytest.raises(BackupFailed, match="--force"):
        back_up(file, force=False, progress=QUIET)
    assert file.read_text() == "the only good one"
    back_up(file, force=True, progress=QUIET)
    assert zipfile.is_zipfile(file)


def test_a_backup_that_fails_leaves_what_was_there_and_nothing_half_written(
    app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("the only good one")
    present = set(file.parent.iterdir())
    monkeypatch.setattr(services, "unbalanced", lambda: ["The accounts in EUR sum to 1, not 0."])
    with pytest.raises(BackupFailed, match="sum to 1"):
        back_up(file, force=True, progress=QUIET)
    assert file.read_text() == "the only good one"
    assert set(file.parent.iterdir()) == present


def test_a_copy_that_is_damaged_is_not_called_a_backup(app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_order()
    copy = sqlite.copy_database

    def copy_and_lose_a_page(engine: Any, target: Path) -> None:
        copy(engine, target)
        with closing(sqlite.open_file(target)) as healthy:
            wanted = "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_shop_order_paid'"
            page = healthy.execute(wanted).fetchone()[0]
        with target.open("r+b") as broken:
            broken.seek((page - 1) * 4096)
            broken.write(bytes(4096))

    monkeypatch.setattr(sqlite, "copy_database", copy_and_lose_a_page)
    with pytest.raises(BackupFailed, match="not sound"):
        back_up(file, force=False, progress=QUIET)
    assert not file.exists()


def test_no_secret_is_in_it_and_only_its_owner_reads_it(app: Flask, file: Path) -> None:
    back_up(file, force=False, progress=QUIET)
    with zipfile.ZipFile(file) as archive:
        manifest = archive.read("manifest.json").decode()
    for secret in (settings().secret_key, settings().stripe_secret_key, *settings().stripe_webhook_secrets):
        assert secret not in manifest
    assert file.stat().st_mode & 0o077 == 0
    assert "(set, hidden)" in manifest


def rewritten(file: Path, **changes: Any) -> Path:
    """The file with other members: bytes for new content, None for none; `manifest` changes entries of the list."""
    other = file.with_name("other.zip")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(other, "w") as target:
        members = {name: source.read(name) for name in source.namelist()}
        manifest = {**json.loads(members["manifest.json"]), **changes.pop("manifest", {})}
        members |= {"manifest.json": json.dumps(manifest).encode(), **changes}
        for name, content in members.items():
            if content is not None:
                target.writestr(name, content)
    return other


# What is changed in a good backup, and what is said of it.
NOT_RIGHT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"database.sqlite": b"SQLite format 3\0 and then nothing"}, "not what was put in"),
    ({"database.sqlite": None}, "does not hold what its list says"),
    ({"media/../../evil": b"x"}, "does not hold what its list says"),
    (
        {"../evil.jpg": b"x", "manifest": {"members": {"../evil.jpg": [1, "2d711642"], "database.sqlite": [0, ""]}}},
        "which no backup of this shop does",
    ),
    ({"manifest": {"revision": "9999"}}, "does not know"),
    ({"manifest": {"format": 2}}, "format 2"),
    ({"manifest": {"database": "postgresql"}}, "is of postgresql"),
    ({"manifest": {"counts": {"shop_order": 7}}}, "not hold what its list says"),
    ({"manifest": {"demo": True}}, "take each other's place"),
    ({"manifest.json": b"{}"}, "format None"),
    ({"manifest.json": b"nonsense"}, "is not a backup"),
)


def test_a_file_that_is_not_right_changes_nothing(app: Flask, file: Path) -> None:
    back_up(file, force=False, progress=QUIET)
    order = make_order().number
    present = set(file.parent.rglob("*"))
    for changes, said in NOT_RIGHT:
        with pytest.raises(RestoreRefused, match=re.escape(said)):
            restore(rewritten(file, **changes), force=True, progress=QUIET)
        assert orders() == {order}
        assert set(file.parent.rglob("*")) - present == {file.with_name("other.zip")}


def test_a_file_that_was_cut_short_is_refused(app: Flask, file: Path) -> None:
    back_up(file, force=False, progress=QUIET)
    for left in (-1, 200, 10):
        file.write_bytes(file.read_bytes()[:left])
        with pytest.raises(RestoreRefused):
            restore(file, force=True, progress=QUIET)


def test_a_file_with_one_bit_turned_is_refused(app: Flask, file: Path) -> None:
    back_up(file, force=False, progress=QUIET)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(RestoreRefused, match=r"damaged|not what was put in"):
        restore(file, force=True, progress=QUIET)


def test_an_installation_with_data_is_not_replaced_unless_forced(app: Flask, file: Path) -> None:
    back_up(file, force=False, progress=QUIET)
    order = make_order().number
    with pytest.raises(RestoreRefused, match="--force"):
        restore(file, force=False, progress=QUIET)
    assert orders() == {order}


@pytest.mark.both_databases
def test_a_restore_that_dies_halfway_leaves_the_old_database(
    app: Flask, file: Path, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(file, force=False, progress=QUIET)
    order = make_order().number
    if database_kind == "sqlite":
        monkeypatch.setattr(sqlite, "_keep", lambda *_given: (_ for _ in ()).throw(OSError("no room")))
    else:
        monkeypatch.setattr(marks, "RESTORED_TO", "x")
        monkeypatch.setattr(services, "RESTORED_TO", "it's")
    with pytest.raises((RestoreRefused, OSError)):
        restore(file, force=True, progress=QUIET)
    assert orders() == {order}
    with transaction():
        db.session.add(Installation(key="still", value="writable"))


def test_missing_programs_of_postgresql_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    url = "postgresql+psycopg://nobody:secret@localhost/none"
    with pytest.raises(BackupFailed, match="pg_dump is not on the path; install"):
        postgresql.copy_database(create_engine(url), "x", tmp_path / "dump")
