"""The numbers of alert events are never given again in SQLite, also after the newest event was deleted."""

from __future__ import annotations

from alembic import op

revision = "0014_event_numbers"
down_revision = "0013_alert_history"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL counts by itself
        with op.batch_alter_table("alert_events", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("alert_events", recreate="always") as table:
            table.create_primary_key("pk_alert_events", ["number"])
