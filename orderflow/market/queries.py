"""Reads of one symbol: bars and ticks from memory and the log, and the changes for a chart.

`Market` looks up the symbol and calls these functions. They acquire the tape's lock and modify only its caches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.activity_series import ActivitySeries
from orderflow.market.bars.footprint import BarTable, bars_of, concat, from_series
from orderflow.market.bars.series import NO_TOTALS, TRADES, Bar, Series, Totals
from orderflow.market.chart_json import HeldBars, ProfileSpan, bar_json, bars_json, profile_json, running_json
from orderflow.market.frames import MINUTE, Frame
from orderflow.market.history import NONE
from orderflow.market.past_bars import PastBars, Where
from orderflow.market.row_size import MOST_SIZES, RowSize, measure
from orderflow.market.sessions import bar_end
from orderflow.market.studies.options import StudyOptions
from orderflow.market.studies.registry import find
from orderflow.market.symbol import SymbolState, TickTable
from orderflow.market.tape import SESSION, Tape
from orderflow.market.windows.activity_tables import activity_tables
from orderflow.market.windows.activity_window import activity_bars, activity_candles, activity_window, newest_bars
from orderflow.market.windows.counting import Counting
from orderflow.market.windows.naked import naked_before
from orderflow.market.windows.reach import candles
from orderflow.market.windows.window import Side, time_window

FOREVER = 2**62
"""A time (ns UTC) after all others."""


def bars(state: SymbolState, frame: Frame, start: int | None, end: int | None, limit: int | None) -> BarTable:
    """The first `limit` bars with start <= bar start < end (ns UTC), from the log and from memory."""
    tape = state.tape
    tables = list(bar_tables(state, frame, start, end, limit))
    if not tables:
        return from_series(tape.symbol, frame.name, tape.grid, [], np.empty(0, np.int64), NO_TOTALS, 0)
    whole = concat(tables)
    return whole if limit is None else whole.take(0, min(limit, len(whole)))


def bar_tables(
    state: SymbolState, frame: Frame, start: int | None, end: int | None, limit: int | None = None
) -> Iterator[BarTable]:
    """The bars with start <= bar start < end (ns UTC), about a session at a time, until there are `limit` of them."""
    begin, stop = -FOREVER if start is None else start, FOREVER if end is None else end
    if frame.ns:
        recent, first = _recent(state, frame, begin, stop)
    else:
        state.tape.refresh()
        recent, first = None, min(stop, state.counters.last + 1)
    count = 0
    for table in _tables(state, frame, begin, first, limit):
        yield table
        count += len(table)
        if limit is not None and count >= limit:
            return
    if recent is not None:
        yield recent


def _tables(state: SymbolState, frame: Frame, begin: int, end: int, limit: int | None) -> Iterator[BarTable]:
    """Tables of the bars that start in [begin, end) and are not held."""
    if begin < end:
        yield from (
            state.history().tables(frame, begin, end) if frame.ns else activity_tables(state, frame, begin, end, limit)
        )


def ticks(state: SymbolState, start: int | None, end: int | None, limit: int | None) -> TickTable:
    """The first `limit` ticks with start <= time < end (ns UTC), sides resolved."""
    tape = state.tape
    tape.refresh()
    begin, stop = -FOREVER if start is None else start, FOREVER if end is None else end
    found = state.history().ticks(begin, min(stop, state.counters.last + 1), limit)
    return TickTable(tape.symbol, tape.grid, found)


def tick_runs(state: SymbolState, start: int | None, end: int | None, most: int) -> Iterator[TickTable]:
    """The ticks with start <= time < end (ns UTC) in tables of about `most` at the most."""
    tape = state.tape
    tape.refresh()
    begin, stop = -FOREVER if start is None else start, FOREVER if end is None else end
    for run in state.history().runs(begin, min(stop, state.counters.last + 1), most):
        yield TickTable(tape.symbol, tape.grid, run)


def changed(
    state: SymbolState,
    frame: Frame,
    since: int,
    epoch: str | None,
    rows: int,
    options: StudyOptions,
    span: ProfileSpan | None,
    now: float,
    counting: Counting,
) -> dict[str, Any]:
    """The changes since revision `since` of `epoch`, as JSON for a chart; `market.chart_json` lists the keys of a bar.

    A snapshot (`full`) if the epoch is another one, the change log does not reach back to `since`, or the automatic row
    size has changed since. late: time (ms UTC) from which on bars older than those held have changed by late ticks,
    if some have. rows: levels in a row, 0: automatic. span: bars of the volume profile, None: no profile.
    now: monotonic seconds. stats.candles is the number of bars in the log, or None while stats.counting is true; the
    first bars of an activity frame may have to wait for it. While ticks are put in order in the background, the answer
    is what it was before them, and stats.counting is true.
    """
    tape = state.tape
    past = None if span is None else _past_of_profile(state, frame, span, counting)
    with tape.lock:
        series = _series(state, frame, counting)
        if series is None:
            return no_bars(state.epoch, tape.symbol, frame) | {"stats": {**state.stats(now), **_count(None)}}
        revision = tape.advance()
        note = ""
        if not rows:
            size = _row_size(state, series)
            note = size.note
            rows, since = size.rows, since if since >= size.revision else 0
        starts = series.changed(since) if epoch == state.epoch and since else None
        full = starts is None
        if starts is None:
            starts = list(series.starts)
        if frame.ns:
            tape.fill_scalars(series, series.starts if options.studies else starts)
        if full and frame.ns:
            counting.prepare(state)
        moved = series.moved(since, starts) if not full else []
        for start in (*starts, *moved):
            series.opening_of(start)
        drawn, bars_of_studies = _studies(state, series, rows, options, counting)
        return {
            **({} if full else _late(tape, series, since)),
            "epoch": state.epoch,
            "rev": revision,
            "full": full,
            "symbol": tape.symbol,
            "frame": frame.name,
            "ms": frame.ns // 1_000_000,
            "tick": state.price(1),
            "pd": tape.grid.price_decimals,
            "sd": tape.grid.size_decimals,
            "rows": rows,
            "ref": series.vwap_ref,
            "session": tape.session.label,
            "marks": options.text(bars_of_studies, note),
            "first": series.starts[0] // 1_000_000 if series.starts else 0,
            "cut": series.opening.sums.s0 > 0,
            "bars": [
                bar_json(bar, series.vwap_ref, rows, tape.grid.size_decimals, options, series.end_of(bar))
                for bar in map(series.bars.__getitem__, starts)
            ],
            "run": [[start // 1_000_000, *running_json(series.bars[start], series.vwap_ref)] for start in moved],
            "studies": drawn,
            "profile": None if span is None else _profile(state, series, span, rows, options, past),
            "stats": {**state.stats(now), **_count(None if tape.pending else _candles(state, series, counting))},
        }


def no_bars(epoch: str, symbol: str | None, frame: Frame) -> dict[str, Any]:
    """The answer of `changed` for a symbol without ticks. epoch: of the market."""
    return {"epoch": epoch, "rev": 0, "full": True, "symbol": symbol, "frame": frame.name, "bars": [], "stats": {}}


def window(
    state: SymbolState,
    frame: Frame,
    time: int,
    side: Side,
    rows: int,
    vwap_ref: int,
    options: StudyOptions,
    counting: Counting,
) -> dict[str, Any]:
    """Bars of the log before, after or around `time` (ms UTC), as JSON for a chart.

    bars: as those of `changed`. before, total: number of the log's bars before the first one, and in all, None while
    `counting`. cut: whether the session of the first bar began before it. vwap_ref: level that VWAP sums are relative
    to, as `ref` of `changed`.
    """
    tape, of = state.tape, time_window if frame.ns else activity_window
    tape.refresh()
    found = of(state, frame, time, side, counting)
    opening = Totals(found.opening.delta, found.opening.sums.moved(tape.vwap_ref - vwap_ref))
    before, total = found.before, found.total
    return {
        "cut": opening.sums.s0 > 0,
        "bars": bars_json(found.bars, opening, vwap_ref, rows, tape.grid.size_decimals, options, found.ends),
        "before": before,
        "total": total,
        "counting": found.counting,
        "more_before": bool(before),
        "more_after": before is not None and total is not None and before + len(found.bars) < total,
    }


def row_size(state: SymbolState, frame: Frame, counting: Counting) -> int:
    """Levels in a row of the footprint, chosen by the rule of `market.row_size`; 0 while there are no bars yet."""
    with state.tape.lock:
        series = _series(state, frame, counting)
        return 0 if series is None else _row_size(state, series).rows


def _series(state: SymbolState, frame: Frame, counting: Counting) -> Series | None:
    tape = state.tape
    if frame.ns:
        return tape.series(frame)
    return tape.activity_series(frame, lambda frame, revision: newest_bars(state, frame, revision, counting))


def _candles(state: SymbolState, series: Series, counting: Counting) -> int | None:
    if isinstance(series, ActivitySeries):
        return activity_candles(state, series, counting)
    return candles(state.tape, series)


def _count(found: int | None) -> dict[str, Any]:
    return {"candles": found, "counting": found is None}


def _row_size(state: SymbolState, series: Series) -> RowSize:
    """The automatic row size in force for a series that is up to date."""
    tape, name = state.tape, series.frame.name
    known, newest = state.row_sizes.get(name), tape.newest or 0
    if known is not None and known.holds(newest, len(series.starts)):
        return known
    over, bars = tape.minutes.last_session(tape.session), 0
    high, low = (NONE, NONE) if over is None else _session_extremes(state, series.frame, *over)
    if not len(high):
        held = [series.bars[start].level for start in series.starts]
        high, low, bars = np.array([x[-1] for x in held]), np.array([x[0] for x in held]), len(held)
    rows, until = measure(tape.grid, high, low), int(tape.session.end_of(np.array([newest]))[0])
    since = known.revision if known is not None and known.rows == rows else tape.revision
    found = state.row_sizes[name] = RowSize(rows, until, bars, since)
    if len(state.row_sizes) > MOST_SIZES:
        del state.row_sizes[next(iter(state.row_sizes))]
    state.sizes_stored = False
    return found


def _session_extremes(state: SymbolState, frame: Frame, start: int, end: int) -> tuple[Ints, Ints]:
    if frame.base == MINUTE:
        return state.tape.minutes.extremes(frame.ns, state.tape.session, start, end)
    return state.history().extremes(frame, start, end)


def _profile(
    state: SymbolState, series: Series, span: ProfileSpan, rows: int, options: StudyOptions, past: PastBars | None
) -> dict[str, Any]:
    """See `changed`. past: as `_past_of_profile` found it. Must be called with the tape's lock."""
    where = _not_held(state, series, span)
    if where is not None and (past is None or past.bars is None or not past.holds(state.tape, where)):
        return {**profile_json([], span, rows, options), "counting": True}
    found = ([] if past is None or where is None else list(past.bars or ())) + _held(state, series, span)
    profile = profile_json(found, span, rows, options)
    if span.session:
        profile["cut"] = any(_cut(state.tape, bar) for bar in found)
    return profile


