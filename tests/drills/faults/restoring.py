"""The machine is gone with its database and pictures; what is left is a backup, and Stripe."""

import os
import shutil
import time
from functools import partial
from pathlib import Path

from PIL import Image
from sqlalchemy import create_engine, text

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.marks import RESTORED_TO, find_moment
from shop.media.images import store_image
from shop.payments.queries import list_quarantine
from tests.drills.buyers import Buyer, Crowd, all_at_once
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import at_stripe_per_currency, books_at_stripe, read_orders
from tests.drills.faults.storage import Trade
from tests.drills.installation import Installation
from tests.drills.shelves import shelve
from tests.drills.staff import ask_back
from tests.postgresql import programs

RTO_SECONDS = 60


def draw_picture(shop: Installation) -> None:
    with shop.inside(), transaction():
        store_image(Image.new("RGB", (800, 600), "#c9a227"), now=clock.now())


def list_media(shop: Installation) -> set[str]:
    return {path.relative_to(shop.folder).as_posix() for path in (shop.folder / "media").rglob("*") if path.is_file()}


def lose_everything(shop: Installation) -> None:
    """Kill web and worker, then take database and pictures away."""
    for process in (shop.web, shop.worker):
        process.kill()
    with shop.inside():
        db.session.remove()
        db.engine.dispose()
    if shop.database_url.startswith("sqlite"):
        for file in shop.folder.glob("shop.sqlite*"):
            file.unlink()
    else:
        engine = create_engine(shop.database_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
    shutil.rmtree(shop.folder / "media")


def back_up_while_selling(shop: Installation, trade: Trade, file: Path) -> float:
    """Seconds the backup took; people went on buying."""
    begun = time.monotonic()
    answer = shop.command("backup", str(file))
    demand(answer.returncode == 0, f"shop backup: {answer.stdout} {answer.stderr}")
    took = time.monotonic() - begun
    trade.until_more(1)
    return took


@drill(
    "F14",
    "Restore",
    "sold on after the backup, all lost, restored: no paid order gone, none twice, books equal Stripe's, within 60 s",
)
def restore(scene: Scene) -> Figures:
    before, since = scene.many(15, 2), scene.many(25, 3)
    file = scene.folder / f"backup-{scene.database}.zip"
    with scene.installation() as shop:
        shop.environment["PATH"] = f"{programs()}{os.pathsep}{os.environ['PATH']}"
        draw_picture(shop)
        # The worker makes more files of it.
        shop.until_quiet()
        goods, pictures = shelve(shop, 100_000), list_media(shop)
        trade = Trade(shop, goods, hands=3)
        with trade.going_on():
            trade.until_more(before)
            backup_seconds = back_up_while_selling(shop, trade, file)
            at_backup = trade.paid
            trade.until_more(since)
        # Some of the new ones go back, some who came before the backup too, and some never pay.
        newest, oldest = sorted(trade.paid - at_backup)[:2], sorted(at_backup)[:1]
        shop.until_quiet()
        shop.ask(lambda: ask_back([*newest, *oldest]))
        waiting = [Buyer(shop, Crowd(), f"waits{turn}@example.org") for turn in range(2)]
        pages = [answer.location for answer in all_at_once([partial(buyer.order, goods) for buyer in waiting])]
        shop.until_quiet()
        numbers = {order.email: order.number for order in shop.ask(read_orders)}
        lose_everything(shop)
        lost_at = time.monotonic()
        # Somebody pays while there is no shop.
        waiting[0].pay(pages[0])

        answer = shop.command("restore", str(file))
        demand(answer.returncode == 0, f"shop restore: {answer.stdout} {answer.stderr}")
        restored_at = time.monotonic()
        shop.web.start()
        shop.worker.start()
        shop.wait_for_web()
        shop.until(lambda: Buyer(shop, Crowd(), "first@example.org").buy(goods) == "paid", 30, "somebody can buy again")
        seconds = time.monotonic() - lost_at
        shop.heal()

        states = {order.email: (order.number, order.state) for order in shop.ask(read_orders)}
        paid = trade.paid | {waiting[0].email}
        back = {*newest, *oldest}
        wanted = {email: (numbers[email], "refunded" if email in back else "paid") for email in paid}
        gone = {email: states.get(email, "gone") for email in paid if states.get(email) != wanted[email]}
        demand(not gone, f"paid, and afterwards not what they were: {gone}; {answer.stdout}")
        demand(shop.ask(lambda: find_moment(RESTORED_TO)) is None, "the shop is still catching up")
        demand(shop.ask(lambda: len(list_quarantine())) == 0, "something stands in quarantine")
        demand(list_media(shop) == pictures, "pictures are missing")
        books, stripe = shop.ask(books_at_stripe), at_stripe_per_currency(shop)
        demand(books == stripe, f"the books say {books}, Stripe says {stripe}")
        demand(seconds < RTO_SECONDS, f"back after {seconds:.0f} s")
    return {
        "paid orders": len(paid),
        "of them since the backup": len(paid - at_backup),
        "lost (RPO for what was paid)": 0,
        "backup s": f"{backup_seconds:.1f}",
        "restore s": f"{restored_at - lost_at:.1f}",
        "selling again after s (RTO)": f"{seconds:.1f}",
        "books equal Stripe's": ", ".join(f"{minor} {currency}" for currency, minor in sorted(books.items())),
    }
