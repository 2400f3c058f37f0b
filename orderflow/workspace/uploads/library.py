"""A user's own data: candles and signals by name, taken from uploaded files, all of a file or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import quote

from orderflow.errors import BadInput, Conflict, FieldError, NotFound, TooLarge
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.signal import Signal
from orderflow.storage.records.series import Series, SeriesKey
from orderflow.storage.records.signal_store import SignalSet, SignalStore
from orderflow.workspace.store import OHLCV, Klines
from orderflow.workspace.uploads.candle_layout import candle_layout
from orderflow.workspace.uploads.candles import Candles, read_candles
from orderflow.workspace.uploads.mappings import Mappings
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.reports import Reports
from orderflow.workspace.uploads.rows import signal_rows
from orderflow.workspace.uploads.signal_layout import signal_layout
from orderflow.workspace.uploads.signals import Signals, read_signals
from orderflow.workspace.uploads.slots import Slots
from orderflow.workspace.uploads.spool import Held, Spool
from orderflow.workspace.uploads.table import open_table
from orderflow.workspace.uploads.timeframes import check_timeframe, timeframe_of

T = TypeVar("T")

Mode = Literal["replace", "append"]
SIGNALS = "signals"
NO_ROWS = "the file has a header but no rows"
UNPACKED = 4
"""An archive may unpack to this many times the largest upload."""
MOST_SERIES = 200
"""Series of candles, and sets of signals, that a user may have."""
MOST_SIGNALS = 100_000
ALL_SIGNALS = 10 * MOST_SIGNALS
"""Of one user, in all sets."""
"""Signals of one file; a user may have ten times as many."""
PIECE = 20_000


class RowsRefused(BadInput):
    """Rows of a file are refused, so that nothing of it was taken. report: the id of the list of all of them."""

    status = 422

    def __init__(self, detail: str, errors: tuple[FieldError, ...], report: str) -> None:
        super().__init__(detail, errors)
        self.report = report


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with a file. name: of the series. timeframe: None to take that of the times. skip: take the other rows
    if some are refused. options: None for those that the user gave for files with this header, or none."""

    name: str
    timeframe: str | None = None
    mode: Mode = "replace"
    skip: bool = False
    options: ReadOptions | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a file. rows: that are new. total: that the series has now. report: the id of the list of
    refused rows, "" for none. first, last: of the series, ms for candles and ns for signals."""

    kind: str
    name: str
    timeframe: str
    rows: int
    total: int
    refused: int
    report: str
    first: int | None
    last: int | None
    newest_first: bool
    unit: str
    notes: tuple[str, ...]
    undo: bool


class Library:
    """Everything that users uploaded. A method raises StorageFailed if the records or the disk cannot be used."""

    def __init__(
        self,
        klines: Klines,
        signals: SignalStore,
        mappings: Mappings,
        spool: Spool,
        slots: Slots,
        most_bytes: int,
        most_rows: int,
    ) -> None:
        self.klines = klines
        self.signals = signals
        self.mappings = mappings
        self.spool = spool
        self.reports = Reports()
        self.slots = slots
        self.most_bytes = most_bytes
        self.most_rows = most_rows

    def take_candles(self, held: Held, request: Request) -> Taken:
        """Take a file of candles. Raises BadInput, RowsRefused, Conflict, TooLarge, Busy."""
        return self.run(held, lambda: self._take_candles(held, request))

    def take_signals(self, held: Held, request: Request) -> Taken:
        """Take a file of signals. Raises BadInput, RowsRefused, Conflict, TooLarge, Busy."""
        return self.run(held, lambda: self._take_signals(held, request))

    def run(self, held: Held, fn: Callable[[], T]) -> T:
        """Run what reads a file, in its owner's turn; it stays on the disk until then. Raises Busy if too many wait."""
        with self.spool.using([held]):
            return self.slots.run(held.owner, fn)

    def candles(self, owner: str, name: str, timeframe: str | None = None) -> Series:
        """A user's candles of a name. Raises NotFound, Conflict if there are several time frames to choose from."""
        found = [each for each in self.klines.list(owner, OHLCV) if each.key.name == name]
        if timeframe is not None:
            found = [each for each in found if each.key.timeframe == timeframe]
        if not found:
            raise NotFound(f"there are no candles {name[:100]!r}{f' of {timeframe}' if timeframe else ''}")
        if len(found) > 1:
            frames = ", ".join(each.key.timeframe for each in found)
            raise Conflict(f"there are candles {name[:100]!r} of several time frames: choose one of {frames}")
        return found[0]

    def listed(self, owner: str) -> tuple[tuple[Series, ...], tuple[SignalSet, ...]]:
        """All of a user's candles and signals, by name."""
        return tuple(self.klines.list(owner, OHLCV)), self.signals.sets(owner)

    def undo(self, owner: str, name: str, kind: str, timeframe: str | None = None) -> Series | SignalSet:
        """Bring back what was there before the last upload. Raises NotFound, Conflict."""
        if kind == SIGNALS:
            return self.signals.undo(owner, name)
        return self.klines.undo(self.candles(owner, name, timeframe).id)

    def delete(self, owner: str, name: str) -> None:
        """Delete a user's candles of a name, of all time frames, and the signals. Raises NotFound."""
        found = [each for each in self.klines.list(owner, OHLCV) if each.key.name == name]
        for series in found:
            self.klines.delete(series.id)
        if not self.signals.delete(owner, name) and not found:
            raise NotFound(f"there is nothing of the name {name[:100]!r}")

    def delete_one(self, owner: str, name: str, kind: str, timeframe: str | None = None) -> None:
        """Delete the candles of a name and a time frame, or its signals. Raises NotFound, Conflict."""
        if kind != SIGNALS:
            self.klines.delete(self.candles(owner, name, timeframe).id)
        elif not self.signals.delete(owner, name):
            raise NotFound(f"there are no signals {name[:100]!r}")

    def delete_all(self, owner: str) -> int:
        """Delete all of a user's data. Returns of how many series and sets."""
        series, sets = self.listed(owner)
        for each in series:
            self.klines.delete(each.id)
        for found in sets:
            self.signals.delete(owner, found.name)
        self.mappings.forget_all(owner)
        return len(series) + len(sets)

    def owners(self) -> set[str]:
        """All users who have uploaded anything."""
        return self.klines.owners(OHLCV) | self.signals.owners() | self.mappings.owners()

    def export(self, owner: str) -> dict[str, object]:
        """What there is of a user: the signals, read as they are iterated, where the candles can be downloaded, and how
        files are read."""
        series, sets = self.listed(owner)
        return {
            "candles": [
                {
                    "name": each.key.name,
                    "timeframe": each.key.timeframe,
                    "rows": each.rows,
                    "source": each.source,
                    "download": f"/data/custom/{quote(each.key.name, safe='')}/ohlcv"
                    f"?timeframe={each.key.timeframe}&format=csv",
                }
                for each in series
            ],
            "signals": {found.name: self._rows(found) for found in sets},
            "mappings": self.mappings.export(owner),
        }

    def signal_pieces(self, found: SignalSet) -> Iterator[list[Signal]]:
        """All signals of a set, oldest first, in pieces. Raises Conflict if they are replaced meanwhile."""
        skip = 0
        while piece := self.signals.read(found.owner, found.name, skip=skip, limit=PIECE, generation=found.generation):
            yield piece
            skip += len(piece)

    def _rows(self, found: SignalSet) -> Iterator[dict[str, object]]:
        for piece in self.signal_pieces(found):
            yield from signal_rows(piece)

    def pieces(self, series: Series) -> Iterator[KlineColumns]:
        """All candles of a series, oldest first, in pieces. Raises Conflict if they are replaced meanwhile."""
        start = None
        while True:
            piece = self.klines.read(series.id, start=start, limit=PIECE, generation=series.generation)
            if len(piece):
                yield piece
            if len(piece) < PIECE:
                return
            start = int(piece.time[-1]) + 1

    def read_candles(self, held: Held, options: ReadOptions | None) -> Candles:
        """Read a file of candles. Raises BadInput, TooLarge."""
        options = self.mappings.options(held.owner, OHLCV, held.path, options)
        table, layout = open_table(held.path, options, candle_layout, most=UNPACKED * self.most_bytes)
        with table:
            return read_candles(table, layout, most_rows=self.most_rows)

    def read_signals(self, held: Held, options: ReadOptions | None) -> Signals:
        """Read a file of signals. Raises BadInput, TooLarge."""
        options = self.mappings.options(held.owner, SIGNALS, held.path, options)
        table, layout = open_table(held.path, options, signal_layout, most=UNPACKED * self.most_bytes)
        with table:
            return read_signals(table, layout, most_rows=MOST_SIGNALS)

    def _take_candles(self, held: Held, request: Request) -> Taken:
        found = self.read_candles(held, request.options)
        report = self._check(held, request, found, len(found.klines))
        timeframe = check_timeframe(request.timeframe or timeframe_of(found.klines.time))
        key = SeriesKey(held.owner, OHLCV, request.name, timeframe)
        before = self.klines.find(key)
        if before is None and len(self.klines.list(held.owner, OHLCV)) >= MOST_SERIES:
            raise TooLarge(f"you have {MOST_SERIES} series of candles already: delete one first")
        made = self.klines.replace(
            key, self._parts(before, found, request.mode), held.filename[:200], most_rows=self.most_rows
        )
        self.mappings.remember(held.owner, OHLCV, held.path, request.options)
        return Taken(
            OHLCV, request.name, timeframe, len(found.klines), made.rows, len(found.refused), report, made.first,
            made.last, found.newest_first, found.unit, found.notes, made.previous is not None,
        )  # fmt: skip

    def _parts(self, before: Series | None, found: Candles, mode: Mode) -> Iterator[KlineColumns]:
        """What a series holds afterwards. What is added is a replacement too, so that it can be undone."""
        if mode == "append" and before is not None:
            if before.last is not None and int(found.klines.time[0]) <= before.last:
                raise Conflict("candles that are added must be after the last one that is there")
            yield from self.pieces(before)
        yield found.klines

    def _take_signals(self, held: Held, request: Request) -> Taken:
        found = self.read_signals(held, request.options)
        report = self._check(held, request, found, len(found.signals))
        if self.signals.find(held.owner, request.name) is None and len(self.signals.sets(held.owner)) >= MOST_SERIES:
            raise TooLarge(f"you have {MOST_SERIES} sets of signals already: delete one first")
        made = self.signals.replace(
            held.owner, request.name, found.signals, held.filename[:200], append=request.mode == "append",
            most_rows=ALL_SIGNALS,
        )  # fmt: skip
        self.mappings.remember(held.owner, SIGNALS, held.path, request.options)
        return Taken(
            SIGNALS, request.name, "", len(found.signals), made.rows, len(found.refused), report, made.first, made.last,
            found.newest_first, found.unit, found.notes, made.previous is not None,
        )  # fmt: skip

    def _check(self, held: Held, request: Request, found: Candles | Signals, taken: int) -> str:
        """The id of the report of refused rows, "" for none. Raises RowsRefused if nothing may be taken."""
        if not found.refused and taken:
            return ""
        if not found.refused:
            raise RowsRefused(NO_ROWS, (), "")
        report = self.reports.add(held.owner, found.refused)
        if not request.skip or not taken:
            raise RowsRefused(
                f"{len(found.refused):,} of {found.rows:,} rows are refused and nothing was taken; "
                f"first {found.refused[0]}",
                found.refused,
                report,
            )
        return report
