"""Stripe away, slow, forgetful or talking nonsense."""

import threading
import time
from collections import Counter
from functools import partial
from typing import Any

from sqlalchemy import func, select

from shop.catalogue.models import Variant
from shop.core.db import db
from shop.core.tables import Job
from tests.drills.buyers import Answer, Buyer, Crowd, all_at_once, at_stripe
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import charges_of, read_states
from tests.drills.installation import Installation
from tests.drills.shelves import Goods, shelve
from tests.drills.staff import ask_back

# What somebody who waits for a page may be made to wait by Stripe: the gateway's impatient time limits.
PATIENCE_SECONDS = 4
WAITING_TEXT = "Votre paiement se prépare"


class Window:
    """Somebody who looks at product pages, made anew each time, while other things happen."""

    def __init__(self, shop: Installation, goods: Goods, eyes: int = 2) -> None:
        self.crowd = Crowd()
        self._buyers = [Buyer(shop, self.crowd, f"eyes{number}@example.org") for number in range(eyes)]
        self._goods, self._stop = goods, threading.Event()
        self._threads = [threading.Thread(target=self._look, args=(buyer,), daemon=True) for buyer in self._buyers]

    def _look(self, buyer: Buyer) -> None:
        while not self._stop.wait(0.05):
            # A parameter the shop does not know: the page is not kept.
            buyer.ask("GET", f"/fr/products/{self._goods.product}?anew=1")

    def __enter__(self) -> "Window":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def demand_answers(self) -> None:
        """Every look got its page."""
        bad = [answer for answer in self.crowd.answers if answer.status not in (200, 308)]
        demand(bool(self.crowd.answers), "nobody looked")
        demand(not bad, f"{len(bad)} product pages were not answered: {[answer.status for answer in bad[:5]]}")

    def slowest_ms(self) -> int:
        return round(max(answer.seconds for answer in self.crowd.answers) * 1000)


def try_to_order(buyer: Buyer, goods: Goods) -> Answer:
    """To the checkout and what its answer leads to: once, without waiting there."""
    if buyer.take(goods).status != 303:
        return buyer.crowd.answers[-1]
    answer = buyer.check_out()
    return buyer.ask("GET", answer.location) if answer.status == 303 and "/pay?" in answer.location else answer


def count_told(answers: list[Answer]) -> int:
    """How many were told in words that their payment is being prepared: all of them."""
    others = [answer for answer in answers if not (answer.asks_to_wait and WAITING_TEXT in answer.body)]
    demand(not others, f"{len(others)} of {len(answers)} buyers were not told to wait: {others[:3]}")
    return len(answers)


def come_again(buyer: Buyer) -> str:
    """The buyer whom the shop asked to wait tries once more, and pays."""
    page = buyer.wait_for_page(buyer.check_out())
    if not at_stripe(page.location):
        return f"{page.status} {page.path}"
    return "paid" if buyer.pay(page.location).status == 303 else "refused"


def shelf(goods: Goods) -> tuple[int, int, int]:
    """Available, reserved, sold."""
    row = db.session.execute(
        select(Variant.available, Variant.reserved, Variant.sold).where(Variant.id == goods.variant)
    ).one()
    return row.available, row.reserved, row.sold


