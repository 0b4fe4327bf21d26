"""The day a parcel was in its buyer's hands, and of its lines, from which the days to withdraw are counted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Nobody has asked so far: what was sent before is not known to have arrived.
    for table in ("parcel", "order_line"):
        op.add_column(table, sa.Column("arrived_on", sa.Date(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup to go back.")
