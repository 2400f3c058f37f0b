"""`orderflow export` writes as it reads: its memory does not grow with the table."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from orderflow.errors import OrderflowError
from orderflow.market.frames import DAY, Frame
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from orderflow.web.market import export
from orderflow.web.market.pagination import Cursor, Span, all_bars, all_ticks
from orderflow.web.market.rows import Rows

START = 1_790_000_000 // 86_400 * DAY
DAYS, A_DAY = 10, 1_000


@pytest.fixture(scope="module")
def days() -> Market:
    """Ten days of 1,000 ticks, which the tests only read."""
    market = Market()
    n = DAYS * A_DAY
    times = START + np.arange(n) * (DAY // A_DAY)
    price = (100_000 + np.cumsum(np.random.default_rng(3).integers(-1, 2, n))) * 25
    side, rule = np.ones(n, np.int8), np.full(n, int(SideRule.FLAG), np.int8)
    market.ingest([TickBatch("NQ", times, price, np.ones(n, np.int64), side, rule, np.arange(n), 2, 0)])
    return market


def rows(market: Market, what: str, span: Span) -> Rows:
    if what == "ticks":
        return all_ticks(market, "NQ", span)
    return all_bars(market, "NQ", Frame.parse("1s"), span, footprint=what == "footprint")


@pytest.mark.parametrize("kind", ["csv", "json", "arrow", "parquet"])
@pytest.mark.parametrize("what", ["bars", "footprint"])
def test_memory_does_not_grow_with_the_days_that_are_written(days: Market, what: str, kind: str) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for piece in getattr(rows(days, what, Span(end=START + count * DAY)), kind)():
            del piece
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)  # what is loaded at the first use stays
    assert peak(DAYS) < 1.5 * peak(2)


@pytest.mark.parametrize("what", ["bars", "footprint", "ticks"])
def test_all_formats_have_the_same_rows(days: Market, what: str) -> None:
    span = Span(start=START + 5 * DAY // 2, end=START + 6 * DAY)
    found = json.loads(b"".join(rows(days, what, span).json()))
    csv = b"".join(rows(days, what, span).csv()).decode().splitlines()
    assert len(found) == len(csv) - 1 > 3 * A_DAY
    assert [row["time"] for row in found] == [line.split(",")[0] for line in csv[1:]]
    tables = [
        ipc.open_stream(b"".join(rows(days, what, span).arrow())).read_all(),
        parquet.read_table(pa.BufferReader(b"".join(rows(days, what, span).parquet()))),
    ]
    for table in tables:
        assert table.num_rows == len(found)
        assert table.column_names == csv[0].split(",")


def test_a_cursor_skips_rows_in_whatever_table_they_are(days: Market) -> None:
    frame = Frame.parse("ticks:3")
    whole = b"".join(all_bars(days, "NQ", frame, Span()).csv()).splitlines()
    bars = days.bars("NQ", frame)
    cursor = Cursor(int(bars.time[1000]))
    assert b"".join(all_bars(days, "NQ", frame, Span(cursor=cursor)).csv()).splitlines()[1:] == whole[1001:]


def test_pages_of_a_server_are_written_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def page(price: Any) -> bytes:
        out = io.BytesIO()
        with ipc.new_stream(out, pa.schema({"price": price})) as writer:
            writer.write_table(pa.table({"price": pa.array([1, 2], price)}))
        return out.getvalue()

    written = io.BytesIO()
    seen: list[int] = []

    def pages(*types: Any) -> Iterator[bytes]:
        for kind in types:
            seen.append(len(written.getvalue()))
            yield page(kind)

    export._join_tables(pages(pa.int64(), pa.int64(), pa.int64()), "arrow", written)
    assert 0 == seen[0] < seen[1] < seen[2]
    assert ipc.open_stream(written.getvalue()).read_all().num_rows == 6
    with pytest.raises(OrderflowError, match="decimals"):
        export._join_tables(pages(pa.int64(), pa.float64()), "parquet", io.BytesIO())
    assert b"".join(
        export._joined_json(iter([b'{"bars":[{"a":1}]}', b'{"bars":[]}', b'{"bars":[{"a":2}]}']), "bars")
    ) == (b'[{"a": 1}, {"a": 2}]')
    assert b"".join(export._joined_json(iter([b'{"bars":[]}']), "bars")) == b"[]"
