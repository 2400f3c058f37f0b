"""Progress display of a replay: a bar on a terminal, otherwise a plain line every few seconds.

All output goes to stderr, so that stdout stays usable in a pipe. There is no thread: the replay calls `update` often,
and each display decides when to draw.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from orderflow.formats.summary.wording import moment, span

_SPAN = 5.0
"""Seconds over which the displayed rate is measured."""


@dataclass(slots=True)
class Tally:
    """Counts of one run. Rows are data rows of the file, counted from 0.

    file_rows: estimated rows of the file, None while unknown. limit: maximum rows to process, None for all. waited, lag
    and worst_lag: seconds. no_trades: rows read that are no trades, by what they are. market_first, market_last: times
    of the first and last sent tick, ns since 1970.
    """

    first_row: int = 0
    next_row: int = 0
    file_rows: int | None = None
    limit: int | None = None
    skipped: int = 0
    no_trades: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    duplicates: int = 0
    id_conflicts: int = 0
    batches: int = 0
    waited: float = 0.0
    lag: float = 0.0
    worst_lag: float = 0.0
    market_first: int | None = None
    market_last: int | None = None

    @property
    def done(self) -> int:
        """Number of rows processed."""
        return self.next_row - self.first_row

    @property
    def goal(self) -> int | None:
        """Estimated total of rows to process, None while unknown."""
        rows = [] if self.file_rows is None else [max(self.done, self.file_rows - self.first_row)]
        return min([*rows, *([] if self.limit is None else [self.limit])], default=None)


class Progress(Protocol):
    """A progress display.

    update: called often, with the current counts. waiting: the server does not respond, `left` seconds remain. back:
    the server responds again. note: show a message.
    """

    def update(self, tally: Tally) -> None: ...

    def waiting(self, reason: str, left: float) -> None: ...

    def back(self) -> None: ...

    def note(self, text: str) -> None: ...

    def close(self) -> None: ...


class Meter:
    """Rate and remaining time, measured over the last seconds. start: the counts before the first tick."""

    def __init__(self, start: Tally, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen = [(clock(), start.sent, start.next_row)]

    def rate(self, tally: Tally) -> tuple[float, float | None]:
        """(ticks per second, remaining seconds or None if unknown)."""
        now = self._clock()
        self._seen.append((now, tally.sent, tally.next_row))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _SPAN:
            self._seen.pop(0)
        then, sent, row = self._seen[0]
        if now <= then:
            return 0.0, None
        rate = (tally.sent - sent) / (now - then)
        rows = (tally.next_row - row) / (now - then)
        left = None
        if (goal := tally.goal) is not None and rows > 0:
            left = max(0.0, (goal - tally.done) / rows)
        return rate, left


class Silent:
    """No progress display. Notes, such as bad rows, are still printed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def update(self, tally: Tally) -> None:
        pass

    def waiting(self, reason: str, left: float) -> None:
        pass

    def back(self) -> None:
        pass

    def note(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        pass


class Lines:
    """One plain line every few seconds, for logs and pipes."""

    EVERY = 5.0

    def __init__(self, stream: TextIO, start: Tally, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._meter = Meter(start, clock)
        self._clock = clock
        self._last = clock()
        self._waiting: float | None = None

    def update(self, tally: Tally) -> None:
        if (now := self._clock()) - self._last < self.EVERY:
            return
        self._last = now
        self.note(line(tally, self._meter))

    def waiting(self, reason: str, left: float) -> None:
        now = self._clock()
        if self._waiting is None or now - self._waiting >= self.EVERY:
            self._waiting = now
            self.note(f"waiting for the server: {reason}; trying for another {left:.0f} s")

    def back(self) -> None:
        self._waiting = None
        self.note("the server is back")

    def note(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        pass


class Bar:
    """A live progress bar with rate, lag, remaining time and counts, for terminals."""

    def __init__(
        self,
        stream: TextIO,
        start: Tally,
        *,
        every: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tally = start
        self._meter = Meter(start, clock)
        self._clock = clock
        self._every = every
        self._last = -every
        self._console = Console(file=stream, highlight=False)
        self._rich = RichProgress(
            BarColumn(bar_width=24),
            _Share(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            auto_refresh=False,
            transient=False,
        )
        self._task: TaskID = self._rich.add_task("starting", total=start.goal)
        self._rich.start()

    def update(self, tally: Tally) -> None:
        if (now := self._clock()) - self._last < self._every:
            return
        self._last = now
        self._show(tally)

    def waiting(self, reason: str, left: float) -> None:
        self._draw(f"waiting for the server: {reason}; trying for another {left:.0f} s")

    def back(self) -> None:
        self._draw("the server is back")

    def note(self, text: str) -> None:
        self._rich.console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        self._show(self._tally)
        self._rich.stop()

    def _show(self, tally: Tally) -> None:
        text = line(tally, self._meter, short=True)
        self._rich.update(self._task, description=text, completed=tally.done, total=tally.goal, refresh=True)

    def _draw(self, text: str) -> None:
        self._rich.update(self._task, description=text, refresh=True)


class _Share(ProgressColumn):
    """The percentage done, empty while the total is unknown."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.percentage:3.0f}%" if task.total else "")


def line(tally: Tally, meter: Meter, *, short: bool = False) -> str:
    """The state of a replay as one line."""
    rate, left = meter.rate(tally)
    parts = [f"{tally.sent:,} ticks", f"{rate:,.0f}/s"]
    if tally.market_last is not None:
        parts.append(f"at {moment(tally.market_last, short=short)}")
    parts.append(f"lag {tally.lag:.1f} s")
    if tally.duplicates:
        parts.append(f"{tally.duplicates:,} duplicates")
    if tally.id_conflicts:
        parts.append(f"{tally.id_conflicts:,} id conflicts")
    if tally.skipped:
        parts.append(f"{tally.skipped:,} rows skipped")
    if tally.goal and not short:
        parts.append(f"about {min(100, 100 * tally.done // tally.goal)}% done")
    if left is not None:
        parts.append(f"ETA {span(left)}")
    return " · ".join(parts)