@drill(
    "F4",
    "Stripe away for ten minutes",
    "the shop is browsed, checkout says so, no stock stays held, all recovers",
)
def stripe_away(scene: Scene) -> Figures:
    number = scene.many(40, 6)
    with scene.installation() as shop:
        goods, crowd = shelve(shop, number), Crowd()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(number)]
        with Window(shop, goods) as before:
            time.sleep(scene.many(3, 1))
        shop.control("refuse", times=-1)
        with Window(shop, goods) as during:
            refused = all_at_once([partial(try_to_order, buyer, goods) for buyer in buyers[::2]], hands=4)
            for _minute in range(5):
                shop.pass_time(minutes=1)
            # First the machine that answers nothing, then no machine.
            shop.stop_double()
            refused += all_at_once([partial(try_to_order, buyer, goods) for buyer in buyers[1::2]], hands=4)
            for _minute in range(5):
                shop.pass_time(minutes=1)
        for window in (before, during):
            window.demand_answers()
        count_told(refused)
        slowest = max(answer.seconds for answer in crowd.answers)
        demand(slowest < PATIENCE_SECONDS + 1, f"somebody waited {slowest:.1f} s for a page")
        shop.start_double()
        shop.control("refuse")
        # Half of them come again; the others have gone elsewhere.
        ended = all_at_once([partial(come_again, buyer) for buyer in buyers[: number // 2]], hands=4)
        shop.heal()
        states, charged = shop.ask(read_states), charges_of(shop)
        left = shop.ask(lambda: shelf(goods))
    demand(ended == ["paid"] * (number // 2), f"not everybody could pay afterwards: {Counter(ended)}")
    demand(states == {"paid": number // 2, "expired": number - number // 2}, f"orders ended as {states}")
    demand(left == (number - number // 2, 0, number // 2), f"(available, reserved, sold) is {left}")
    demand(set(charged.values()) == {1}, f"charged more than once: {charged}")
    return {
        "told to wait": f"{number} of {number}",
        "slowest checkout ms": round(slowest * 1000),
        "product page p95 ms before": before.crowd.p95_ms(),
        "during": during.crowd.p95_ms(),
        "paid afterwards": f"{number // 2} of {number // 2}",
        "released": number - number // 2,
    }


def hang(scene: Scene, faults: str) -> tuple[int, int, int]:
    """Stripe says nothing while people check out: slowest product page in ms, orders asked to wait, orders paid at last."""
    number = scene.many(24, 8)
    with scene.installation(faults=faults) as shop:
        goods, crowd = shelve(shop, number), Crowd()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(number)]
        shop.control("latency", seconds=9)
        with Window(shop, goods) as window:
            held = all_at_once([partial(try_to_order, buyer, goods) for buyer in buyers], hands=number)
        window.demand_answers()
        # Stripe ends what was asked of it after all: whoever asks late enough finds the page made.
        told = count_told([answer for answer in held if not at_stripe(answer.location)])
        demand(not crowd.errors(), f"answers of 500: {crowd.errors()[:3]}")
        shop.control("latency")
        # What still hangs at the double ends there.
        time.sleep(9)
        ended = all_at_once([partial(come_again, buyer) for buyer in buyers], hands=4)
        shop.heal()
        states, charged = shop.ask(read_states), charges_of(shop)
    demand(states == {"paid": number}, f"orders ended as {states}, buyers as {Counter(ended)}")
    demand(set(charged.values()) == {1}, f"charged more than once: {charged}")
    return window.slowest_ms(), told, number


@drill("F5", "Stripe hangs", "product pages are answered while half of the threads wait, all recovers")
def stripe_hangs(scene: Scene) -> Figures:
    slowest, told, number = hang(scene, "")
    # The same without the bulkhead shows what it holds back.
    unheld, _told, _number = hang(scene, "no_bulkhead")
    demand(slowest < unheld, f"slowest page {slowest} ms with the bulkhead, {unheld} ms without: it holds nothing")
    return {
        "told to wait": f"{told} of {number}",
        "slowest product page ms": slowest,
        "without the bulkhead": unheld,
        "paid afterwards": f"{number} of {number}",
    }


def sessions_of(shop: Installation) -> Counter[str]:
    """Payment pages that Stripe made for each order."""
    return Counter(session["metadata"]["order"] for session in shop.stripe_list("checkout/sessions"))


def intents_of(shop: Installation) -> Counter[str]:
    """Payment intents of each order."""
    return Counter(intent["metadata"]["order"] for intent in shop.stripe_list("payment_intents"))


@drill("F6", "Answer lost after the work is done", "100 of 100 end with one payment intent")
def answer_lost(scene: Scene) -> Figures:
    number = scene.many(100, 8)
    with scene.installation() as shop:
        goods, crowd = shelve(shop, number), Crowd()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(number)]
        shop.control("reset_after_work", times=-1)
        lost = all_at_once([partial(try_to_order, buyer, goods) for buyer in buyers], hands=4)
        count_told(lost)
        shop.control("reset_after_work", times=number // 2)
        ended = all_at_once([partial(come_again, buyer) for buyer in buyers], hands=4)
        shop.heal()
        sessions, intents, charged = sessions_of(shop), intents_of(shop), charges_of(shop)
        states = shop.ask(read_states)
    demand(states == {"paid": number}, f"orders ended as {states}, buyers as {Counter(ended)}")
    for name, found in (("payment pages", sessions), ("payment intents", intents), ("charges", charged)):
        demand(len(found) == number and set(found.values()) == {1}, f"{name} of an order: {Counter(found.values())}")
    return {"answers lost": number + number // 2, "one payment intent": f"{number} of {number}"}


# What Stripe answers instead, as the double's controls say it. A kept 500 is repeated for a day under the same key.
NONSENSE: dict[str, tuple[str, dict[str, Any]]] = {
    "500 kept": ("status", {"status": 500}),
    "500": ("status", {"status": 500, "keep": False}),
    "429": ("status", {"status": 429}),
    "409": ("status", {"status": 409}),
    "half of the body": ("truncate", {}),
}


def all_refunds_tried() -> bool:
    untried = select(func.count(Job.id)).where(Job.kind == "send_refund", Job.attempts == 0)
    return db.session.scalar(untried) == 0


def talk_nonsense(shop: Installation, trouble: str, goods: Goods, number: int) -> tuple[Crowd, list[Buyer]]:
    """Orders are placed, paid and given back while Stripe answers with a trouble each time anew."""
    control, values = NONSENSE[trouble]
    crowd = Crowd()
    buyers = [Buyer(shop, crowd, f"{trouble.replace(' ', '-')}-{turn}@example.org") for turn in range(number)]
    shop.control(control, times=-1, **values)
    count_told(all_at_once([partial(try_to_order, buyer, goods) for buyer in buyers], hands=4))
    shop.control(control)
    # A key under which Stripe keeps a failure is given up after some minutes.
    shop.pass_time(minutes=5)
    ended = all_at_once([partial(come_again, buyer) for buyer in buyers], hands=4)
    demand(ended == ["paid"] * number, f"after {trouble}: {Counter(ended)}")
    shop.until_quiet()
    shop.control(control, times=-1, **values)
    shop.ask(lambda: ask_back([buyer.email for buyer in buyers]))
    shop.until_known(all_refunds_tried, 60, f"every refund meets {trouble}")
    shop.control(control)
    return crowd, buyers


@drill("F7", "500, 429, 409, broken JSON", "asked again under the same key, no page of 500, one charge, one refund")
def nonsense(scene: Scene) -> Figures:
    number = scene.many(6, 2)
    with scene.installation() as shop:
        goods = shelve(shop, number * len(NONSENSE))
        crowds = [talk_nonsense(shop, trouble, goods, number)[0] for trouble in NONSENSE]
        # Until Stripe has forgotten the keys under which it kept its failures, and everything was tried once more.
        for hours in (1, 20, 4, 2):
            shop.pass_time(hours=hours)
        shop.until_quiet()
        states, charged, sessions = shop.ask(read_states), charges_of(shop), sessions_of(shop)
        refunds = Counter(refund["payment_intent"] for refund in shop.stripe_list("refunds"))
    errors = [answer for crowd in crowds for answer in crowd.errors()]
    orders = number * len(NONSENSE)
    demand(not errors, f"pages of 500: {errors[:3]}")
    demand(states == {"refunded": orders}, f"orders ended as {states}")
    for name, found in (("payment pages", sessions), ("charges", charged), ("refunds", refunds)):
        demand(len(found) == orders and set(found.values()) == {1}, f"{name} of an order: {Counter(found.values())}")
    return {"troubles": ", ".join(NONSENSE), "orders paid and refunded once": f"{orders} of {orders}"}
