"""A paid order to try things on, and what must hold of it: books, stock, letters and report all say the same."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from shop.artisans.models import Unit
from shop.catalogue.models import Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.demo.double.inprocess import pay
from shop.fulfilment import services as fulfilment
from shop.ledger import accounts
from shop.ledger.queries import list_balances, read_books, unit_position
from shop.notifications.models import Letter
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines
from shop.payments.gateway import API_VERSION
from shop.payments.models import Refund
from shop.payments.queries import list_attempts, list_disputes, list_refunds
from shop.payments.refunds import Refundable, refundable, request_refund
from shop.reports.facts import list_facts
from shop.reports.filters import ReportFilters
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit
from tests.stripe_bench import Bench

# What a piece of the builders costs, and its postage; 10 % of the price are the operator's.
PRICE = {"EUR": 32000, "USD": 35000}
POSTAGE = {"EUR": 6000, "USD": 6600}


@dataclass
class Sale:
    """An order of one maker, its pieces one of a kind, and the shop it was bought in."""

    stripe: Bench
    unit: Unit
    order: Order
    rugs: list[Variant]

    @property
    def state(self) -> str:
        return db.session.get_one(Order, self.order.id, populate_existing=True).state

    @property
    def lines(self) -> list[OrderLine]:
        db.session.expire_all()
        return list_lines(self.order.id)

    @property
    def refunds(self) -> list[Refund]:
        db.session.expire_all()
        return list_refunds(self.order.id)

    @property
    def states(self) -> list[str]:
        return [refund.state for refund in self.refunds]

    @property
    def disputes(self) -> list[str]:
        db.session.expire_all()
        return [dispute.status for dispute in list_disputes(self.order.id)]

    @property
    def left(self) -> Refundable:
        return refundable(self.order.id)

    @property
    def returned(self) -> list[int]:
        """How many of each piece came back to the shelf."""
        return [db.session.get_one(Variant, rug.id, populate_existing=True).returned for rug in self.rugs]

    @property
    def letters(self) -> list[str]:
        """The kinds of letters about the order, after its confirmation and its maker's answers."""
        statement = select(Letter.kind).where(Letter.order_id == self.order.id).order_by(Letter.id)
        return [kind for kind in db.session.scalars(statement) if kind not in ("order_confirmation", "line_answered")]

    @property
    def reported(self) -> int:
        """What the report of today counts of this maker's goods, net of what went back, in the order's currency."""
        day = clock.today()
        filters = ReportFilters(day.replace(month=1, day=1), day, basis="booked", source="platform")
        return sum(fact.amount_minor for fact in list_facts(filters, unit_id=self.unit.id))

    @property
    def owed(self) -> int:
        """What stands for the maker altogether, in the currency Stripe settles in."""
        return sum(row.awaiting_export + row.due for row in unit_position(self.unit.id) if row.currency == "EUR")

    def ask(self, *numbers: int, **more: Any) -> int:
        """Ask for a refund: of all that is left, or of the lines of these numbers (from 1); the refund's id."""
        lines = self.lines
        chosen = [lines[number - 1].id for number in numbers] if numbers else None
        with transaction():
            return request_refund(self.order.id, line_ids=chosen, **{"reason": "buyer", "actor": None, **more}).id

    def give_back(self, *numbers: int, **more: Any) -> int:
        """Ask, and let it be done."""
        refund_id = self.ask(*numbers, **more)
        self.stripe.work()
        return refund_id

    def hand_over(self, *numbers: int) -> None:
        """All of it leaves the country, or the lines of these numbers (from 1)."""
        lines = [line.id for number, line in enumerate(self.lines, 1) if not numbers or number in numbers]
        with transaction():
            for line_id in lines:
                fulfilment.accept_line(line_id, unit_id=self.unit.id, actor=None)
            fulfilment.hand_over(
                self.order.id,
                unit_id=self.unit.id,
                line_ids=lines,
                carrier="Amana",
                tracking="RR1",
                handed_over_on=clock.today(),
                actor=None,
                on_behalf=True,
            )

    def check(self) -> None:
        """Every invariant holds; report and books agree on what is left of the goods."""
        db.session.rollback()
        assert list_findings() == []
        books = read_books(self.order.id, self.lines)
        goods = sum(books.left(f"line:{line.id}:{part}") for line in self.lines for part in ("artisan", "commission"))
        assert self.reported == goods


def sell(
    stripe: Bench, pieces: int = 2, currency: str = "EUR", *, unit: Unit | None = None, pay: bool = True, **more: Any
) -> Sale:
    """A paid order of some one-of-a-kind pieces of a maker of its own; `pay=False` leaves the paying to the test."""
    unit = unit or make_unit()
    rugs = [make_product(unit) for _ in range(pieces)]
    order = make_order(*rugs, currency=currency, country="US" if currency == "USD" else "FR", **more)
    sale = Sale(stripe, unit, order, rugs)
    if pay:
        stripe.settle(order)
    return sale


def standing() -> dict[tuple[str, str], int]:
    """Every balance that is not zero, by account and currency."""
    return {(balance.account, balance.currency): balance.minor for balance in list_balances()}


def nothing_pends() -> bool:
    """Whether all that Stripe owes, and all that is being exchanged, has arrived."""
    return not {account for account, _currency in standing()} & {accounts.STRIPE_PENDING, accounts.FX_CONVERSION}


def at_stripe(stripe: Bench, path: str) -> Any:
    """What Stripe has under a path, whether the shop has heard of it or not."""
    key = {"Authorization": f"Bearer {stripe.settings.stripe_secret_key}", "Stripe-Version": API_VERSION}
    return stripe.double.test_client().get(f"/v1/{path}", headers=key).json


def pay_twice(stripe: Bench) -> Sale:
    """An order whose buyer has paid on two pages; the shop has not heard of it."""
    sale = sell(stripe, 1, pay=False)
    first = stripe.open(sale.order)
    with transaction():
        list_attempts(sale.order.id)[0].state = "abandoned"
    second = stripe.open(sale.order)
    with transaction():
        list_attempts(sale.order.id)[0].state = "open"
    pay(stripe.double, first)
    pay(stripe.double, second)
    return sale
