"""Writes to the books. Each is called inside the transaction of the event it records; a replay writes nothing."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import case, func, insert, select

from shop.core import clock
from shop.core.db import db
from shop.ledger import accounts, posting
from shop.ledger.models import Entry
from shop.ledger.posting import LinePart, Row
from shop.orders.models import Order, OrderLine


def _store(source: str, source_id: str, rows: Iterable[Row], on: date, order_id: int | None) -> None:
    now = clock.now()
    values = [
        {
            "source": source,
            "source_id": source_id,
            "leg": row.leg,
            "debit": row.debit,
            "credit": row.credit,
            "amount_minor": row.minor,
            "currency": row.currency,
            "order_id": order_id,
            "line_id": row.line_id,
            "unit_id": row.unit_id,
            "effective_on": on,
            "posted_at": now,
        }
        for row in rows
    ]
    if values:
        db.session.flush()
        # One statement for all rows; as entities they would be grouped by which of their ids are null.
        table: Any = Entry.__table__
        db.session.execute(insert(table), values)


def is_posted(source: str, source_id: str) -> bool:
    """Whether a cause has been booked."""
    found = select(Entry.id).where(Entry.source == source, Entry.source_id == source_id).limit(1)
    return db.session.execute(found).first() is not None


def _part(line: OrderLine) -> LinePart:
    at = accounts.payable if line.handed_over_at is not None else accounts.pending
    return LinePart(
        line_id=line.id,
        unit_id=line.unit_id,
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
        commission_minor=line.commission_minor,
        account=at(line.unit_id),
        maker_bears_fee=line.fee_bearer == "maker",
    )


def post_payment(order: Order, lines: Sequence[OrderLine], payment_intent: str, on: date) -> None:
    """A payment of an order: source "payment", in the order's currency. Raises ValueError if the parts miss the total."""
    if is_posted("payment", payment_intent):
        return
    rows = posting.sale_parts([_part(line) for line in lines], order.currency, order.shipping_minor, order.duty_minor)
    if sum(row.minor for row in rows) != order.total_minor:
        raise ValueError(f"the parts of order {order.number} do not sum to its total")
    _store("payment", payment_intent, rows, on, order.id)


def post_foreign_payment(order_id: int | None, payment_intent: str, minor: int, currency: str, on: date) -> None:
    """Money that was charged but buys nothing: a second payment, a wrong amount. Source "payment", into suspense."""
    if not is_posted("payment", payment_intent):
        row = Row("suspense", accounts.STRIPE_PENDING, accounts.SUSPENSE, minor, currency)
        _store("payment", payment_intent, [row], on, order_id)


def _rows_of(source: str, source_id: str) -> list[Row]:
    entries = db.session.scalars(
        select(Entry).where(Entry.source == source, Entry.source_id == source_id).order_by(Entry.id)
    )
    return [Row(e.leg, e.debit, e.credit, e.amount_minor, e.currency, e.line_id, e.unit_id) for e in entries]


def _where_it_stands(rows: Sequence[Row], parts: dict[int, LinePart], side: str) -> list[Row]:
    """The rows with each maker's account replaced by the one the share stands on now."""
    moved = []
    for row in rows:
        account = row.credit if side == "credit" else row.debit
        if row.line_id is not None and account.startswith("artisan_"):
            account = parts[row.line_id].account
        debit, credit = (row.debit, account) if side == "credit" else (account, row.credit)
        moved.append(Row(row.leg, debit, credit, row.minor, row.currency, row.line_id, row.unit_id))
    return moved


def post_refund(
    order: Order, lines: Sequence[OrderLine], shipping: int, payment_intent: str, refund_id: str, on: date
) -> None:
    """Whole lines, and shipping, given back at the sale's own amounts and terms: source "refund"."""
    if is_posted("refund", refund_id):
        return
    sale = _rows_of("payment", payment_intent)
    if any(row.leg == "suspense" for row in sale):
        _store("refund", refund_id, posting.mirrored(sale), on, order.id)
        return
    parts = {line.id: _part(line) for line in lines}
    rows = posting.mirrored(_where_it_stands([row for row in sale if row.line_id in parts], parts, "credit"))
    if shipping:
        rows.append(Row("shipping", accounts.SHIPPING, accounts.STRIPE_PENDING, shipping, order.currency))
    _store("refund", refund_id, rows, on, order.id)


