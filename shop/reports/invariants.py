"""Every invariant of the shop, each a function that lists what breaks it. `shop check` prints them; drills demand none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from shop.catalogue.models import Variant
from shop.core import clock
from shop.core.db import db
from shop.core.guards import missing_guards
from shop.core.outbox import ALARM_AFTER
from shop.core.tables import Job
from shop.invoicing.checks import (
    credit_notes_equal_refunds,
    invoice_numbers_have_no_holes,
    paid_orders_have_one_invoice,
)
from shop.ledger import accounts
from shop.ledger.checks import unbalanced
from shop.ledger.models import Entry
from shop.ledger.queries import list_balances
from shop.ledger.statements import list_statements
from shop.ledger.transfers import PAYOUT, RETURNED
from shop.orders.models import Order, OrderLine, Reservation
from shop.payments.models import Attempt, Dispute, Refund
from shop.payments.reconcile import PENDING_LIMIT
from shop.payouts.models import Transfer
from shop.reports.footing import compare_with_ledger
from shop.reports.stripe_invariants import SETTLED, STRIPE_INVARIANTS

# How long after its time an unpaid order may hold stock, and a refund wait to be sent.
HOLD_LIMIT = timedelta(hours=2)
REFUND_LIMIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that breaks an invariant, in a sentence for staff and for logs."""

    invariant: str
    text: str


def nothing_waits_too_long_at_stripe() -> list[str]:
    """No settled payment or refund waits for its balance transaction beyond the limit."""
    limit = clock.local_day(clock.now() - PENDING_LIMIT)
    signed = case((Entry.debit == accounts.STRIPE_PENDING, Entry.amount_minor), else_=-Entry.amount_minor)
    rows = db.session.execute(
        select(
            Entry.order_id, Entry.currency, func.sum(signed).label("minor"), func.max(Entry.effective_on).label("on")
        )
        .where((Entry.debit == accounts.STRIPE_PENDING) | (Entry.credit == accounts.STRIPE_PENDING))
        .group_by(Entry.order_id, Entry.currency)
        .having(func.sum(signed) != 0)
    )
    return [
        f"Order {row.order_id}: {row.minor} {row.currency} has stood in stripe_pending since {row.on}."
        for row in rows
        if row.on < limit
    ]


def conversion_is_empty_when_all_has_arrived() -> list[str]:
    """fx_conversion holds nothing in any currency: every conversion has two sides in one cause."""
    return [
        f"fx_conversion holds {balance.minor} {balance.currency}."
        for balance in list_balances()
        if balance.account == accounts.FX_CONVERSION
    ]


def paid_orders_have_one_charge() -> list[str]:
    """Every settled order has exactly one payment booked for its lines; every paid attempt is booked."""
    booked = (
        select(Entry.order_id, func.count(func.distinct(Entry.source_id)).label("count"))
        .where(Entry.source == "payment", Entry.leg != "suspense")
        .group_by(Entry.order_id)
        .subquery()
    )
    orders = db.session.execute(
        select(Order.number, func.coalesce(booked.c.count, 0).label("count"))
        .outerjoin(booked, booked.c.order_id == Order.id)
        .where(Order.state.in_(SETTLED), func.coalesce(booked.c.count, 0) != 1)
    )
    attempts = db.session.scalars(
        select(Attempt.payment_intent).where(
            Attempt.state == "paid",
            ~select(Entry.id).where(Entry.source == "payment", Entry.source_id == Attempt.payment_intent).exists(),
        )
    )
    return [f"Order {row.number} has {row.count} booked payments." for row in orders] + [
        f"The payment {intent} is not in the books." for intent in attempts
    ]


def _booked_at_stripe(source: str) -> Any:
    """What causes of a kind took from (positive) or brought to Stripe: {source_id, minor}, as a subquery."""
    signed = case((Entry.credit == accounts.STRIPE_PENDING, Entry.amount_minor), else_=-Entry.amount_minor)
    statement = select(Entry.source_id, func.sum(signed).label("minor")).where(Entry.source == source)
    return statement.group_by(Entry.source_id).subquery()


