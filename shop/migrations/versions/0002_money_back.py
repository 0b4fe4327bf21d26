"""Refunds in parts, refunds that fail after they succeeded, disputes; tax on the postage beside the tax of the lines."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("shop_order", sa.Column("shipping_tax_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "refund_part",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("refund_id", BIG, sa.ForeignKey("refund.id", name="fk_refund_part_refund_id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("line_id", BIG, sa.ForeignKey("order_line.id", name="fk_refund_part_line_id"), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('line', 'shipping', 'duty')", name="ck_refund_part_kind"),
        sa.CheckConstraint("amount_minor > 0", name="ck_refund_part_positive"),
        sa.CheckConstraint("(kind = 'line') = (line_id IS NOT NULL)", name="ck_refund_part_of_a_line"),
    )
    op.create_index("ix_refund_part_refund_id", "refund_part", ["refund_id"])
    op.create_index("ix_refund_part_line_id", "refund_part", ["line_id"])
    op.create_table(
        "dispute",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("stripe_id", sa.String(), nullable=False),
        sa.Column("order_id", BIG, sa.ForeignKey("shop_order.id", name="fk_dispute_order_id"), nullable=False),
        sa.Column("attempt_id", BIG, sa.ForeignKey("attempt.id", name="fk_dispute_attempt_id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_refundable", sa.Boolean(), nullable=False),
        sa.Column("answer_by", TIME, nullable=True),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.Column("reinstated_at", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.UniqueConstraint("stripe_id", name="uq_dispute_stripe_id"),
    )
    op.create_index("ix_dispute_order_id", "dispute", ["order_id"])
    op.create_table(
        "dispute_part",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("dispute_id", BIG, sa.ForeignKey("dispute.id", name="fk_dispute_part_dispute_id"), nullable=False),
        sa.Column("line_id", BIG, sa.ForeignKey("order_line.id", name="fk_dispute_part_line_id"), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_dispute_part_dispute_id", "dispute_part", ["dispute_id"])
    op.create_index("ix_dispute_part_line_id", "dispute_part", ["line_id"])
    op.add_column("refund", sa.Column("failed_at", TIME, nullable=True))
    _fill_parts()
    with op.batch_alter_table("refund") as table:
        table.drop_column("line_ids")
        table.drop_column("shipping_minor")


def _fill_parts() -> None:
    """What was refunded by whole lines becomes parts of those lines' whole amounts."""
    connection = op.get_bind()
    refund = sa.table(
        "refund", sa.column("id"), sa.column("line_ids", sa.JSON), sa.column("shipping_minor"), sa.column("state")
    )
    line = sa.table(
        "order_line", sa.column("id"), sa.column("net_minor"), sa.column("tax_minor"), sa.column("commission_minor")
    )
    part = sa.table(
        "refund_part",
        *(
            sa.column(name)
            for name in (
                "refund_id",
                "kind",
                "line_id",
                "amount_minor",
                "net_minor",
                "commission_minor",
                "tax_minor",
            )
        ),
    )
    lines = {row.id: row for row in connection.execute(sa.select(line))}
    for row in connection.execute(sa.select(refund)).all():
        parts = [
            {
                "refund_id": row.id,
                "kind": "line",
                "line_id": line_id,
                "amount_minor": lines[line_id].net_minor + lines[line_id].tax_minor,
                "net_minor": lines[line_id].net_minor,
                "commission_minor": lines[line_id].commission_minor,
                "tax_minor": lines[line_id].tax_minor,
            }
            for line_id in row.line_ids
        ]
        if row.shipping_minor:
            empty = {"line_id": None, "net_minor": 0, "commission_minor": 0, "tax_minor": 0}
            parts.append({"refund_id": row.id, "kind": "shipping", "amount_minor": row.shipping_minor, **empty})
        if parts:
            connection.execute(sa.insert(part), parts)
