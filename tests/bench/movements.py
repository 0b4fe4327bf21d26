"""Sales without number, written straight into a shop's tables and into the double's: what a reconciliation walks over.

Each has its order, line, attempt, and rows of the books by the shop's own rules; one in twenty is given back whole, every
two hundred and fifty are paid out. The newest may be left out of the shop, as after a restored backup.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from shop.core import clock
from shop.core.db import db, transaction
from shop.demo.double.state import SCHEMA
from shop.ledger import posting
from shop.ledger.books import Books, Posted, Row
from shop.ledger.models import Entry
from shop.ledger.posting import Cause, Extras, Movement
from shop.ledger.queries import terms_of
from shop.orders.models import Order, OrderLine
from shop.payments.models import Attempt, BalanceTransaction, Refund
from tests.builders import make_order, make_product

APART = 240
PIECE = 1_000
REFUNDED, PAID_OUT = 20, 250


@dataclass
class Tables:
    """Rows to be, by table, and the double's objects: (id, kind, created, body, hidden)."""

    ours: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    theirs: list[tuple[str, str, int, str, str]] = field(default_factory=list)

    def add(self, model: Any, **values: Any) -> None:
        self.ours.setdefault(model.__table__, []).append(values)

    def write(self, double: sqlite3.Connection) -> None:
        with transaction():
            for table in db.metadata.sorted_tables:
                if self.ours.get(table):
                    db.session.execute(insert(table), self.ours[table])
        with double:
            double.executemany(
                "INSERT INTO object (id, kind, created, body, hidden) VALUES (?, ?, ?, ?, ?)", self.theirs
            )
        self.ours, self.theirs = {}, []


def fill(double_path: Path, movements: int, missing: int) -> int:
    """Write so many movements; the newest `missing` sales are known to the double alone. How many there are. In an app."""
    templates = [_template("EUR"), _template("USD")]
    double = sqlite3.connect(double_path)
    double.executescript(SCHEMA)
    tables, made, number = Tables(), 0, 0
    sales = movements * REFUNDED * PAID_OUT // (REFUNDED * PAID_OUT + PAID_OUT + REFUNDED)
    begin = int(clock.now().timestamp()) - (sales + 10) * APART
    net, inside = 0, f"po_{0:08d}"
    for number in range(1, sales + 1):
        at = begin + number * APART
        known = number <= sales - missing
        for moved, raw in _sale(tables, templates[number % 10 < 3], number, at, known=known):
            tables.theirs.append(_object(raw, inside))
            net += moved.gross - moved.fee
            made += 1
        if number % PAID_OUT == 0:
            _pay_out(tables, inside, net, at + 2, known=known)
            net, inside, made = 0, f"po_{number:08d}", made + 1
        if number % PIECE == 0:
            tables.write(double)
    tables.write(double)
    # A stand-in that is slower than Stripe would be measured in the shop's place.
    double.execute("CREATE INDEX of_payout ON object (kind, json_extract(hidden, '$.payout'), created, seq)")
    double.execute("ANALYZE")
    double.commit()
    double.close()
    return made


