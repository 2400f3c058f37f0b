"""Order flow in a notebook, without a server: read ticks into a DataFrame, compute candles and footprints from it.

Uses the server's engine and has the same columns as its API, as float64 for plotting. `layouts.figures` draws them.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from orderflow.arrays import Flags, Floats, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.formats import open_ticks
from orderflow.formats.options import MAX_BAD
from orderflow.formats.own import of_this_folder
from orderflow.market.bars.footprint import BarTable, tabulate
from orderflow.market.bars.updates import BarUpdater
from orderflow.market.buffer import Columns, in_order
from orderflow.market.columns import Fixed, Times, bar_columns, footprint_columns
from orderflow.market.decimals import scale_floats, unit_floats
from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.identity import compare, new_ticks
from orderflow.market.sessions import Session, bar_end, bar_start
from orderflow.market.studies.registry import find
from orderflow.market.studies.study import Data
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch

_SIDES = {Side.BUY: "buy", Side.SELL: "sell", Side.UNKNOWN: ""}
_RULES = {rule: rule.name.lower() for rule in SideRule}


def read_ticks(path: str | PathLike[str] | Sequence[str | PathLike[str]], **options: Any) -> pd.DataFrame:
    """Read the ticks of a file, or of several in a row, as a DataFrame; `open_ticks` lists what a file can be.

    Columns: time (datetime64[ns, UTC]), symbol, price and size (float64, with the decimals of the file), side ("buy",
    "sell", or "" if no rule has found one yet), side_rule, id (Int64, missing if the venue gave none). Rows keep the
    file's order. options: those of `orderflow.formats.open_ticks` (format, tz, symbol, member, side).

    Bad rows are left out, counted in `attrs["skipped"]` and described in `attrs["errors"]` (the first 20). Rows that
    are no trades, such as quotes, are counted by what they are in `attrs["no_trades"]`, rows without a price and others
    in `attrs["counts"]`. Repetitions (same symbol, id, time, price and size) are left out too and counted in
    `attrs["duplicates"]`; ticks that only share an id stay, and `attrs["id_conflicts"]` is their number. What was
    assumed of the file is in `attrs["assumed"]`; what may be wrong is a warning.

    Raises UnknownFormat if no format matches, BadInput if the file has no usable row, more than 5 % and at least 20 bad
    rows, or half of less than 40 (`max_bad` sets the share), or cannot be what it seems; then the message names the
    option that says what it is.
    """
    batches: list[TickBatch] = []
    rows: list[Ints] = []
    errors: list[FieldError] = []
    skipped = 0
    no_trades: Counter[str] = Counter()
    options = {"max_bad": MAX_BAD, "formats": of_this_folder(), **options}
    paths = [path] if isinstance(path, str | PathLike) else list(path)
    with open_ticks([Path(one) for one in paths], **options) as reader:
        for chunk in reader:
            batches += chunk.batches
            rows += [origins + chunk.first_row for origins in chunk.origins]
            errors += chunk.errors
            skipped += chunk.rejected
            no_trades.update(chunk.skipped)
        for text in reader.warnings:
            warnings.warn(text, stacklevel=2)
    if not batches:
        raise BadInput(f"{path} has no usable tick", errors[:20])
    given = np.concatenate([batch.id for batch in batches])
    ids = pd.Series(given, dtype="Int64").mask(given == NO_ID)
    sides = np.concatenate([batch.side for batch in batches])
    rules = np.concatenate([batch.rule for batch in batches])
    frame = pd.DataFrame(
        {
            "time": pd.to_datetime(np.concatenate([batch.time for batch in batches]), unit="ns", utc=True),
            "symbol": np.concatenate([np.full(len(batch), batch.symbol, object) for batch in batches]),
            "price": np.concatenate([batch.price / 10.0**batch.price_decimals for batch in batches]),
            "size": np.concatenate([batch.size / 10.0**batch.size_decimals for batch in batches]),
            "side": pd.Series(sides).map(_SIDES),
            "side_rule": pd.Series(rules).map(_RULES),
            "id": ids,
        }
    )
    order = np.concatenate(rows)
    if (order[1:] < order[:-1]).any():
        frame = frame.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    conflicts, repeated = _compare(frame)
    if repeated.any():
        frame = frame[~repeated].reset_index(drop=True)
    frame.attrs["skipped"] = skipped
    frame.attrs["no_trades"] = dict(no_trades)
    frame.attrs["assumed"] = reader.assumed
    frame.attrs["negative_prices"] = bool(reader.below_zero)
    frame.attrs["counts"] = dict(reader.counts)
    frame.attrs["duplicates"] = int(np.count_nonzero(repeated))
    frame.attrs["id_conflicts"] = int(np.count_nonzero(conflicts))
    frame.attrs["errors"] = [str(error) for error in errors[:20]]
    return frame


def candles(ticks: pd.DataFrame, frame: str = "1min", *, session: str = "UTC 00:00") -> pd.DataFrame:
    """Compute the bars of a DataFrame of ticks.

    Returns the columns of `GET /api/v1/bars`, with time as datetime64[ns, UTC]. ticks: columns time (without a zone:
    UTC), price, size, and optionally side ("buy", "sell" or ""; without it the tick rule decides) and id (with it ticks
    of the same id, time, price and size count once). Prices must be above 0, unless `read_ticks` found others in the
    file (`attrs["negative_prices"]`). frame: "1s" to "1d". session: the start of the session, where CVD and VWAP
    restart, as "America/Chicago 17:00". Raises BadInput naming the row and column of an invalid tick.
    """
    return _frame(bar_columns(_table(ticks, frame, session)))


def footprint(ticks: pd.DataFrame, frame: str = "1min", *, session: str = "UTC 00:00", group: int = 1) -> pd.DataFrame:
    """Compute the volume by bar, price and aggressor.

    Returns the columns of `GET /api/v1/footprint`. group: price levels per row. `ticks`, `frame`, `session` and the
    errors are as for `candles`.
    """
    return _frame(footprint_columns(_table(ticks, frame, session).grouped(group)))


def study(
    name: str, ticks: pd.DataFrame, frame: str = "1min", *, session: str = "UTC 00:00", **options: Any
) -> pd.DataFrame:
    """Compute a registered study over a DataFrame of ticks, such as "naked_poc", "absorption" or "tape_speed".

    options: those of the study, which `GET /api/v1/studies` lists. The rows are bars (column time),
    levels (time and price), prices, or ticks (time and price), depending on the study; marks are bool, prices and sizes
    float64. `ticks`, `frame` and `session` are as for `candles`. Raises NotFound for an unknown study, BadInput for an
    option that is unknown or out of bounds.
    """
    chosen = find(name)
    chosen.check_options(options)
    values = {o.name: o.parse(options[o.name]) if o.name in options else o.default for o in chosen.options}
    table, columns = _bars_and_ticks(ticks, frame, session)
    opened = Session.parse(session).start_of(columns.time)
    decimals = table.grid.size_decimals
    data = Data(table, columns.time, columns.level, columns.size, columns.side, opened, decimals)
    result = chosen.apply(data, **values)

    def prices(levels: Ints) -> Floats:
        return unit_floats(levels * table.grid.tick_units, table.grid.price_decimals)

    found: dict[str, Any] = {}
    if result.per == "bar":
        found["time"] = table.time[result.at]
    elif result.per == "level":
        found["time"] = np.repeat(table.time, np.diff(table.offsets))[result.at]
        found["price"] = prices(table.level[result.at])
    elif result.per == "tick":
        found |= {"time": columns.time[result.at], "price": prices(columns.level[result.at])}
    else:
        found["price"] = prices(result.at)
    if "time" in found:
        found["time"] = pd.to_datetime(found["time"], unit="ns", utc=True)
    for column, units in result.columns.items():
        if column in result.prices:
            found[column] = prices(np.asarray(units, np.int64))
        elif column in result.sizes:
            found[column] = unit_floats(np.asarray(units, np.int64), decimals)
        else:
            found[column] = units
    return pd.DataFrame(found)


def _compare(frame: pd.DataFrame) -> tuple[Flags, Flags]:
    """(bool[n]: id conflicts, bool[n]: repetitions) of the rows, each symbol by itself."""
    conflicts, repeated = np.zeros(len(frame), np.bool_), np.zeros(len(frame), np.bool_)
    if frame["id"].notna().any():
        ids = np.asarray(frame["id"].fillna(NO_ID), np.int64)
        time = np.asarray(frame["time"].astype("int64"), np.int64)
        price, size = frame["price"].to_numpy(), frame["size"].to_numpy()
        for where in frame.groupby("symbol", sort=False).indices.values():
            again, alike = compare(ids[where], time[where], price[where], size[where])
            conflicts[where], repeated[where] = again & ~alike, alike
    return conflicts, repeated


def _frame(columns: dict[str, Any]) -> pd.DataFrame:
    values: dict[str, Any] = {}
    for name, column in columns.items():
        if isinstance(column, Times):
            values[name] = pd.to_datetime(column.ns, unit="ns", utc=True)
        elif isinstance(column, Fixed):
            values[name] = column.units if name == "trades" else column.floats()
        else:
            values[name] = column
    return pd.DataFrame(values)


def _table(ticks: pd.DataFrame, frame: str, session: str) -> BarTable:
    return _bars_and_ticks(ticks, frame, session)[0]


def _bars_and_ticks(ticks: pd.DataFrame, frame: str, session: str) -> tuple[BarTable, Columns]:
    cut, opened = Frame.parse(frame), Session.parse(session)
    if not cut.ns:
        raise BadInput(f"frame {frame!r} is not a time frame; candles() and footprint() take 1s to 1d")
    batch = new_ticks(_batch(ticks)).batch
    grid = Grid().holding(batch)
    grid.check_span(batch)
    columns = grid.columns(batch)
    order = in_order(columns)
    if order is not None:
        columns = columns.take(order)
    columns = BarUpdater.resolved(columns, (None, 0))
    table = tabulate(
        batch.symbol,
        cut.name,
        grid,
        columns,
        bar_start(columns.time, cut.ns, opened),
        opened.start_of(columns.time),
        end=lambda starts, _: bar_end(starts, cut.ns, opened),
    )
    return table, columns


def _batch(ticks: pd.DataFrame) -> TickBatch:
    missing = [name for name in ("time", "price", "size") if name not in ticks.columns]
    if missing:
        raise BadInput(f"the ticks need the columns time, price and size; missing: {', '.join(missing)}")
    if not len(ticks):
        raise BadInput("there are no ticks")
    text = not pd.api.types.is_numeric_dtype(ticks["time"]) and not pd.api.types.is_datetime64_any_dtype(ticks["time"])
    time = pd.to_datetime(ticks["time"], utc=True, format="ISO8601" if text else None, errors="coerce")
    lowest = -np.inf if ticks.attrs.get("negative_prices") else float(np.nextafter(0.0, 1.0))
    price, price_decimals = _exact(ticks, "price", least=lowest)
    size, size_decimals = _exact(ticks, "size", least=0.0)
    if time.isna().any():
        raise _wrong(int(np.flatnonzero(time.isna())[0]), "time", "is missing or not an ISO-8601 time")
    side, rule = _sides(ticks)
    ids = np.full(len(ticks), NO_ID)
    if "id" in ticks.columns:
        known = pd.to_numeric(ticks["id"], errors="coerce").astype("Int64")
        ids = np.asarray(known.fillna(NO_ID), np.int64)
    symbol = str(ticks["symbol"].iloc[0]) if "symbol" in ticks.columns else "DEFAULT"
    stamps = np.asarray(time.astype("datetime64[ns, UTC]").astype("int64"), np.int64)
    return TickBatch(symbol, stamps, price, size, side, rule, ids, price_decimals, size_decimals)


def _exact(ticks: pd.DataFrame, name: str, least: float) -> tuple[Any, int]:
    values = pd.to_numeric(ticks[name], errors="coerce").to_numpy(np.float64)
    bad = ~(np.isfinite(values) & (values >= least))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        kind = "above 0" if least else "0 or more"
        raise _wrong(row, name, f"{ticks[name].iloc[row]!r} is not a number {kind}")
    units, decimals, exact = scale_floats(values)
    if not exact.all():
        row = int(np.flatnonzero(~exact)[0])
        raise _wrong(row, name, f"{values[row]!r} has more digits than can be kept exactly; round it at its source")
    return units, decimals


def _sides(ticks: pd.DataFrame) -> tuple[Any, Any]:
    if "side" not in ticks.columns:
        return np.zeros(len(ticks), np.int8), np.full(len(ticks), int(SideRule.TICK), np.int8)
    words = ticks["side"].fillna("").astype(str)
    codes = words.map({"buy": 1, "sell": -1, "": 0})
    if codes.isna().any():
        row = int(np.flatnonzero(codes.isna())[0])
        raise _wrong(row, "side", f"{words.iloc[row]!r} is not 'buy', 'sell' or ''")
    side = np.asarray(codes, np.int8)
    rule = np.where(side == 0, int(SideRule.NONE), int(SideRule.FLAG)).astype(np.int8)
    if "side_rule" in ticks.columns:
        named = {name: int(rule) for rule, name in _RULES.items()}
        rule = np.asarray(ticks["side_rule"].map(named).fillna(pd.Series(rule, ticks.index)), np.int8)
    return side, rule


def _wrong(row: int, field: str, reason: str) -> BadInput:
    return BadInput(f"row {row}, {field}: {reason}", [FieldError(row, field, reason)])
