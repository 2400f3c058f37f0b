"""The columns of a table of candles, and how its times and numbers are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orderflow.errors import BadInput
from orderflow.formats.parsing.layout import Column
from orderflow.formats.parsing.times import DateOrder
from orderflow.formats.sniff import Sample, is_number
from orderflow.workspace.uploads.names import CANDLE_NAMES, CLOCKS, DAYS, TIMES, currency, plain
from orderflow.workspace.uploads.numbers import NumberStyle, most_decimals, number_style
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.table import NoLayout, column_cells, given_column, role_columns
from orderflow.workspace.uploads.times import date_order, is_clock, is_day, is_time

PRICES = ("open", "high", "low", "close")
ROLES = ("time", "clock", *CANDLE_NAMES)
"""The roles that a user's mapping can name; `time` is the day where there is a `clock`."""
_NEEDED = "a time, open, high, low and close"
_BINANCE = dict(zip(("time", *PRICES, "volume", "trades", "taker"), (0, 1, 2, 3, 4, 5, 8, 9), strict=True))
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?")
_ISO_ZONED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_WHOLE = re.compile("[0-9]{9,19}")


@dataclass(frozen=True, slots=True)
class CandleLayout:
    """columns: by role. quick: how Arrow itself can read the times ("wall", "zoned", "epoch"), "" if it cannot. order:
    of day, month and year. prices, volumes: how they are written, and the decimals of the sample. notes: what was
    decided, in words."""

    columns: Mapping[str, Column]
    quick: str
    order: DateOrder
    prices: NumberStyle
    volumes: NumberStyle
    price_decimals: int
    volume_decimals: int
    notes: tuple[str, ...] = ()

    @property
    def least(self) -> int:
        """The fewest columns of a row."""
        return 1 + max(column.index for role, column in self.columns.items() if role in ("time", "clock", *PRICES))


def candle_layout(sample: Sample, options: ReadOptions) -> CandleLayout:
    """The layout of candles. Raises NoLayout, BadInput for a wrong mapping or what must be chosen by hand."""
    if unknown := sorted(set(options.columns) - set(ROLES)):
        raise BadInput(f"columns: {unknown[0]!r} is not a role of candles; there are {', '.join(ROLES)}")
    notes: list[str] = []
    columns = _named(sample, options, notes) if sample.header else _unnamed(sample, options)
    missing = [role for role in ("time", *PRICES) if role not in columns]
    if missing:
        raise NoLayout(f"these are no candles: there is no column for {', '.join(missing)}")
    cells = column_cells(sample, columns["time"])
    prices = [cell for role in PRICES for cell in column_cells(sample, columns[role])]
    volumes = [cell for role in ("volume", "ticks", "taker") for cell in column_cells(sample, columns.get(role))]
    style = _style(prices, options, "prices")
    return CandleLayout(
        columns,
        "" if "clock" in columns else _quick(cells),
        _order(cells, options),
        style,
        _style(volumes, options, "volumes", style.mark if not style.plain or "," in "".join(volumes) else ""),
        most_decimals(prices),
        most_decimals(volumes),
        tuple(notes),
    )


def time_columns(sample: Sample, options: ReadOptions, names: tuple[str, ...] = TIMES) -> dict[str, Column]:
    """The columns of the time, and of the time of day where it has its own. Raises BadInput for a wrong mapping."""
    found: dict[str, Column] = {}
    for role in ("time", "clock"):
        if options.columns.get(role):
            found[role] = given_column(sample, role, options.columns[role])
    if "time" in found or not sample.header:
        return found
    compared = [plain(name) for name in sample.header]
    columns = {name: Column(index, sample.header[index]) for index, name in reversed(list(enumerate(compared)))}
    clock = next((columns[name] for name in CLOCKS if name in columns and _all(sample, columns[name], is_clock)), None)
    day = next((columns[name] for name in DAYS if name in columns and _all(sample, columns[name], is_day)), None)
    whole = [columns[name] for name in names if name in columns and _all(sample, columns[name], is_time)]
    exact = [column for column in whole if not _all(sample, column, is_day) or _all(sample, column, _is_epoch)]
    if exact:
        return {"time": exact[0]}
    if clock is not None and day is not None and clock.index != day.index and "clock" not in options.columns:
        return {"time": day, "clock": clock}
    if whole:
        return {"time": whole[0]}
    # nothing looks like a time: the name decides, and the rows are refused
    first = next((columns[name] for name in names if name in columns), None)
    return {} if first is None else {"time": first}


