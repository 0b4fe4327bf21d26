"""Money that is asked back many times at once, and money that comes back from the buyer's bank."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

from sqlalchemy import func, select

from shop.core.db import db
from shop.ledger.queries import list_balances
from shop.notifications.models import Letter
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payments.models import Refund
from tests.drills.buyers import Answer, Buyer, Crowd, all_at_once
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import Seen, read_orders, read_states
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


def clicks_on(officer: Officer, order: str, lines: list[int], chances: Random) -> list[Callable[[], Answer]]:
    """Twenty officers who want different things of one order: pieces, amounts, the postage, all of it."""
    clicks: list[Callable[[], Answer]] = []
    for _click in range(CLICKS):
        some = chances.sample(lines, chances.randint(1, len(lines)))
        wish = chances.choice(("lines", "amount", "amount of lines", "shipping", "all"))
        if wish == "lines":
            clicks.append(partial(officer.refund, order, some))
        elif wish in ("shipping", "all"):
            clicks.append(partial(officer.refund, order, extent=wish))
        else:
            euro = f"{chances.randint(1, 500)}.{chances.randint(0, 99):02}"
            clicks.append(partial(officer.refund, order, some if wish == "amount of lines" else (), euro=euro))
    return clicks


def judge_money(orders: list[Seen], totals: dict[str, int], back: Counter[str], booked: dict[str, int]) -> None:
    """Nobody got back more than was paid, and the books say what Stripe says."""
    for order in orders:
        demand(back[order.number] <= totals[order.number], f"{order} got back {back[order.number]}")
        demand(back[order.number] == booked.get(order.number, 0), f"{order}: Stripe {back}, the books {booked}")


def read_money() -> tuple[dict[str, int], dict[str, int], int, list[str | None]]:
    """Totals of orders, what went back of each, how many refunds were asked for, and why some failed."""
    totals = {row.number: row.total_minor for row in db.session.execute(select(Order.number, Order.total_minor))}
    given = select(Order.number, func.sum(Refund.amount_minor).label("minor")).join(Refund, Refund.order_id == Order.id)
    rows = db.session.execute(given.where(Refund.state == "succeeded").group_by(Order.number))
    failed = select(Refund.failure).where(Refund.state == "failed")
    asked = db.session.scalar(select(func.count(Refund.id))) or 0
    return totals, {row.number: int(row.minor) for row in rows}, asked, list(db.session.scalars(failed))


@drill("F15", "Refund storm", "20 clicks at once give back once, and never more than was paid")
def refund_storm(scene: Scene) -> Figures:
    number = scene.many(15, 2)
    with scene.installation() as shop:
        pieces, crowd = [shelve(shop, 2 * number) for _piece in range(PIECES)], Crowd()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(2 * number)]
        ended = all_at_once([partial(buyer.buy, *pieces) for buyer in buyers], hands=4)
        demand(ended == ["paid"] * len(buyers), f"not everybody could pay: {Counter(ended)}")
        shop.until_quiet()
        officer, chances = Officer(shop, crowd), scene.chances("clicks")
        orders = shop.ask(read_orders)
        for order in orders[:number]:
            answers = all_at_once([partial(officer.refund, order.number)] * CLICKS, hands=CLICKS)
            taken = sum(answer.status == 303 for answer in answers)
            demand(taken == 1, f"{taken} of {CLICKS} clicks on one refund were taken")
        for order in orders[number:]:
            lines = shop.ask(partial(line_ids, order.number))
            all_at_once(clicks_on(officer, order.number, lines, chances), hands=CLICKS)
        shop.heal()
        totals, booked, asked, failed = shop.ask(read_money)
        back = given_back(shop)
    demand(not crowd.errors(), f"answers of 500: {crowd.errors()[:3]}")
    demand(not failed, f"Stripe had to refuse: {failed[:3]}")
    judge_money(orders, totals, back, booked)
    demand(all(back[order.number] == totals[order.number] for order in orders[:number]), "an order went back in part")
    return {
        "clicks": len(orders) * CLICKS,
        "one refund for 20 clicks": f"{number} of {number}",
        "refunds of mixed clicks": asked - number,
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
