"""How PostgreSQL keeps the table of klines: partitioned by month, or as a hypertable of TimescaleDB.

Partitions are made when the first kline of their month is written. Times before FIRST_YEAR and from LAST_YEAR on have
one partition each, so that a file with a century of daily prices does not make a thousand of them. Where the extension
timescaledb is installed in the database, the table is a hypertable instead, and makes its own parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Connection

from orderflow.arrays import Ints

FIRST_YEAR, LAST_YEAR = 2017, 2038
CHUNK_MS = 30 * 86_400_000
"""Time range of a part of a hypertable."""
HAS_TIMESCALE = "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'"
MAKE_HYPERTABLE = (f"SELECT create_hypertable('klines', by_range('time', {CHUNK_MS}))",)
MAKE_PARTITIONED = (
    "ALTER TABLE klines RENAME TO klines_plain",
    "ALTER INDEX pk_klines RENAME TO pk_klines_plain",
    "CREATE TABLE klines (LIKE klines_plain) PARTITION BY RANGE (time)",
    "DROP TABLE klines_plain",
    "ALTER TABLE klines ADD CONSTRAINT pk_klines PRIMARY KEY (generation, time)",
)
"""Not in the models, where the option would load SQLAlchemy's PostgreSQL dialect for SQLite too."""
_PARTITIONS = (
    "SELECT k.relkind, c.relname FROM pg_class k LEFT JOIN pg_inherits i ON i.inhparent = k.oid "
    "LEFT JOIN pg_class c ON c.oid = i.inhrelid WHERE k.oid = 'klines'::regclass"
)


def partition(connection: Connection) -> None:
    """Partition the table of klines, which is new and without rows, where the database can."""
    if connection.dialect.name == "postgresql":
        timescale = connection.exec_driver_sql(HAS_TIMESCALE).first()
        for statement in MAKE_HYPERTABLE if timescale else MAKE_PARTITIONED:
            connection.exec_driver_sql(statement)


def make_partitions(connection: Connection, times: Ints) -> None:
    """Make the partitions that are missing for klines at these times (ms, ascending, at least one)."""
    found = connection.exec_driver_sql(_PARTITIONS).all()
    if found[0].relkind != "p":  # a hypertable
        return
    missing = [part for part in partitions_of(times) if part[0] not in {row.relname for row in found}]
    if missing:
        # a second process may be about to make the same ones
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7170876925437383)")
    for name, low, high in missing:
        connection.exec_driver_sql(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF klines FOR VALUES FROM ({low}) TO ({high})"
        )


def partitions_of(times: Ints) -> Iterable[tuple[str, str, str]]:
    """(name, lower, upper bound as SQL) of the partitions that hold klines at these times (ms, ascending)."""
    months = np.unique(times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)).tolist()
    begin, end = ((year - 1970) * 12 for year in (FIRST_YEAR, LAST_YEAR))
    if months[0] < begin:
        yield "klines_before", "MINVALUE", str(_ms(begin))
    for month in months:
        if begin <= month < end:
            yield f"klines_{1970 + month // 12}_{month % 12 + 1:02}", str(_ms(month)), str(_ms(month + 1))
    if months[-1] >= end:
        yield "klines_after", str(_ms(end)), "MAXVALUE"


def _ms(month: int) -> int:
    """The beginning of a month, counted from January 1970."""
    return int(datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1000