def _cut(tape: Tape, session: Bar) -> bool:
    """Whether trades of a session are missing from its ladder: memory was full, and there is no log."""
    if tape.lost_until < session.start:
        return False
    minutes = tape.minutes
    end = int(tape.session.end_of(np.array([session.start]))[0])
    trades = minutes.column("trades")[minutes.find(session.start) : minutes.find(end)]
    return int(session.cells[:, TRADES].sum()) < int(trades.sum())


def _held(state: SymbolState, series: Series, span: ProfileSpan) -> list[Bar]:
    """The held bars of a profile; of the newest session one bar with all its ticks."""
    begin, end = _limits(span)
    if span.session:
        newest = state.tape.series(SESSION).bars
        return [newest[begin]] if begin in newest else []
    return [series.bars[start] for start in series.between(begin, end)]


def _limits(span: ProfileSpan) -> tuple[int, int]:
    return span.start * 1_000_000, FOREVER if span.end is None else (span.end + 1) * 1_000_000


def _not_held(state: SymbolState, series: Series, span: ProfileSpan) -> Where | None:
    """Which bars of a profile must be read from memory's ticks and the log; None if all are held.

    Must be called with the tape's lock.
    """
    tape, (begin, end) = state.tape, _limits(span)
    if span.session:
        if begin in tape.series(SESSION).bars:
            return None
        over = int(tape.session.end_of(np.array([begin]))[0])
        return Where(SESSION.name, begin, over, tape.grid, tape.session, over)
    if not series.starts or begin >= series.starts[0]:
        return None
    first = series.starts[0]
    return Where(series.frame.name, begin, min(end, first), tape.grid, tape.session, first)


