"""Which pictures have AVIF files beside the others."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Of what is there none has any yet; the worker asks for them (media.renditions).
    op.add_column("picture", sa.Column("avif", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup to go back.")