def _template(currency: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order and its line, to be copied."""
    order = make_order(make_product(stock=10**6, kind="repeatable"), currency=currency)
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    return _values(order), _values(line)


def _values(thing: Any) -> dict[str, Any]:
    return {column.key: getattr(thing, column.key) for column in thing.__mapper__.column_attrs}


def _sale(
    tables: Tables, template: tuple[dict[str, Any], dict[str, Any]], number: int, at: int, *, known: bool
) -> Iterator[tuple[Movement, dict[str, Any]]]:
    moment, key = datetime.fromtimestamp(at, UTC), 10_000 + number
    intent, charge, refund = f"pi_{number:08d}", f"ch_{number:08d}", f"re_{number:08d}"
    head, line = dict(template[0]), dict(template[1])
    head |= {"id": key, "number": f"X{number:08d}", "cart_id": None, "state": "paid", "paid_at": moment}
    line |= {"id": key, "order_id": key, "state": "paid"}
    tables.add(Order, **head)
    tables.add(OrderLine, **line)
    terms, currency, total = terms_of(OrderLine(**line)), head["currency"], head["total_minor"]
    tables.add(
        Attempt,
        id=key,
        order_id=key,
        key=f"X{number:08d}-1",
        amount_minor=total,
        currency=currency,
        parameters={},
        state="paid",
        session_id=f"cs_{number:08d}",
        payment_intent=intent,
        charge=charge,
        created_at=moment,
        expires_at=moment,
    )
    books = Books([terms], [])

    def write(source: str, identifier: str, rows: list[Row] | None) -> None:
        for row in rows or []:
            books.posted.append(Posted(source, identifier, row))
            _entry(tables, source, identifier, row, moment, key)

    def arrive(kind: str, source: str, cause: Cause, minor: int, fee: int) -> tuple[Movement, dict[str, Any]]:
        moved = Movement(f"txn_{source}", minor, fee, "EUR")
        raw = _raw(moved, kind, source, at + (kind == "refund"))
        if known:
            write("balance", moved.id, posting.arrives(books, cause, moved))
            _store(tables, raw)
        return moved, raw

    write("payment", intent, posting.sale_parts([terms], currency, Extras(shipping=head["shipping_minor"])))
    gross = total if currency == "EUR" else total * 9_137 // 10_000
    yield arrive("charge", charge, Cause("payment", intent, intent), gross, gross * 29 // 1_000 + 30)
    if number % REFUNDED == 0:
        tables.add(
            Refund,
            id=key,
            order_id=key,
            attempt_id=key,
            key=f"refund-{number}",
            amount_minor=total,
            currency=currency,
            reason="buyer",
            state="succeeded",
            stripe_id=refund,
            requested_at=moment,
            settled_at=moment,
        )
        write("refund", refund, posting.money_back(books, books.left_in_parts(), currency))
        back = total if currency == "EUR" else total * 9_140 // 10_000
        yield arrive("refund", refund, Cause("refund", refund, intent), -back, 0)


def _entry(tables: Tables, source: str, identifier: str, row: Row, moment: datetime, order_id: int | None) -> None:
    tables.add(
        Entry,
        source=source,
        source_id=identifier,
        leg=row.leg,
        debit=row.debit,
        credit=row.credit,
        amount_minor=row.minor,
        currency=row.currency,
        order_id=order_id,
        line_id=row.line_id,
        unit_id=row.unit_id,
        effective_on=clock.local_day(moment),
        posted_at=moment,
    )


def _raw(moved: Movement, kind: str, source: str, at: int) -> dict[str, Any]:
    details = {"amount": moved.fee, "application": None, "currency": "eur", "description": "Fees", "type": "stripe_fee"}
    return {
        "id": moved.id,
        "object": "balance_transaction",
        "amount": moved.gross,
        "available_on": at,
        "balance_type": "payments",
        "created": at,
        "currency": "eur",
        "description": None,
        "exchange_rate": None,
        "fee": moved.fee,
        "fee_details": [details] if moved.fee else [],
        "net": moved.gross - moved.fee,
        "reporting_category": kind,
        "source": source,
        "status": "available",
        "type": kind,
    }


def _store(tables: Tables, raw: dict[str, Any]) -> None:
    moment = datetime.fromtimestamp(raw["created"], UTC)
    tables.add(
        BalanceTransaction,
        id=raw["id"],
        type=raw["type"],
        reporting_category=raw["reporting_category"],
        source=raw["source"],
        amount_minor=raw["amount"],
        fee_minor=raw["fee"],
        net_minor=raw["net"],
        currency="EUR",
        created_at=moment,
        available_at=moment,
        raw=raw,
        imported_at=moment,
        posted_at=moment,
    )


def _object(raw: dict[str, Any], payout: str) -> tuple[str, str, int, str, str]:
    return raw["id"], "balance_transaction", raw["created"], json.dumps(raw), json.dumps({"payout": payout})


def _pay_out(tables: Tables, identifier: str, net: int, at: int, *, known: bool) -> None:
    moved = Movement(f"txn_{identifier}", -net, 0, "EUR")
    raw = _raw(moved, "payout", identifier, at)
    tables.theirs.append(_object(raw, identifier))
    payout = {
        "id": identifier,
        "object": "payout",
        "amount": net,
        "automatic": True,
        "balance_transaction": moved.id,
        "created": at,
        "currency": "eur",
        "reconciliation_status": "completed",
        "status": "paid",
    }
    tables.theirs.append((identifier, "payout", at, json.dumps(payout), "{}"))
    if known:
        _store(tables, raw)
        for row in posting.payout_arrives(-net, "EUR"):
            _entry(tables, "balance", moved.id, row, datetime.fromtimestamp(at, UTC), None)
