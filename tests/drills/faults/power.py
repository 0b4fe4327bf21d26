"""The power fails while the shop sells: its own SQL on a disk that forgets what was not synchronised."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.exc import DBAPIError

from shop.app import create_app
from shop.backup import sqlite
from shop.core import clock
from shop.core import db as database
from shop.core.clock import VirtualClock
from shop.core.db import db, instead, transaction
from shop.ledger.models import Entry
from shop.orders.models import Order
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from shop.payments.models import Attempt
from shop.payments.refunds import request_refund
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit
from tests.conftest import MORNING, make_settings
from tests.drills import apsw_sqlite
from tests.drills.databases import fresh_database
from tests.drills.disks import Entry as Written
from tests.drills.disks import Recorder, power_cuts
from tests.drills.drill import Figures, Scene, demand, drill
from tests.stripe_bench import Bench


@dataclass
class Sold:
    """What was done on the recorded disk. `acknowledged`: (entries written by then, order number, state)."""

    before: dict[str, bytes]
    log: list[Written]
    first: int = 0
    acknowledged: list[tuple[int, str, str]] = field(default_factory=list)
    ended_at: Any = None


@contextmanager
def recorded_shop(folder: Path, synchronous: str, clock_: VirtualClock) -> Iterator[tuple[Flask, Sold]]:
    """The application on a database whose files are recorded; with FULL its connections are as it makes them."""
    with fresh_database("sqlite", folder) as url:
        path = folder / "shop.sqlite"
        # The template's own log of changes goes into the file, as when a shop was stopped.
        with closing(sqlite.open_file(path)) as alone:
            alone.execute("PRAGMA journal_mode=DELETE")
        recorder = Recorder(f"disk-{folder.name}")
        sold = Sold({path.name: path.read_bytes()}, recorder.log)
        earlier, apsw_sqlite.vfs = database.sqlite_module, recorder.name
        database.sqlite_module = lambda: apsw_sqlite
        try:
            app = create_app(make_settings(folder, url))
            with app.app_context(), clock.use(clock_):
                if synchronous != "FULL":
                    event.listen(db.engine, "checkout", _weaken(synchronous))
                yield app, sold
                sold.ended_at = clock_()
                db.session.remove()
                db.engine.dispose()
        finally:
            database.sqlite_module, apsw_sqlite.vfs = earlier, ""


def _weaken(synchronous: str) -> Callable[..., None]:
    return lambda connection, *_given: connection.execute(f"PRAGMA synchronous={synchronous}")


def sell(folder: Path, synchronous: str, orders: int) -> Sold:
    """Orders placed, paid, settled and some given back, each step acknowledged as it was to a buyer."""
    clock_ = VirtualClock(MORNING)
    with recorded_shop(folder, synchronous, clock_) as (app, sold):
        bench = Bench(app, clock_)
        gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
        pot = make_product(make_unit(), stock=orders, kind="repeatable")
        sold.first = len(sold.log)
        with use_gateway(gateway):
            for turn in range(orders):
                order = make_order(pot, email=f"buyer{turn}@example.org")
                number = order.number
                sold.acknowledged.append((len(sold.log), number, "placed"))
                bench.settle(order)
                sold.acknowledged.append((len(sold.log), number, "paid"))
                if turn % 3 == 0:
                    with transaction():
                        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
                    bench.work()
                    sold.acknowledged.append((len(sold.log), number, "refunded"))
    return sold


AS_GOOD_AS = {
    "placed": {"awaiting_payment", "paid", "refunded"},
    "paid": {"paid", "refunded"},
    "refunded": {"refunded"},
}


@dataclass
class Found:
    """How many disks were found in which state."""

    images: int = 0
    unreadable: int = 0
    unbalanced: int = 0
    losing: int = 0
    worst: int = 0
    sentences: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.unreadable or self.unbalanced or self.losing)


def cut_power(sold: Sold, number: int, folder: Path, chances: Random) -> Found:
    """Look at the disk after so many power cuts. Inside the application's context."""
    found, image = Found(), folder / "image"
    image.mkdir()
    # One engine for all of them: what it has compiled is good for the next one too.
    url = f"sqlite:///{image / 'shop.sqlite'}"
    engine = create_engine(url, **database.engine_options(url))
    for moment, files in power_cuts(sold.before, sold.log, sold.first, number, chances):
        for name, content in files.items():
            (image / name).write_bytes(content)
        _look(engine, moment, sold, found)
        engine.dispose()
        for file in image.iterdir():
            file.unlink()
    return found


