"""Processes that are killed: at a named point of what they do, or every quarter of a second."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from random import Random

from sqlalchemy import func, select

from shop.core.db import db
from shop.core.tables import Job
from shop.notifications.models import Letter
from shop.payments.models import InboxEvent
from tests.drills.breakage import count_ordered, order_deaths
from tests.drills.buyers import Buyer, Crowd, all_at_once, at_stripe
from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.eyes import Seen, charges_of, read_orders, read_states
from tests.drills.installation import Installation, NotReached
from tests.drills.makers import DAYS, count_transfers, enrol, find_draft, hand_over_all, list_approved
from tests.drills.shelves import Goods, shelve
from tests.drills.staff import Officer, ask_back

OPENING = (
    "opening, after commit 1",  # the attempt stands, Stripe has not heard of it
    "opening, after open_checkout",  # Stripe has a session, we have not
    "opening, before commit 2",
    "opening, after commit 2",  # the session is saved, the buyer has no answer
)
SETTLING = (
    "settling, after fetch_session",
    "settling, before post_payment",
    "settling, after post_payment",
    "settling, after commit 1",
)
REFUNDING = (
    "refunding, before refund",
    "refunding, after refund",  # the money is on its way back, we do not know
    "refunding, after post_refund",
    "refunding, after commit 1",
)
PAYING = (
    "drafting, before commit 1",
    "approving, before commit 1",
    "paying out, after post_transfer",
    "paying out, after commit 1",  # it is in the books, the officer has no answer
)
LEAVES, ROUNDS = 0.25, 6


def go_shopping(buyer: Buyer, goods: Goods, pays: bool) -> str:
    """All the way through a shop that keeps dying; or to the payment page, or to the first lost connection.

    "cut off" is who lost the connection first: a death takes along requests that had not come to an order yet.
    """
    if pays:
        return buyer.buy(goods)
    page = buyer.order(goods)
    if page.status == 0:
        return "cut off"
    return "left" if at_stripe(page.location) else f"{page.status} {page.path}"


def die_at(shop: Installation, scene: Scene, point: str, number: int, goods: Goods) -> dict[str, str]:
    """So many deaths at one point, and buyers until all have happened; what each buyer ended with, by e-mail."""
    chances, ended = scene.chances(point), dict[str, str]()
    if point not in REFUNDING:
        order_deaths(shop.folder, point, number)
    for turn in range(ROUNDS):
        # Who dies takes others with it, who may have been past the point already: for those somebody else comes.
        missing = count_ordered(shop.folder) if turn or point not in REFUNDING else number
        if missing == 0:
            break
        ended |= send_buyers(shop, f"{point.replace(',', '').replace(' ', '-')}-{turn}", missing, goods, chances)
        if point in REFUNDING:
            shop.until_quiet()
            if turn == 0:
                order_deaths(shop.folder, point, number)
            shop.ask(partial(ask_back, list(ended)))
        with contextlib.suppress(NotReached):
            shop.until(lambda: count_ordered(shop.folder) == 0, 10, f"{number} deaths at {point!r}")
    left = count_ordered(shop.folder)
    demand(left == 0, f"{left} of {number} deaths did not happen at {point!r}")
    # Leases run out; what is left lying is taken up.
    shop.pass_time(minutes=3)
    return ended


def send_buyers(shop: Installation, name: str, number: int, goods: Goods, chances: Random) -> dict[str, str]:
    """So many buyers; where the page is opened some of them leave. What each ended with, by e-mail."""
    pays = [not name.startswith("opening") or chances.random() > LEAVES for _turn in range(number)]
    crowd = Crowd()
    buyers = [Buyer(shop, crowd, f"{name}-{turn}@example.org", persistent=will) for turn, will in enumerate(pays)]
    acts = [partial(go_shopping, buyer, goods, will) for buyer, will in zip(buyers, pays, strict=True)]
    return {buyer.email: end for buyer, end in zip(buyers, all_at_once(acts, hands=4), strict=True)}


def sell_and_hand_over(shop: Installation, pieces: list[Goods], email: str) -> None:
    """Somebody buys a piece of every maker, all is handed over, and the days pass after which it can be paid."""
    ended = Buyer(shop, Crowd(), email).buy(*pieces)
    demand(ended == "paid", f"{email} ended with {ended}")
    shop.until_quiet()
    shop.ask(lambda: hand_over_all(email))
    shop.pass_time(days=DAYS)
    shop.until_quiet()


def pay_makers(shop: Installation, number: int) -> dict[str, int]:
    """Each maker is paid twice while the web process dies at every point; transfers by state."""
    pieces, crowd = enrol(shop, number, stock=2), Crowd()
    for turn, point in enumerate(PAYING[2:]):
        sell_and_hand_over(shop, pieces, f"makers-{turn}@example.org")
        drafter, approver = (Officer(shop, crowd, persistent=True) for _officer in range(2))
        if turn == 0:
            order_deaths(shop.folder, PAYING[0], number)
        drafter.send("payouts", currency="EUR")
        batch = shop.ask(find_draft)
        if turn == 0:
            order_deaths(shop.folder, PAYING[1], number)
        approver.send(f"payouts/{batch}/approve", executes_on=shop.now().date().isoformat())
        order_deaths(shop.folder, point, number)
        for transfer in shop.ask(list_approved):
            form = {"on": shop.now().date().isoformat(), "rate": "10.75", "mad": "", "reference": f"V{transfer}"}
            approver.send(f"transfers/{transfer}/executed", **{f"sent-{name}": value for name, value in form.items()})
        left = count_ordered(shop.folder)
        demand(left == 0, f"{left} deaths did not happen while makers were paid")
    demand(not any(answer.status >= 500 for answer in crowd.answers), "officers were answered 500")
    return shop.ask(count_transfers)


def judge(ended: dict[str, str], orders: list[Seen], charges: Counter[str]) -> None:
    """Every order ended as its buyer did, was charged if and only if it was paid, and once."""
    wanted = {"paid": "paid", "left": "expired", "cut off": "expired"}
    lost = {email for email, how in ended.items() if how != "cut off"} - {order.email for order in orders}
    demand(not lost, f"lost: {lost}")
    twice = [number for number, count in charges.items() if count > 1]
    demand(not twice, f"charged twice: {twice}")
    for order in orders:
        state = "refunded" if order.email.startswith("refunding") else wanted.get(ended[order.email])
        demand(order.state == state, f"neither paid once nor released: {order}, its buyer {ended[order.email]}")
        demand(
            (charges[order.number] > 0) == (state != "expired"), f"{order} was charged {charges[order.number]} times"
        )


def die_and_judge(shop: Installation, scene: Scene, points: Sequence[str], number: int) -> Figures:
    """So many deaths at each point, and what became of every order."""
    ended: dict[str, str] = {}
    goods = shelve(shop, 2 * len(points) * number)
    for point in points:
        ended |= die_at(shop, scene, point, number, goods)
    shop.heal()
    orders = [order for order in shop.ask(read_orders) if order.email in ended]
    judge(ended, orders, charges_of(shop))
    return {
        "points": len(points),
        "deaths": len(points) * number,
        "orders that ended well": f"{len(orders)} of {len(ended)}",
        "charged twice": 0,
        "lost": 0,
    }


@drill("F2", "kill -9 at named points", "every order paid once or released, 0 charged twice, 0 lost")
def killed_at_named_points(scene: Scene) -> Figures:
    number = scene.many(20, 1)
    with scene.installation(faults="deaths") as shop:
        figures = die_and_judge(shop, scene, (*OPENING, *SETTLING, *REFUNDING), number)
        transfers = pay_makers(shop, number)
    demand(transfers == {"executed": 2 * number}, f"transfers to makers: {transfers}")
    paying = f"{len(PAYING) * number} more, {2 * number} transfers of {2 * number} sent once"
    return {**figures, "deaths while makers were paid": paying}


KILL_SECONDS = 0.25
KILLS_AT_MOST = 1_200
# A killed worker keeps its job until the lease is over: now and then so much time passes.
LEASE_OVER_EVERY, LEASE_MINUTES = 8, 3


def ask_for_link(buyer: Buyer, number: str) -> None:
    """The buyer wants the link of the order once more."""
    buyer.ask("POST", "/fr/orders", {"number": number, "email": buyer.email})


def count_jobs() -> tuple[int, int]:
    """Jobs there are, and those that are not done."""
    done = func.count(Job.done_at)
    row = db.session.execute(select(func.count(Job.id).label("all"), done.label("done"))).one()
    return row.all, row.all - row.done


def kill_again_and_again(shop: Installation) -> int:
    """Kill the worker every quarter of a second until nothing is left to do; how often."""
    shop.worker.start()
    for kills in range(KILLS_AT_MOST):
        if shop.ask(count_jobs)[1] == 0:
            return kills
        if kills % LEASE_OVER_EVERY == 0:
            shop.move_clock(minutes=LEASE_MINUTES)
        time.sleep(KILL_SECONDS)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((shop.folder / "worker").read_text(encoding="ascii")), signal.SIGKILL)
    demand(False, f"after {KILLS_AT_MOST} kills {shop.ask(count_jobs)[1]} jobs are not done")
    return KILLS_AT_MOST


def count_letters() -> Counter[tuple[str, str]]:
    """How many letters of each kind each buyer got."""
    return Counter(tuple(row) for row in db.session.execute(select(Letter.kind, Letter.recipient)))


@drill("F3", "Worker killed every 250 ms", "1,000 jobs: 0 lost, 0 doubled")
def worker_killed(scene: Scene) -> Figures:
    number = scene.many(130, 10)
    with scene.installation(faults="warm_worker") as shop:
        goods, crowd = shelve(shop, number), Crowd()
        shop.worker.stop()
        buyers = [Buyer(shop, crowd, f"buyer{turn}@example.org") for turn in range(number)]
        # Every second one never comes back from Stripe: only the worker will tell the shop.
        ended = all_at_once(
            [partial(buyer.buy, goods, returns=turn % 2 == 0) for turn, buyer in enumerate(buyers)], hands=4
        )
        demand(ended == ["paid"] * number, f"not everybody could pay: {set(ended)}")
        numbers = {order.email: order.number for order in shop.ask(read_orders)}
        all_at_once([partial(ask_for_link, buyer, numbers[buyer.email]) for buyer in buyers], hands=4)
        shop.until(lambda: shop.count_deliveries() == 0, 60, "all webhooks are delivered")
        kills = kill_again_and_again(shop)
        jobs, undone = shop.ask(count_jobs)
        letters = shop.ask(count_letters)
        states = shop.ask(read_states)
        unhandled = shop.ask(lambda: db.session.scalar(select(func.count()).where(InboxEvent.handled_at.is_(None))))
        charged = charges_of(shop)
    lost = {(kind, buyer.email) for kind in ("order_confirmation", "order_link") for buyer in buyers} - set(letters)
    doubled = [letter for letter, count in letters.items() if count > 1]
    demand(states == {"paid": number} and undone == unhandled == 0, f"not all settled: {states}")
    demand(set(charged.values()) == {1}, f"charged more than once: {charged}")
    demand(not lost and not doubled, f"letters lost: {lost}, doubled: {doubled}")
    return {"jobs": jobs, "kills": kills, "lost": 0, "doubled": 0}
