"""A first look at a file: its header and rows as they are, and what would be read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orderflow.arrays import Ints
from orderflow.errors import BadInput
from orderflow.formats.parsing.layout import Column
from orderflow.formats.sniff import Sample
from orderflow.workspace.store import OHLCV
from orderflow.workspace.uploads import candle_layout as candle_columns
from orderflow.workspace.uploads import signal_layout as signal_columns
from orderflow.workspace.uploads.candle_layout import CandleLayout, candle_layout, time_columns
from orderflow.workspace.uploads.candles import Candles, read_candles
from orderflow.workspace.uploads.library import MOST_SIGNALS, NO_ROWS, UNPACKED, Library
from orderflow.workspace.uploads.names import CANDLE_NAMES, SIGNAL_NAMES
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.refusals import summary
from orderflow.workspace.uploads.rows import MS, candle_rows, signal_rows
from orderflow.workspace.uploads.signal_layout import SignalLayout, signal_layout
from orderflow.workspace.uploads.signals import Signals, read_signals
from orderflow.workspace.uploads.spool import Held
from orderflow.workspace.uploads.table import SHOWN, Table, open_table, role_columns
from orderflow.workspace.uploads.timeframes import timeframe_of


def look(library: Library, held: Held, options: ReadOptions) -> tuple[Sample, dict[str, Any]]:
    """The file's header and first rows as they are; for JSON. Raises BadInput if it is no table of text, TooLarge."""
    most = UNPACKED * library.most_bytes
    table, sample = open_table(held.path, options, lambda sample, options: sample, most=most)
    with table:
        return sample, _look(table)


def preview(library: Library, held: Held, kind: str, given: ReadOptions | None) -> dict[str, Any]:
    """What a file looks like, and what would be taken of it; for JSON. Nothing is stored.

    kind: ohlcv or signals. given: None for the options that the user gave for files with this header. If the columns
    cannot be found, `problem` says why. Raises BadInput if it is no table at all, TooLarge.
    """
    options = library.mappings.options(held.owner, kind, held.path, given)
    most = UNPACKED * library.most_bytes
    sample, rows = look(library, held, options)
    found = {
        "upload": held.id,
        "kind": kind,
        "filename": held.filename,
        "size": held.size,
        "options": options.texts(),
        "roles": list(candle_columns.ROLES if kind == OHLCV else signal_columns.ALL_ROLES),
        **rows,
        "problem": "",
    }
    try:
        read = _read_candles if kind == OHLCV else _read_signals
        result = read(library, held, options, most)
        return {**found, **result, "problem": "" if result["rows"] else NO_ROWS}
    except BadInput as error:
        return {**found, "problem": str(error), "columns": _known(sample, kind, options)}


def _known(sample: Sample, kind: str, options: ReadOptions) -> dict[str, Any]:
    """Those columns of a table that are known, where others are missing."""
    names = CANDLE_NAMES if kind == OHLCV else SIGNAL_NAMES
    try:
        return _columns({**role_columns(sample, names, options.columns), **time_columns(sample, options)})
    except BadInput:  # a mapping of another file
        return {}


def _columns(columns: Mapping[str, Column]) -> dict[str, Any]:
    return {role: {"number": each.index + 1, "name": each.name} for role, each in columns.items()}


def _look(table: Table) -> dict[str, Any]:
    return {
        "encoding": table.text.encoding,
        "delimiter": table.delimiter,
        "title": [line[:200] for line in table.title],
        "header": list(table.sample.header),
        "raw": [list(row) for row in table.sample.rows[:SHOWN]],
    }


def _read_candles(library: Library, held: Held, options: ReadOptions, most: int) -> dict[str, Any]:
    table, layout = open_table(held.path, options, candle_layout, most=most)
    with table:
        found = read_candles(table, layout, most_rows=library.most_rows)
        rows = candle_rows(found.klines.take(slice(0, SHOWN)))
        frame = {"timeframe": timeframe_of(found.klines.time)}
        span = _span(found.klines.time, 1)
        return {
            **_look(table),
            **_layout(table.sample, layout, options),
            **_result(found),
            **span,
            **frame,
            "taken": rows,
        }


def _read_signals(library: Library, held: Held, options: ReadOptions, most: int) -> dict[str, Any]:
    table, layout = open_table(held.path, options, signal_layout, most=most)
    with table:
        found = read_signals(table, layout, most_rows=MOST_SIGNALS)
        rows = signal_rows(found.signals[:SHOWN])
        span = _span([each.time for each in found.signals], MS)
        return {**_look(table), **_layout(table.sample, layout, options), **_result(found), **span, "taken": rows}


def _layout(sample: Sample, layout: CandleLayout | SignalLayout, options: ReadOptions) -> dict[str, Any]:
    style = layout.prices if isinstance(layout, CandleLayout) else layout.numbers
    return {
        "columns": _columns(layout.columns),
        "dates": layout.order,
        "decimal": style.mark,
        "thousands": style.grouped,
        "zone": options.tz,
    }


def _span(times: Sequence[int] | Ints, scale: int) -> dict[str, int | None]:
    """The first and the last time of all rows that would be taken, ms."""
    ends = (int(times[0]) // scale, int(times[-1]) // scale) if len(times) else (None, None)
    return dict(zip(("first", "last"), ends, strict=True))


def _result(found: Candles | Signals) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "refused": len(found.refused),
        "reasons": summary(found.refused),
        "errors": [
            {"line": error.line, "column": error.field, "reason": error.reason} for error in found.refused[:SHOWN]
        ],
        "order": "newest first" if found.newest_first else "oldest first",
        "unit": found.unit,
        "notes": list(found.notes),
    }