def _past_of_profile(state: SymbolState, frame: Frame, span: ProfileSpan, counting: Counting) -> PastBars | None:
    """The bars of a profile that are not held; None if there are none, or while the frame's bars are being counted.

    They are read without the tape's lock, as there may be many, and kept until others are asked for. A session is one
    bar with all its ticks.
    """
    tape = state.tape
    with tape.lock:
        series = _series(state, frame, counting)
        revision = tape.advance()
        where = None if series is None else _not_held(state, series, span)
        known = state.past.get(span.session)
        if where is None or (known is not None and known.holds(tape, where)):
            return None if where is None else known
    found = PastBars(where, revision, _read_past(state, frame, span, where, counting))
    if found.bars is not None:
        state.past[span.session] = found
    return found


def _read_past(
    state: SymbolState, frame: Frame, span: ProfileSpan, where: Where, counting: Counting
) -> list[Bar] | None:
    if span.session:
        ladder = state.history().ladder(where.start, where.end)
        return [] if ladder is None else [ladder]
    if frame.ns:
        return bars_of(bars(state, frame, where.start, where.end, None))
    return activity_bars(state, frame, -(-where.start // 1_000_000), -(-where.end // 1_000_000), counting)


def _late(tape: Tape, series: Series, since: int) -> dict[str, int]:
    """Time (ms UTC) from which on bars older than those held have changed after revision `since`, if any have."""
    late = tape.late.since(since)
    return {} if late is None or not series.starts or late >= series.starts[0] else {"late": late // 1_000_000}


def _studies(
    state: SymbolState, series: Series, rows: int, options: StudyOptions, counting: Counting
) -> tuple[dict[str, list[list[int]]], str]:
    """(data for the chart's painters by study, of which bars they are)."""
    if not options.studies:
        return {}, ""
    held, of = [series.bars[start] for start in series.starts], "the newest bars"
    some = whole = HeldBars(held, rows)
    charts = {name: chart for name in options.studies if (chart := find(name).chart) is not None}
    if series.frame.ns and any(chart.whole_log for chart in charts.values()):
        before = naked_before(state, series, rows, counting)
        if before is None:
            of = "the newest bars, older ones are being counted"
        else:
            whole = HeldBars(held, rows, (before.start // 1_000_000, before.row))
            of = "all bars" if state.tape.lost_until == -(2**63) else "all bars that are not lost"
    drawn = {name: chart.draw(whole if chart.whole_log else some) for name, chart in charts.items() if chart.draw}
    return drawn, of


def _recent(state: SymbolState, frame: Frame, begin: int, stop: int) -> tuple[BarTable, int]:
    """(bars in memory that start in [begin, stop), start of the first bar that is complete in memory)."""
    tape = state.tape
    with tape.lock:
        tape.refresh()
        series = tape.series(frame)
        held = series.between(-FOREVER, stop)
        tape.fill_scalars(series, held)
        wanted = len(series.between(begin, stop))
        ends = bar_end(np.array(held, np.int64), frame.ns, tape.session)
        found = [series.bars[start] for start in held]
        table = from_series(tape.symbol, frame.name, tape.grid, found, ends, series.opening, series.vwap_ref)
        first = min(series.horizon, stop) if series.horizon > -FOREVER else begin
        return table.take(len(held) - wanted, len(held)), first