def refunds_are_booked_once() -> list[str]:
    """Every refund that succeeded is in the books with its amount, and once more the other way if it failed later."""
    given, back = _booked_at_stripe("refund"), _booked_at_stripe("refund_failed")
    rows = db.session.execute(
        select(
            Refund.stripe_id,
            case((Refund.state == "succeeded", Refund.amount_minor), else_=0).label("due"),
            (func.coalesce(given.c.minor, 0) + func.coalesce(back.c.minor, 0)).label("minor"),
        )
        .outerjoin(given, given.c.source_id == Refund.stripe_id)
        .outerjoin(back, back.c.source_id == Refund.stripe_id)
    )
    return [
        f"The refund {row.stripe_id} gave {row.due}, the books say {row.minor}." for row in rows if row.due != row.minor
    ]


def disputes_are_booked_once() -> list[str]:
    """What a dispute took, and gave back, is in the books."""
    taken, back = _booked_at_stripe("dispute"), _booked_at_stripe("dispute_won")
    rows = db.session.execute(
        select(
            Dispute.stripe_id,
            case(
                (Dispute.withdrawn_at.is_not(None) & Dispute.reinstated_at.is_(None), Dispute.amount_minor), else_=0
            ).label("due"),
            (func.coalesce(taken.c.minor, 0) + func.coalesce(back.c.minor, 0)).label("minor"),
        )
        .outerjoin(taken, taken.c.source_id == Dispute.stripe_id)
        .outerjoin(back, back.c.source_id == Dispute.stripe_id)
    )
    return [
        f"The dispute {row.stripe_id} took {row.due}, the books say {row.minor}."
        for row in rows
        if row.due != row.minor
    ]


def goods_are_shared_out() -> list[str]:
    """For every paid line the booked shares of maker and commission are its net amount."""
    booked = (
        select(Entry.line_id, func.sum(Entry.amount_minor).label("minor"))
        .where(Entry.source == "payment", Entry.line_id.is_not(None))
        .where(Entry.credit != accounts.TAX, Entry.debit != accounts.DISCOUNT)
        .group_by(Entry.line_id)
        .subquery()
    )
    rows = db.session.execute(
        select(OrderLine.id, OrderLine.net_minor, func.coalesce(booked.c.minor, 0).label("minor"))
        .join(Order, OrderLine.order_id == Order.id)
        .outerjoin(booked, booked.c.line_id == OrderLine.id)
        .where(Order.state.in_(SETTLED), func.coalesce(booked.c.minor, 0) != OrderLine.net_minor)
    )
    return [f"Line {row.id} sold for {row.net_minor}, the books share out {row.minor}." for row in rows]


def transfers_are_booked_once() -> list[str]:
    """Each transfer the bank has executed is in the books once with its amount, each returned one back; no other is."""
    booked: dict[tuple[str, str], int] = {}
    rows = db.session.execute(
        select(Entry.source, Entry.source_id, func.sum(Entry.amount_minor).label("minor"))
        .where(Entry.source.in_([PAYOUT, RETURNED]))
        .group_by(Entry.source, Entry.source_id)
    )
    for row in rows:
        booked[row.source, row.source_id] = int(row.minor)
    wanted: dict[tuple[str, str], int] = {}
    for transfer in db.session.scalars(select(Transfer).where(Transfer.state.in_(["executed", "returned"]))):
        wanted[PAYOUT, transfer.public_id] = transfer.amount_minor
        if transfer.state == "returned":
            wanted[RETURNED, transfer.public_id] = transfer.amount_minor
    return [
        f"The transfer {name} is booked as {source} with {booked.get((source, name), 0)}, the bank says "
        f"{wanted.get((source, name), 0)}."
        for source, name in sorted(booked.keys() | wanted.keys())
        if booked.get((source, name), 0) != wanted.get((source, name), 0)
    ]


