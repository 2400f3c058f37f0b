"""Read texts as uploaded files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orderflow.market.decimals import unit_text
from orderflow.workspace.uploads.candle_layout import candle_layout
from orderflow.workspace.uploads.candles import Candles, read_candles
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.signal_layout import signal_layout
from orderflow.workspace.uploads.signals import Signals, read_signals
from orderflow.workspace.uploads.table import open_table

MOST = 1 << 26


def candles_of(path: Path, **options: Any) -> Candles:
    """Read a file of candles."""
    table, layout = open_table(path, ReadOptions(**options), candle_layout, most=MOST)
    with table:
        return read_candles(table, layout, most_rows=1_000_000)


def signals_of(path: Path, **options: Any) -> Signals:
    """Read a file of signals."""
    table, layout = open_table(path, ReadOptions(**options), signal_layout, most=MOST)
    with table:
        return read_signals(table, layout, most_rows=100_000)


def candles(text: str | bytes, **options: Any) -> Candles:
    """Read a text of candles."""
    with TemporaryDirectory() as folder:
        return candles_of(_written(folder, text), **options)


def signals(text: str | bytes, **options: Any) -> Signals:
    """Read a text of signals."""
    with TemporaryDirectory() as folder:
        return signals_of(_written(folder, text), **options)


def rows_of(found: Candles) -> list[tuple[str, ...]]:
    """The candles as texts: time in UTC, open, high, low, close, volume."""
    klines = found.klines
    prices = [klines.open, klines.high, klines.low, klines.close]
    return [
        (
            iso(int(klines.time[row]) * 10**6),
            *(unit_text(int(column[row]), klines.price_decimals) for column in prices),
            unit_text(int(klines.volume[row]), klines.size_decimals),
        )
        for row in range(len(klines))
    ]


def refused(found: Candles | Signals) -> list[tuple[int | None, str]]:
    """Line and reason of each refused row."""
    return [(error.line, error.reason) for error in found.refused]


def iso(time: int) -> str:
    """A time (ns) in words."""
    seconds, rest = divmod(time, 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{rest:09d}" if rest else text


def _written(folder: str, text: str | bytes) -> Path:
    path = Path(folder, "upload")
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
