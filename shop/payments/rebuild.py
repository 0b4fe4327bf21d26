"""The books made again from the raw records of Stripe's movements, and compared row by row.

Every rule of posting decides from the rows before it and the movement alone. So each movement is booked again, in
memory, on the books of its order cut where its rows begin, from what Stripe said, not from what we noted beside it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import select

from shop.core.db import db
from shop.ledger import accounts, posting
from shop.ledger.books import ARRIVALS, Books, Posted, Row, Terms
from shop.ledger.models import Entry
from shop.ledger.posting import Movement
from shop.ledger.queries import list_posted, terms_of
from shop.orders.models import OrderLine
from shop.payments.gateway import read_movement
from shop.payments.models import BalanceTransaction
from shop.payments.places import Key, Place, find_places

PIECE = 500


def list_deviations() -> list[str]:
    """One sentence for each movement whose rows are not those its raw record gives, or that has none."""
    return [*_of_orders(), *_of_no_order(), *_without_rows()]


class _Raw(NamedTuple):
    """What Stripe said of a movement, read from its raw record."""

    key: Key
    moved: Movement

    @property
    def net(self) -> int:
        return self.moved.gross - self.moved.fee


def _read_raw(ids: Sequence[str]) -> dict[str, _Raw]:
    statement = select(BalanceTransaction.id, BalanceTransaction.raw).where(BalanceTransaction.id.in_(ids))
    found = {}
    for row in db.session.execute(statement):
        try:
            view = read_movement(row.raw)
        except KeyError:
            # A record that says too little is told of as one that is not there.
            continue
        moved = Movement(view.id, view.amount_minor, view.fee_minor, view.currency)
        found[row.id] = _Raw(Key(view.id, view.type, view.source, view.amount_minor), moved)
    return found


# What belongs to orders -----------------------------------------------------------------------------------------------


def _of_orders() -> Iterator[str]:
    moved = select(Entry.order_id).where(Entry.source.in_(ARRIVALS), Entry.order_id.is_not(None)).distinct()
    last = 0
    ordered = moved.order_by(Entry.order_id).limit(PIECE)
    while ids := [order_id or 0 for order_id in db.session.scalars(ordered.where(Entry.order_id > last))]:
        last = ids[-1]
        entries = list_posted(ids)
        arrived = {p.source_id for posted in entries.values() for p in posted if p.source in ARRIVALS}
        raw = _read_raw(sorted(arrived))
        places = find_places(one.key for one in raw.values())
        terms = _read_terms(ids)
        for order_id, posted in entries.items():
            yield from _of_order(terms.get(order_id, []), posted, raw, places)


def _read_terms(order_ids: Sequence[int]) -> dict[int, list[Terms]]:
    statement = select(OrderLine).where(OrderLine.order_id.in_(order_ids))
    found: dict[int, list[Terms]] = {}
    for line in db.session.scalars(statement.order_by(OrderLine.order_id, OrderLine.position)):
        found.setdefault(line.order_id, []).append(terms_of(line))
    return found


def _of_order(
    terms: Sequence[Terms], posted: Sequence[Posted], raw: dict[str, _Raw], places: dict[str, Place]
) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for position, entry in enumerate(posted):
        cause = (entry.source, entry.source_id)
        if entry.source not in ARRIVALS or cause in seen:
            continue
        seen.add(cause)
        stands = [p.row for p in posted if (p.source, p.source_id) == cause]
        try:
            rows = _again(Books(terms, posted[:position]), cause, raw, places)
        except ValueError as error:
            yield f"{entry.source_id} cannot be booked again: {error}."
        else:
            if rows != stands:
                yield _deviation(entry.source_id, stands, rows)


def _again(books: Books, cause: tuple[str, str], raw: dict[str, _Raw], places: dict[str, Place]) -> list[Row]:
    """The rows of a movement from its raw record. Raises ValueError where nothing says what it belongs to."""
    source, identifier = cause
    if identifier not in raw:
        raise ValueError("no whole record of it is kept")
    if identifier not in places:
        raise ValueError("nothing here is its source")
    rows = posting.arrives(books, places[identifier].cause, raw[identifier].moved)
    if rows is None:
        raise ValueError("it was booked before what it belongs to")
    return posting.out_of_suspense(rows) if source == "heal" else rows


def _deviation(identifier: str, stands: Sequence[Row], rows: Sequence[Row]) -> str:
    wrong = next((row for row in stands if row not in rows), None)
    if wrong is not None:
        text = f"{wrong.leg} moves {wrong.minor} {wrong.currency} from {wrong.credit} to {wrong.debit}"
        return f"{identifier}: {text}, which does not follow from what Stripe said."
    return f"{identifier}: {len(stands)} rows stand where {len(rows)} follow from what Stripe said."


# What belongs to none -------------------------------------------------------------------------------------------------


def _of_no_order() -> Iterator[str]:
    """Payouts, Stripe's own fees, and what stands or stood in suspense."""
    alone = select(Entry).where(Entry.order_id.is_(None), Entry.source.in_(ARRIVALS)).order_by(Entry.id).limit(PIECE)
    last = 0
    while found := list(db.session.scalars(alone.where(Entry.id > last))):
        last = found[-1].id
        raw = _read_raw(sorted({entry.source_id for entry in found}))
        for entry in found:
            yield from _of_one(entry, raw.get(entry.source_id))


def _of_one(entry: Entry, raw: _Raw | None) -> Iterator[str]:
    """Each of them has one row."""
    if raw is None:
        yield f"{entry.source_id} cannot be booked again: no whole record of it is kept."
        return
    stands = Row(entry.leg, entry.debit, entry.credit, entry.amount_minor, entry.currency, entry.line_id, entry.unit_id)
    if entry.source == "heal":
        account = stands.credit if stands.debit == accounts.SUSPENSE else stands.debit
        rows = posting.explained(raw.net, account, raw.moved.currency)
    else:
        rows = posting.ALONE.get(raw.key.type, posting.unknown_arrives)(raw.net, raw.moved.currency)
    if rows != [stands]:
        yield _deviation(entry.source_id, [stands], rows)


def _without_rows() -> Iterator[str]:
    """Movements that count as booked and moved something, and have no row."""
    row = BalanceTransaction
    rows = select(Entry.id).where(Entry.source == "balance", Entry.source_id == row.id)
    statement = select(row.id).where(row.posted_at.is_not(None), ~rows.exists())
    moved = (row.amount_minor != 0) | (row.fee_minor != 0)
    for identifier in db.session.scalars(statement.where(moved).order_by(row.id)):
        yield f"{identifier} counts as booked and has no row in the books."
