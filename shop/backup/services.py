"""Writing a backup while the shop sells, and putting one back. Called with the app's context, outside any transaction."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection

from shop.backup import archive, postgresql, sqlite
from shop.backup.archive import DATABASE, MEDIA, Manifest, Reader, Writer
from shop.backup.errors import BackupFailed, RestoreRefused
from shop.core import clock, schema
from shop.core.db import db, dialect, instead, transaction
from shop.core.durability import read_promise
from shop.core.errors import ShopError
from shop.core.guards import missing_guards
from shop.core.marks import RESTORED_TO, find_moment, remember_moment
from shop.core.policies import is_demo
from shop.core.runtime import settings
from shop.ledger.checks import unbalanced
from shop.media.models import Picture
from shop.media.storage import name_of, store

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Written:
    """What a new backup holds. `missing` counts pictures of the database that have no file.

    `elsewhere` says where the pictures are when they are not in it, because they are not on this machine.
    """

    manifest: Manifest
    bytes: int
    pictures: int
    missing: int
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back. `aside` says where what was there before is kept; None if there was nothing.

    `missing` counts pictures of the database that have no file, in the backup or here.
    """

    manifest: Manifest
    pictures: int
    aside: str | None
    missing: int


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the copy of a database says of itself."""

    server: str
    revision: str
    demo: bool
    counts: dict[str, int]
    pictures: set[str]


def back_up(path: Path, *, force: bool, progress: Progress) -> Written:
    """Write everything an installation needs, except secrets, to a new file. Raises BackupFailed.

    The copy is read back before it is called done: its pages and indexes, the guards of the books, their sums.
    """
    if _is_empty():
        raise BackupFailed("There is no database to back up; run: shop db upgrade")
    folder = settings().media_folder
    there = set()
    with archive.writing(path, force=force) as writer:
        made_at = clock.now()
        facts = _add_database(writer, path.parent)
        # After the database: a picture's files are written before its row and are never removed.
        there = {name for name, _bytes in store().list_names()}
        names = sorted(there) if folder is not None else []
        for done, name in enumerate(names, 1):
            writer.add(MEDIA + name, folder / name, packed=False)  # type: ignore[operator]
            progress("pictures", done, len(names))
        manifest = Manifest(
            made_at=made_at,
            release=version("artisan-export-shop"),
            database=dialect(),
            server=facts.server,
            revision=facts.revision,
            demo=facts.demo,
            settings=settings().shown(),
            counts=facts.counts,
        )
        writer.finish(manifest)
    elsewhere = settings().storage_shown if folder is None else ""
    return Written(manifest, path.stat().st_size, len(names), len(facts.pictures - there), elsewhere)


def _is_empty() -> bool:
    return not inspect(db.engine).get_table_names()


def _add_database(writer: Writer, beside: Path) -> _Facts:
    """Copy the database beside the backup, read the copy, put it in."""
    with tempfile.TemporaryDirectory(prefix=".shop-backup-", dir=beside) as folder:
        copy = Path(folder) / DATABASE[dialect()]
        if dialect() == "sqlite":
            sqlite.copy_database(db.engine, copy)
            facts = _read_file(copy, BackupFailed)
        else:
            with postgresql.snapshot(db.engine) as (connection, name):
                postgresql.copy_database(db.engine, name, copy)
                facts = _read(connection, BackupFailed)
        writer.add(copy.name, copy, packed=True)
    return facts


def _read_file(copy: Path, failure: type[ShopError]) -> _Facts:
    """As _read, for a database file: its pages and indexes first."""
    with sqlite.opened(copy) as engine, engine.connect() as connection:
        _demand_none(sqlite.list_faults(connection), failure)
        return _read(connection, failure)


def _read(connection: Connection, failure: type[ShopError]) -> _Facts:
    """What a copy, or a snapshot, says of itself. Raises `failure` if its books are not guarded or do not balance."""
    names = inspect(connection).get_table_names()
    with instead(connection) as session:
        _demand_none(missing_guards() + unbalanced(), failure)
        return _Facts(
            server=read_promise(connection).said.partition(",")[0].removeprefix("Database: "),
            revision=str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()),
            demo=is_demo(),
            counts={name: _count(connection, name) for name in names},
            pictures=_largest(session),
        )


def _demand_none(faults: list[str], failure: type[ShopError]) -> None:
    if faults:
        raise failure(f"The copy of the database is not sound: {' '.join(faults)}")


def _count(connection: Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"').scalar() or 0)


def restore(path: Path, *, force: bool, progress: Progress) -> Restored:
    """Put back what a backup holds, also under a running shop. Raises RestoreRefused, and then nothing has changed.

    What was in the database is kept aside. The restored one remembers how far it has gone back, and takes no orders until
    Stripe was asked for everything since (payments.recovery).
    """
    with archive.reading(path) as reader:
        _refuse_unfit(reader.manifest, force)
        reader.check(lambda done, total: progress("checking", done, total))
        settings().instance.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".shop-restore-", dir=settings().instance) as folder:
            copy = Path(folder) / DATABASE[dialect()]
            reader.extract(copy.name, copy)
            if dialect() == "sqlite":
                _prepare(copy, reader.manifest)
            pictures = _put_pictures_back(reader, progress)
            aside = _put_database_back(copy, reader.manifest)
    db.session.remove()
    db.engine.dispose()
    if reader.manifest.revision != schema.head():
        schema.upgrade()
    return Restored(reader.manifest, pictures, aside, _count_missing())


def _count_missing() -> int:
    largest = _largest(db.session)
    db.session.rollback()
    return len(largest - {name for name, _bytes in store().list_names()})


def _largest(session: Any) -> set[str]:
    """The file of each picture that all others can be made from."""
    return {name_of(row.sha256, row.width, "jpg") for row in session.execute(select(Picture.sha256, Picture.width))}


def _refuse_unfit(manifest: Manifest, force: bool) -> None:
    if manifest.database != dialect():
        raise RestoreRefused(f"This backup is of {manifest.database}, and this installation uses {dialect()}.")
    if DATABASE[manifest.database] not in manifest.members:
        raise RestoreRefused("This backup holds no database.")
    if manifest.revision not in schema.revisions():
        raise RestoreRefused(
            f"This backup has schema {manifest.revision}, which this release does not know; install {manifest.release} or newer."
        )
    if _is_empty():
        return
    if not force:
        raise RestoreRefused("There is a database already; --force replaces it and keeps the old one aside.")
    if schema.at_head() and is_demo() != manifest.demo:
        raise RestoreRefused(
            "A demonstration and a real shop do not take each other's place; use another installation."
        )


def _prepare(copy: Path, manifest: Manifest) -> None:
    """Make sure that a database file is sound, and let it remember what it is."""
    facts = _read_file(copy, RestoreRefused)
    if (facts.revision, facts.counts) != (manifest.revision, manifest.counts):
        raise RestoreRefused("The database in this backup does not hold what its list says.")
    with sqlite.opened(copy) as engine, instead(engine), transaction():
        if find_moment(RESTORED_TO) is None:
            remember_moment(RESTORED_TO, manifest.made_at)


def _put_pictures_back(reader: Reader, progress: Progress) -> int:
    """Write the pictures that are not there; a name follows from the content, so one that is there is the same."""
    there, written = dict(store().list_names()), 0
    for done, member in enumerate(reader.pictures, 1):
        name = member.removeprefix(MEDIA)
        if there.get(name) != reader.manifest.members[member][0]:
            store().put_all({name: reader.read(member)}, lasting=False)
            written += 1
        progress("pictures", done, len(reader.pictures))
    # Once for all of them, before rows speak of them.
    os.sync()
    return written


def _put_database_back(copy: Path, manifest: Manifest) -> str | None:
    stamp = f"{clock.now():%Y%m%dT%H%M%SZ}"
    keep = not _is_empty()
    # Not even our own reads stand in the way of what follows.
    db.session.remove()
    db.engine.dispose()
    if dialect() == "postgresql":
        schema_name = f"before_restore_{stamp.lower()}"
        mark = (RESTORED_TO, manifest.made_at.isoformat())
        postgresql.put_back(copy, manifest.counts, mark, db.engine, schema_name if keep else None)
        return f"schema {schema_name}" if keep else None
    live = Path(str(db.engine.url.database))
    aside = live.with_name(f"{live.name}.before-restore-{stamp}")
    sqlite.put_back(copy, live, aside if keep else None)
    return str(aside) if keep else None
