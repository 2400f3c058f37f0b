"""Tickers and price points."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_tickers"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "tickers",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("series", sa.String(200), nullable=False),
        sa.Column("feed", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_tickers"),
    )
    op.create_table(
        "price_points",
        sa.Column("series", sa.String(200), nullable=False),
        sa.Column("time", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("price", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("series", "time", name="pk_price_points"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("price_points")
    op.drop_table("tickers")
