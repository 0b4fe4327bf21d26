"""A statement with what a reader needs beside its figures: which piece of which order, which transfer, whose part is what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from shop.artisans.models import Person, Unit
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.messages import gettext as _
from shop.ledger.shares import share_out
from shop.ledger.statements import Statement, StatementRow, month_of, read_statement, sum_lines_before
from shop.orders.models import Order, OrderLine
from shop.payouts.models import Transfer


@dataclass(frozen=True, slots=True)
class PieceRow:
    """What happened to a piece's money; `parts` is whose it is, {person id: minor}, None for the unit as a whole."""

    row: StatementRow
    number: str
    position: int
    title: str
    parts: Mapping[int | None, int]


@dataclass(frozen=True, slots=True)
class TransferRow:
    """Money that left for the bank account, or came back; `transfer` is None for a row no transfer stands behind."""

    row: StatementRow
    transfer: Transfer | None


@dataclass(frozen=True, slots=True)
class Paper:
    """A month of a unit's account. `parts` are the makers' sums over all pieces; empty where one maker is named or none."""

    unit: Unit
    statement: Statement
    pieces: tuple[PieceRow, ...]
    transfers: tuple[TransferRow, ...]
    persons: Mapping[int, Person]
    parts: Mapping[int | None, int]


def parse_month(text: str) -> tuple[date, date]:
    """First and last day of a month of an address, 2026-03. Raises NotFound."""
    try:
        return month_of(date.fromisoformat(f"{text}-01"))
    except ValueError:
        raise NotFound(_("There is no such statement."), month=text) from None


def read_paper(unit: Unit, currency: str, month: str) -> Paper:
    """A unit's statement of a month. Raises NotFound for a month that is none, or in which nothing stood or happened."""
    statement = read_statement(unit.id, currency, *parse_month(month))
    if not (statement.rows or statement.opening):
        raise NotFound(_("There is no such statement."), month=month, currency=currency)
    known = _lines({row.line_id for row in statement.rows if row.line_id is not None})
    before = sum_lines_before(unit.id, currency, known, statement.first)
    pieces, others = [], []
    for row in statement.rows:
        if row.line_id is None:
            others.append(row)
            continue
        line, order = known[row.line_id]
        # A stored list of other things than a maker and their part would be somebody's mistake, and raise here.
        parts = share_out(before.get(line.id, 0), row.amounts.net, line.shares)  # type: ignore[arg-type]
        pieces.append(PieceRow(row, order.number, line.position, line.maker_title or line.title, parts))
    sums: dict[int | None, int] = {}
    for piece in pieces:
        for person_id, minor in piece.parts.items():
            sums[person_id] = sums.get(person_id, 0) + minor
    return Paper(
        unit,
        statement,
        tuple(pieces),
        tuple(_transfers(others)),
        _persons(sums),
        sums if len(sums) > 1 else {},
    )


def _lines(ids: set[int]) -> dict[int, tuple[OrderLine, Order]]:
    statement = select(OrderLine, Order).join(Order, OrderLine.order_id == Order.id).where(OrderLine.id.in_(ids))
    return {line.id: (line, order) for line, order in db.session.execute(statement)}


def _persons(sums: Mapping[int | None, int]) -> dict[int, Person]:
    ids = {person_id for person_id in sums if person_id is not None}
    return {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))}


def _transfers(rows: list[StatementRow]) -> list[TransferRow]:
    ids = {row.source_id for row in rows}
    known = {t.public_id: t for t in db.session.scalars(select(Transfer).where(Transfer.public_id.in_(ids)))}
    return [TransferRow(row, known.get(row.source_id)) for row in rows]
