"""Counting tries in windows of time, in the database, so that every process counts together."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from shop.accounts.models import Attempted
from shop.core import clock
from shop.core.db import db, transaction

KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries within each window."""

    window: timedelta
    most: int


def key_of(kind: str, value: str) -> str:
    """What is counted, without keeping whose number or address it was."""
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()[:32]}"


def network_of(ip: str) -> str:
    """An address as counted: all of an IPv6 customer's addresses are one."""
    try:
        address = ip_address(ip)
    except ValueError:
        return "unknown"
    return str(int(address) >> 64) if isinstance(address, IPv6Address) else str(address)


def count_attempt(key: str, limit: Limit) -> bool:
    """Count one try; False when it is one too many. Inside a transaction that commits whatever the answer is."""
    start = window_start(limit)
    name = f"{key}/{int(limit.window.total_seconds())}"
    row = (Attempted.key == name, Attempted.window_start == start)
    one_more = (
        update(Attempted).where(*row).values(count=Attempted.count + 1).execution_options(synchronize_session=False)
    )
    if db.session.execute(one_more).rowcount == 0:  # type: ignore[attr-defined]
        try:
            with db.session.begin_nested():
                db.session.add(Attempted(key=name, window_start=start, count=1))
        except IntegrityError:
            db.session.execute(one_more)
    return db.session.scalars(select(Attempted.count).where(*row)).one() <= limit.most


def count_attempts(counted: Iterable[tuple[str, int]], window: timedelta) -> bool:
    """Count one try under several keys, (key, most); False when it is one too many for any. Opens its own transaction.

    Every count is written, also when an earlier one has said no.
    """
    with transaction():
        within = [count_attempt(key, Limit(window, most)) for key, most in counted]
    return all(within)


def window_start(limit: Limit) -> datetime:
    """When the current window of a limit began."""
    seconds = int(limit.window.total_seconds())
    return datetime.fromtimestamp(int(clock.now().timestamp()) // seconds * seconds, UTC)


def forget_attempts(key: str) -> None:
    """Somebody came in: their own count begins anew, and counts of long ago go."""
    db.session.execute(
        delete(Attempted)
        .where((Attempted.key.startswith(f"{key}/")) | (Attempted.window_start < clock.now() - KEPT))
        .execution_options(synchronize_session=False)
    )
