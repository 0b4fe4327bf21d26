"""Buyers who sign in by a letter, and their erasure."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("shop_order", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_shop_order_email", "shop_order", ["email"])
    op.create_table(
        "buyer_key",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('link', 'session')", name=op.f("ck_buyer_key_kind")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_buyer_key")),
    )
    op.create_index(op.f("ix_buyer_key_email"), "buyer_key", ["email"])
    op.create_index("ix_buyer_key_expiry", "buyer_key", ["expires_at"])
