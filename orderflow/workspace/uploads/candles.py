"""Read a table of candles: by Arrow's own conversions where a piece allows it, else column by column as text.

A piece of 4 MiB is first read with the types that the sample shows. Anything unusual in it, one bad cell or one blank
line, sends it to the second way, which finds every bad cell by masks over whole columns and names its physical line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from orderflow.arrays import Codes, Flags, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.formats.parsing.lines import for_arrow
from orderflow.formats.parsing.times import END, UNITS
from orderflow.formats.parsing.zones import Zone
from orderflow.formats.sniff import Sample
from orderflow.market.kline_columns import MAX_STORED, UNKNOWN, KlineColumns
from orderflow.workspace.uploads.candle_checks import COUNTS, MS, checks
from orderflow.workspace.uploads.candle_layout import PRICES, CandleLayout
from orderflow.workspace.uploads.numbers import Numbers, decimal_units, float_units, most_digits, parse_numbers
from orderflow.workspace.uploads.order import in_order
from orderflow.workspace.uploads.refusals import Refusals
from orderflow.workspace.uploads.source import AS_TEXT, Piece
from orderflow.workspace.uploads.table import Table
from orderflow.workspace.uploads.text_rows import Fields, TextRows, read_text
from orderflow.workspace.uploads.times import EARLIEST, EPOCH, WALL, ZONED, parse_times, unit_kinds

SIZES = ("volume", "ticks", "taker")
MOST_CARRIED = 10
"""Numbers of up to so many digits in the sample are tried as floats first, which carry them exactly."""
MOST_QUICK = 10
"""Numbers of more decimals are read as text, where the noise of binary floats is found."""
_ARROW_TIMES = {"wall": pa.timestamp("ns"), "zoned": pa.timestamp("ns", "UTC"), "epoch": pa.int64()}


@dataclass(frozen=True, slots=True)
class Candles:
    """What a file holds. klines: the rows that are taken, oldest first. refused: by line. rows: all of them, without
    blank lines. newest_first, unit: how they are in the file. notes: what was decided, in words."""

    klines: KlineColumns
    refused: tuple[FieldError, ...]
    rows: int
    newest_first: bool
    unit: str
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Part:
    """Rows of one piece. numbers: units by role. decimals: by role. Emptied when the parts are joined."""

    time: Ints
    kind: Codes
    lines: Ints
    numbers: dict[str, Ints]
    decimals: dict[str, int]


def read_candles(table: Table, layout: CandleLayout, *, most_rows: int) -> Candles:
    """Read all candles of a table. Raises BadInput if it is none at all or too many rows are bad, TooLarge."""
    reader = _Reader(table, layout)
    parts: list[_Part] = []
    count = 0
    for piece in table.pieces():
        for part in reader.read(piece):
            count += len(part.lines)
            if count > most_rows:
                raise BadInput(f"the file has more than {most_rows:,} rows: split it")
            parts.append(part)
    return _whole(parts, reader, layout, table.options.tz)


class _Reader:
    def __init__(self, table: Table, layout: CandleLayout) -> None:
        self._layout = layout
        self._options = table.options
        self.refusals = Refusals()
        self.rows = 0
        sample = table.sample
        self._roles = [role for role in layout.columns if role not in ("time", "clock")]
        width = max(sample.width, layout.least)
        wanted = sorted({column.index for column in layout.columns.values()})
        self._fields = Fields(table.delimiter, width, max(width, len(sample.header)), layout.least, wanted)
        self._decimals = {role: self._sample_decimals(role) for role in self._roles}
        plain = layout.prices.plain and layout.volumes.plain and table.options.decimals is None
        short = max(self._decimals.values()) <= MOST_QUICK
        once = len(wanted) == len(layout.columns)
        self._quick = layout.quick if plain and short and once and max(wanted) < width else ""
        self._short = {role for role in self._roles if self._sample_digits(sample, role) <= MOST_CARRIED}
        self.tails = 0

    def read(self, piece: Piece) -> Iterator[_Part]:
        part = self._by_types(piece) if self._quick else None
        for found in [part] if part is not None else map(self._by_text, piece.parts(AS_TEXT)):
            yield self._counted(found)

    def _counted(self, part: _Part) -> _Part:
        self.rows += len(part.lines)
        for role, decimals in part.decimals.items():
            self._decimals[role] = max(self._decimals[role], decimals)
        return self._consistent(part)

    def _sample_digits(self, sample: Sample, role: str) -> int:
        return most_digits(sample.column(self._layout.columns[role].index))

    def _sample_decimals(self, role: str) -> int:
        if role == "trades":
            return 0
        return self._layout.price_decimals if role in PRICES else self._layout.volume_decimals

    def _by_types(self, piece: Piece) -> _Part | None:
        """The rows by Arrow's conversions; None if any of them is unusual."""
        data = for_arrow(piece.data)
        if (
            b'"' in data
            or b"\n\n" in data
            or b"\n\r\n" in data
            or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n"))
        ):
            return None
        if b"e-" in data or b"E-" in data:  # Arrow reads far beyond a table for 1e-30000000, which ends the process
            return None
        types = {self._name("time"): _ARROW_TIMES[self._quick]} | {
            self._name(role): pa.float64() if role in self._short else pa.decimal128(38, self._decimals[role])
            for role in self._roles
        }
        try:
            table = pv.read_csv(
                pa.BufferReader(data),
                read_options=pv.ReadOptions(
                    block_size=len(data) + 1, column_names=[f"c{index}" for index in range(self._fields.width)]
                ),
                parse_options=pv.ParseOptions(delimiter=self._fields.delimiter, ignore_empty_lines=False),
                convert_options=pv.ConvertOptions(include_columns=list(types), column_types=types),
            )
        except pa.ArrowInvalid:
            return None
        if any(column.null_count for column in table.columns):
            return None
        arrays = {role: table.column(self._name(role)).combine_chunks() for role in ("time", *self._roles)}
        found = self._arrow_times(arrays["time"])
        numbers = {role: self._units(role, arrays[role]) for role in self._roles}
        if found is None or any(units is None for units in numbers.values()):
            return None
        piece.counted = table.num_rows
        lines = np.arange(piece.line, piece.line + piece.lines)
        return _Part(*found, lines, {r: n for r, n in numbers.items() if n is not None}, dict(self._decimals))

    def _units(self, role: str, array: pa.Array) -> Ints | None:
        if role in self._short:
            units = float_units(np.asarray(array), self._decimals[role])
            if units is None:
                self._short.discard(role)
            return units
        units, beyond = decimal_units(array)
        return None if beyond.any() else units

    def _name(self, role: str) -> str:
        return f"c{self._layout.columns[role].index}"

    def _arrow_times(self, array: pa.Array) -> tuple[Ints, Codes] | None:
        values = np.asarray(array if self._quick == "epoch" else array.cast(pa.int64()))
        if self._quick == "epoch":
            kinds = unit_kinds(values)
            if kinds.min(initial=EPOCH) < EPOCH:
                return None
            return values * np.array([1, *UNITS], np.int64)[kinds], kinds
        if len(values) and not (int(values.min()) >= EARLIEST and int(values.max()) < END):
            return None
        return values, np.full(len(values), WALL if self._quick == "wall" else ZONED, np.int8)

    def _by_text(self, piece: Piece) -> _Part:
        layout, names = self._layout, self._layout.columns
        before = len(self.refusals)
        rows = read_text(piece, self._fields, lambda line, reason: self.refusals.add(line, None, reason))
        self.rows += len(self.refusals) - before
        good = np.ones(len(rows.lines), np.bool_)
        texts = {role: _trimmed(rows, column.index) for role, column in names.items()}
        times = parse_times(texts["time"], layout.order, texts.get("clock"))
        self._refuse(rows.lines, good, names["time"].name, times.bad)
        numbers, decimals = {}, {}
        for role in self._roles:
            style = layout.prices if role in PRICES else layout.volumes
            rounded = None if role == "trades" else self._options.decimals
            found = parse_numbers(texts[role], style, rounded)
            self._refuse(rows.lines, good, names[role].name, found.bad)
            self._refuse(rows.lines, good, names[role].name, _missing(role, found))
            numbers[role], decimals[role] = found.units, found.decimals
            self.tails += found.tails
        self.rows += int((~good).sum())
        return _take(_Part(times.time, times.kind, rows.lines, numbers, decimals), good)

    def _refuse(self, lines: Ints, good: Flags, name: str, bad: dict[int, str]) -> None:
        for place, reason in bad.items():
            good[place] = False
            self.refusals.add(int(lines[place]), name, reason)

    def _consistent(self, part: _Part) -> _Part:
        """The rows whose numbers can be a candle's."""
        prices = dict(zip(PRICES, _aligned(part, PRICES), strict=True))
        counts = {role: part.numbers[role] for role in COUNTS if role in part.numbers}
        decimals = max(part.decimals[role] for role in PRICES)
        good = np.ones(len(part.lines), np.bool_)
        for wrong, role, why in checks(prices, decimals, part.time, counts, negative=self._options.negative):
            if wrong.any():
                good &= ~wrong
                for place in np.flatnonzero(wrong).tolist():
                    self.refusals.add(int(part.lines[place]), self._layout.columns[role].name, why(place))
        return part if good.all() else _take(part, good)


