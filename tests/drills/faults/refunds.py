"""Money that is asked back many times at once, and money that comes back from the buyer's bank."""

from collections import Counter
from functools import partial

from sqlalchemy import select

from shop.core.db import db
from shop.ledger.queries import list_balances
from shop.notifications.models import Letter
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payments.models import Refund
from tests.drills.buyers import Buyer, Crowd, all_at_once
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import read_orders, read_states
from tests.drills.installation import Installation
from tests.drills.shelves import shelve
from tests.drills.staff import Officer, ask_back

CLICKS = 20
PIECES = 3


def line_ids(number: str) -> list[int]:
    order = db.session.scalars(select(Order).where(Order.number == number)).one()
    return [line.id for line in list_lines(order.id)]


def given_back(shop: Installation) -> Counter[str]:
    """What Stripe gave back of each order, in minor units."""
    found: Counter[str] = Counter()
    for charge in shop.stripe_list("charges"):
        found[charge["metadata"]["order"]] += charge["amount_refunded"]
    return found


@drill("F15", "Refund storm", "20 clicks at once give back once, and never more than was paid")
def refund_storm(scene: Scene) -> Figures:
    number = scene.many(20, 2)
    with scene.installation() as shop:
        pieces, crowd = [shelve(shop, 2 * number) for _piece in range(PIECES)], Crowd()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(2 * number)]
        ended = all_at_once([partial(buyer.buy, *pieces) for buyer in buyers], hands=4)
        demand(ended == ["paid"] * len(buyers), f"not everybody could pay: {Counter(ended)}")
        shop.until_quiet()
        officer, chances = Officer(shop, crowd), scene.chances("clicks")
        orders = [order.number for order in shop.ask(read_orders)]
        whole, by_line = orders[:number], orders[number:]
        answered: Counter[int] = Counter()
        for order in whole:
            answers = all_at_once([partial(officer.refund, order)] * CLICKS, hands=CLICKS)
            answered.update(answer.status for answer in answers)
            demand(sum(answer.status == 303 for answer in answers) == 1, f"{order} was given back {Counter(answers)}")
        for order in by_line:
            # Overlapping sets of lines: whoever comes second finds a line taken.
            lines = shop.ask(partial(line_ids, order))
            sets = [chances.sample(lines, chances.randint(1, PIECES)) for _click in range(CLICKS)]
            clicks = [partial(officer.refund, order, chosen) for chosen in sets]
            answered.update(answer.status for answer in all_at_once(clicks, hands=CLICKS))
        shop.heal()
        totals = dict(
            shop.ask(lambda: [tuple(row) for row in db.session.execute(select(Order.number, Order.total_minor))])
        )
        asked = shop.ask(lambda: Counter(db.session.scalars(select(Refund.order_id))))
        failed = shop.ask(lambda: list(db.session.scalars(select(Refund.failure).where(Refund.state == "failed"))))
        back = given_back(shop)
    demand(not crowd.errors(), f"answers of 500: {crowd.errors()[:3]}")
    demand(not failed, f"Stripe had to refuse: {failed[:3]}")
    over = [order for order, minor in back.items() if minor > totals[order]]
    demand(not over, f"more than was paid went back: {over}")
    demand(all(back[order] == totals[order] for order in whole), "a whole order was not given back whole")
    return {
        "clicks": 2 * number * CLICKS,
        "answers": ", ".join(f"{count} × {status}" for status, count in sorted(answered.items())),
        "refunds": sum(asked.values()),
        "refused by Stripe": 0,
        "beyond what was paid": 0,
    }


def letters_of(kind: str) -> int:
    return len(list(db.session.scalars(select(Letter.id).where(Letter.kind == kind))))


def books() -> dict[tuple[str, str], int]:
    return {(balance.account, balance.currency): balance.minor for balance in list_balances()}


@drill("F16", "Refund fails three days later", "books as before it, order paid again, buyer told, second try succeeds")
def refund_fails(scene: Scene) -> Figures:
    number = scene.many(20, 3)
    with scene.installation() as shop:
        goods, crowd = shelve(shop, number), Crowd()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(number)]
        ended = all_at_once([partial(buyer.buy, goods) for buyer in buyers], hands=4)
        demand(ended == ["paid"] * number, f"not everybody could pay: {Counter(ended)}")
        shop.until_quiet()
        shop.pass_time(minutes=6)
        before = shop.ask(books)
        shop.control("refund_fails", times=number, days=3)
        emails = [buyer.email for buyer in buyers]
        shop.ask(lambda: ask_back(emails))
        shop.until_known(lambda: read_states() == {"refunded": number}, 60, "all refunded")
        shop.pass_time(days=3, minutes=5)
        shop.until_quiet()
        shop.pass_time(minutes=10)
        after, states = shop.ask(books), shop.ask(read_states)
        demand(states == {"paid": number}, f"after the failure the orders are {states}")
        changed = {key: (before.get(key), after.get(key)) for key in before.keys() | after.keys()}
        changed = {key: values for key, values in changed.items() if values[0] != values[1]}
        demand(not changed, f"the books are not as they were: {changed}")
        told = shop.ask(lambda: letters_of("refund_failed"))
        demand(told == number, f"{told} of {number} buyers were told that the money did not arrive")
        shop.ask(lambda: ask_back(emails))
        shop.heal()
        states = shop.ask(read_states)
    demand(states == {"refunded": number}, f"after the second try the orders are {states}")
    return {"failed after three days": number, "books as before": "yes", "told": number, "given back at last": number}