def _look(engine: Engine, moment: int, sold: Sold, found: Found) -> None:
    found.images += 1
    try:
        with engine.connect() as connection:
            faults = sqlite.list_faults(connection)
        with instead(engine), clock.use(lambda: sold.ended_at):
            lost = _lost(moment, sold)
            findings = list_findings() + _half_done()
    except DBAPIError as error:
        found.unreadable += 1
        found.sentences.append(str(error.orig))
        return
    found.unreadable += bool(faults)
    found.unbalanced += bool(findings)
    found.losing += bool(lost)
    found.worst = max(found.worst, len(lost))
    found.sentences += faults + [str(finding) for finding in findings] + lost


def _lost(moment: int, sold: Sold) -> list[str]:
    states = {row.number: row.state for row in db.session.execute(select(Order.number, Order.state))}
    return [
        f"{number} was {state} and is {states.get(number, 'gone')}"
        for written, number, state in sold.acknowledged
        if written <= moment and states.get(number) not in AS_GOOD_AS[state]
    ]


def _half_done() -> list[str]:
    """Payments of which the attempt, the order and the books do not tell the same."""
    attempts = set(db.session.scalars(select(Attempt.order_id).where(Attempt.state == "paid")))
    orders = set(db.session.scalars(select(Order.id).where(Order.state.in_(["paid", "refunded"]))))
    booked = set(db.session.scalars(select(Entry.order_id).where(Entry.source == "payment")))
    return [] if attempts == orders == booked else [f"half a payment: {attempts ^ orders ^ booked}"]


@drill(
    "F13",
    "Power loss",
    "0 acknowledged steps lost, 0 unbalanced, 0 unreadable; and the same disk loses with synchronous NORMAL and OFF",
    databases=("sqlite",),
    brief=True,
)
def power_loss(scene: Scene) -> Figures:
    images, weak_images, orders = scene.many(1000, 12), scene.many(200, 6), scene.many(40, 3)
    weak = ("NORMAL",) if scene.short else ("NORMAL", "OFF")
    found: dict[str, Found] = {}
    for synchronous in ("FULL", *weak):
        folder = scene.folder / f"power-{synchronous.lower()}"
        folder.mkdir()
        sold = sell(folder, synchronous, orders)
        steps = len(sold.acknowledged)
        number = images if synchronous == "FULL" else weak_images
        # What is asked of a disk goes through the application; its own database is the one that kept its power.
        app = create_app(make_settings(folder, f"sqlite:///{folder / 'shop.sqlite'}"))
        with app.app_context():
            found[synchronous] = cut_power(sold, number, folder, scene.chances(f"F13 {synchronous}"))
            db.engine.dispose()
    full = found["FULL"]
    demand(
        full.sound,
        f"{full.unreadable} unreadable, {full.unbalanced} unbalanced, {full.losing} losing: {full.sentences[:3]}",
    )
    for name in weak:
        demand(not found[name].sound, f"nothing was lost with synchronous {name}: this disk forgets nothing")
    return {
        "power cuts": full.images,
        "steps acknowledged": steps,
        "lost": full.losing,
        "unbalanced": full.unbalanced,
        "unreadable": full.unreadable,
        **{f"with {name}": _told(found[name]) for name in weak},
    }


def _told(weak: Found) -> str:
    return f"{weak.losing} of {weak.images} disks lose up to {weak.worst} steps and {weak.unreadable} cannot be read"
