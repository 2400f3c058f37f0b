"""Drawings and views that users leave on charts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_chart_views"
down_revision = "0009_feed_holes"


def upgrade() -> None:
    op.create_table(
        "chart_views",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("series", sa.String(300), nullable=False),
        sa.Column("drawings", sa.Text, nullable=False),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", "series", name="pk_chart_views"),
    )


def downgrade() -> None:
    op.drop_table("chart_views")
