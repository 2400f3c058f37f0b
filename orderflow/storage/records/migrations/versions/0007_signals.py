"""Signals that users upload, and how they have their files read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_signals"
down_revision = "0006_accounts"


def upgrade() -> None:
    op.create_table(
        "signal_sets",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("previous", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_signal_sets"),
        sa.UniqueConstraint("owner", "name", name="uq_signal_sets_owner_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "signals",
        sa.Column("signal_set", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("side", sa.Integer, nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("price", sa.String(64), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("color", sa.String(32), nullable=False),
        sa.Column("icon", sa.String(16), nullable=False),
        sa.Column("stop", sa.String(64), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("signal_set", "generation", "number", name="pk_signals"),
        sa.ForeignKeyConstraint(
            ["signal_set"], ["signal_sets.id"], name="fk_signals_signal_set_signal_sets", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "upload_mappings",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("header", sa.String(64), nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", "kind", "header", name="pk_upload_mappings"),
    )


def downgrade() -> None:
    for table in ("upload_mappings", "signals", "signal_sets"):
        op.drop_table(table)
