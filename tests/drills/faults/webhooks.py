"""News from Stripe that comes twice, late, out of order, not at all, too early, or from somebody else."""

import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from functools import partial
from typing import Any

from sqlalchemy import func, select

from shop.catalogue.models import Variant
from shop.core.db import db
from shop.ledger.queries import list_balances
from shop.notifications.models import Letter
from shop.orders.models import Order, OrderLine
from shop.payments.models import InboxEvent
from tests.drills.buyers import Buyer, Crowd, all_at_once, at_stripe
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import charges_of, read_states
from tests.drills.installation import WEBHOOK_SECRET, Installation
from tests.drills.shelves import Goods, shelve
from tests.drills.staff import ask_back

PIECES = 6
DECLINED = "4000000000000002"
TROUBLE = {"duplicate": 2, "shuffle": True, "delay": 3600, "drop": 30, "forge": True}


def visit(shop: Installation, crowd: Crowd, turn: int, shelf: list[Goods]) -> str:
    """What the visitor of this number does is the same in every run: pays, is declined first, or goes away."""
    buyer = Buyer(shop, crowd, f"buyer{turn}@example.org")
    page = buyer.order(shelf[turn % len(shelf)], quantity=1 + turn % 2)
    if not at_stripe(page.location):
        return f"{page.status} {page.path}"
    if turn % 10 == 9:
        return "left"
    if turn % 7 == 3:
        buyer.pay(page.location, DECLINED)
    paid = buyer.pay(page.location)
    if turn % 2 == 0:
        buyer.ask("GET", paid.location)
    return "paid"


def final_state(shop: Installation) -> dict[str, Any]:
    """Everything that must not depend on how the news travelled: orders, lines, stock, books, letters."""

    def read() -> dict[str, Any]:
        orders = db.session.execute(
            select(Order.email, Order.state, Order.total_minor, Order.currency, Order.shipping_refunded_minor)
        )
        lines = db.session.execute(
            select(
                Order.email, OrderLine.state, OrderLine.quantity, OrderLine.net_minor, OrderLine.refunded_minor
            ).join(OrderLine, OrderLine.order_id == Order.id)
        )
        stock = db.session.execute(
            select(Variant.id, Variant.available, Variant.reserved, Variant.sold, Variant.returned)
        )
        letters = db.session.execute(
            select(Letter.kind, Letter.recipient, func.count(Letter.id)).group_by(Letter.kind, Letter.recipient)
        )
        return {
            "orders": sorted(tuple(row) for row in orders),
            "lines": sorted(tuple(row) for row in lines),
            "stock": sorted(tuple(row) for row in stock),
            "letters": sorted(tuple(row) for row in letters),
            "books": sorted((balance.account, balance.currency, balance.minor) for balance in list_balances()),
        }

    state: dict[str, Any] = shop.ask(read)
    return state


def trade(scene: Scene, number: int, trouble: dict[str, Any]) -> tuple[dict[str, Any], Figures]:
    """The same visits and refunds with webhooks as told; how it ended, and what the shop thought of the messages."""
    with scene.installation() as shop:
        shelf, crowd = [shelve(shop, number) for _piece in range(PIECES)], Crowd()
        shop.control("webhooks", **trouble)
        ended = all_at_once([partial(visit, shop, crowd, turn, shelf) for turn in range(number)], hands=4)
        demand(set(ended) == {"paid", "left"}, f"visits ended as {Counter(ended)}")
        # An hour later all that was late has come; within minutes of it the shop has asked for what was lost.
        shop.pass_time(minutes=62)
        shop.until_quiet()
        shop.pass_time(minutes=6)
        shop.until_quiet()
        unsettled = shop.ask(lambda: read_states().get("awaiting_payment", 0))
        demand(unsettled == 0, f"{unsettled} orders still wait for their payment when all news is there")
        back = [f"buyer{turn}@example.org" for turn in range(0, number, 8)]
        shop.ask(lambda: ask_back(back))
        shop.pass_time(minutes=2)
        shop.pass_time(minutes=62)
        shop.until_quiet()
        shop.heal()
        replayed = replay(shop)
        outcomes = Counter(outcome.split()[0] for *_other, outcome in shop.list_deliveries())
        forged = Counter(outcome for *_other, outcome in shop.list_deliveries("forged"))
        stored = shop.ask(
            lambda: db.session.scalar(select(func.count()).where(InboxEvent.event_id.like("evt_forged%")))
        )
        errors = crowd.errors()
        demand(not errors, f"answers of 500: {errors[:3]}")
        demand(stored == 0 and set(forged) <= {"refused 400"}, f"forged messages: {forged}, {stored} stored")
        demand(set(charges_of(shop).values()) == {1}, "somebody was charged twice")
        facts = {"delivered": outcomes["delivered"], "dropped": outcomes["dropped"]}
        return final_state(shop), {**facts, "forged": sum(forged.values()), "replayed": replayed}


