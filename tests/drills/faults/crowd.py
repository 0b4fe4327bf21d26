"""Too many buyers at once."""

from functools import partial

from sqlalchemy import func, select

from shop.catalogue.models import Variant
from shop.core.db import db
from shop.orders.models import Order
from tests.drills.buyers import Buyer, Crowd, all_at_once
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.installation import Installation
from tests.drills.shelves import Goods, shelve

UNITS = 20


def count_orders(*states: str) -> int:
    return db.session.scalar(select(func.count(Order.id)).where(Order.state.in_(states))) or 0


def sell_out(shop: Installation, buyers: int, units: int) -> tuple[Crowd, Goods, int]:
    """Everybody buys the same piece at once; how many were charged."""
    crowd, goods = Crowd(), shelve(shop, units)
    people = [Buyer(shop, crowd, f"buyer{number}@example.org") for number in range(buyers)]
    ended = all_at_once([partial(person.buy, goods) for person in people], hands=buyers)
    return crowd, goods, ended.count("paid")


@drill("F1", "Flash sale", "20 of 20 sold, no 5xx, and more than 20 with the guard off", brief=True)
def flash_sale(scene: Scene) -> Figures:
    buyers = scene.many(200, 30)
    units = scene.many(UNITS, 5)
    with scene.installation() as shop:
        crowd, goods, charged = sell_out(shop, buyers, units)
        shop.until_quiet()
        paid = shop.ask(lambda: count_orders("paid"))
        shelf = shop.ask(lambda: db.session.get_one(Variant, goods.variant))
        demand((charged, paid, shelf.sold, shelf.available) == (units, units, units, 0), f"{paid} sold of {units}")
        demand(not crowd.errors(), f"{len(crowd.errors())} answers of 500 or none: {crowd.errors()[:3]}")
    with scene.installation(sound=False, faults="no_stock_guard") as shop:
        _crowd, _goods, without = sell_out(shop, buyers, units)
        demand(without > units, f"without the guard {without} of {units} were sold: this drill cannot fail")
    return {
        "buyers": buyers,
        "sold": f"{paid} of {units}",
        "5xx": 0,
        "asked to wait": crowd.count_waits(),
        "p95 ms": crowd.p95_ms(),
        "sold without the guard": without,
    }
