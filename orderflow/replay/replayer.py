"""Sends the chunks of a file in paced batches, and tracks exactly how far it got.

Progress counts data rows, as `--start-from` does. A batch is done when the server has responded. If a replay ends
before that, it reports the key of the batch in doubt. A later run first sends the same batch with the same key, so the
server ignores it if it was taken before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from orderflow.errors import BadInput, BadSetting, FieldError, OrderflowError
from orderflow.feeds.pacing import Pacer
from orderflow.formats import ParsedTicks
from orderflow.formats.summary.id_gaps import IdGaps
from orderflow.replay.chunk import Chunk, make_chunk
from orderflow.replay.client import BatchResult, Refused, ServerGone, Stopped
from orderflow.replay.progress import Progress, Tally

NAMED_ROWS = 20
"""Bad rows that are reported one by one; further ones are only counted."""


class Sender(Protocol):
    """The part of `Client` that a replay uses."""

    def begin_ticks(self, body: bytes, *, key: str, symbol: str | None) -> None: ...

    def finish_ticks(self) -> BatchResult: ...

    def set_tick_size(self, symbol: str, tick_size: str) -> None: ...

    def allow_negative_prices(self, symbol: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """A batch that was sent, without a response yet. `--resume` takes its text form, KEY:TICKS."""

    key: str
    ticks: int

    def __str__(self) -> str:
        return f"{self.key}:{self.ticks}"

    @classmethod
    def parse(cls, text: str) -> Doubt:
        """Parse KEY:TICKS. Raises BadSetting for other text."""
        match = re.fullmatch(r"([0-9A-Za-z_-]{1,100}):([1-9][0-9]{0,9})", text)
        if not match:
            raise BadSetting(f"{text!r} is not what an earlier run printed after --resume")
        return cls(match[1], int(match[2]))


class Ended(OrderflowError):
    """The replay ended before the end of the file. doubt: the batch that may or may not have arrived."""

    def __init__(self, detail: str, *, stopped: bool = False, doubt: Doubt | None = None) -> None:
        super().__init__(detail)
        self.stopped = stopped
        self.doubt = doubt


@dataclass(frozen=True, slots=True)
class Limits:
    """max_ticks: maximum ticks to send. strict: end at the first bad row. tick_size: decimal text for the server."""

    max_ticks: int | None = None
    strict: bool = False
    tick_size: str | None = None


class Replay:
    """Sends one pass over a file.

    run: a unique name of this run. doubt: the batch of an earlier run to send first. stopped: returns True if the user
    wants to stop. `tally` is always up to date, also when `play` raises.
    """

    def __init__(
        self,
        sender: Sender,
        pacer: Pacer,
        progress: Progress,
        tally: Tally,
        *,
        run: str,
        limits: Limits | None = None,
        doubt: Doubt | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.tally = tally
        self.symbols: set[str] = set()
        self.id_gaps: dict[str, IdGaps] = {}
        self._below: set[str] = set()
        self._sender = sender
        self._pacer = pacer
        self._progress = progress
        self._limits = limits or Limits()
        self._left: float = math.inf if self._limits.max_ticks is None else self._limits.max_ticks
        self._keys = (f"{run}-{number}" for number in count(1))
        self._first = doubt
        self._inherited = False  # True while the batch under way is one from an earlier run
        self._stopped = stopped
        self._named = 0
        self._under_way: tuple[Chunk, slice, str] | None = None

    def play(self, chunks: Iterable[ParsedTicks]) -> None:
        """Send all chunks of a `TickReader` that starts at data row `tally.next_row`.

        Raises Ended if it stops before the end of the file, BadInput if the file is corrupt.
        """
        try:
            bad = self._play(chunks)
        except BadInput:  # the file is corrupt from here on; count the batch that was sent before
            self.settle()
            raise
        self.settle()
        if bad is not None:
            self.tally.next_row = _row(bad)
            raise Ended(f"--strict: {bad}")

    def _play(self, chunks: Iterable[ParsedTicks]) -> FieldError | None:
        """Send all chunks, leaving the last batch under way. Returns the error at which `strict` ends the replay."""
        bad = None
        for chunk in chunks:
            pieces = make_chunk(chunk.batches, chunk.origins, chunk.first_row + chunk.rows)
            end = len(pieces)
            if self._limits.strict and chunk.errors:
                bad = chunk.errors[0]
                end = pieces.before_row(_row(bad))
            if self._left < pieces.ticks(slice(0, end)):
                end, bad = pieces.pieces(int(self._left)), None
            self.tally.no_trades.update(chunk.skipped)
            for batch in chunk.batches:
                self.id_gaps.setdefault(batch.symbol, IdGaps()).add(batch)
            self._count_bad(chunk, pieces.resume_row(end) if bad is None else _row(bad))
            self._send_all(pieces, end)
            if not len(pieces):
                self.settle()
                self.tally.next_row = pieces.next_row
            if bad is not None or end < len(pieces) or self._left <= 0:
                break
        return bad

    @property
    def doubt(self) -> Doubt | None:
        """The batch that may or may not have arrived: the one under way, or one of an earlier run not sent again."""
        if self._under_way is None:
            return self._first
        pieces, part, key = self._under_way
        return Doubt(key, pieces.ticks(part))

    def settle(self) -> bool:
        """Wait for the response to the batch under way. False if there is none. Raises Ended.

        Call it before a longer wait, so that a lost server is noticed before the next batch.
        """
        if self._under_way is None:
            return False
        pieces, part, _ = self._under_way
        try:
            answer = self._sender.finish_ticks()
        except ServerGone as gone:
            doubt = self.doubt if gone.in_doubt or self._inherited else None
            raise Ended(str(gone), stopped=isinstance(gone, Stopped), doubt=doubt) from gone
        except Refused as refused:
            raise Ended(_refusal(refused, pieces, part)) from refused
        self._under_way, self._inherited = None, False
        ticks = pieces.ticks(part)
        tally = self.tally
        tally.sent += ticks
        tally.duplicates += answer.duplicates
        tally.id_conflicts += answer.id_conflicts
        tally.batches += 1
        tally.waited += answer.waited
        tally.next_row = pieces.resume_row(part.stop)
        tally.market_first = int(pieces.time[part.start]) if tally.market_first is None else tally.market_first
        tally.market_last = int(pieces.time[part.stop - 1])
        self._progress.update(tally)
        return True

    def _send_all(self, pieces: Chunk, end: int) -> None:
        at = 0
        if self._first is not None and end:
            at = min(end, pieces.pieces(self._first.ticks))
            if pieces.ticks(slice(0, at)) != self._first.ticks:
                raise Ended(f"--resume {self._first} does not fit this file at row {pieces.row[0]}")
            self._inherited = True
            self._send(pieces, slice(0, at), self._first.key)
            self._first = None
        for part in self._pacer.slices(pieces.time[at:end]):
            self.tally.lag = self._pacer.lag
            self.tally.worst_lag = max(self.tally.worst_lag, self.tally.lag)
            self._send(pieces, slice(at + part.start, at + part.stop), next(self._keys))
            self._check_stop()
        self._check_stop()

    def _send(self, pieces: Chunk, part: slice, key: str) -> None:
        """Start sending a batch after the previous one has been answered."""
        body, symbol = pieces.body(part)
        waited = self.tally.waited
        self.settle()
        self._pacer.shift(self.tally.waited - waited)
        self._introduce(pieces)
        self._left -= pieces.ticks(part)
        self._under_way = pieces, part, key
        self._sender.begin_ticks(body, key=key, symbol=symbol)

    def _introduce(self, pieces: Chunk) -> None:
        """Set the tick size on the server for symbols that are new in this run, and allow prices of 0 and below where
        the file has them."""
        for batch in pieces.batches:
            new = batch.symbol not in self.symbols
            self.symbols.add(batch.symbol)
            try:
                if new and self._limits.tick_size is not None:
                    self._sender.set_tick_size(batch.symbol, self._limits.tick_size)
                if batch.symbol not in self._below and int(batch.price.min()) <= 0:
                    self._below.add(batch.symbol)
                    self._sender.allow_negative_prices(batch.symbol)
            except ServerGone as gone:
                raise Ended(str(gone), stopped=isinstance(gone, Stopped), doubt=self.doubt) from gone
            except Refused as refused:
                raise Ended(_refusal(refused)) from refused

    def _check_stop(self) -> None:
        if self._stopped():
            self.settle()
            raise Ended("stopped", stopped=True, doubt=self.doubt)

    def _count_bad(self, chunk: ParsedTicks, before: int) -> None:
        """Count and report the bad rows before row `before`."""
        rows = set()
        for error in chunk.errors:
            if _row(error) >= before:
                continue
            if error.row not in rows and self._named < NAMED_ROWS:
                self._named += 1
                self._progress.note(f"skipped {error}")
                if self._named == NAMED_ROWS:
                    self._progress.note("further bad rows are only counted")
            rows.add(error.row)
        self.tally.skipped += len(rows)


def _row(error: FieldError) -> int:
    return 0 if error.row is None else error.row


def _refusal(refused: Refused, pieces: Chunk | None = None, part: slice = slice(0, 0)) -> str:
    """The server's error message, with its row numbers converted to data rows of the file."""
    lines = [str(refused)]
    for place, message in refused.errors[:NAMED_ROWS]:
        where = ", ".join(str(word) for word in place if word != "body")
        number = next((word for word in place if isinstance(word, int)), None)
        if number is not None and pieces is not None:
            piece = int(pieces.start.searchsorted(pieces.start[part.start] + number, side="right")) - 1
            where = f"data row {pieces.resume_row(piece)} ({where} of the batch)"
        lines.append(f"  {where}: {message}" if where else f"  {message}")
    if len(refused.errors) > NAMED_ROWS:
        lines.append(f"  … and {len(refused.errors) - NAMED_ROWS} more")
    return "\n".join(lines)
