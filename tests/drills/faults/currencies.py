"""Eight currencies with no, two and three digits after the point."""

from collections import Counter
from functools import partial
from typing import Any

from sqlalchemy import select

from shop.core.db import db, transaction
from shop.core.money import exponent
from shop.core.tables import Rate
from shop.shipping.models import Zone, ZoneRate
from tests.builders import make_product
from tests.drills.buyers import Buyer, Crowd, all_at_once
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import at_stripe_per_currency, books_at_stripe, read_states
from tests.drills.installation import Installation
from tests.drills.shelves import Goods, goods_of
from tests.drills.staff import ask_back

# Euro cents' worth of one unit, roughly; prices are odd on purpose. Three-digit amounts are tens at Stripe.
CURRENCIES = {
    "EUR": 12_345,
    "USD": 13_579,
    "GBP": 10_007,
    "MAD": 133_331,
    "JPY": 19_999,
    "KRW": 181_817,
    "TND": 415_730,
    "KWD": 41_130,
}
# What stays in its own currency at Stripe; the rest is turned into euro.
ALSO = ["usd", "jpy", "kwd"]


def shelve_for_all(shop: Installation, stock: int) -> list[Goods]:
    """Two pieces that are for sale in every currency, and postage and rates for all."""
    with shop.inside():
        with transaction():
            zone = db.session.scalars(select(Zone)).one()
            known = set(db.session.scalars(select(ZoneRate.currency)))
            for currency, price in CURRENCIES.items():
                if currency in known:
                    continue
                postage = price // 30 * 10
                db.session.add(ZoneRate(zone_id=zone.id, currency=currency, up_to_grams=30_000, amount_minor=postage))
            first = db.session.scalars(select(Rate).order_by(Rate.on)).first()
            assert first is not None
            for currency in CURRENCIES.keys() - set(db.session.scalars(select(Rate.currency))) - {"MAD"}:
                db.session.add(Rate(on=first.on, currency=currency, unit=1, mad_millionths=70_000, source="drill"))
        half = {currency: price // 20 * 10 for currency, price in CURRENCIES.items()}
        variants = [make_product(stock=stock, kind="repeatable", prices=dict(p)) for p in (CURRENCIES, half)]
        return [goods_of(variant) for variant in variants]


@drill("F19", "Eight currencies", "the books' balance at Stripe is Stripe's own, to the last minor unit")
def eight_currencies(scene: Scene) -> Figures:
    each = scene.many(12, 2)
    with scene.installation(faults="many_currencies") as shop:
        pieces, crowd = shelve_for_all(shop, each * len(CURRENCIES)), Crowd()
        shop.control("settlement", currency="eur", also=ALSO)
        acts: list[Any] = []
        for currency in CURRENCIES:
            for turn in range(each):
                buyer = Buyer(shop, crowd, f"{currency.lower()}{turn}@example.org")
                acts.append(partial(buyer.buy, *pieces[: 1 + turn % 2], currency=currency))
        ended = all_at_once(acts, hands=4)
        demand(ended == ["paid"] * len(acts), f"not everybody could pay: {Counter(ended)}")
        shop.until_quiet()
        shop.pass_time(minutes=6)
        back = [f"{currency.lower()}{turn}@example.org" for currency in CURRENCIES for turn in range(0, each, 3)]
        shop.ask(lambda: ask_back(back))
        # Rates have moved by the next day.
        shop.pass_time(days=1)
        shop.heal()
        stripes, ours, states = at_stripe_per_currency(shop), shop.ask(books_at_stripe), shop.ask(read_states)
    demand(states == {"paid": len(acts) - len(back), "refunded": len(back)}, f"orders ended as {states}")
    demand(len(stripes) > 1, f"all was settled in one currency: {stripes}")
    demand(ours == stripes, f"the books say {ours}, Stripe says {stripes}")
    digits = sorted({exponent(currency) for currency in CURRENCIES})
    return {
        "orders": len(acts),
        "given back": len(back),
        "digits": digits,
        "at Stripe and in the books": ", ".join(f"{minor} {currency}" for currency, minor in sorted(ours.items())),
        "difference": 0,
    }
