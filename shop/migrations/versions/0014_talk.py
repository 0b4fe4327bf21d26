"""Messages the programme writes in a maker's stead."""

from collections.abc import Sequence

from alembic import op

revision: str = "0014"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("order_message") as message:
        message.drop_constraint(op.f("ck_order_message_author"), type_="check")
        message.create_check_constraint(op.f("ck_order_message_author"), "author IN ('buyer', 'maker', 'programme')")


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup to go back.")
