"""Money troubles of the past: reduced prices, payments contested at the bank, a refund that came back."""

from datetime import timedelta
from functools import partial
from random import Random

from shop.core.db import db, transaction
from shop.demo.double import control, verbs
from shop.demo.double.app import state_of
from shop.demo.loading.past import Past
from shop.orders.models import Order
from shop.payments.queries import find_charge
from shop.payments.refunds import refundable, request_refund

# What becomes of some orders after they were delivered, and where in the past they lie, in hundredths.
TROUBLES = (
    (10, "reduced"),
    (20, "contested_won"),
    (35, "contested_lost"),
    (45, "reduced"),
    (60, "reduced"),
    (80, "refund_failed"),
    (93, "inquiry"),
)
# Of the price, in per cent: for a glaze that is chipped, a fringe that came undone.
REDUCED_BY = (8, 20)
# Why a payment is contested, and what the bank says so many days after; one that nobody answers is lost by itself.
CONTESTED: dict[str, tuple[str, tuple[tuple[int, str], ...]]] = {
    "contested_won": ("product_not_received", ((5, "review"), (61, "won"))),
    "contested_lost": ("fraudulent", ()),
}
UNANSWERED = timedelta(days=11)
# What an officer finds on the desk: an inquiry that was opened, a refund that came back, so many days ago.
INQUIRED, ASKED, CAME_BACK = 3, 4, 2


class Troubles:
    """Lays out what happens to the money of a delivered order; other fates have none."""

    def __init__(self, past: Past, officer: int) -> None:
        self._past, self._officer = past, officer

    def follow(self, order_id: int, fate: str, chance: Random) -> None:
        """Steps from the day the order was paid on."""
        past, now = self._past, self._past.virtual()
        if fate == "reduced":
            past.at(now + timedelta(days=chance.randint(40, 60)), partial(self._reduce, order_id, chance))
        elif fate in CONTESTED:
            past.at(now + timedelta(days=chance.randint(30, 45)), partial(self._contest, order_id, *CONTESTED[fate]))
        elif fate == "inquiry":
            past.at(past.end - timedelta(days=INQUIRED), partial(self._inquire, order_id))
        elif fate == "refund_failed":
            past.at(past.end - timedelta(days=ASKED), partial(self._refund_in_vain, order_id))
            past.at(past.end - timedelta(days=CAME_BACK, hours=-1), past.catch_up)

    def _reduce(self, order_id: int, chance: Random) -> None:
        with transaction():
            lines = refundable(order_id).lines
            if lines and db.session.get_one(Order, order_id).state == "paid":
                line_id, minor = next(iter(lines.items()))
                amount = minor * chance.randint(*REDUCED_BY) // 100
                request_refund(order_id, line_ids=[line_id], amount_minor=amount, reason="staff", actor=self._officer)
        self._past.catch_up()

    def _contest(self, order_id: int, reason: str, outcomes: tuple[tuple[int, str], ...]) -> None:
        dispute = self._open(order_id, reason=reason)
        self._past.at(self._past.virtual() + UNANSWERED, self._past.catch_up)
        for days, outcome in outcomes:
            self._past.at(self._past.virtual() + timedelta(days=days), partial(self._decide, dispute, outcome))

    def _inquire(self, order_id: int) -> None:
        self._open(order_id, reason="unrecognized", inquiry=True)

    def _open(self, order_id: int, **values: object) -> str:
        charge = find_charge(order_id)
        intent = charge.payment_intent if charge else ""
        dispute = verbs.act(state_of(self._past.double), "dispute", {"payment_intent": intent, **values})
        self._past.catch_up()
        return str(dispute["id"])

    def _decide(self, dispute: str, outcome: str) -> None:
        verbs.act(state_of(self._past.double), "dispute", {"dispute": dispute, "outcome": outcome})
        self._past.catch_up()

    def _refund_in_vain(self, order_id: int) -> None:
        """The buyer sends everything back; the card it was paid with has expired meanwhile."""
        control.assign(state_of(self._past.double), "refund_fails", {"times": 1, "days": ASKED - CAME_BACK})
        with transaction():
            request_refund(order_id, reason="buyer", actor=self._officer)
        self._past.catch_up()
