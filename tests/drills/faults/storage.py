"""The database is restarted, held by another or has no room left while people buy."""

import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from shop.backup import sqlite
from tests.drills.buyers import Answer, Buyer, Crowd, all_at_once
from tests.drills.databases import fill, fresh_database
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import charges_of, read_orders
from tests.drills.faults.outages import Window
from tests.drills.installation import Installation
from tests.drills.shelves import Goods, shelve
from tests.postgresql import OwnServer

# Two web processes with four threads each: so many requests are under way at most (shop.cli, run).
SERVING_THREADS = 8
HOLD_SECONDS = 15
SENTENCE = "Rien n’est perdu."


@dataclass
class Trade:
    """People who buy one after another until told to stop; what became of each, by e-mail."""

    shop: Installation
    goods: Goods
    hands: int
    crowd: Crowd = field(default_factory=Crowd)
    ended: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._buy, args=(hand,), daemon=True) for hand in range(self.hands)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(timeout=60)

    def _buy(self, hand: int) -> None:
        turn = 0
        while not self.stop.is_set():
            turn += 1
            email = f"buyer{hand}-{turn}@example.org"
            self.ended[email] = Buyer(self.shop, self.crowd, email).buy(self.goods)

    @property
    def paid(self) -> set[str]:
        """Who paid and came back to the shop."""
        return {email for email, how in self.ended.items() if how == "paid"}

    def until_more(self, number: int, seconds: float = 60) -> None:
        """Wait until so many more have paid."""
        wanted = len(self.paid) + number
        self.shop.until(lambda: len(self.paid) >= wanted, seconds, f"{number} more have paid")


def demand_all_kept(shop: Installation, paid: set[str]) -> None:
    """Whoever paid has an order that is paid, and nobody was charged twice."""
    states = {order.email: order.state for order in shop.ask(read_orders)}
    lost = {email: states.get(email, "gone") for email in paid if states.get(email) != "paid"}
    demand(not lost, f"acknowledged and lost: {lost}")
    charged = charges_of(shop)
    demand(set(charged.values()) <= {1}, f"charged more than once: {charged}")


def demand_told(answers: list[Answer]) -> None:
    """Whoever was not served was told so in a sentence."""
    others = [answer for answer in answers if answer.status != 503 or SENTENCE not in answer.body]
    demand(not others, f"not told in a sentence: {others[:3]}")


@drill(
    "F11",
    "Database restarted or held",
    "a restart costs at most the request each thread is at, a lock of 15 s none; all told in a sentence; nothing lost",
)
def database_away(scene: Scene) -> Figures:
    return restarts(scene) if scene.database == "postgresql" else held(scene)


def restarts(scene: Scene) -> Figures:
    number = scene.many(8, 1)
    server = OwnServer()
    try:
        url = server.create_database()
        fill(url)
        with scene.installation(database_url=url) as shop:
            trade = Trade(shop, shelve(shop, 100_000), hands=SERVING_THREADS)
            with trade.going_on():
                for _restart in range(number):
                    trade.until_more(3)
                    server.cut()
                    server.start()
                trade.until_more(3)
            failed = trade.crowd.errors()
            demand_told(failed)
            demand(len(failed) <= SERVING_THREADS * number, f"{len(failed)} requests failed in {number} restarts")
            shop.heal()
            demand_all_kept(shop, trade.paid)
    finally:
        server.close()
    return {
        "restarts": number,
        "failed requests": f"{len(failed)} of {len(trade.crowd.answers)}, {SERVING_THREADS} threads busy",
        "orders paid": len(trade.paid),
        "lost": 0,
    }


