"""The door of this room: one call that makes the demonstration, in the order in which things had to happen."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import event, text

from shop.artisans.queries import get_unit_by_id
from shop.catalogue.services import set_pictures
from shop.core import clock
from shop.core.clock import VirtualClock
from shop.core.db import db, dialect, transaction
from shop.demo.content.load import Content, get_content
from shop.demo.loading.accounts import write_officers
from shop.demo.loading.buyers import plan_visits
from shop.demo.loading.calendar import Calendar, make_calendar
from shop.demo.loading.ground import write_names, write_policies, write_programmes, write_rates
from shop.demo.loading.past import live_through
from shop.demo.loading.paying import Payroll, write_consents
from shop.demo.loading.pictures import AWAITED, Key, Studio, list_requests
from shop.demo.loading.pieces import Written, plan_products, write_products
from shop.demo.loading.shopping import Shoppers
from shop.demo.loading.tariff import write_tariff
from shop.demo.loading.units import Enrolled, write_memberships, write_units
from shop.demo.loading.workshop import Workshops

Progress = Callable[[str, int, int], None]


def load_demo(
    *,
    orders: int,
    products: int | None,
    seed: int,
    double_path: Path,
    progress: Progress,
    drawn: bool = True,
) -> None:
    """Fill an empty, migrated database. Call inside an app context; `progress(step, done, total)` is called often.

    `orders` is how many past orders are paid; some that nobody paid come on top. `products` asks for at least so many,
    None for those of the content. The double keeps what it remembers in `double_path`, a file that does not exist yet.
    `drawn=False` makes every picture one plain colour. What was loaded is whole only when this returns.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    content = get_content()
    calendar = make_calendar(clock.now(), content.editions.values())
    loader = _Loader(app, content, calendar, VirtualClock(calendar.opening), seed, progress)
    requests = list_requests(content)
    # No connection is open while the drawing processes begin: a forked one must not share it.
    db.session.remove()
    db.engine.dispose()
    with (
        Studio(requests, app.config["SETTINGS"], drawn=drawn, watch=loader.watch_pictures) as studio,
        clock.use(loader.virtual),
        _hasty_database(),
        _rare_collection(),
    ):
        officers, editions = loader.write_ground()
        officer = officers[0]
        enrolled = loader.write_units(editions, officer)
        covers = studio.take(key for key in requests if key[2] == AWAITED)
        written = loader.write_products(covers, products, enrolled, officer)
        loader.trade(written, enrolled, officers, orders, double_path)
        others = studio.take(key for key in requests if key[2] != AWAITED)
        loader.hang_pictures(written, enrolled, {**covers, **others})


@dataclass(frozen=True, slots=True)
class _Loader:
    """The steps of a loading. Each opens its own transactions, on the virtual clock."""

    app: Flask
    content: Content
    calendar: Calendar
    virtual: VirtualClock
    seed: int
    progress: Progress

    def watch_pictures(self, done: int, total: int) -> None:
        self.progress("pictures", done, total)

    def write_ground(self) -> tuple[tuple[int, int], dict[str, int]]:
        """Policies, rates, postage, programmes and officers: the officers' accounts and the editions by code."""
        day = clock.local_day(self.calendar.opening)
        with transaction():
            write_policies(day)
            write_rates(self.calendar, self.seed)
            write_tariff(day)
            editions = write_programmes(self.content, self.calendar)
            officers = write_officers()
        return officers, editions

    def write_units(self, editions: Mapping[str, int], officer: int) -> dict[str, Enrolled]:
        """Units with their makers and accounts, enrolled."""
        enrolled = write_units(self.content, officer=officer, seed=self.seed)
        with transaction():
            write_consents(self.content, enrolled, officer=officer)
        write_memberships(self.content, enrolled, editions, self.calendar, self.virtual, officer=officer)
        self.progress("workshops", len(enrolled), len(enrolled))
        return enrolled

    def write_products(
        self, covers: Mapping[Key, int], count: int | None, enrolled: Mapping[str, Enrolled], officer: int
    ) -> list[Written]:
        """Names, then the catalogue, published over time."""
        cover_of = {key[1]: picture_id for key, picture_id in covers.items()}
        craft_pictures = {
            product.craft: cover_of[product.key] for product in reversed(list(self.content.products.values()))
        }
        with transaction():
            write_names(self.content, craft_pictures)
        planned = plan_products(self.content, count, self.seed)
        written: list[Written] = []
        for product in write_products(
            planned, enrolled, cover_of, self.calendar, self.virtual, officer=officer, seed=self.seed
        ):
            written.append(product)
            self.progress("products", len(written), len(planned))
        return written

    def trade(
        self,
        written: Sequence[Written],
        enrolled: Mapping[str, Enrolled],
        officers: tuple[int, int],
        orders: int,
        double_path: Path,
    ) -> None:
        """Fourteen months of orders, and of transfers to those who made what was ordered."""
        visits = plan_visits(self.content.buyers, self.calendar, orders=orders, seed=self.seed)
        self.virtual.move_to(clock.day_start(self.calendar.first_day))
        settings = self.app.config["SETTINGS"]
        with live_through(
            self.app, settings, self.virtual, end=self.calendar.end, double_path=double_path, seed=self.seed
        ) as past:
            workshops = Workshops(past, {maker.unit_id: maker.account_id for maker in enrolled.values()}, officers[0])
            Payroll(past, self.calendar.first_day, officers, self.seed)
            offers = [offer for product in written for offer in product.offers]
            shoppers = Shoppers(past, offers, self.seed, workshops.receive)
            for number, visit in enumerate(visits, 1):
                past.at(visit.moment, _Shown(shoppers.visit, visit, self.progress, number, len(visits)))
            past.live()
            past.conclude()

    def hang_pictures(
        self, written: Sequence[Written], enrolled: Mapping[str, Enrolled], pictures: Mapping[Key, int]
    ) -> None:
        """Makers at their places of work, and the further views of every product."""
        with transaction():
            for key, maker in enrolled.items():
                get_unit_by_id(maker.unit_id).picture_id = pictures["unit", key, "maker"]
            for product in written:
                views = (("product", product.cover, view) for view in product.product.drawing.views)
                set_pictures(product.product_id, [pictures[view] for view in views])


@dataclass(frozen=True, slots=True)
class _Shown:
    """A visit that is counted aloud."""

    visit: Callable[[Any], None]
    what: Any
    progress: Progress
    number: int
    total: int

    def __call__(self) -> None:
        self.visit(self.what)
        self.progress("orders", self.number, self.total)


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Millions of small objects come and go, few of them in circles: looking for circles less often saves a tenth."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _hasty_database() -> Iterator[None]:
    """Commits that do not wait for the disk: a demonstration whose loading is cut short is made anew in any case."""
    if dialect() != "sqlite":
        yield
        return

    def hurry(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(db.engine, "checkout", hurry)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", hurry)
        db.session.remove()
        # New connections are careful again, and the first thing they do is to bring everything to the disk.
        db.engine.dispose()
        with db.engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