def statements_end_as_the_books_stand() -> list[str]:
    """Every unit's newest statement closes with what stands on its two accounts, in each currency."""
    standing: dict[tuple[int, str], int] = {}
    for balance in list_balances():
        if balance.account.startswith(accounts.ARTISAN):
            key = (int(balance.account.partition(":")[2]), balance.currency)
            standing[key] = standing.get(key, 0) + balance.minor
    closing: dict[tuple[int, str], int] = {}
    units = {unit_id for unit_id in db.session.scalars(select(Entry.unit_id).distinct()) if unit_id is not None}
    for unit_id in units | {unit_id for unit_id, _currency in standing}:
        for statement in reversed(list_statements(unit_id)):
            closing[unit_id, statement.currency] = statement.closing
    return [
        f"The statement of unit {unit_id} ends at {closing.get((unit_id, currency), 0)} {currency}, its accounts hold "
        f"{standing.get((unit_id, currency), 0)}."
        for unit_id, currency in sorted(closing.keys() | standing.keys())
        if closing.get((unit_id, currency), 0) != standing.get((unit_id, currency), 0)
    ]


def stock_foots() -> list[str]:
    """available + reserved + sold - returned = received, and what is reserved is what live orders hold."""
    held = (
        select(Reservation.variant_id, func.sum(Reservation.quantity).label("quantity"))
        .where(Reservation.state == "held")
        .group_by(Reservation.variant_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Variant, func.coalesce(held.c.quantity, 0)).outerjoin(held, held.c.variant_id == Variant.id)
    )
    findings = []
    for variant, quantity in rows:
        shelf = variant.available + variant.reserved + variant.sold - variant.returned
        if shelf != variant.received:
            findings.append(f"{variant.sku}: {shelf} accounted for, {variant.received} received.")
        if variant.reserved != quantity:
            findings.append(f"{variant.sku}: {variant.reserved} reserved, live orders hold {quantity}.")
    return findings


def holds_belong_to_live_orders() -> list[str]:
    """Only an order that waits for its payment, or for staff to look at it, holds stock; and not long after its time."""
    over = clock.now() - HOLD_LIMIT
    rows = db.session.execute(
        select(Order.number, Order.state)
        .join(Reservation, Reservation.order_id == Order.id)
        .where(
            Reservation.state == "held",
            or_(
                Order.state.not_in(["awaiting_payment", "processing", "quarantined"]),
                and_(Order.state == "awaiting_payment", Order.hold_until < over),
            ),
        )
        .distinct()
    )
    return [f"Order {row.number} is {row.state} and still holds stock." for row in rows]


def no_work_fails_for_long() -> list[str]:
    """No job has failed again and again for hours."""
    rows = db.session.execute(
        select(Job.id, Job.kind, Job.attempts, Job.last_error)
        .where(Job.done_at.is_(None), Job.attempts >= ALARM_AFTER)
        .order_by(Job.id)
    )
    return [f"Job {row.id} ({row.kind}) has failed {row.attempts} times: {row.last_error}" for row in rows]


def nobody_waits_long_for_a_refund() -> list[str]:
    """No refund that was asked for has still to reach Stripe beyond the limit."""
    rows = db.session.execute(
        select(Refund.key).where(Refund.state == "requested", Refund.requested_at < clock.now() - REFUND_LIMIT)
    )
    return [f"{row.key} was asked for and Stripe has not taken it." for row in rows]


def reports_equal_the_books() -> list[str]:
    """The platform's booked sales and refunds in order currency are the ledger's rows."""
    first, last = db.session.execute(select(func.min(Entry.effective_on), func.max(Entry.effective_on))).one()
    return compare_with_ledger(first, last) if isinstance(first, date) else []


INVARIANTS: tuple[Callable[[], list[str]], ...] = (
    missing_guards,
    unbalanced,
    *STRIPE_INVARIANTS,
    nothing_waits_too_long_at_stripe,
    conversion_is_empty_when_all_has_arrived,
    paid_orders_have_one_charge,
    refunds_are_booked_once,
    disputes_are_booked_once,
    goods_are_shared_out,
    transfers_are_booked_once,
    statements_end_as_the_books_stand,
    stock_foots,
    holds_belong_to_live_orders,
    no_work_fails_for_long,
    nobody_waits_long_for_a_refund,
    invoice_numbers_have_no_holes,
    paid_orders_have_one_invoice,
    credit_notes_equal_refunds,
    reports_equal_the_books,
)


def list_findings() -> list[Finding]:
    """Everything that is wrong now; an empty list is the only good answer."""
    return [Finding(check.__name__, text) for check in INVARIANTS for text in check()]