def _trimmed(rows: TextRows, index: int) -> pa.Array:
    return pc.utf8_trim(rows.columns[index], characters=" \t")


def _missing(role: str, found: Numbers) -> dict[int, str]:
    """Prices must be there; a blank volume is none."""
    if role not in PRICES or not found.missing.any():
        return {}
    return dict.fromkeys(np.flatnonzero(found.missing).tolist(), "is missing")


def _take(part: _Part, good: Flags) -> _Part:
    numbers = {role: values[good] for role, values in part.numbers.items()}
    return _Part(part.time[good], part.kind[good], part.lines[good], numbers, part.decimals)


def _aligned(part: _Part, roles: Iterable[str]) -> list[Ints]:
    """Columns on the finest decimals of any. Raises BadInput if a number is too large for them."""
    roles = list(roles)
    finest = max(part.decimals[role] for role in roles)
    return [_rescaled(part.numbers[role], finest - part.decimals[role]) for role in roles]


def _rescaled(units: Ints, gap: int) -> Ints:
    if not gap:
        return units
    if len(units) and int(np.abs(units).max()) > MAX_STORED // 10**gap:
        raise BadInput("the numbers need too many digits to be kept exactly together: choose `decimals` to round them")
    return np.asarray(units * 10**gap)


def _whole(parts: list[_Part], reader: _Reader, layout: CandleLayout, tz: str) -> Candles:
    """All parts as one, in order."""
    notes = list(layout.notes)
    pa.default_memory_pool().release_unused()
    time, lines = (_joined([getattr(part, name) for part in parts]) for name in ("time", "lines"))
    kind = np.concatenate([part.kind for part in parts]) if parts else np.zeros(0, np.int8)
    for part in parts:
        part.time = part.lines = np.zeros(0, np.int64)
        part.kind = np.zeros(0, np.int8)
    ordered = in_order(time, kind, lines, Zone(tz), reader.refusals, column=layout.columns["time"].name)
    del time, kind, lines
    price_decimals, size_decimals = (
        max((part.decimals[role] for part in parts for role in roles if role in part.decimals), default=0)
        for roles in (PRICES, SIZES)
    )

    def column(role: str, decimals: int) -> Ints | None:
        if role not in layout.columns:
            return None
        found = [_rescaled(part.numbers.pop(role), decimals - part.decimals[role]) for part in parts]
        return _joined(found)[ordered.rows]

    volume = _volume(column("volume", size_decimals), column("ticks", size_decimals), len(ordered.time), notes)
    rows = len(ordered.time)
    opened, high, low, close = (_known(column(role, price_decimals), rows) for role in PRICES)
    klines = KlineColumns(
        time=ordered.time // MS,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        trades=_known(column("trades", 0), rows),
        taker_buy_volume=_known(column("taker", size_decimals), rows),
        closed=np.broadcast_to(np.True_, rows),
        price_decimals=price_decimals,
        size_decimals=size_decimals,
    )
    notes += ordered.notes
    if reader.tails:
        notes.append(f"{reader.tails:,} numbers had the noise of binary floats, such as 81.01000000000001: left out")
    return Candles(klines, reader.refusals.errors(), reader.rows, ordered.newest_first, ordered.unit, tuple(notes))


def _joined(arrays: list[Ints]) -> Ints:
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int64)


def _known(values: Ints | None, rows: int) -> Ints:
    return np.broadcast_to(np.int64(UNKNOWN), rows) if values is None else values


def _volume(volume: Ints | None, ticks: Ints | None, rows: int, notes: list[str]) -> Ints:
    """The volume; the number of ticks where that is all there is, as for currencies at MetaTrader."""
    if ticks is not None and (volume is None or not volume.any()):
        notes.append("the volume counts ticks: there is no traded volume")
        return ticks
    if volume is None:
        notes.append("there is no volume")
        return np.zeros(rows, np.int64)
    return volume
