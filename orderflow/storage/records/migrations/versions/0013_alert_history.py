"""Indexes of what is asked of long histories of alerts and deliveries, and how many deliveries a target did not get."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_alert_history"
down_revision = "0012_no_price_points"

OUTBOX = "ix_deliveries_state_target_attempts_created_due"


def upgrade() -> None:
    op.add_column("delivery_targets", sa.Column("dropped", sa.BigInteger, nullable=False, server_default="0"))
    op.drop_index("ix_alert_events_alert", "alert_events")
    op.create_index("ix_alert_events_alert_number", "alert_events", ["alert", "number"])
    op.drop_index("ix_deliveries_state_target_due", "deliveries")
    op.create_index(OUTBOX, "deliveries", ["state", "target", "attempts", "created", "due"])
    op.create_index("ix_deliveries_target_created", "deliveries", ["target", "created"])
    op.create_index("ix_deliveries_owner_created", "deliveries", ["owner", "created"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_owner_created", "deliveries")
    op.drop_index("ix_deliveries_target_created", "deliveries")
    op.drop_index(OUTBOX, "deliveries")
    op.create_index("ix_deliveries_state_target_due", "deliveries", ["state", "target", "due"])
    op.drop_index("ix_alert_events_alert_number", "alert_events")
    op.create_index("ix_alert_events_alert", "alert_events", ["alert", "found"])
    op.drop_column("delivery_targets", "dropped")
