"""Guess what a file is: candles, signals or ticks. A guess is shown, and changed by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from orderflow.errors import OrderflowError
from orderflow.formats import open_ticks
from orderflow.formats.files.arrow_tables import ArrowTable
from orderflow.formats.files.sources import TABLES, OpenFile
from orderflow.workspace.uploads.candle_layout import candle_layout
from orderflow.workspace.uploads.names import CANDLE_NAMES, TRADE_NAMES, plain
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.signal_layout import SignalLayout, signal_layout
from orderflow.workspace.uploads.source import check_archive
from orderflow.workspace.uploads.table import NoLayout, open_table

Kind = Literal["ohlcv", "signals", "ticks"]
_OF_SIGNALS = {"label", "color", "icon", "stop", "target", "trade"}
"""Roles of columns that no tick has."""
_OF_CANDLES = {"open", "high", "low"}
LOOKED_AT = 1 << 24
"""Bytes of a file of ticks, unpacked, that are read to see what it is."""
TABLE = "table"
"""The format of a Parquet, Feather or Arrow file that nobody looked into."""
_SIZES = {*TRADE_NAMES["size"], *CANDLE_NAMES["volume"]}
"""Names of columns that few signals have, and every tick."""


def guess_kind(path: Path, most: int) -> Kind:
    """What a file is. Candles where nothing fits: the preview then says what is missing. most: as `open_table`."""
    candles = _fit(path, candle_layout, most)
    if candles is not None and candles[0]:
        return "ohlcv"
    # without a header, the numbers of trades could be candles too: what has a layout of its own comes first
    ticks = _tick_format(path)
    if candles is not None:
        return "ohlcv" if ticks in ("", "generic") else "ticks"
    signals = _fit(path, signal_layout, most)
    if signals is None:
        return "ticks" if ticks else "ohlcv"
    sized = any(plain(name) in _SIZES for name in signals[0])
    return "signals" if _is_of_signals(signals[1]) or not (ticks or sized) else "ticks"


def archive_members(path: Path) -> tuple[str, ...]:
    """The names of the files in a zip that holds several; none for any other file."""
    try:
        check_archive(path)
        file = OpenFile(path)
    except (OrderflowError, OSError):
        return ()
    try:
        return tuple(str(name) for name in file.members) if len(file.members) > 1 else ()
    finally:
        file.close()


def _fit(path: Path, find: Callable[[Any, ReadOptions], Any], most: int) -> tuple[tuple[str, ...], Any] | None:
    """(header, layout) of a table that `find` makes a layout of."""
    try:
        table, layout = open_table(path, ReadOptions(), find, most=most)
    except (OrderflowError, NoLayout):
        return None
    with table:
        return table.sample.header, layout


def _tick_format(path: Path) -> str:
    """The name of the file's format, "" if it has no ticks."""
    try:
        check_archive(path)
        if table := table_names(path):
            return "" if set(map(plain, table)) >= _OF_CANDLES else TABLE
        with open_ticks(path, most=LOOKED_AT) as reader:
            return reader.format
    except OrderflowError:
        return ""


def table_names(path: Path) -> tuple[str, ...]:
    """The names of the columns of a Parquet, Feather or Arrow file, of which no row is read; none for others."""
    file = OpenFile(path)
    try:
        source = file.source(file.members[0])
        return ArrowTable(source).header if source.kind in TABLES else ()
    finally:
        file.close()


def _is_of_signals(layout: SignalLayout) -> bool:
    columns: Mapping[str, object] = layout.columns
    return layout.trades or bool(columns.keys() & _OF_SIGNALS)
