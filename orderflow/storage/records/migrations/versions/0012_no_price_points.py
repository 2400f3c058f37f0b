"""Prices of feeds without trades are ticks of size 0 in the tick log: the table that was for them was never used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_no_price_points"
down_revision = "0011_event_owners"


def upgrade() -> None:
    op.drop_table("price_points")


def downgrade() -> None:
    op.create_table(
        "price_points",
        sa.Column("series", sa.String(200), nullable=False),
        sa.Column("time", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("price", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("series", "time", name="pk_price_points"),
        sqlite_with_rowid=False,
    )
