"""Read a table of signals, or of trades, into signals in the order of their times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Codes, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.zones import Zone
from orderflow.market.decimals import unit_text
from orderflow.market.signal import BUY, NEUTRAL, SELL, Signal
from orderflow.workspace.uploads import styles
from orderflow.workspace.uploads.numbers import MISSING, parse_numbers
from orderflow.workspace.uploads.order import in_order
from orderflow.workspace.uploads.refusals import Refusals
from orderflow.workspace.uploads.signal_layout import SignalLayout
from orderflow.workspace.uploads.signal_words import side_of, type_and_side
from orderflow.workspace.uploads.source import AS_TEXT, Piece
from orderflow.workspace.uploads.table import Table
from orderflow.workspace.uploads.text_rows import Fields, TextRows, read_text
from orderflow.workspace.uploads.times import Times, parse_times

_PRICES = ("price", "stop", "target", "entry_price", "exit_price")
_TRUE = frozenset({"true", "1", "yes", "t", "short"})


@dataclass(frozen=True, slots=True)
class Signals:
    """What a file holds. signals: oldest first. refused: by line. rows: all of them, without blank lines. newest_first,
    unit: how they are in the file. notes: what was decided, in words."""

    signals: tuple[Signal, ...]
    refused: tuple[FieldError, ...]
    rows: int
    newest_first: bool
    unit: str
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """Signals in the order of the file, their times not yet in UTC."""

    signals: list[Signal]
    time: list[int]
    kind: list[int]
    lines: list[int]

    def add(self, signal: Signal, time: int, kind: int, line: int) -> None:
        self.signals.append(signal)
        self.time.append(time)
        self.kind.append(kind)
        self.lines.append(line)


def read_signals(table: Table, layout: SignalLayout, *, most_rows: int) -> Signals:
    """Read all signals of a table. Raises BadInput if there are more than `most_rows`, or too many rows are bad."""
    reader = _Reader(table, layout)
    for piece in table.pieces():
        for part in piece.parts(AS_TEXT):
            reader.read(part)
        if len(reader.found.signals) > most_rows:
            raise BadInput(f"the file has more than {most_rows:,} signals: split it")
    return _ordered(reader, layout, table.options.tz)


class _Reader:
    def __init__(self, table: Table, layout: SignalLayout) -> None:
        self.layout = layout
        self.refusals = Refusals()
        self.found = _Found([], [], [], [])
        self.rows = 0
        self._negative = table.options.negative
        self._rounded = table.options.decimals
        width = max(table.sample.width, layout.least)
        wanted = sorted({column.index for column in layout.columns.values()})
        most = max(width, len(table.sample.header))
        self._fields = Fields(table.delimiter, width, most, layout.least, wanted)

    def read(self, piece: Piece) -> None:
        before = len(self.refusals)
        rows = read_text(piece, self._fields, lambda line, reason: self.refusals.add(line, None, reason))
        self.rows += len(rows.lines) + len(self.refusals) - before
        cells = _Cells(rows, self)
        for place, line in enumerate(rows.lines.tolist()):
            try:
                made = list(_of_trade(cells, place) if self.layout.trades else _of_row(cells, place))
            except _Refused as error:
                self.refusals.add(line, error.column, str(error))
                continue
            for signal, time, kind in made:
                self.found.add(signal, time, kind, line)


class _Refused(Exception):
    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column


class _Cells:
    """The cells of rows by role: texts, exact prices, times."""

    def __init__(self, rows: TextRows, reader: _Reader) -> None:
        layout = reader.layout
        self._columns = layout.columns
        self._negative = reader._negative
        texts = {
            role: pc.utf8_trim(rows.columns[column.index], characters=" \t") for role, column in layout.columns.items()
        }
        self._texts: dict[str, list[str]] = {role: array.to_pylist() for role, array in texts.items()}
        self._times: dict[str, Times] = {
            role: parse_times(texts[role], layout.order, texts.get("clock") if role == "time" else None)
            for role in ("time", "entry_time", "exit_time")
            if role in texts
        }
        self._prices = {role: self._exact(texts[role], reader) for role in _PRICES if role in texts}

    def text(self, role: str, place: int) -> str:
        """A cell's text, "" where the file has no such column or the cell says that there is nothing."""
        if role not in self._texts:
            return ""
        found = self._texts[role][place]
        return "" if found in _NOTHING else found

    def parsed(self, role: str, place: int, parse: Callable[[str], str]) -> str:
        """A cell parsed by a function. Raises _Refused."""
        try:
            return parse(self.text(role, place))
        except ParseError as error:
            raise _Refused(self._columns[role].name, str(error)) from None

    def price(self, role: str, place: int) -> str:
        """An exact price; "" where there is none. Raises _Refused."""
        if role not in self._prices:
            return ""
        texts, bad = self._prices[role]
        if place in bad:
            raise _Refused(self._columns[role].name, bad[place])
        found = texts[place]
        if found.startswith("-") and not self._negative:
            raise _Refused(self._columns[role].name, f"{found} is negative; allow `negative` prices")
        if found == "0":
            if role in ("stop", "target"):
                return ""
            raise _Refused(self._columns[role].name, "is 0, which is not a price")
        return found

    def time(self, role: str, place: int) -> tuple[int, int]:
        """A time and its kind. Raises _Refused."""
        times = self._times[role]
        if place in times.bad:
            raise _Refused(self._columns[role].name, times.bad[place])
        return int(times.time[place]), int(times.kind[place])

    def name(self, *roles: str) -> str | None:
        """The name of the first column that there is."""
        return next((self._columns[role].name for role in roles if role in self._columns), None)

    def _exact(self, texts: pa.Array, reader: _Reader) -> tuple[list[str], dict[int, str]]:
        found = parse_numbers(texts, reader.layout.numbers, reader._rounded)
        units = found.units.tolist()
        missing = found.missing.tolist()
        return [
            "" if none else unit_text(value, found.decimals) for value, none in zip(units, missing, strict=True)
        ], found.bad


