"""`shop doctor`: what is wrong with this installation, one line for each thing that was looked at.

It changes nothing and goes on where one look fails: a broken part must not hide another.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from shop.core import clock, schema
from shop.core.config import Settings, check_production
from shop.core.db import db, dialect
from shop.core.durability import read_promise
from shop.core.errors import ConfigurationError, ShopError
from shop.core.guards import missing_guards
from shop.core.marks import EVENTS_POLLED, RESTORED_TO, WORKER_SEEN, find_moment
from shop.core.outbox import ALARM_AFTER, PATIENT
from shop.core.tables import Job
from shop.media.images import files_of
from shop.media.models import Picture
from shop.media.storage import StorageFailed, store, store_of
from shop.orders.models import Order
from shop.payments.gateway import TOLERANCE_SECONDS, gateway

# The worker signs every minute and polls every five.
WORKER_LIMIT, POLL_LIMIT = timedelta(minutes=5), timedelta(minutes=30)
QUEUE_LIMIT = timedelta(minutes=10)
# Clocks of one machine and another differ by less; Stripe's signatures are refused beyond five minutes.
CLOCK_LIMIT = timedelta(seconds=TOLERANCE_SECONDS // 5)
LEAST_ROOM = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """`name` of what was looked at, and in a sentence what is so; `wrong` if somebody has to do something."""

    name: str
    wrong: bool
    text: str

    def __str__(self) -> str:
        return f"{'wrong' if self.wrong else 'ok   '}  {self.name}: {self.text}"


def good(name: str, text: str) -> Finding:
    return Finding(name, False, text)


def bad(name: str, text: str) -> Finding:
    return Finding(name, True, text)


def examine(load: Callable[[], Settings], inside: Callable[[], AbstractContextManager[None]]) -> Iterator[Finding]:
    """Every look, one after another; `inside` gives the app's context for those that need the database."""
    try:
        settings = load()
    except ConfigurationError as error:
        yield bad("settings", _first_line(error))
        return
    for look in (_settings, _stripe_keys, _folders, _bucket):
        yield from _try(look, settings)
    try:
        with inside():
            for ask in (_database, _schema, _pictures, _clock, _stripe, _worker, _queue):
                yield from _try(ask)
    except Exception as error:
        yield bad("shop", f"It cannot be opened: {_first_line(error)}")


def _try(look: Callable[..., Iterator[Finding]], *given: Settings) -> list[Finding]:
    try:
        return list(look(*given))
    except Exception as error:
        return [bad(look.__name__.strip("_").replace("_", " "), f"It cannot be told: {_first_line(error)}")]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.demo:
        yield good("settings", "A demonstration; no real money.")
        return
    try:
        check_production(settings)
        yield good("settings", "Everything production needs is set.")
    except ConfigurationError as error:
        yield bad("settings", str(error))
    if settings.base_url.startswith("https:"):
        yield good("address", f"Buyers reach {settings.base_url}.")
    else:
        yield bad("address", f"SHOP_BASE_URL is {settings.base_url}: set the https address that buyers reach.")


def _stripe_keys(settings: Settings) -> Iterator[Finding]:
    def mode(key: str) -> str:
        return "live" if "_live_" in key else "test"

    secret, public = settings.stripe_secret_key, settings.stripe_publishable_key
    if secret and public and mode(secret) != mode(public):
        yield bad("Stripe keys", f"The secret key is a {mode(secret)} key, the publishable one a {mode(public)} key.")
    elif secret:
        money = "real money" if mode(secret) == "live" else "no real money"
        yield good("Stripe keys", f"A {mode(secret)} key: {money}.")
    secrets = settings.stripe_webhook_secrets
    if not secrets:
        yield bad("webhook", "STRIPE_WEBHOOK_SECRET is missing: what Stripe sends is refused.")
    elif all(one.startswith("whsec_") for one in secrets):
        yield good("webhook", f"{len(secrets)} signing secret{'s' if len(secrets) > 1 else ''} set.")
    else:
        yield bad("webhook", "STRIPE_WEBHOOK_SECRET holds something that is no signing secret (whsec_…).")


def _folders(settings: Settings) -> Iterator[Finding]:
    folders = {"instance": settings.instance}
    if settings.media_folder is not None:
        folders["pictures"] = settings.media_folder
    if settings.mail_folder is not None:
        folders["letters"] = settings.mail_folder
    for name, folder in folders.items():
        yield _writable(f"folder of {name}" if name != "instance" else "instance", folder)
    disks = {os.stat(folder).st_dev: folder for folder in folders.values() if folder.is_dir()}
    for folder in disks.values():
        room = shutil.disk_usage(folder)
        told = f"{room.free // 1024**2} MB of {room.total // 1024**2} MB are free for {folder}."
        yield Finding("disk", room.free < LEAST_ROOM, told)


