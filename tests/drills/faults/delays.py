"""Payments that a bank decides days later."""

from collections import Counter
from functools import partial

from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.core.db import db
from shop.orders.models import Order, OrderLine
from tests.drills.buyers import Buyer, Crowd, all_at_once, at_stripe
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import charges_of, read_orders, read_states
from tests.drills.shelves import Goods, shelve
from tests.drills.staff import Officer

DAYS = 5
# docs.stripe.com/payments/sepa-debit: the bank pays, the bank refuses.
ACCOUNTS = {"good": "FR1420041010050500013M02606", "bad": "FR8420041010050500013M02607"}


def debit(buyer: Buyer, goods: Goods) -> str:
    """Buy and let the bank be debited; how the buyer was sent back."""
    page = buyer.order(goods)
    if not at_stripe(page.location):
        return f"{page.status} {page.path}"
    account = ACCOUNTS[buyer.email.partition("-")[0]]
    paid = buyer.ask("POST", page.location, {"test_account": account, "name": "Claire Martin"})
    return (
        buyer.ask("GET", paid.location).path.partition("?")[0].rpartition("/")[2] if paid.status == 303 else "refused"
    )


def read_shelf(goods: Goods) -> tuple[int, int, int]:
    row = db.session.get_one(Variant, goods.variant)
    return row.available, row.reserved, row.sold


def list_lines_to_answer() -> list[tuple[str, int]]:
    """Number of the order and key of every line."""
    rows = db.session.execute(select(Order.number, OrderLine.id).join(OrderLine, OrderLine.order_id == Order.id))
    return [(row.number, row.id) for row in rows]


@drill("F18", "A bank decides on day five", "nothing is made or sent before; then paid, or the piece is back for sale")
def bank_decides_late(scene: Scene) -> Figures:
    each = scene.many(20, 2)
    with scene.installation() as shop:
        number = each * len(ACCOUNTS)
        goods, crowd = shelve(shop, number), Crowd()
        shop.control("bank_debit", offered=True, days=DAYS)
        names = [f"{fate}-{turn}" for fate in ACCOUNTS for turn in range(each)]
        buyers = [Buyer(shop, crowd, f"{name}@example.org") for name in names]
        ended = all_at_once([partial(debit, buyer, goods) for buyer in buyers], hands=4)
        demand(ended == ["return"] * number, f"buyers ended at {Counter(ended)}")
        shop.until_quiet()
        refused = 0
        for _day in range(DAYS - 1):
            shop.pass_time(days=1)
            states = shop.ask(read_states)
            demand(states == {"processing": number}, f"before the bank has decided orders are {states}")
            demand(shop.ask(lambda: read_shelf(goods)) == (0, number, 0), "pieces are not held while a bank decides")
            officer = Officer(shop, crowd)
            for order, line in shop.ask(list_lines_to_answer):
                answer = officer.send(f"orders/{order}/lines/{line}/answer", action="accept")
                demand(answer.status in (404, 409, 422), f"a line was accepted unpaid: {answer}")
                refused += 1
        # Half of the news comes by itself, half is lost and has to be asked for.
        shop.control("webhooks", drop=50)
        shop.pass_time(days=1, minutes=30)
        shop.until_quiet()
        shop.control("webhooks")
        shop.heal()
        orders, left, charged = shop.ask(read_orders), shop.ask(lambda: read_shelf(goods)), charges_of(shop)
    good = [order for order in orders if order.email.startswith("good")]
    demand({order.state for order in good} == {"paid"}, f"the banks paid, orders are {good[:5]}")
    bad = Counter(order.state for order in orders if order.email.startswith("bad"))
    demand(bad == {"expired": number // 2}, f"the banks refused, orders are {bad}")
    demand(left == (number // 2, 0, number // 2), f"(available, reserved, sold) is {left}")
    demand(set(charged) == {order.number for order in good}, "charges and paid orders differ")
    return {
        "paid on day five": number // 2,
        "refused and released": number // 2,
        "attempts to send before": f"{refused}, all refused",
    }
