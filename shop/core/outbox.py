"""The job table: asked for inside the transaction that needs the work, done by the worker under a lease.

What a transaction asks for is written as its last statement, all at once.

At least once: a worker that dies leaves its lease to run out and another takes the job, so every kind of job must be
safe to do twice.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, or_, select, update
from sqlalchemy.orm import Session, SessionTransaction

from shop.core import clock
from shop.core.db import db, insert_all_new, writing
from shop.core.tables import Job

LEASE = timedelta(minutes=2)
# A job that failed so often is shown by `shop check`. It is still tried every hour: an outage may outlast any number.
ALARM_AFTER = 12
# Work that nobody waits for: done when nothing else is due, and no sign of a queue that grows.
PATIENT = ("encode_avif",)


def enqueue(kind: str, payload: dict[str, Any], *, key: str | None = None, run_at: datetime | None = None) -> None:
    """Ask for work; inside a transaction. A key that was asked before, also by another process, adds nothing."""
    if not writing():
        raise RuntimeError("work is asked for inside a transaction")
    asked = db.session().info.setdefault("jobs", [])
    asked.append({"kind": kind, "key": key, "payload": payload, "run_at": run_at or clock.now()})


def forget_jobs(kinds: Collection[str], **told: str) -> None:
    """Delete work of some kinds, done or not, whose payload says so; inside a transaction."""
    said = [Job.payload[name].as_string() == value for name, value in told.items()]
    db.session.execute(delete(Job).where(Job.kind.in_(kinds), *said))


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    insert_all_new(Job, session.info.pop("jobs", []))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    # A savepoint takes back rows, not what was asked for before it.
    if not ended.nested:
        session.info.pop("jobs", None)


def claim(limit: int = 1, *, but: Collection[str] = ()) -> list[tuple[int, str, dict[str, Any]]]:
    """Take due jobs under a lease, none of the kinds in `but`: (id, kind, payload). In a transaction.

    The oldest first, and those that are PATIENT last.
    """
    now = clock.now()
    due = (
        select(Job.id)
        .where(Job.done_at.is_(None), Job.run_at <= now)
        .where(or_(Job.leased_until.is_(None), Job.leased_until < now), Job.kind.not_in(but))
        .order_by(Job.kind.in_(PATIENT), Job.run_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(db.session.scalars(due))
    if not ids:
        return []
    db.session.execute(update(Job).where(Job.id.in_(ids)).values(leased_until=now + LEASE, attempts=Job.attempts + 1))
    rows = db.session.execute(select(Job.id, Job.kind, Job.payload).where(Job.id.in_(ids)).order_by(Job.run_at, Job.id))
    return [(row.id, row.kind, row.payload) for row in rows]


def complete(job_id: int) -> None:
    """Mark a job done. Call inside a transaction."""
    db.session.execute(
        update(Job).where(Job.id == job_id).values(done_at=clock.now(), leased_until=None, last_error=None)
    )


def postpone(job_id: int, error: str) -> None:
    """Give a failed job back, to be tried again after a pause that doubles up to an hour. Call inside a transaction."""
    attempts = db.session.scalars(select(Job.attempts).where(Job.id == job_id)).one()
    pause = timedelta(seconds=min(3600, 5 * 2 ** min(attempts, 12)))
    db.session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(leased_until=None, run_at=clock.now() + pause, last_error=error[:500])
    )
