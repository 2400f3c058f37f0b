"""Fired alerts that were acknowledged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_notices"
down_revision = "0003_deliveries"


def upgrade() -> None:
    op.create_table(
        "alert_acknowledgements",
        sa.Column("event", sa.String(128), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("event", name="pk_alert_acknowledgements"),
    )


def downgrade() -> None:
    op.drop_table("alert_acknowledgements")