_NOTHING = frozenset(MISSING.to_pylist())


def _of_row(cells: _Cells, place: int) -> Iterator[tuple[Signal, int, int]]:
    """The signal of a row. Raises _Refused."""
    time, kind = cells.time("time", place)
    try:
        side, word = type_and_side(cells.text("type", place), cells.text("side", place))
    except ParseError as error:
        raise _Refused(cells.name("type", "side"), str(error)) from None
    yield (
        Signal(
            time,
            side,
            word,
            cells.price("price", place),
            cells.parsed("label", place, styles.label),
            cells.parsed("color", place, styles.colour),
            cells.parsed("icon", place, styles.icon),
            cells.price("stop", place),
            cells.price("target", place),
        ),
        time,
        kind,
    )


def _of_trade(cells: _Cells, place: int) -> Iterator[tuple[Signal, int, int]]:
    """The entry of a trade, and its exit if there was one. Raises _Refused."""
    side = _side_of_trade(cells, place)
    word = "long" if side == BUY else "short"
    time, kind = cells.time("entry_time", place)
    entry = Signal(
        time,
        side,
        f"entry {word}",
        cells.price("entry_price", place),
        cells.parsed("entry_label", place, styles.label),
        stop=cells.price("stop", place),
        target=cells.price("target", place),
    )
    yield entry, time, kind
    if cells.text("exit_time", place):
        time, kind = cells.time("exit_time", place)
        label = cells.parsed("exit_label", place, styles.label)
        yield Signal(time, -side, f"exit {word}", cells.price("exit_price", place), label), time, kind


def _side_of_trade(cells: _Cells, place: int) -> int:
    if short := cells.text("short", place):
        return SELL if short.lower() in _TRUE else BUY
    if direction := cells.text("direction", place):
        found = side_of(direction)
        if found is not None and found[0] != NEUTRAL:
            return found[0]
        raise _Refused(cells.name("direction"), f"{direction[:40]!r} is neither long nor short")
    size = cells.text("size", place)
    if size.lstrip("+-−").replace(".", "").replace(",", "").isdigit():
        return SELL if size.startswith(("-", "−")) else BUY
    raise _Refused(cells.name("short", "direction", "size"), "does not say whether the trade is long or short")


def _ordered(reader: _Reader, layout: SignalLayout, tz: str) -> Signals:
    found = reader.found
    time, kind = np.array(found.time, np.int64), np.array(found.kind, np.int8)
    lines = np.array(found.lines, np.int64)
    sorted_rows = np.arange(len(time))
    notes = list(layout.notes)
    if layout.trades or layout.listed:
        sorted_rows = _by_time(time, kind, lines)
        notes.append("the rows are in the order of trades: sorted by time")
    column = layout.columns["entry_time" if layout.trades else "time"].name
    ordered = in_order(
        time[sorted_rows], kind[sorted_rows], lines[sorted_rows], Zone(tz), reader.refusals, column=column, repeats=True
    )
    places = sorted_rows[ordered.rows].tolist()
    refused = {error.line for error in reader.refusals.errors()}
    signals = tuple(
        replace(found.signals[place], time=when)
        for place, when in zip(places, ordered.time.tolist(), strict=True)
        if found.lines[place] not in refused
    )
    notes += [*ordered.notes, *_neutral(signals)]
    return Signals(signals, reader.refusals.errors(), reader.rows, ordered.newest_first, ordered.unit, tuple(notes))


def _by_time(time: Ints, kind: Codes, lines: Ints) -> Ints:
    """Positions by time; at one time the exit of one trade comes before the entry of the next: as in the file."""
    newest_first = len(time) > 1 and time[0] > time[-1]
    return np.asarray(np.lexsort((-lines if newest_first else lines, time)))


def _neutral(signals: tuple[Signal, ...]) -> list[str]:
    words = sorted(
        {signal.type for signal in signals if signal.side == NEUTRAL and signal.type not in ("hold", "exit")}
    )
    if not words:
        return []
    return [f"neither buying nor selling: {', '.join(words[:5])}{', …' if len(words) > 5 else ''}"]
