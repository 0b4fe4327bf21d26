"""Invariants between the books and Stripe's own movements (payments.md B2, R1 to R8): each lists what breaks it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import case, func, literal, or_, select
from sqlalchemy.orm import aliased

from shop.core import clock
from shop.core.db import db
from shop.ledger import accounts
from shop.ledger.books import ARRIVALS, FOREIGN, GROSS
from shop.ledger.models import Entry
from shop.ledger.queries import list_balances
from shop.orders.models import Order
from shop.payments.models import BalanceTransaction, StripePayout
from shop.payments.rebuild import list_deviations
from shop.payments.reconcile import PENDING_LIMIT
from shop.payments.suspense import list_standing

SETTLED = ("paid", "unfillable", "refunded")


def stripe_balance_equals_its_transactions() -> list[str]:
    """What the books say stands at Stripe is the sum of the booked balance transactions' net, per currency."""
    rows = db.session.execute(
        select(BalanceTransaction.currency, func.sum(BalanceTransaction.net_minor))
        .where(BalanceTransaction.posted_at.is_not(None))
        .group_by(BalanceTransaction.currency)
    )
    moved = {currency: int(net) for currency, net in rows}
    booked = {b.currency: -b.minor for b in list_balances() if b.account == accounts.STRIPE_BALANCE}
    return [
        f"stripe_balance in {currency} is {booked.get(currency, 0)}, "
        f"the balance transactions sum to {moved.get(currency, 0)}."
        for currency in sorted(moved.keys() | booked.keys())
        if moved.get(currency, 0) != booked.get(currency, 0)
    ]


# Who gets what of a payment, before fees; and what is still on its way to them.
_EARNERS = (
    accounts.COMMISSION,
    accounts.SHIPPING,
    accounts.TAX,
    accounts.DUTY,
    accounts.DISCOUNT,
    accounts.LOSSES,
    accounts.FX_DIFFERENCE,
    accounts.STRIPE_PENDING,
    accounts.FX_CONVERSION,
)
# What is taken from, or spent on, what was earned.
_SPENT = (accounts.PAYMENT_FEES, accounts.DISPUTE_FEES, accounts.RETURN_FREIGHT, accounts.BANK)


def goods_and_the_rest_are_what_stripe_moved() -> list[str]:
    """Of each order what its makers, the commission and everybody else earned is, before fees, what Stripe moved.

    In the currency Stripe settles in it is the gross amount of the order's balance transactions, in any other nothing.
    """

    def earns(account: Any) -> Any:
        foreign = (account == accounts.SUSPENSE) & Entry.leg.startswith(FOREIGN)
        return or_(account.startswith(accounts.ARTISAN, autoescape=True), account.in_(_EARNERS), foreign)

    signed = case((earns(Entry.credit), Entry.amount_minor), else_=0) - case(
        (earns(Entry.debit), Entry.amount_minor), else_=0
    )
    earned = (
        select(Entry.order_id, Entry.currency, func.sum(signed).label("minor"))
        .where(Entry.order_id.is_not(None), Entry.debit.not_in(_SPENT), Entry.credit.not_in(_SPENT))
        .group_by(Entry.order_id, Entry.currency)
        .subquery()
    )
    of_order = select(Entry.order_id, Entry.source_id).where(Entry.source.in_(ARRIVALS), Entry.order_id.is_not(None))
    arrived = of_order.distinct().subquery()
    moved = (
        select(
            arrived.c.order_id, BalanceTransaction.currency, func.sum(BalanceTransaction.amount_minor).label("minor")
        )
        .join(arrived, arrived.c.source_id == BalanceTransaction.id)
        .group_by(arrived.c.order_id, BalanceTransaction.currency)
        .subquery()
    )
    rows = db.session.execute(
        select(Order.number, earned.c.currency, earned.c.minor, func.coalesce(moved.c.minor, 0).label("moved"))
        .join(earned, earned.c.order_id == Order.id)
        .outerjoin(moved, (moved.c.order_id == earned.c.order_id) & (moved.c.currency == earned.c.currency))
        .where(earned.c.minor != func.coalesce(moved.c.minor, 0))
        .order_by(Order.id)
    )
    return [
        f"Order {row.number}: {row.minor} {row.currency} were shared out, Stripe moved {row.moved}." for row in rows
    ]


