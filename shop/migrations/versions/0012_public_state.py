"""What changed lately on public pages, beside the number of the newest change."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "public_state",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("lasting", sa.BigInteger(), nullable=False),
        sa.Column("recent", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_state")),
    )
    found = op.get_bind().execute(sa.text("SELECT value FROM installation WHERE key = 'public_version'")).scalar()
    number = int(found or 0)
    op.execute(
        sa.text("INSERT INTO public_state (id, number, lasting, recent) VALUES (1, :number, :number, '')").bindparams(
            number=number
        )
    )
    op.execute(sa.text("DELETE FROM installation WHERE key = 'public_version'"))


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup to go back.")
