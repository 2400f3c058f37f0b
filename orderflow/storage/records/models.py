"""The tables of all records. A change here needs a migration: see `orderflow.storage.records`.

Times are integers: nanoseconds since 1970, UTC. Prices are decimal text, so that they stay exact on every database.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TICKERS = Table(
    "tickers",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("series", String(200), nullable=False),
    Column("feed", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("added", BigInteger, nullable=False),
)
"""Tickers added on the page: an alias for one series of one feed. position: their order, from 0."""

PRICE_POINTS = Table(
    "price_points",
    METADATA,
    Column("series", String(200), primary_key=True),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("price", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    sqlite_with_rowid=False,
)
"""Prices of feeds that have no trades."""
