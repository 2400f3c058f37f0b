"""Whose the events of alerts are: those of their alerts, and the operator's where the alert is gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_event_owners"
down_revision = "0010_chart_views"

OWNERS = (
    "UPDATE alert_events SET owner = (SELECT alerts.owner FROM alerts WHERE alerts.id = alert_events.alert) "
    "WHERE alert_events.alert IN (SELECT alerts.id FROM alerts WHERE alerts.owner <> '')"
)


def upgrade() -> None:
    op.add_column("alert_events", sa.Column("owner", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_alert_events_owner_number", "alert_events", ["owner", "number"])
    op.execute(OWNERS)


def downgrade() -> None:
    op.drop_index("ix_alert_events_owner_number", "alert_events")
    op.drop_column("alert_events", "owner")