def replay(shop: Installation, number: int = 20) -> int:
    """Somebody who overheard old messages sends them again, as they were and with today's date: none is taken up."""
    events = shop.stripe_list("events")[:number]
    before = shop.ask(lambda: db.session.scalar(select(func.count(InboxEvent.event_id))))
    for event in events:
        body, then = json.dumps(event).encode(), int(shop.now().timestamp()) - 3600
        code = sign(body, then)
        answers = (post(shop, body, f"t={then},v1={code}"), post(shop, body, f"t={then + 3600},v1={code}"))
        demand(answers == (400, 400), f"a replayed message was answered {answers}")
    after = shop.ask(lambda: db.session.scalar(select(func.count(InboxEvent.event_id))))
    demand(before == after, "a replayed message was stored")
    return 2 * len(events)


def sign(body: bytes, moment: int) -> str:
    return hmac.new(WEBHOOK_SECRET.encode(), str(moment).encode() + b"." + body, hashlib.sha256).hexdigest()


def post(shop: Installation, body: bytes, signature: str) -> int:
    """Send a webhook; the status of the answer."""
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
    request = urllib.request.Request(f"{shop.base}/webhooks/stripe", data=body, headers=headers, method="POST")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@drill(
    "F8",
    "Webhooks tripled, shuffled, late, lost, forged",
    "300 orders end as in the clean run, 0 forged accepted",
)
def webhooks_in_trouble(scene: Scene) -> Figures:
    number = scene.many(300, 20)
    clean, _facts = trade(scene, number, {})
    troubled, facts = trade(scene, number, TROUBLE)
    for part, wanted in clean.items():
        differences = [row for row in troubled[part] if row not in wanted] + [
            row for row in wanted if row not in troubled[part]
        ]
        demand(troubled[part] == wanted, f"{part} differ from the clean run: {differences[:6]}")
    demand(facts["dropped"] > 0 and facts["forged"] > 0, f"nothing was dropped or forged: {facts}")
    return {"orders as in the clean run": f"{number} of {number}", **facts, "accepted of those": 0}


def pay_at_once(shop: Installation, stop: threading.Event) -> None:
    """Whoever knows a payment page pays there, before the shop has been told that it exists."""
    stranger, seen = Buyer(shop, Crowd(), ""), set()
    while not stop.wait(0.02):
        for session in shop.stripe_list("checkout/sessions", status="open"):
            if session["id"] not in seen:
                seen.add(session["id"])
                stranger.pay(session["url"])


@drill("F9", "Webhook before our commit", "100 of 100 paid, and refunded, without anybody coming back")
def webhook_first(scene: Scene) -> Figures:
    number = scene.many(100, 8)
    with scene.installation(faults="late_answers", job_workers=2) as shop:
        goods, crowd, stop = shelve(shop, number), Crowd(), threading.Event()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(number)]
        payer = threading.Thread(target=pay_at_once, args=(shop, stop), daemon=True)
        payer.start()
        try:
            pages = all_at_once([partial(buyer.order, goods) for buyer in buyers], hands=8)
        finally:
            stop.set()
            payer.join(30)
        shop.until_quiet()
        paid = shop.ask(read_states)
        demand(paid == {"paid": number}, f"orders are {paid}; pages answered {Counter(page.status for page in pages)}")
        shop.ask(lambda: ask_back([buyer.email for buyer in buyers]))
        shop.until_known(lambda: read_states() == {"refunded": number}, 120, "all refunded")
        shop.heal()
        states, charged = shop.ask(read_states), charges_of(shop)
        refunds = Counter(refund["payment_intent"] for refund in shop.stripe_list("refunds"))
        letters = shop.ask(lambda: Counter(row.kind for row in db.session.execute(select(Letter.kind))))
    demand(states == {"refunded": number}, f"orders ended as {states}")
    for name, found in (("charges", charged), ("refunds", refunds)):
        demand(len(found) == number and set(found.values()) == {1}, f"{name} of an order: {Counter(found.values())}")
    wanted = {"order_confirmation": number, "refund_settled": number}
    demand(letters == wanted, f"letters: {letters}")
    return {"paid": f"{number} of {number}", "refunded": f"{number} of {number}", "letters each": 1}
