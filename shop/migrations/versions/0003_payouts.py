"""Batches of transfers to units, consent to payees, and who bears dispute fees and return freight."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("state IN ('drafted', 'approved')")


def upgrade() -> None:
    # What was sold before was sold on these terms.
    for name in ("dispute_fee_bearer", "freight_bearer"):
        op.add_column("order_line", sa.Column(name, sa.String(), server_default="operator", nullable=False))
    op.create_table(
        "payee_consent",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("recorded_by", BIG_ID, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.CheckConstraint("withdrawn_on IS NULL OR withdrawn_on >= given_on", name=op.f("ck_payee_consent_days")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_payee_consent_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_consent")),
    )
    op.create_index(op.f("ix_payee_consent_unit_id"), "payee_consent", ["unit_id"], unique=False)
    op.create_table(
        "payout_batch",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("drafted_by", BIG_ID, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paying_account", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("executes_on", sa.Date(), nullable=True),
        sa.Column("approved_by", BIG_ID, nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", BIG_ID, nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'approved', 'cancelled')", name=op.f("ck_payout_batch_state")),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> drafted_by", name=op.f("ck_payout_batch_two_persons")
        ),
        sa.CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name=op.f("ck_payout_batch_approved")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batch")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payout_batch_public_id")),
    )
    op.create_table(
        "payout_transfer",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("drafted_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("rib", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("executed_on", sa.Date(), nullable=True),
        sa.Column("rate_millionths", sa.BigInteger(), nullable=True),
        sa.Column("mad_minor", sa.BigInteger(), nullable=True),
        sa.Column("bank_reference", sa.String(), nullable=True),
        sa.Column("recorded_by", BIG_ID, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("returned_by", BIG_ID, nullable=True),
        sa.CheckConstraint(
            "state IN ('drafted', 'approved', 'dropped', 'executed', 'refused', 'returned')",
            name=op.f("ck_payout_transfer_state"),
        ),
        sa.CheckConstraint(
            "amount_minor > 0 AND amount_minor <= drafted_minor", name=op.f("ck_payout_transfer_amount")
        ),
        sa.CheckConstraint(
            "state NOT IN ('executed', 'returned') OR (executed_on IS NOT NULL AND bank_reference IS NOT NULL "
            "AND rate_millionths > 0 AND mad_minor > 0)",
            name=op.f("ck_payout_transfer_executed"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["payout_batch.id"], name=op.f("fk_payout_transfer_batch_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_payout_transfer_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_transfer")),
        sa.UniqueConstraint("batch_id", "unit_id", name=op.f("uq_payout_transfer_batch_id_unit_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payout_transfer_public_id")),
    )
    op.create_index(op.f("ix_payout_transfer_unit_id"), "payout_transfer", ["unit_id"], unique=False)
    op.create_index(
        "uq_payout_transfer_open",
        "payout_transfer",
        ["unit_id", "currency"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup to go back.")
