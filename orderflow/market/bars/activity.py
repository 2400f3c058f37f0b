"""Activity bars: assign ticks to bars of n trades, volume, range or delta.

Ticks are assigned in time order, starting again with each session. A bar holds, by `kind`:
  ticks   n trades;
  volume  n size units; a trade that crosses the bound is split, and may fill several bars;
  range   levels at most n ticks apart; the trade that would exceed it opens the next bar at its own price;
  delta   trades until |ask - bid| volume reaches n, including the trade that reaches it.
The first trade of a session always opens a new bar. A bar of ticks, volume or delta ends with the trade that completes
it; the next trade, even one of size 0, belongs to the next bar. A split trade keeps its price, side and time in all
pieces and counts as one trade, in the bar of its first piece (`first_piece`).

This module assigns ticks and sums nothing. For a live stream, keep the `OpenBar` of the last call and pass only new
ticks to `resume`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from orderflow.arrays import Codes, Flags, Ints
from orderflow.errors import BadInput

Kind = Literal["ticks", "volume", "range", "delta"]

MAX_PIECES = 5_000_000
"""Most pieces that volume bars may add. Bars far smaller than a trade would fill the memory."""
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class OpenBar:
    """The last bar that ticks were assigned to, complete or not.

    session: its start (ns UTC). ordinal: of the bar. amount: its trades, volume or delta, by kind. low, high: its
    levels, for range bars only; None while it has no trade. `OpenBar(session, ordinal)` is an empty bar.
    """

    session: int
    ordinal: int
    amount: int = 0
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """k pieces of ticks in time order.

    source: int64[k], index of the tick. bar: int64[k], ordinal of the bar. size: int64[k], size units. open: state for
    the next call of `resume`, None before the first tick.
    """

    source: Ints
    bar: Ints
    size: Ints
    open: OpenBar | None


def split(
    kind: Kind, n: int, time: Ints, level: Ints, size: Ints, side: Codes, session_start: Ints
) -> tuple[Ints, Ints, Ints]:
    """(source, bar, size) of every piece, see `Cut` and `resume`. Bars are numbered from 0."""
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
    """Assign ticks that follow those of an earlier call. One call or several give the same bars.

    n: trades ("ticks"), size units ("volume", "delta") or levels ("range"), >= 1. time: int64[m], ns UTC, ascending.
    level, size: int64[m]. side: int8[m] of `Side`. session_start: int64[m], ns UTC. open_bar: `Cut.open` of the earlier
    call. After a late tick, assign its session again from `OpenBar(session, ordinal of the session's first bar)`.

    Raises BadInput if n < 1 or if volume bars would need more than MAX_PIECES extra pieces, ValueError if the times
    descend.
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
    """bool[k]: the first piece of each trade, at which it is counted. source: int64[k], see `Cut`."""
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
    """A loop (50 ns a tick), because the end of a bar depends on the end of the bar before it."""
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
    return _whole_trades(size, opens, replace(bar, low=low, high=high))


def _delta(n: int, size: Ints, signed: Ints, bar: OpenBar) -> Cut:
    """A loop, for the same reason as `_range`."""
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
    return _whole_trades(size, opens, replace(bar, amount=amount))


def _whole_trades(size: Ints, opens: list[int], bar: OpenBar) -> Cut:
    """A cut of whole trades. opens: indices at which new bars begin. bar: has the ordinal before the first of them."""
    step = np.zeros(len(size), np.int64)
    step[opens] = 1
    index = np.arange(len(size), dtype=np.int64)
    return Cut(index, bar.ordinal + np.cumsum(step), size, replace(bar, ordinal=bar.ordinal + len(opens)))
