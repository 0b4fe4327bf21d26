"""Reads of batches and transfers, and of who could be paid now."""

from dataclasses import dataclass

from sqlalchemy import func, select

from shop.artisans.models import Unit
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.messages import gettext as _
from shop.payouts.availability import Standing, list_standings
from shop.payouts.bank_details import obstacles, payee_of
from shop.payouts.models import Batch, Transfer

# What has left for a unit's account, or did and came back.
SENT = ("executed", "returned")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit with money in a currency. `reason` says why it is not paid now: nothing, in_transfer, or an obstacle."""

    unit: Unit
    standing: Standing
    payee: str
    reason: str


def list_candidates(currency: str | None = None, *, but_batch: int | None = None) -> list[Candidate]:
    """Every unit whose account stands at something, by currency and unit; whoever can be paid has no reason."""
    standings = [s for s in list_standings(currency=currency, but_batch=but_batch) if s.available]
    units = {row.id: row for row in db.session.scalars(select(Unit).where(Unit.id.in_({s.unit_id for s in standings})))}
    hindered = obstacles(units.values(), clock.today())
    found = [
        Candidate(unit, standing, payee_of(unit), _reason(standing, hindered.get(unit.id, "")))
        for standing in standings
        for unit in (units[standing.unit_id],)
    ]
    return sorted(found, key=lambda candidate: (candidate.standing.currency, candidate.unit.id))


def _reason(standing: Standing, obstacle: str) -> str:
    if standing.in_transfer:
        return "in_transfer"
    return "nothing" if standing.available <= 0 else obstacle


def list_batches(limit: int = 50) -> list[Batch]:
    """Batches, the newest first."""
    return list(db.session.scalars(select(Batch).order_by(Batch.id.desc()).limit(limit)))


def count_to_approve(actor: int) -> int:
    """Drafts that wait for this officer: those another one drafted."""
    statement = select(func.count()).select_from(Batch).where(Batch.state == "draft", Batch.drafted_by != actor)
    return db.session.scalar(statement) or 0


def get_batch(public_id: str) -> Batch:
    """A batch by its public id; raises NotFound."""
    batch = db.session.scalars(select(Batch).where(Batch.public_id == public_id)).first()
    if batch is None:
        raise NotFound(_("There is no such batch."), public_id=public_id)
    return batch


def count_unanswered() -> dict[int, int]:
    """How many transfers of each approved batch the bank has not answered, {batch id: number}."""
    rows = db.session.execute(
        select(Transfer.batch_id, func.count()).where(Transfer.state == "approved").group_by(Transfer.batch_id)
    )
    return dict(rows.all())


def sum_batches(batch_ids: list[int]) -> dict[int, tuple[int, int]]:
    """How many transfers batches have and what they sum to, {batch id: (number, minor)}; dropped ones do not count."""
    rows = db.session.execute(
        select(Transfer.batch_id, func.count(), func.sum(Transfer.amount_minor))
        .where(Transfer.batch_id.in_(batch_ids), Transfer.state != "dropped")
        .group_by(Transfer.batch_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def list_transfers(batch_id: int) -> list[Transfer]:
    """Transfers of a batch, in the order they were drafted."""
    return list(db.session.scalars(select(Transfer).where(Transfer.batch_id == batch_id).order_by(Transfer.id)))


def list_sent(unit_id: int) -> list[Transfer]:
    """What left for a unit's account, the newest first, with what came back."""
    statement = select(Transfer).where(Transfer.unit_id == unit_id, Transfer.state.in_(SENT))
    return list(db.session.scalars(statement.order_by(Transfer.executed_on.desc(), Transfer.id.desc())))


def get_transfer(public_id: str) -> Transfer:
    """A transfer by its public id; raises NotFound."""
    transfer = db.session.scalars(select(Transfer).where(Transfer.public_id == public_id)).first()
    if transfer is None:
        raise NotFound(_("There is no such transfer."), public_id=public_id)
    return transfer


def get_sent(public_id: str, unit_id: int | None = None) -> Transfer:
    """A transfer that left, of one unit where one is named; else NotFound, as if it did not exist."""
    transfer = get_transfer(public_id)
    if transfer.state not in SENT or unit_id not in (None, transfer.unit_id):
        raise NotFound(_("There is no such transfer."), public_id=public_id)
    return transfer


def batch_of(transfer: Transfer) -> Batch:
    """The batch a transfer belongs to."""
    return db.session.get_one(Batch, transfer.batch_id)
