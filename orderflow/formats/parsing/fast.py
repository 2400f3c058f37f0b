"""The fast path: parse whole columns at once.

It accepts a subset of what `rows` accepts and gives the same ticks. At anything else, including a single bad cell, it
raises NotVectorizable and the caller uses the row path. It does not produce error messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Codes, Indices, Ints
from orderflow.formats.parsing import time_columns, words
from orderflow.formats.parsing.assemble import Chunk, ParsedRows
from orderflow.formats.parsing.context import ParseContext
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.numbers import DecimalMark, Snaps, numbers
from orderflow.formats.parsing.parse_errors import NotVectorizable
from orderflow.formats.parsing.trading_days import action_day_is_calendar, sends_calendar_days
from orderflow.market.decimals import MAX_UNITS
from orderflow.market.ticks import NO_ID

Columns = Mapping[Role, tuple[pa.Array, DecimalMark]]

_MAX_DECIMALS = 18
_QUICK_SYMBOLS = 64


def read_columns(columns: Columns, rows: int, first_row: int, layout: Layout, context: ParseContext) -> Chunk:
    """Parse the columns of `rows` consecutive data rows.

    Raises NotVectorizable; `zone` of the context is then unchanged.
    """
    if not rows:
        return Chunk([], 0)
    snaps = Snaps() if context.snaps else None
    price, price_decimals = numbers(*columns[Role.PRICE], layout.price_shift, snaps)
    size, size_decimals, bid, ask, sign = _sizes(columns, layout.signed, snaps)
    flag = _flags(columns, rows, layout) if sign is None else sign
    quote, outside = _quotes(columns, price, price_decimals, layout.price_shift)
    ids = words.trade_ids(columns[Role.ID][0]) if Role.ID in columns else np.full(rows, NO_ID, np.int64)
    names, place = _symbols(columns, context)
    if price.min() <= 0 and (layout.positive or not all(context.below(name) for name in names)):
        raise NotVectorizable
    time = _times(columns, layout, context)
    part = ParsedRows(
        names[0],
        np.arange(first_row, first_row + rows),
        time,
        price,
        price_decimals,
        size,
        size_decimals,
        flag,
        quote,
        ids,
        bid,
        ask,
    )
    parts = [part] if len(names) == 1 else _by_symbol(part, names, place)
    context.zone.seen(time)
    if snaps and context.snaps:
        context.snaps.count += snaps.count
    return Chunk(parts, rows, outside=outside)


def read_rows(columns: Columns, rows: Indices, layout: Layout, context: ParseContext) -> Chunk:
    """Parse the columns of any data rows. rows: their numbers, ascending. Raises NotVectorizable, as `read_columns`."""
    found = read_columns(columns, len(rows), 0, layout, context)
    parts = [replace(part, row=rows[part.row]) for part in found.parts]
    return Chunk(parts, found.rows, outside=found.outside)


def _sizes(
    columns: Columns, signed: bool, snaps: Snaps | None
) -> tuple[Ints, int, Ints | None, Ints | None, Codes | None]:
    """Sizes and separate volumes on one grid: (size, decimals, bid, ask, side by the size's sign)."""
    if signed:
        units, decimals = numbers(*columns[Role.SIZE], 0, snaps)
        if np.abs(units).max() > MAX_UNITS:
            raise NotVectorizable
        return np.abs(units), decimals, None, None, np.sign(units).astype(np.int8)
    return *_volumes(columns, snaps), None


def _volumes(columns: Columns, snaps: Snaps | None) -> tuple[Ints, int, Ints | None, Ints | None]:
    """(size, decimals, bid, ask) of sizes without a sign."""
    wanted = [role for role in (Role.SIZE, Role.BID_VOLUME, Role.ASK_VOLUME) if role in columns]
    scaled = {role: numbers(*columns[role], 0, snaps) for role in wanted}
    if len(wanted) < 3 and Role.SIZE in columns:
        decimals = scaled[Role.SIZE][1]  # the volume of one side alone gives no side; it is only validated
    else:
        decimals = max(places for _, places in scaled.values())
    units: dict[Role, Ints] = {}
    for role, (values, places) in scaled.items():
        gap = max(0, decimals - places)
        if values.min() < 0 or values.max() > MAX_UNITS // 10**gap:
            raise NotVectorizable
        units[role] = values * 10**gap if gap else values
    bid, ask = units.get(Role.BID_VOLUME), units.get(Role.ASK_VOLUME)
    if bid is None or ask is None:
        return units[Role.SIZE], decimals, None, None
    size = units.get(Role.SIZE)
    both = bid + ask
    if size is None:
        size = both
    if both.max() > MAX_UNITS or (both > size).any():
        raise NotVectorizable
    return size, decimals, bid, ask


def _flags(columns: Columns, rows: int, layout: Layout) -> Codes:
    if Role.SIDE in columns:
        flag = words.sides(columns[Role.SIDE][0], layout.side_words)
        if Role.MAKER not in columns:
            return flag
        maker = words.sides(columns[Role.MAKER][0], layout.maker_words)
        return np.where(flag == words.ABSENT, maker, flag)
    if Role.MAKER in columns:
        return words.sides(columns[Role.MAKER][0], layout.maker_words)
    return np.zeros(rows, np.int8)


def _quotes(columns: Columns, price: Ints, decimals: int, shift: int) -> tuple[Codes, int]:
    """The quote rule: BUY at or above the ask, SELL at or below the bid, else the nearer; ABSENT at the mid. And how
    many trades are outside the quote."""
    quote = np.zeros(len(price), np.int8)
    if Role.BID not in columns and Role.ASK not in columns:
        return quote, 0
    sides = {role: _quote(columns, role, shift) for role in (Role.BID, Role.ASK)}
    finest = max(decimals, *(places for _, places in sides.values()))
    if finest > _MAX_DECIMALS:
        raise NotVectorizable
    bid, ask, at = (_rescale(units, finest - places) for units, places in (*sides.values(), (price, decimals)))
    with_bid, with_ask = bid > 0, ask > 0
    both = with_bid & with_ask & (bid <= ask)
    middle = 2 * at - bid - ask
    quote[both & ((at >= ask) | (middle > 0))] = words.BUY
    quote[both & ((at <= bid) | (middle < 0))] = words.SELL
    quote[both & (middle == 0)] = words.ABSENT
    quote[with_ask & ~with_bid & (at >= ask)] = words.BUY
    quote[with_bid & ~with_ask & (at <= bid)] = words.SELL
    return quote, int(np.count_nonzero(both & ((at > ask) | (at < bid))))


def _quote(columns: Columns, role: Role, shift: int) -> tuple[Ints, int]:
    """A quote column as (units, decimals); 0 where there is no quote."""
    if role not in columns:
        return np.zeros(1, np.int64), 0
    array, mark = columns[role]
    if pa.types.is_null(array.type):
        return np.zeros(len(array), np.int64), 0
    if not array.null_count:
        return numbers(array, mark, shift)
    units = np.zeros(len(array), np.int64)
    units[np.asarray(array.is_valid())], decimals = numbers(array.drop_null(), mark, shift)
    return units, decimals


def _rescale(units: Ints, gap: int) -> Ints:
    if gap and len(units) and int(np.abs(units).max()) > 2**61 // 10**gap:
        raise NotVectorizable
    finer: Ints = units * 10**gap
    return finer


def _symbols(columns: Columns, context: ParseContext) -> tuple[list[str], Indices]:
    nowhere = np.zeros(0, np.intp)
    if Role.SYMBOL not in columns:
        return [context.symbol], nowhere
    most = _QUICK_SYMBOLS if context.quick else None
    array = columns[Role.SYMBOL][0]
    if Role.SUFFIX in columns:
        array = words.joined(array, columns[Role.SUFFIX][0])
    names, place = words.symbols(array, context.symbol, most)
    if not context.only:
        return names, place
    context.rename([name for name in array.unique().to_pylist() if name is not None])
    return [context.symbol], nowhere


def _by_symbol(part: ParsedRows, names: list[str], place: Indices) -> list[ParsedRows]:
    order = np.argsort(place, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(place[order])) + 1)
    return [part.take(names[int(place[group[0]])], group) for group in groups]


