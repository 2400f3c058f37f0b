"""Bars that a chart does not hold: the reader pans back beyond memory, jumps to a date, or follows a link.

The live poll sends the newest bars of a frame. The log has all of them: here a window of them is answered in the poll's
format, with its place among all bars of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from orderflow.errors import NotFound, OrderflowError
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.market.studies.options import StudyOptions
from orderflow.market.windows.window import Side

NOTHING: dict[str, Any] = {
    "cut": False,
    "bars": [],
    "before": None,
    "total": None,
    "counting": False,
    "more_before": False,
    "more_after": False,
}


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """What the page asks for: bars of `symbol` and `frame` with `rows` ticks a row, VWAP sums relative to level `ref`
    and marks by the definitions `marks`.

    Exactly one time (ms UTC) is given. before: the last bars that start before it. after: the first ones that start
    after it. around: those on both sides of the bar that holds it or is nearest to it.
    """

    epoch: str
    symbol: str
    frame: str
    rows: int
    ref: int
    marks: dict[str, Any] | None = None
    before: int | None = None
    after: int | None = None
    around: int | None = None

    @staticmethod
    def parse(given: object) -> WindowRequest | None:
        """The request that the browser sent, or None when it makes no sense."""
        try:
            request = msgspec.convert(given, WindowRequest)
        except msgspec.ValidationError:
            return None
        times = [time for time in (request.before, request.after, request.around) if time is not None]
        sane = len(times) == 1 and 0 <= times[0] < 2**43
        sane = sane and 0 < request.rows <= 1_000_000 and abs(request.ref) < 2**53
        return request if sane else None

    @property
    def side(self) -> tuple[int, Side]:
        """The time, and on which side of it the bars are."""
        if self.before is not None:
            return self.before, "before"
        return (self.after, "after") if self.after is not None else (self.around or 0, "around")


def older(market: MarketReader, given: object) -> dict[str, Any] | None:
    """A window of the log's bars; None for a request that makes no sense.

    given: the fields of `WindowRequest`. The answer repeats them in `request`, has `rows` and `ref` as asked for, and
    the keys of `market.queries.window`. `bars` is empty if there are none, while they are being counted (`counting`),
    or if `error` says why they cannot be had.
    """
    request = WindowRequest.parse(given)
    if request is None:
        return None
    answer = {"request": given, "rows": request.rows, "ref": request.ref}
    try:
        return answer | _window(market, request)
    except OrderflowError as error:
        return answer | NOTHING | {"error": str(error)}


def _window(market: MarketReader, request: WindowRequest) -> dict[str, Any]:
    frame, options = Frame.parse(request.frame), StudyOptions.parse(request.marks)
    if market.revision(request.symbol) and market.epoch_of(request.symbol) != request.epoch:
        raise NotFound(f"the trades of {request.symbol} were replaced meanwhile")
    time, side = request.side
    return market.window(request.symbol, frame, time, side, request.rows, request.ref, options)