def paid_orders_have_one_movement() -> list[str]:
    """The payment of each order was cleared by exactly one balance transaction; none only until its time is over."""
    limit = clock.local_day(clock.now() - PENDING_LIMIT)
    sale = (
        select(Entry.order_id, Entry.source_id, func.max(Entry.effective_on).label("on"))
        .where(Entry.source == "payment", Entry.leg != FOREIGN)
        .group_by(Entry.order_id, Entry.source_id)
        .subquery()
    )
    arrival = aliased(Entry)
    cleared = (
        (arrival.order_id == sale.c.order_id)
        & arrival.source.in_(ARRIVALS)
        & (arrival.leg == literal(GROSS) + sale.c.source_id)
    )
    rows = db.session.execute(
        select(Order.number, sale.c.on, func.count(arrival.id).label("times"))
        .join(sale, sale.c.order_id == Order.id)
        .outerjoin(arrival, cleared)
        .where(Order.state.in_(SETTLED))
        .group_by(Order.number, sale.c.on, sale.c.source_id)
        .having(func.count(arrival.id) != 1)
    )
    return [
        f"The payment of order {row.number}, of {row.on}, was cleared by {row.times} balance transactions."
        for row in rows
        if row.times or row.on < limit
    ]


def movements_belong_to_one_thing() -> list[str]:
    """Each balance transaction is booked to one order or to none, each thing cleared by one; none waits for long."""
    placed = (
        select(Entry.source_id, func.count(func.distinct(Entry.order_id)).label("times"))
        .where(Entry.source.in_(ARRIVALS))
        .group_by(Entry.source_id)
        .having(func.count(func.distinct(Entry.order_id)) > 1)
    )
    cleared = (
        select(Entry.leg, func.count(Entry.id).label("times"))
        .where(Entry.source.in_(ARRIVALS), Entry.leg.startswith(GROSS))
        .group_by(Entry.leg)
        .having(func.count(Entry.id) > 1)
    )
    waits = select(BalanceTransaction.id, BalanceTransaction.imported_at).where(
        BalanceTransaction.posted_at.is_(None), BalanceTransaction.imported_at < clock.now() - PENDING_LIMIT
    )
    return [
        *(f"{row.source_id} is booked to {row.times} orders." for row in db.session.execute(placed)),
        *(
            f"{row.leg.removeprefix(GROSS)} was cleared by {row.times} balance transactions."
            for row in db.session.execute(cleared)
        ),
        *(
            f"{row.id} has waited since {clock.local_day(row.imported_at)} for what it belongs to."
            for row in db.session.execute(waits)
        ),
    ]


def suspense_is_explained() -> list[str]:
    """Each movement and each payment in suspense is open in quarantine, or on its way back to the buyer."""
    return [
        f"{standing.minor} {standing.currency} of {standing.stripe_id} stands in suspense and nothing says why."
        for standing in list_standing()
        if not standing.is_explained
    ]


def payouts_are_their_movements() -> list[str]:
    """The amount of each payout whose reconciliation Stripe calls complete is the sum of its balance transactions."""
    row = BalanceTransaction
    own = func.coalesce(StripePayout.balance_transaction, "")
    inside = (row.payout == StripePayout.id) & (row.id != own)
    summed = func.coalesce(func.sum(row.net_minor), 0)
    rows = db.session.execute(
        select(StripePayout.id, StripePayout.amount_minor, StripePayout.currency, summed.label("minor"))
        .outerjoin(row, inside)
        .where(StripePayout.reconciliation == "completed")
        .group_by(StripePayout.id, StripePayout.amount_minor, StripePayout.currency)
        .having(summed != StripePayout.amount_minor)
    )
    return [
        f"The payout {found.id} is {found.amount_minor} {found.currency}, its movements sum to {found.minor}."
        for found in rows
    ]


def the_books_can_be_made_again() -> list[str]:
    """Booked again from their raw records, Stripe's movements have the rows they have."""
    return list_deviations()


STRIPE_INVARIANTS: tuple[Callable[[], list[str]], ...] = (
    stripe_balance_equals_its_transactions,
    goods_and_the_rest_are_what_stripe_moved,
    paid_orders_have_one_movement,
    movements_belong_to_one_thing,
    suspense_is_explained,
    payouts_are_their_movements,
    the_books_can_be_made_again,
)
