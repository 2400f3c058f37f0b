from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from sqlalchemy import Connection, text

from orderflow.storage.records.address import Address
from orderflow.storage.records.kline_partitions import (
    HAS_TIMESCALE,
    MAKE_HYPERTABLE,
    MAKE_PARTITIONED,
    make_partitions,
    partition,
    partitions_of,
)
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.records import Records
from tests.storage.records.klines import KEY, klines


def ms(*dates: tuple[int, int, int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([int(datetime(*date, tzinfo=UTC).timestamp()) * 1000 for date in dates], np.int64)


class Recorded:
    """A connection that notes its statements. found: what a query gives."""

    dialect = SimpleNamespace(name="postgresql")

    def __init__(self, *found: Any) -> None:
        self.said: list[str] = []
        self._found = found

    def exec_driver_sql(self, statement: str) -> Any:
        self.said.append(statement)
        return SimpleNamespace(first=lambda: self._found[0] if self._found else None, all=lambda: self._found)


def test_every_month_has_a_partition_and_far_years_have_one_together() -> None:
    times = ms((1999, 1, 1), (2016, 12, 31), (2017, 1, 1), (2023, 12, 31), (2024, 1, 1), (2024, 1, 31), (2055, 1, 1))
    assert [name for name, _, _ in partitions_of(times)] == [
        "klines_before", "klines_2017_01", "klines_2023_12", "klines_2024_01", "klines_after",
    ]  # fmt: skip
    (_, low, high), *_ = partitions_of(ms((2024, 2, 10)))
    assert [low, high] == [str(time) for time in ms((2024, 2, 1), (2024, 3, 1))]


def test_klines_are_in_the_partitions_of_their_months(open_records: Callable[..., Records], server: Address) -> None:
    records = open_records(server)
    store = KlineStore(records, lambda: 1)
    series = store.ensure(KEY, "binance")
    store.upsert(series.id, klines(range(0, 60 * 24 * 90, 60)))

    def count(connection: Connection) -> dict[str, int]:
        rows = connection.execute(text("SELECT tableoid::regclass::text, count(*) FROM klines GROUP BY 1"))
        return {row[0]: row[1] for row in rows}

    found = records.read(count)
    assert found.keys() == {"klines_2023_11", "klines_2023_12", "klines_2024_01", "klines_2024_02"}
    assert found["klines_2023_12"] == 31 * 24


def test_the_statements_for_timescaledb() -> None:
    """As text: no server of the tests has the extension."""
    without, found = Recorded(), Recorded((1,))
    partition(cast("Connection", without))
    assert without.said == [HAS_TIMESCALE, *MAKE_PARTITIONED]
    partition(cast("Connection", found))
    assert found.said == [HAS_TIMESCALE, *MAKE_HYPERTABLE]
    assert MAKE_HYPERTABLE == ("SELECT create_hypertable('klines', by_range('time', 2592000000))",)


def test_a_hypertable_makes_its_own_parts() -> None:
    connection = Recorded(SimpleNamespace(relkind="r", relname=None))
    make_partitions(cast("Connection", connection), ms((2024, 1, 1)))
    assert len(connection.said) == 1