def _bucket(settings: Settings) -> Iterator[Finding]:
    if settings.media_folder is not None:
        return
    try:
        store_of(settings).demand()
    except StorageFailed as error:
        yield bad("store of pictures", f"{settings.storage_shown} does not answer: {error}")
    else:
        yield good("store of pictures", f"{settings.storage_shown} answers.")


def _writable(name: str, folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return good(name, f"{folder} can be written.")
    except OSError as error:
        return bad(name, f"{folder} cannot be written ({error.strerror}).")


def _database() -> Iterator[Finding]:
    with db.engine.connect() as connection:
        promise = read_promise(connection)
    yield good("database", promise.said.removeprefix("Database: "))
    for fault in promise.faults:
        yield bad("database", fault)


def _schema() -> Iterator[Finding]:
    if not schema.at_head():
        yield bad("schema", "It is not at head; run: shop db upgrade")
        return
    yield good("schema", f"At head, revision {schema.head()}.")
    missing = missing_guards()
    yield from (bad("guards", sentence) for sentence in missing)
    if not missing:
        yield good("guards", "Rows of the ledger cannot be changed.")


def _pictures() -> Iterator[Finding]:
    there = {name for name, _bytes in store().list_names()}
    rows = db.session.execute(select(Picture.sha256, Picture.width, Picture.avif)).all()
    lacking = [row for row in rows if not there.issuperset(files_of(row.sha256, row.width, avif=row.avif))]
    if lacking:
        yield bad(
            "pictures",
            f"{len(lacking)} of {len(rows)} lack files, the first of them {lacking[0].sha256}: run shop pictures, which "
            "makes anew what it can; a backup may have the rest.",
        )
    else:
        yield good("pictures", f"All files of {len(rows)} pictures are there.")
    waiting = sum(not row.avif for row in rows)
    if waiting:
        yield good("AVIF", f"{waiting} of {len(rows)} pictures wait for the worker to make it.")


def _clock() -> Iterator[Finding]:
    now = clock.now()
    newest = db.session.scalar(select(func.max(Order.placed_at)))
    ahead = [moment - now for moment in (newest, find_moment(WORKER_SEEN)) if moment is not None]
    if dialect() == "postgresql":
        yield _difference("clock of the database", db.session.scalars(text("SELECT clock_timestamp()")).one())
    if any(gap > CLOCK_LIMIT for gap in ahead):
        yield bad("clock", f"It says {now:%Y-%m-%d %H:%M:%S} UTC; something in the database is of a later time.")
    else:
        yield good("clock", f"It says {now:%Y-%m-%d %H:%M:%S} UTC.")


def _difference(name: str, theirs: datetime) -> Finding:
    gap = abs(clock.now() - theirs)
    return Finding(name, gap > CLOCK_LIMIT, f"{int(gap.total_seconds())} seconds from ours.")


def _stripe() -> Iterator[Finding]:
    try:
        theirs = gateway(patient=False).ask_time()
    except ShopError as error:
        yield bad("Stripe", f"It does not take our call: {_first_line(error)}")
        return
    yield good("Stripe", "It answers to our key.")
    if theirs is not None:
        yield _difference("clock of Stripe", theirs)


def _worker() -> Iterator[Finding]:
    for name, key, limit, hint in (
        ("worker", WORKER_SEEN, WORKER_LIMIT, "Start: shop work"),
        ("events", EVENTS_POLLED, POLL_LIMIT, "The worker cannot fetch Stripe's events; its log says why."),
    ):
        seen = find_moment(key)
        told = f"Last seen {seen:%Y-%m-%d %H:%M:%S} UTC." if seen else "Never seen."
        late = seen is None or clock.now() - seen > limit
        yield Finding(name, late, f"{told} {hint}" if late else told)
    restored = find_moment(RESTORED_TO)
    if restored is not None:
        yield bad(
            "restore", f"No orders are taken until Stripe was asked for everything since {restored:%Y-%m-%d %H:%M}."
        )


def _queue() -> Iterator[Finding]:
    now = clock.now()
    waiting = Job.done_at.is_(None)
    oldest = db.session.scalar(select(func.min(Job.run_at)).where(waiting, Job.run_at <= now, Job.kind.not_in(PATIENT)))
    failing = db.session.scalar(select(func.count(Job.id)).where(waiting, Job.attempts >= ALARM_AFTER)) or 0
    waited = now - oldest if oldest else timedelta()
    yield Finding(
        "queue", waited > QUEUE_LIMIT, f"The oldest job that is due has waited {int(waited.total_seconds())} s."
    )
    if failing:
        yield bad("queue", f"{failing} jobs fail again and again; shop check names them.")
