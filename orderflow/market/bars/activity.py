"""Bars cut by activity instead of time: ticks are dealt out to them in time order, from each session's first on.

A bar holds, by `kind`,
  ticks   n trades;
  volume  n size units: the trade that crosses is split, and one trade may fill several bars;
  range   levels at most n ticks apart: the trade that would stretch it further opens the next, at its own price;
  delta   trades until |ask - bid| volume reaches n, the trade that does it included.
The first trade of a session opens a new bar always. A bar of ticks, volume or delta is over at the very trade that
completes it, so whatever comes next, a trade of size 0 too, belongs to the next bar. A split trade keeps its price,
side and time in all its pieces and counts as one trade, in the bar of its first piece (`first_piece`).

This module deals out; it sums nothing. A live engine keeps the `OpenBar` of its last call and passes only new ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from orderflow.arrays import Codes, Flags, Ints
from orderflow.errors import BadInput

Kind = Literal["ticks", "volume", "range", "delta"]

MAX_PIECES = 5_000_000
"""A volume bar far smaller than a trade would cut it to dust and fill the memory: refused beyond this."""
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class OpenBar:
    """The last bar dealt to, complete or not. amount: its trades, volume or delta (by kind). low, high: its levels,
    None while it has no trade; kept for range bars only. `OpenBar(session, ordinal)` is a bar not yet begun."""

    session: int
    ordinal: int
    amount: int = 0
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """k pieces in time order: source int64[k] (index of the tick), bar int64[k] (ordinal), size int64[k] (units).
    open: where to go on, None before the first tick."""

    source: Ints
    bar: Ints
    size: Ints
    open: OpenBar | None


def split(
    kind: Kind, n: int, time: Ints, level: Ints, size: Ints, side: Codes, session_start: Ints
) -> tuple[Ints, Ints, Ints]:
    """(source, bar, size) of every piece; see `Cut` and `resume`. Bars count from 0 on."""
    cut = resume(kind, n, time, level, size, side, session_start)
    return cut.source, cut.bar, cut.size


def resume(
    kind: Kind,
    n: int,
    time: Ints,
    level: Ints,
    size: Ints,
    side: Codes,
    session_start: Ints,
    open_bar: OpenBar | None = None,
) -> Cut:
    """Deal out ticks that follow those which left `open_bar`; dealing at once or in parts gives the same bars.

    n: trades, size units, levels or size units, by kind, >= 1. time: int64[m] ns, ascending. level, size: int64[m].
    side: int8[m] of `Side`. session_start: int64[m], each tick's session. After a late tick, deal its session again
    from `OpenBar(session, ordinal of that session's first bar)`.

    Raises BadInput when n < 1 or a volume bar is so small that trades fall into more than MAX_PIECES extra pieces,
    ValueError when the times descend.
    """
    if n < 1:
        raise BadInput(f"a bar of {kind} needs a measure of at least 1, not {n}")
    if (time[1:] < time[:-1]).any():
        raise ValueError("ticks must come in time order")
    if not len(time):
        return Cut(time.astype(np.int64), time.astype(np.int64), size.astype(np.int64), open_bar)
    starts = np.flatnonzero(np.concatenate(([True], session_start[1:] != session_start[:-1]))).tolist()
    parts: list[Cut] = []
    for a, b in zip(starts, [*starts[1:], len(time)], strict=True):
        session = int(session_start[a])
        if open_bar is None or open_bar.session != session:
            open_bar = OpenBar(session, 0 if open_bar is None else open_bar.ordinal + 1)
        if kind == "volume":
            part = _volume(n, size[a:b], open_bar)
        elif kind == "ticks":
            part = _ticks(n, size[a:b], open_bar)
        elif kind == "range":
            part = _range(n, level[a:b], size[a:b], open_bar)
        else:
            part = _delta(n, size[a:b], size[a:b] * side[a:b], open_bar)
        parts.append(replace(part, source=part.source + a))
        open_bar = part.open
    return Cut(
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.bar for part in parts]),
        np.concatenate([part.size for part in parts]),
        open_bar,
    )


def first_piece(source: Ints) -> Flags:
    """bool[k]: the pieces at which a trade is counted, one for every trade."""
    return np.concatenate(([True], source[1:] != source[:-1])) if len(source) else np.zeros(0, np.bool_)


def _ticks(n: int, size: Ints, bar: OpenBar) -> Cut:
    index = np.arange(len(size), dtype=np.int64)
    done, within = divmod(bar.amount + len(size) - 1, n)
    return Cut(
        index,
        bar.ordinal + (bar.amount + index) // n,
        size,
        replace(bar, ordinal=bar.ordinal + done, amount=within + 1),
    )


def _volume(n: int, size: Ints, bar: OpenBar) -> Cut:
    after = bar.amount + np.cumsum(size)
    before = after - size
    first = before // n
    last = np.where(size > 0, (after - 1) // n, first)
    extra = int(last[-1] - first[0]) + 1
    if extra > MAX_PIECES:
        raise BadInput(
            f"volume bars of {n} units would cut these trades into more than {MAX_PIECES} pieces; use larger bars"
        )
    pieces = last - first + 1
    source = np.repeat(np.arange(len(size), dtype=np.int64), pieces)
    which = first[source] + np.arange(len(source)) - (np.cumsum(pieces) - pieces)[source]
    part = np.minimum(after[source], (which + 1) * n) - np.maximum(before[source], which * n)
    end = int(last[-1])
    return Cut(
        source, bar.ordinal + which, part, replace(bar, ordinal=bar.ordinal + end, amount=int(after[-1]) - end * n)
    )


def _range(n: int, level: Ints, size: Ints, bar: OpenBar) -> Cut:
    """A plain loop, 50 ns a tick: where a bar ends depends on where the one before it did."""
    opens: list[int] = []
    first = int(level[0])
    low, high = first if bar.low is None else bar.low, first if bar.high is None else bar.high
    for at in range(0, len(level), _CHUNK):
        for i, here in enumerate(level[at : at + _CHUNK].tolist(), at):
            if here > high:
                high = here
            elif here < low:
                low = here
            else:
                continue
            if high - low > n:
                opens.append(i)
                low = high = here
    return _dealt(size, opens, replace(bar, low=low, high=high))


def _delta(n: int, size: Ints, signed: Ints, bar: OpenBar) -> Cut:
    """A plain loop, like `_range`."""
    opens: list[int] = []
    amount = complete = bar.amount
    if abs(amount) >= n:
        opens.append(0)
        amount = 0
    for at in range(0, len(signed), _CHUNK):
        for i, change in enumerate(signed[at : at + _CHUNK].tolist(), at + 1):
            amount += change
            if amount >= n or amount <= -n:
                opens.append(i)
                complete, amount = amount, 0
    if opens and opens[-1] == len(signed):
        opens.pop()
        amount = complete
    return _dealt(size, opens, replace(bar, amount=amount))


def _dealt(size: Ints, opens: list[int], bar: OpenBar) -> Cut:
    """Whole trades; a new bar opens at each index of `opens`, and `bar` has the ordinal before the first of them."""
    step = np.zeros(len(size), np.int64)
    step[opens] = 1
    index = np.arange(len(size), dtype=np.int64)
    return Cut(index, bar.ordinal + np.cumsum(step), size, replace(bar, ordinal=bar.ordinal + len(opens)))
