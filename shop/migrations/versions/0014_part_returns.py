"""Messages the programme writes in a maker's stead; withdrawals from a part of a line."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("order_message") as message:
        message.drop_constraint(op.f("ck_order_message_author"), type_="check")
        message.create_check_constraint(op.f("ck_order_message_author"), "author IN ('buyer', 'maker', 'programme')")
    _count_returned_pieces()
    op.add_column("refund_part", sa.Column("quantity", sa.Integer(), nullable=False, server_default="0"))
    # With its constraint in one statement: other tables point at the lines, so they are not written anew.
    op.execute(
        "ALTER TABLE order_line ADD COLUMN withdrawn INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_order_line_withdrawn CHECK (withdrawn BETWEEN 0 AND quantity)"
    )
    op.execute("UPDATE order_line SET withdrawn = quantity WHERE id IN (SELECT line_id FROM order_return_line)")
    _give_back_what_waits()
    with op.batch_alter_table("refund") as refund:
        refund.add_column(sa.Column("return_id", BIG_ID, nullable=True))
        refund.create_foreign_key(op.f("fk_refund_return_id"), "order_return", ["return_id"], ["id"])
        refund.create_index("ix_refund_return_id", ["return_id"])


def _count_returned_pieces() -> None:
    """So far a line was withdrawn whole."""
    op.create_table(
        "order_return_piece",
        sa.Column("return_id", BIG_ID, nullable=False),
        sa.Column("line_id", BIG_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_return_line_quantity")),
    )
    op.execute(
        "INSERT INTO order_return_piece (return_id, line_id, quantity) SELECT r.return_id, r.line_id, l.quantity "
        "FROM order_return_line r JOIN order_line l ON l.id = r.line_id"
    )
    op.drop_table("order_return_line")
    op.rename_table("order_return_piece", "order_return_line")
    with op.batch_alter_table("order_return_line") as table:
        table.create_primary_key(op.f("pk_order_return_line"), ["return_id", "line_id"])
        table.create_foreign_key(op.f("fk_order_return_line_return_id"), "order_return", ["return_id"], ["id"])
        table.create_foreign_key(op.f("fk_order_return_line_line_id"), "order_line", ["line_id"], ["id"])
        table.create_index("ix_order_return_line_line_id", ["line_id"])


def _give_back_what_waits() -> None:
    """What a buyer withdraws from before it has left is for sale again at once; until now, once its money was back."""
    unsent = (
        "SELECT variant_id, SUM(quantity) AS quantity FROM order_line WHERE withdrawn > 0 AND handed_over_at IS NULL "
        "AND state IN ('paid', 'accepted', 'ready') GROUP BY variant_id"
    )
    for row in op.get_bind().execute(sa.text(unsent)).all():
        statement = sa.text(
            "UPDATE variant SET available = available + :count, returned = returned + :count WHERE id = :id"
        )
        op.execute(statement.bindparams(count=int(row.quantity), id=row.variant_id))


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup to go back.")