def held(scene: Scene) -> Figures:
    writers = scene.many(5, 2)
    with scene.installation() as shop:
        goods, crowd = shelve(shop, 1000), Crowd()
        waiting = Buyer(shop, Crowd(), "waiting@example.org")
        page = waiting.order(goods).location
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(writers)]
        with closing(sqlite.open_file(shop.folder / "shop.sqlite")) as rival, Window(shop, goods, eyes=1) as window:
            rival.execute("BEGIN IMMEDIATE")
            let_go = threading.Timer(HOLD_SECONDS, rival.interrupt)
            let_go.start()
            paid_meanwhile = waiting.pay(page)
            first = all_at_once([partial(buyer.take, goods) for buyer in buyers], hands=writers)
            let_go.join()
            rival.execute("ROLLBACK")
        window.demand_answers()
        demand_told(first)
        demand(paid_meanwhile.status == 303, "nobody could pay at Stripe meanwhile")
        ended = all_at_once([partial(buyer.buy, goods) for buyer in buyers], hands=2)
        shop.heal()
        demand(ended == ["paid"] * writers, f"not everybody could buy afterwards: {Counter(ended)}")
        demand_all_kept(shop, {buyer.email for buyer in [*buyers, waiting]})
    return {
        "held s": HOLD_SECONDS,
        "writers told": f"{len(first)} of {writers}",
        "product pages meanwhile": f"{len(window.crowd.answers)}, slowest {window.slowest_ms()} ms",
        "bought afterwards": f"{writers} of {writers}",
    }


@dataclass(frozen=True)
class Room:
    """A database whose disk can be filled and emptied. `kind` says what the disk is."""

    kind: str
    url: str
    faults: str
    fill: Callable[[Installation], None]
    clear: Callable[[Installation], None]


@contextmanager
def small_room(folder: Path) -> Iterator[Room]:
    """A small disk of its own where one can be mounted; elsewhere a cap on the pages of the database."""
    disk = folder / "small-disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    mounted = shutil.which("mount") and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        with fresh_database("sqlite", disk) as url:
            if mounted:
                ballast = disk / "ballast"
                yield Room("tmpfs of 24 MB", url, "", lambda _shop: _fill_up(ballast), lambda _shop: ballast.unlink())
            else:
                yield Room("page cap", url, "page_cap", lambda shop: _cap(shop, 1), lambda shop: _cap(shop, 2**30))
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=True)


def _fill_up(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def _cap(shop: Installation, pages: int) -> None:
    (shop.folder / "pages").write_text(str(pages), encoding="ascii")


@drill(
    "F12",
    "Disk full",
    "writes are refused in a sentence, pages are shown, nothing half done, recovers without a restart",
    databases=("sqlite",),
)
def disk_full(scene: Scene) -> Figures:
    number = scene.many(20, 4)
    with small_room(scene.folder) as room, _installed(scene, room) as shop:
        goods, crowd = shelve(shop, 1000), Crowd()
        before = Trade(shop, goods, hands=2)
        with before.going_on():
            before.until_more(number)
        waiting = Buyer(shop, Crowd(), "waiting@example.org")
        page = waiting.order(goods).location
        room.fill(shop)
        buyers = [Buyer(shop, crowd, f"late{turn}@example.org") for turn in range(number)]
        # What a page has left is written before it is full.
        shop.until(lambda: Buyer(shop, Crowd(), "probe@example.org").take(goods).status == 503, 60, "the disk is full")
        with Window(shop, goods) as window:
            refused = all_at_once([partial(buyer.take, goods) for buyer in buyers], hands=4)
            paid_meanwhile = waiting.pay(page)
            shop.worker_turns(1)
        window.demand_answers()
        demand_told([answer for answer in refused if answer.status != 303])
        told = sum(answer.status == 503 for answer in refused)
        demand(told > 0, "nobody was refused: the disk was not full")
        demand(paid_meanwhile.status == 303, "nobody could pay at Stripe meanwhile")
        room.clear(shop)
        ended = all_at_once([partial(buyer.buy, goods) for buyer in buyers], hands=4)
        demand(ended == ["paid"] * number, f"not everybody could buy afterwards: {Counter(ended)}")
        shop.heal()
        demand_all_kept(shop, before.paid | {buyer.email for buyer in [*buyers, waiting]})
    return {
        "disk": room.kind,
        "acknowledged before": len(before.paid),
        "refused in a sentence": f"{told} of {number}",
        "product page p95 ms meanwhile": window.crowd.p95_ms(),
        "bought afterwards": f"{number} of {number}",
        "lost": 0,
    }


@contextmanager
def _installed(scene: Scene, room: Room) -> Iterator[Installation]:
    with scene.installation(database_url=room.url, faults=room.faults) as shop:
        _cap(shop, 2**30)
        yield shop
