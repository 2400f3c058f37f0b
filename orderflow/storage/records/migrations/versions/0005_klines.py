"""Series of klines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orderflow.storage.records.kline_partitions import partition

revision = "0005_klines"
down_revision = "0004_notices"


def upgrade() -> None:
    op.create_table(
        "series_generations",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("price_decimals", sa.Integer, nullable=False),
        sa.Column("size_decimals", sa.Integer, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("first", sa.BigInteger),
        sa.Column("last", sa.BigInteger),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series_generations"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("timeframe", sa.String(16), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("previous", sa.Integer),
        sa.ForeignKeyConstraint(
            ["generation"], ["series_generations.id"], name="fk_series_generation_series_generations"
        ),
        sa.ForeignKeyConstraint(["previous"], ["series_generations.id"], name="fk_series_previous_series_generations"),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("owner", "kind", "name", "timeframe", name="uq_series_owner_kind_name_timeframe"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "klines",
        sa.Column("generation", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("open", sa.BigInteger, nullable=False),
        sa.Column("high", sa.BigInteger, nullable=False),
        sa.Column("low", sa.BigInteger, nullable=False),
        sa.Column("close", sa.BigInteger, nullable=False),
        sa.Column("volume", sa.BigInteger, nullable=False),
        sa.Column("trades", sa.BigInteger),
        sa.Column("taker_buy_volume", sa.BigInteger),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("generation", "time", name="pk_klines"),
        sqlite_with_rowid=False,
    )
    partition(op.get_bind())
    op.create_table(
        "kline_holes",
        sa.Column("series", sa.Integer, nullable=False),
        sa.Column("start", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["series"], ["series.id"], name="fk_kline_holes_series_series", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("series", "start", name="pk_kline_holes"),
    )


def downgrade() -> None:
    op.drop_table("kline_holes")
    op.drop_table("klines")
    op.drop_table("series")
    op.drop_table("series_generations")
