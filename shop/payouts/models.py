"""Batches of transfers to units, each transfer, and who consented to whose account a unit's money goes to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id

BATCH_STATES = ("draft", "approved", "cancelled")
TRANSFER_STATES = ("drafted", "approved", "dropped", "executed", "refused", "returned")
# While a transfer is in one of these its amount is nobody else's to send.
OPEN = ("drafted", "approved")
_OPEN = text("state IN ('drafted', 'approved')")


def _one_of(states: tuple[str, ...]) -> str:
    return f"state IN ({', '.join(repr(state) for state in states)})"


class Batch(Base):
    """Transfers of one currency that one officer drafted and another approves.

    `left_out` is who was not paid and why, as it was seen when drafting: [{"unit_id", "minor", "reason"}].
    """

    __tablename__ = "payout_batch"
    __table_args__ = (
        CheckConstraint(_one_of(BATCH_STATES), "state"),
        CheckConstraint("approved_by IS NULL OR approved_by <> drafted_by", "two_persons"),
        CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", "approved"),
    )
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    state: Mapped[str]
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    drafted_by: Mapped[int] = mapped_column(BigId)
    drafted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # From which account, as decided when it was approved: {"name", "account", "bic"}.
    paying_account: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    executes_on: Mapped[date | None]
    approved_by: Mapped[int | None] = mapped_column(BigId)
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_by: Mapped[int | None] = mapped_column(BigId)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Transfer(Base):
    """One unit's money of a batch; payee and RIB as they were when it was drafted and approved.

    `drafted_minor` is what was available when drafting; `amount_minor` what is sent, less if money went back meanwhile.
    `reason` says why it was dropped, refused or returned. `rate_millionths` is what the bank gave, in millionths of a
    dirham for one unit of the currency, `mad_minor` what arrived, in centimes.
    """

    __tablename__ = "payout_transfer"
    __table_args__ = (
        CheckConstraint(_one_of(TRANSFER_STATES), "state"),
        CheckConstraint("amount_minor > 0 AND amount_minor <= drafted_minor", "amount"),
        CheckConstraint(
            "state NOT IN ('executed', 'returned') OR (executed_on IS NOT NULL AND bank_reference IS NOT NULL "
            "AND rate_millionths > 0 AND mad_minor > 0)",
            "executed",
        ),
        UniqueConstraint("batch_id", "unit_id"),
        Index(
            "uq_payout_transfer_open", "unit_id", "currency", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
    )
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("payout_batch.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    currency: Mapped[str]
    drafted_minor: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    payee: Mapped[str]
    rib: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    executed_on: Mapped[date | None]
    rate_millionths: Mapped[int | None] = mapped_column(BigInteger)
    mad_minor: Mapped[int | None] = mapped_column(BigInteger)
    bank_reference: Mapped[str | None]
    recorded_by: Mapped[int | None] = mapped_column(BigId)
    recorded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    returned_on: Mapped[date | None]
    returned_by: Mapped[int | None] = mapped_column(BigId)


class PayeeConsent(Base):
    """That a unit's money may go to an account in another name: who said so, on which day, by which paper.

    Holds for that payee from `given_on` until `withdrawn_on`, and is kept for ever.
    """

    __tablename__ = "payee_consent"
    __table_args__ = (CheckConstraint("withdrawn_on IS NULL OR withdrawn_on >= given_on", "days"),)
    id: Mapped[int] = big_id()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    payee: Mapped[str]
    given_by: Mapped[str]
    given_on: Mapped[date]
    document: Mapped[str]
    recorded_by: Mapped[int | None] = mapped_column(BigId)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_on: Mapped[date | None]