def _times(columns: Columns, layout: Layout, context: ParseContext) -> Ints:
    array = columns[Role.TIME][0]
    if layout.time is TimeRule.SPLIT:
        days, digits = columns[Role.DAY][0], layout.clock_places
        return time_columns.split_moments(days, array, layout.date_order, context.zone, layout.places, digits)
    if layout.time in (TimeRule.SESSIONS, TimeRule.ACTION_DAYS):
        return _session_times(columns, layout, context)
    if layout.time is TimeRule.COMPACT:
        return time_columns.compact_moments(array, context.zone)
    if layout.time is TimeRule.DAY_MILLIS:
        return time_columns.all_day_millis(array, layout.day, context.zone)
    if layout.time is TimeRule.COUNTED:
        return time_columns.counted_all(array, layout.time_unit)
    if layout.time is TimeRule.FORMATTED:
        if Role.DAY in columns:
            array = pc.binary_join_element_wise(columns[Role.DAY][0], array, " ")
        return time_columns.formatted_all(array, layout.time_format, context.zone)
    return time_columns.moments(array, context.zone, layout.date_order, layout.places)


def _session_times(columns: Columns, layout: Layout, context: ParseContext) -> Ints:
    array = columns[Role.TIME][0]
    names, place = [context.symbol], np.zeros(len(array), np.intp)
    if Role.SYMBOL in columns:
        names, place = words.symbols(columns[Role.SYMBOL][0], context.symbol)
    by_code = sends_calendar_days if layout.time is TimeRule.SESSIONS else action_day_is_calendar
    calendar = np.array([bool(by_code(name)) for name in names], np.bool_)[place]
    trading = columns[Role.SESSION][0] if Role.SESSION in columns else None
    millis = columns[Role.MILLIS][0] if Role.MILLIS in columns else None
    return time_columns.session_moments((columns[Role.DAY][0], trading), array, millis, calendar, context.zone)