def post_charge_balance(
    order_id: int | None,
    lines: Sequence[OrderLine],
    payment_intent: str,
    *,
    transaction_id: str,
    gross: int,
    fee: int,
    currency: str,
    on: date,
) -> bool:
    """The balance transaction of a payment: source "balance". False while the payment itself is not booked."""
    sale = _rows_of("payment", payment_intent)
    if not sale:
        return False
    if is_posted("balance", transaction_id):
        return True
    parts = {line.id: _part(line) for line in lines}
    of_lines = {line_id: part for line_id, part in parts.items() if any(row.line_id == line_id for row in sale)}
    weights = {line_id: part.net_minor + part.tax_minor for line_id, part in of_lines.items()}
    rows = posting.charge_arrives(
        _where_it_stands(sale, parts, "credit"),
        gross=gross,
        fee=fee,
        currency=currency,
        fee_weights=weights,
        other_weight=sum(row.minor for row in sale) - sum(weights.values()),
        bearers={line_id: part for line_id, part in of_lines.items() if part.maker_bears_fee},
    )
    _store("balance", transaction_id, rows, on, order_id)
    return True


def post_refund_balance(
    order_id: int | None,
    lines: Sequence[OrderLine],
    refund_id: str,
    *,
    charge_transaction: str,
    transaction_id: str,
    gross: int,
    fee: int,
    currency: str,
    on: date,
) -> bool:
    """The balance transaction of a refund. False while the refund or the charge's own transaction is not booked."""
    refund, charge = _rows_of("refund", refund_id), _rows_of("balance", charge_transaction)
    if not refund or not charge:
        return False
    if is_posted("balance", transaction_id):
        return True
    parts = {line.id: _part(line) for line in lines}
    brought = {row.leg.removesuffix(":in"): row.minor for row in charge if row.leg.endswith(":in")}
    of_whole = {row.leg: row.minor for row in _rows_of("payment", _payment_of(charge_transaction, order_id))}
    shares = {
        # Shipping may be given back in part; its share is in proportion. Lines are given back whole.
        row.leg: brought.get(row.leg, 0) * row.minor // of_whole.get(row.leg, row.minor)
        for row in refund
    }
    borne = [row for row in charge if row.leg.endswith(":fee") and row.line_id in parts]
    operator_bears = {line.id for line in lines if line.loss_bearer == "operator"}
    back = [
        Row(
            f"{row.leg}_back",
            accounts.PAYMENT_FEES,
            parts[row.line_id].account,
            row.minor,
            row.currency,
            row.line_id,
            row.unit_id,
        )
        for row in borne
        if row.line_id is not None and row.line_id in operator_bears and any(r.line_id == row.line_id for r in refund)
    ]
    rows = posting.refund_arrives(
        _where_it_stands(refund, parts, "debit"),
        gross=gross,
        fee=fee,
        currency=currency,
        sale_shares=shares,
        fees_back=back,
    )
    _store("balance", transaction_id, rows, on, order_id)
    return True


def _payment_of(charge_transaction: str, order_id: int | None) -> str:
    found = select(Entry.source_id).where(Entry.source == "payment", Entry.order_id == order_id)
    known = list(db.session.scalars(found.distinct()))
    if len(known) == 1:
        return known[0]
    charge_lines = select(Entry.line_id).where(Entry.source == "balance", Entry.source_id == charge_transaction)
    owner = select(Entry.source_id).where(Entry.source == "payment", Entry.line_id.in_(charge_lines)).limit(1)
    return db.session.scalars(owner).first() or ""


def post_unknown_balance(transaction_id: str, net: int, currency: str, on: date) -> None:
    """A movement that fits nothing, into suspense."""
    if not is_posted("balance", transaction_id):
        _store("balance", transaction_id, posting.unknown_arrives(net, currency), on, None)


def post_payout(transaction_id: str, net: int, currency: str, on: date) -> None:
    """Stripe's payout to the operator's bank."""
    if not is_posted("balance", transaction_id):
        _store("balance", transaction_id, posting.payout_arrives(net, currency), on, None)


def post_hand_over(parcel_id: int, lines: Sequence[OrderLine], on: date) -> None:
    """The makers' shares of a parcel become payable: source "hand_over", every currency they stand in."""
    for line in lines:
        source, target = accounts.pending(line.unit_id), accounts.payable(line.unit_id)
        signed = case((Entry.credit == source, Entry.amount_minor), else_=-Entry.amount_minor)
        balances = db.session.execute(
            select(Entry.currency, func.sum(signed).label("minor"))
            .where(Entry.line_id == line.id, (Entry.credit == source) | (Entry.debit == source))
            .group_by(Entry.currency)
            .order_by(Entry.currency)
        ).all()
        rows = []
        for balance in balances:
            ids = (line.id, line.unit_id)
            leg, minor = f"line:{line.id}:{balance.currency}", int(balance.minor)
            if minor > 0:
                rows.append(Row(leg, source, target, minor, balance.currency, *ids))
            elif minor < 0:
                rows.append(Row(leg, target, source, -minor, balance.currency, *ids))
        _store("hand_over", str(parcel_id), rows, on, line.order_id)
