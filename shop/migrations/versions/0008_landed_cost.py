"""Parcels and the landed cost frozen on an order, suspended destinations, freight quotes, what the EU asks of an offer."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shop.core.db import UTCDateTime

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("levy", sa.Column("collected", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("levy") as levy:
        levy.drop_constraint("uq_levy_zone_id_kind_country_heading_from_on", type_="unique")
        levy.create_unique_constraint(
            op.f("uq_levy_zone_id_kind_country_heading_from_on_collected"),
            ["zone_id", "kind", "country", "heading", "from_on", "collected"],
        )
    op.add_column("shop_order", sa.Column("parcels", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("shop_order", sa.Column("landed", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("unit", sa.Column("postal_address", sa.String(), nullable=True))
    op.add_column("unit", sa.Column("email", sa.String(), nullable=True))
    op.create_table(
        "suspension",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_suspension_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension")),
    )
    op.create_table(
        "freight_request",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("variant_id", BIG_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_freight_request_quantity")),
        sa.CheckConstraint("state IN ('asked', 'quoted', 'declined')", name=op.f("ck_freight_request_state")),
        sa.CheckConstraint("(state = 'quoted') = (amount_minor IS NOT NULL)", name=op.f("ck_freight_request_amount")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_freight_request_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freight_request")),
        sa.UniqueConstraint("public_id", name=op.f("uq_freight_request_public_id")),
    )
    op.create_index("ix_freight_request_state", "freight_request", ["state", "asked_at"])
