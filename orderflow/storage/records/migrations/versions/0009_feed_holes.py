"""Gaps in the trades of live feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_feed_holes"
down_revision = "0008_passkeys"


def upgrade() -> None:
    op.create_table(
        "feed_holes",
        sa.Column("series", sa.String(200), nullable=False),
        sa.Column("begun", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("ended", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("missing", sa.BigInteger),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("series", "begun", "ended", name="pk_feed_holes"),
    )
    op.create_index("ix_feed_holes_ended", "feed_holes", ["ended"])


def downgrade() -> None:
    op.drop_table("feed_holes")
