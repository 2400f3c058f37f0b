"""Alerts, their watches and events, and how far symbols are evaluated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_alerts"
down_revision = "0001_tickers"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_table(
        "alert_watches",
        sa.Column("alert", sa.String(32), nullable=False),
        sa.Column("symbol", sa.String(200), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("floor", sa.BigInteger),
        sa.Column("reference", sa.Text),
        sa.Column("last", sa.BigInteger),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("alert", "symbol", name="pk_alert_watches"),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name="fk_alert_watches_alert_alerts", ondelete="CASCADE"),
    )
    op.create_table(
        "alert_positions",
        sa.Column("symbol", sa.String(200), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("symbol", name="pk_alert_positions"),
    )
    op.create_table(
        "alert_events",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("alert", sa.String(32), nullable=False),
        sa.Column("symbol", sa.String(200), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("ticker", sa.String(200), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("found", sa.BigInteger, nullable=False),
        sa.Column("late", sa.BigInteger, nullable=False),
        sa.Column("bar", sa.BigInteger),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("may_differ", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_alert_events"),
        sa.UniqueConstraint("id", name="uq_alert_events_id"),
    )
    op.create_index("ix_alert_events_alert", "alert_events", ["alert", "found"])


def downgrade() -> None:
    for table in ("alert_events", "alert_positions", "alert_watches", "alerts"):
        op.drop_table(table)
