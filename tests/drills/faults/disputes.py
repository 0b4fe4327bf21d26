"""Buyers who contest their payment at the bank."""

from collections import Counter
from functools import partial
from typing import Any

from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.core.db import db
from shop.payments.models import Dispute
from tests.drills.buyers import Buyer, Crowd, all_at_once
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import at_stripe_per_currency, books_at_stripe, read_orders
from tests.drills.installation import Installation
from tests.drills.shelves import shelve
from tests.drills.staff import Officer, ask_back

# What happens at the bank, in turn; "refund" is what our staff do before it.
LIVES: dict[str, tuple[str, ...]] = {
    "won": ("chargeback", "review", "won"),
    "lost": ("chargeback", "review", "lost"),
    "asked and closed": ("inquiry", "closed"),
    "asked, contested and lost": ("inquiry", "escalated", "lost"),
    "refunded, then contested and won": ("refund", "chargeback", "won"),
    "refunded, then contested and lost": ("refund", "chargeback", "lost"),
}


def intent_of(shop: Installation) -> dict[str, str]:
    """The payment intent of each order, by number."""
    return {intent["metadata"]["order"]: intent["id"] for intent in shop.stripe_list("payment_intents")}


def read_stock() -> list[tuple[Any, ...]]:
    rows = db.session.execute(
        select(Variant.id, Variant.available, Variant.reserved, Variant.sold, Variant.returned).order_by(Variant.id)
    )
    return [tuple(row) for row in rows]


def happen(shop: Installation, step: str, intents: list[str], disputes: dict[str, str]) -> None:
    """One step of a life for all payments that live it."""
    for intent in intents:
        if step in ("chargeback", "inquiry"):
            opened = shop.act("dispute", payment_intent=intent, inquiry=step == "inquiry")
            disputes[intent] = opened["id"]
        else:
            shop.act("dispute", dispute=disputes[intent], outcome=step)
    shop.until_quiet()


@drill("F17", "Life of a dispute", "order and stock untouched, books at Stripe exact, refunds refused while it is open")
def disputes_live(scene: Scene) -> Figures:
    each = scene.many(6, 1)
    with scene.installation() as shop:
        goods, crowd = shelve(shop, each * len(LIVES)), Crowd()
        names = [f"{life.replace(' ', '-').replace(',', '')}-{turn}" for life in LIVES for turn in range(each)]
        buyers = [Buyer(shop, crowd, f"{name}@example.org") for name in names]
        ended = all_at_once([partial(buyer.buy, goods) for buyer in buyers], hands=4)
        demand(ended == ["paid"] * len(buyers), f"not everybody could pay: {Counter(ended)}")
        shop.until_quiet()
        shop.pass_time(minutes=6)
        shop.ask(lambda: ask_back([buyer.email for buyer in buyers if buyer.email.startswith("refunded")]))
        shop.pass_time(minutes=6)
        before, stock = shop.ask(read_orders), shop.ask(read_stock)
        numbers = {order.email: order.number for order in before}
        intents, refused = intent_of(shop), 0
        for position, steps in enumerate(LIVES.values()):
            living = [numbers[buyer.email] for buyer in buyers[position * each : (position + 1) * each]]
            disputes: dict[str, str] = {}
            for step in steps:
                if step != "refund":
                    happen(shop, step, [intents[number] for number in living], disputes)
                if step == "chargeback" and "refund" not in steps:
                    officer = Officer(shop, crowd)
                    answers = [officer.refund(number) for number in living]
                    demand(all(answer.status in (409, 422) for answer in answers), f"a refund was taken: {answers}")
                    refused += len(answers)
                shop.pass_time(days=1)
        shop.heal()
        after, left = shop.ask(read_orders), shop.ask(read_stock)
        stripes, ours = at_stripe_per_currency(shop), shop.ask(books_at_stripe)
        known = shop.ask(lambda: Counter(db.session.scalars(select(Dispute.status))))
    demand(
        after == before, f"orders changed: {[pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]}"
    )
    demand(left == stock, f"stock moved from {stock} to {left}")
    demand(ours == stripes, f"the books say {ours}, Stripe says {stripes}")
    demand(sum(known.values()) == each * len(LIVES), f"disputes known: {known}")
    return {
        "disputes": ", ".join(f"{count} {status}" for status, count in sorted(known.items())),
        "refunds refused meanwhile": refused,
        "orders and pieces changed": 0,
        "difference to Stripe": 0,
    }
