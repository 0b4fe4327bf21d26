"""Words of a product by where they stand, a full-text index over them, and the vocabulary for misspelt words."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NEW = ("titles", "kinds", "traits", "colours")
SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5(titles, kinds, traits, others, content='search_row', "
    "content_rowid='product_id', detail='column', tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER search_row_added AFTER INSERT ON search_row BEGIN "
    "INSERT INTO search_index (rowid, titles, kinds, traits, others) "
    "VALUES (new.product_id, new.titles, new.kinds, new.traits, new.others); END",
    "CREATE TRIGGER search_row_removed AFTER DELETE ON search_row BEGIN "
    "INSERT INTO search_index (search_index, rowid, titles, kinds, traits, others) "
    "VALUES ('delete', old.product_id, old.titles, old.kinds, old.traits, old.others); END",
    "CREATE TRIGGER search_row_changed AFTER UPDATE ON search_row BEGIN "
    "INSERT INTO search_index (search_index, rowid, titles, kinds, traits, others) "
    "VALUES ('delete', old.product_id, old.titles, old.kinds, old.traits, old.others); "
    "INSERT INTO search_index (rowid, titles, kinds, traits, others) "
    "VALUES (new.product_id, new.titles, new.kinds, new.traits, new.others); END",
    "INSERT INTO search_index (search_index) VALUES ('rebuild')",
)
POSTGRESQL = (
    "CREATE INDEX search_index ON search_row USING gin ((setweight(to_tsvector('simple', titles), 'A') || "
    "setweight(to_tsvector('simple', kinds), 'B') || setweight(to_tsvector('simple', traits), 'C') || "
    "setweight(to_tsvector('simple', others), 'D')))",
)


def upgrade() -> None:
    # What an older release wrote is found as before, at the lowest rank, until `shop db upgrade` has written it anew.
    op.execute("ALTER TABLE search_row RENAME COLUMN words TO others")
    for name in NEW:
        op.add_column("search_row", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_table(
        "search_word",
        sa.Column("stem", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("stem", name=op.f("pk_search_word")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
