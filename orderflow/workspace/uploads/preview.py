"""A first look at a file: its header and rows as they are, and what would be read of them."""

from __future__ import annotations

from typing import Any

from orderflow.errors import BadInput
from orderflow.formats.sniff import Sample
from orderflow.workspace.store import OHLCV
from orderflow.workspace.uploads import candle_layout as candle_columns
from orderflow.workspace.uploads import signal_layout as signal_columns
from orderflow.workspace.uploads.candle_layout import CandleLayout, candle_layout
from orderflow.workspace.uploads.candles import Candles, read_candles
from orderflow.workspace.uploads.library import MOST_SIGNALS, UNPACKED, Library
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.refusals import summary
from orderflow.workspace.uploads.rows import candle_rows, signal_rows
from orderflow.workspace.uploads.signal_layout import SignalLayout, signal_layout
from orderflow.workspace.uploads.signals import Signals, read_signals
from orderflow.workspace.uploads.spool import Held
from orderflow.workspace.uploads.table import SHOWN, Table, open_table
from orderflow.workspace.uploads.timeframes import timeframe_of


def preview(library: Library, held: Held, kind: str, given: ReadOptions | None) -> dict[str, Any]:
    """What a file looks like, and what would be taken of it; for JSON. Nothing is stored.

    kind: ohlcv or signals. given: None for the options that the user gave for files with this header. If the columns
    cannot be found, `problem` says why. Raises BadInput if it is no table at all, TooLarge.
    """
    options = library.mappings.options(held.owner, kind, held.path, given)
    most = UNPACKED * library.most_bytes
    table, _ = open_table(held.path, options, lambda sample, options: sample, most=most)
    with table:
        found = {
            "upload": held.id,
            "kind": kind,
            "filename": held.filename,
            "size": held.size,
            "options": options.texts(),
            "roles": list(candle_columns.ROLES if kind == OHLCV else signal_columns.ALL_ROLES),
            **_look(table),
            "problem": "",
        }
    try:
        read = _read_candles if kind == OHLCV else _read_signals
        return {**found, **read(library, held, options, most)}
    except BadInput as error:
        return {**found, "problem": str(error)}


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
        return {**_look(table), **_layout(table.sample, layout, options), **_result(found), **frame, "taken": rows}


def _read_signals(library: Library, held: Held, options: ReadOptions, most: int) -> dict[str, Any]:
    table, layout = open_table(held.path, options, signal_layout, most=most)
    with table:
        found = read_signals(table, layout, most_rows=MOST_SIGNALS)
        rows = signal_rows(found.signals[:SHOWN])
        return {**_look(table), **_layout(table.sample, layout, options), **_result(found), "taken": rows}


def _layout(sample: Sample, layout: CandleLayout | SignalLayout, options: ReadOptions) -> dict[str, Any]:
    style = layout.prices if isinstance(layout, CandleLayout) else layout.numbers
    return {
        "columns": {role: {"number": each.index + 1, "name": each.name} for role, each in layout.columns.items()},
        "dates": layout.order,
        "decimal": style.mark,
        "thousands": style.grouped,
        "zone": options.tz,
    }


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
