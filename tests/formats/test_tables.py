"""Parquet: typed columns, exact numbers, the same errors."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orderflow.errors import UnknownFormat
from tests.formats.suite import read, tick, ticks_of


def write(folder: Path, **columns: object) -> Path:
    path = folder / "trades.parquet"
    pq.write_table(pa.table(columns), path)
    return path


EXPECTED = [
    tick("2025-06-21T12:04:27.356", "83.29", "0.107", "buy", "flag", 7),
    tick("2025-06-21T12:04:30.5", "81.01", "3", "sell", "flag", 8),
]
TIMES = np.array(["2025-06-21T12:04:27.356", "2025-06-21T12:04:30.500"], "datetime64[ms]")


@pytest.mark.parametrize(
    "times",
    [
        pa.array(TIMES),
        pa.array(TIMES.astype("datetime64[ns]")),
        pa.array(TIMES, pa.timestamp("ms", "America/New_York")),
        pa.array(TIMES.astype(np.int64)),
        pa.array(TIMES.astype(np.int64) * 1000),
        pa.array(TIMES.astype(np.int64) / 1000),
        pa.array([f"{time}Z" for time in TIMES.astype(str)]).dictionary_encode(),
    ],
)
@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.decimal128(20, 6), pa.string(), pa.large_string()])
def test_types(times: pa.Array, kind: pa.DataType, tmp_path: Path) -> None:
    prices, sizes = (
        pa.array(np.array(values, np.float32)) if kind == pa.float32() else pa.array(map(Decimal, values)).cast(kind)
        for values in (["83.29", "81.01"], ["0.107", "3.000"])
    )
    sides = pa.array(["buy", "sell"]).dictionary_encode()
    path = write(
        tmp_path, timestamp=times, price=prices, quantity=sizes, side=sides, tradeId=pa.array([7, 8], pa.uint32())
    )
    reader, chunks = read(path)
    assert (reader.format, reader.delimiter, reader.header[0]) == ("generic", None, "timestamp")
    assert ticks_of(*chunks) == EXPECTED


def test_naive_timestamps_are_local_to_the_zone(tmp_path: Path) -> None:
    path = write(tmp_path, time=pa.array(TIMES), price=pa.array([1, 2]), size=pa.array([1, 2]))
    _, chunks = read(path, tz="America/New_York")
    assert [one.time for one in ticks_of(*chunks)] == ["2025-06-21T16:04:27.356", "2025-06-21T16:04:30.5"]


def test_booleans_and_an_index_column(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"price": [1.5, 2.5], "qty": [1, 2], "isBuyerMaker": [True, False]}, index=pd.Index(TIMES, name="time")
    )
    path = tmp_path / "trades.parquet"
    frame.to_parquet(path)
    reader, chunks = read(path)
    assert reader.format == "binance-trades"
    assert [(one.side, one.price) for one in ticks_of(*chunks)] == [("sell", Decimal("1.5")), ("buy", Decimal("2.5"))]


def test_bad_rows_are_reported_by_row_and_others_are_kept(tmp_path: Path) -> None:
    count = 2000
    prices = np.round(np.arange(count) / 100 + 1, 2)
    prices[700], prices[1999] = 0.12345678901234568, np.nan
    sizes: list[int | None] = [1] * count
    sizes[3] = None
    sizes[4] = -1
    path = write(
        tmp_path,
        time=pa.array(np.full(count, TIMES[0])),
        price=pa.array(prices),
        size=pa.array(sizes),
    )
    _, (chunk,) = read(path)
    assert [(error.row, error.line, error.field, error.reason) for error in chunk.errors] == [
        (3, None, "size", "is missing; every trade needs a size"),
        (4, None, "size", "'-1' is below 0; a size must not be negative"),
        (
            700,
            None,
            "price",
            "'0.12345678901234568' has 17 significant digits, more than can be kept exactly; "
            "check for binary-float noise and send the decimal as it was quoted",
        ),
        (1999, None, "price", "is missing; every trade needs a price"),
    ]
    assert (chunk.rows, chunk.ticks) == (count, count - 4)
    assert chunk.origins[0].tolist() == [row for row in range(count) if row not in (3, 4, 700, 1999)]


def test_chunks_and_skipping(tmp_path: Path) -> None:
    path = write(tmp_path, time=pa.array(np.arange(10) + 1_760_032_800), price=np.arange(10) + 1, size=np.ones(10))
    reader, chunks = read(path, chunk_rows=4, skip_rows=5)
    assert [chunk.first_row for chunk in chunks] == [5, 8]
    assert [int(one.price) for one in ticks_of(*chunks)] == [6, 7, 8, 9, 10]
    assert (reader.rows, reader.progress) == (10, 1.0)


def test_other_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match=r"found columns a \(delimiter none\)"):
        read(write(tmp_path, a=pa.array([1])))
    with pytest.raises(UnknownFormat, match="does not fit format tardis"):
        read(write(tmp_path, a=pa.array([1])), format="tardis")
