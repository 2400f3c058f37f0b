"""Candles and signals as Feather files (Arrow's format on disk). Prices are decimals, so that they stay exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from orderflow.arrays import Flags, Ints
from orderflow.market.kline_columns import PRICES, UNKNOWN, KlineColumns
from orderflow.market.signal import Signal

_OPTIONS: dict[str, Any] = {"compression": "lz4"}


def candles_to_feather(pieces: Iterable[KlineColumns], price_decimals: int, size_decimals: int, sink: BinaryIO) -> None:
    """Write candles to a file, piece by piece. Raises OSError."""
    price, size = pa.decimal128(38, price_decimals), pa.decimal128(38, size_decimals)
    schema = pa.schema(
        [
            ("timestamp", pa.timestamp("ms", "UTC")),
            *((name, price) for name in PRICES),
            ("volume", size),
            ("trades", pa.int64()),
            ("taker_buy_volume", size),
        ]
    )
    with ipc.new_file(pa.PythonFile(sink, "w"), schema, options=ipc.IpcWriteOptions(**_OPTIONS)) as writer:
        for klines in pieces:
            same = klines.rescaled(price_decimals, size_decimals)
            columns = [
                pa.array(same.time, pa.timestamp("ms", "UTC")),
                *(_decimals(getattr(same, name), price) for name in PRICES),
                _decimals(same.volume, size),
                pa.array(same.trades, pa.int64(), mask=same.trades == UNKNOWN),
                _decimals(same.taker_buy_volume, size, same.taker_buy_volume == UNKNOWN),
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def signals_to_feather(pieces: Iterable[Sequence[Signal]], sink: BinaryIO) -> None:
    """Write signals to a file, piece by piece; prices are texts, as they have no common number of decimals.

    Raises OSError.
    """
    kinds = {"time": pa.timestamp("ns", "UTC"), "side": pa.int8()}
    names = [field.name for field in fields(Signal)]
    schema = pa.schema([("timestamp" if name == "time" else name, kinds.get(name, pa.string())) for name in names])
    with ipc.new_file(pa.PythonFile(sink, "w"), schema, options=ipc.IpcWriteOptions(**_OPTIONS)) as writer:
        for signals in pieces:
            columns = [
                pa.array([getattr(signal, name) for signal in signals], kinds.get(name, pa.string())) for name in names
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _decimals(units: Ints, kind: pa.DataType, missing: Flags | None = None) -> pa.Array:
    """Scaled integers as Arrow's 128-bit decimals, without a copy through text."""
    words = np.empty((len(units), 2), np.int64)
    words[:, 0] = units
    words[:, 1] = units >> 63
    validity = None if missing is None else pa.array(~missing).buffers()[1]
    return pa.Array.from_buffers(kind, len(units), [validity, pa.py_buffer(words.tobytes())])
