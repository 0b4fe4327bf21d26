"""Taxes and duties by zone, who owes them at the border, invoices."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shop.core import clock

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Invoices are never changed; frozen here, whatever the models say later.
GUARDS = {
    "postgresql": [
        "CREATE OR REPLACE FUNCTION refuse_invoice_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'invoice rows are never changed or deleted'; END $$",
        "CREATE TRIGGER invoice_append_only BEFORE UPDATE OR DELETE ON invoice FOR EACH ROW "
        "EXECUTE FUNCTION refuse_invoice_change()",
        "CREATE TRIGGER invoice_no_truncate BEFORE TRUNCATE ON invoice FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_invoice_change()",
    ],
    "sqlite": [
        "CREATE TRIGGER invoice_no_update BEFORE UPDATE ON invoice BEGIN SELECT RAISE(ABORT, 'invoice rows are never "
        "changed'); END",
        "CREATE TRIGGER invoice_no_delete BEFORE DELETE ON invoice BEGIN SELECT RAISE(ABORT, 'invoice rows are never "
        "deleted'); END",
    ],
}
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("shop_order", sa.Column("incoterm", sa.String(), nullable=False, server_default="DAP"))
    op.create_table(
        "levy",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("zone_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("heading", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("on_shipping", sa.Boolean(), nullable=False),
        sa.Column("amounts", sa.JSON(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('tax', 'duty')", name=op.f("ck_levy_kind")),
        sa.CheckConstraint("rate_bp BETWEEN 0 AND 10000", name=op.f("ck_levy_rate")),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"], name=op.f("fk_levy_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_levy")),
        sa.UniqueConstraint(
            "zone_id",
            "kind",
            "country",
            "heading",
            "from_on",
            name=op.f("uq_levy_zone_id_kind_country_heading_from_on"),
        ),
    )
    op.create_table(
        "invoice_series",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", "year", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "invoice",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column("refund_id", BIG_ID, nullable=True),
        sa.Column("refers_to", BIG_ID, nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("goods_minor", sa.BigInteger(), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("duty_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("printed", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note', 'reversal')", name=op.f("ck_invoice_kind")),
        sa.CheckConstraint(
            "total_minor = goods_minor + shipping_minor + tax_minor + duty_minor - discount_minor",
            name=op.f("ck_invoice_total"),
        ),
        sa.CheckConstraint("(kind = 'invoice') = (refers_to IS NULL)", name=op.f("ck_invoice_refers")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name=op.f("fk_invoice_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_invoice_refund_id")),
        sa.ForeignKeyConstraint(["refers_to"], ["invoice.id"], name=op.f("fk_invoice_refers_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("series", "year", "sequence", name=op.f("uq_invoice_series_year_sequence")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
        sa.UniqueConstraint("cause", name=op.f("uq_invoice_cause")),
    )
    op.create_index("ix_invoice_issued", "invoice", ["issued_on"], unique=False)
    op.create_index(op.f("ix_invoice_order_id"), "invoice", ["order_id"], unique=False)
    op.create_index(op.f("ix_invoice_refund_id"), "invoice", ["refund_id"], unique=False)
    connection = op.get_bind()
    for statement in GUARDS[connection.dialect.name]:
        op.execute(statement)
    # What was paid before was invoiced elsewhere: only from this moment on is an order without an invoice a fault.
    connection.execute(
        sa.text(
            "INSERT INTO installation (key, value) SELECT 'invoices_since', :now "
            "WHERE EXISTS (SELECT 1 FROM shop_order WHERE paid_at IS NOT NULL)"
        ),
        {"now": clock.now().isoformat()},
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup to go back.")
