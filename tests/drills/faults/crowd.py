"""Too many buyers at once."""

from functools import partial

from shop.catalogue.models import Variant
from shop.core.db import db
from tests.drills.buyers import Buyer, Crowd, all_at_once
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.installation import Installation
from tests.drills.shelves import Goods, shelve


def sell_out(shop: Installation, buyers: int, units: int) -> tuple[Crowd, Goods, int]:
    """Everybody buys the same piece at once; how many were charged."""
    crowd, goods = Crowd(), shelve(shop, units)
    people = [Buyer(shop, crowd, f"buyer{number}@example.org") for number in range(buyers)]
    ended = all_at_once([partial(person.buy, goods) for person in people], hands=buyers)
    return crowd, goods, ended.count("paid")


def sale(shop: Installation, buyers: int, units: int) -> Figures:
    """Exactly the units there are find buyers, and nobody sees an error."""
    crowd, goods, charged = sell_out(shop, buyers, units)
    shop.until_quiet()
    shelf = shop.ask(lambda: db.session.get_one(Variant, goods.variant))
    demand((charged, shelf.sold, shelf.available, shelf.reserved) == (units, units, 0, 0), f"{charged} of {units} sold")
    demand(not crowd.errors(), f"{len(crowd.errors())} answers of 500 or none: {crowd.errors()[:3]}")
    return {
        "buyers": buyers,
        "sold": f"{charged} of {units}",
        "5xx": 0,
        "asked to wait": crowd.count_waits(),
        "p95 ms": crowd.p95_ms(),
    }


@drill("F1", "Flash sale", "20 of 20 sold, no 5xx, and more than 20 with the guard off")
def flash_sale(scene: Scene) -> Figures:
    buyers, units = scene.many(200, 20), scene.many(20, 4)
    with scene.installation() as shop:
        figures = sale(shop, buyers, units)
    with scene.installation(sound=False, faults="no_stock_guard") as shop:
        _crowd, _goods, sold = sell_out(shop, buyers, units)
    demand(sold > units, f"without the guard {sold} of {units} were sold: this drill cannot fail")
    return {**figures, "sold without the guard": sold}