def _is_epoch(text: str) -> bool:
    return bool(_WHOLE.fullmatch(text))


def _all(sample: Sample, column: Column, fits: Callable[[str], object]) -> bool:
    cells = column_cells(sample, column)
    good = sum(bool(fits(cell)) for cell in cells)
    return bool(cells) and good >= 0.6 * len(cells)


def _named(sample: Sample, options: ReadOptions, notes: list[str]) -> dict[str, Column]:
    columns = role_columns(sample, CANDLE_NAMES, options.columns)
    if "volume" not in options.columns and "volume" in columns:
        columns["volume"] = _base_volume(sample, columns["volume"], notes)
    if "adjclose" in [plain(name) for name in sample.header]:
        notes.append("the prices are those traded; the adjusted close is left out")
    return {**time_columns(sample, options), **columns}


def _base_volume(sample: Sample, first: Column, notes: list[str]) -> Column:
    """The volume in units of what is traded, where there is one in money too: `Volume BTC` beside `Volume USDT`."""
    named = [
        Column(index, name)
        for index, name in enumerate(sample.header)
        if plain(name) == plain(first.name) and currency(name)
    ]
    if len(named) < 2:
        return first
    pairs = {cell.upper() for row in sample.rows for cell in row if re.fullmatch(r"[A-Za-z0-9]+/?[A-Za-z]+", cell)}
    base = next((each for each in named if any(pair.startswith(currency(each.name)) for pair in pairs)), first)
    notes.append(f"the volume is {base.name}")
    return base


def _unnamed(sample: Sample, options: ReadOptions) -> dict[str, Column]:
    """Columns of rows without a header: as Binance publishes them, or time, prices and volume in the usual order."""
    if options.columns:
        given = {role: given_column(sample, role, name) for role, name in options.columns.items() if name}
        return given
    width = sample.width
    if width >= 11:
        places = _BINANCE
    elif width in (7, 8) and _column_is(sample, 1, is_clock) and _column_is(sample, 0, is_day):
        places = dict(zip(("time", "clock", *PRICES, "volume"), range(7), strict=True))
    else:
        places = dict(zip(("time", *PRICES, "volume")[:width], range(width), strict=False))
    numbers = all(_column_is(sample, places[role], is_number) for role in PRICES if role in places)
    if width < 5 or not numbers or not _column_is(sample, 0, is_time):
        raise NoLayout(f"these are no candles: there is no header line, and the rows are not {_NEEDED}")
    return {role: Column(index, f"column {index + 1}") for role, index in places.items()}


def _column_is(sample: Sample, index: int, fits: Callable[[str], object]) -> bool:
    return _all(sample, Column(index, ""), fits)


def _quick(cells: list[str]) -> str:
    for kind, pattern in (("wall", _ISO), ("zoned", _ISO_ZONED), ("epoch", _WHOLE)):
        if cells and all(pattern.fullmatch(cell) for cell in cells):
            return kind
    return ""


def _order(cells: list[str], options: ReadOptions) -> DateOrder:
    if options.dates:
        return options.dates  # type: ignore[return-value]  # one of DATES
    return date_order(cells) or "ymd"


def _style(texts: list[str], options: ReadOptions, what: str, mark: str = "") -> NumberStyle:
    found = number_style(texts, options.decimal or mark)
    if found is None:
        example = next(text for text in texts if "," in text)
        raise BadInput(
            f"{what} such as {example[:40]!r} can be read in two ways: choose the decimal mark, dot or comma"
        )
    return found
