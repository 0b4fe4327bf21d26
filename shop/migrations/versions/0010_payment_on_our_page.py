"""Sessions that are paid on our own page, and answers of checkout that are kept with the cart."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("client_secret", sa.String(), nullable=True))
    op.add_column("attempt", sa.Column("gives_way_to", sa.String(), nullable=True))
    op.add_column("cart", sa.Column("answers", sa.JSON(), nullable=True))
