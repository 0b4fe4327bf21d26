"""Payouts of Stripe's and what they consist of; how something in quarantine was cleared up."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "stripe_payout",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reconciliation", sa.String(), nullable=False),
        sa.Column("balance_transaction", sa.String(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.add_column("balance_transaction", sa.Column("payout", sa.String(), nullable=True))
    op.create_index("ix_balance_transaction_payout", "balance_transaction", ["payout"])
    op.create_index("ix_balance_transaction_created", "balance_transaction", ["created_at", "id"])
    op.add_column("quarantine", sa.Column("resolution", sa.String(), nullable=True))
    op.add_column("quarantine", sa.Column("resolved_by", BIG, nullable=True))
