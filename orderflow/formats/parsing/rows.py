"""The row path: parse one row after the other and report every error with its row, line and field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import FieldError
from orderflow.formats.parsing import times, words
from orderflow.formats.parsing.assemble import Chunk, ParsedRows
from orderflow.formats.parsing.context import Cell, ParseContext
from orderflow.formats.parsing.kinds import NO_PRICE, judge
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.numbers import NULL_WORDS, number
from orderflow.formats.parsing.parse_errors import NumberText, ParseError, TakesLong, shown
from orderflow.formats.parsing.trading_days import action_day_is_calendar, sends_calendar_days
from orderflow.market.decimals import MAX_UNITS, unit_text
from orderflow.market.ticks import NO_ID

Cells = Mapping[Role, Cell]
Exact = tuple[int, int]

_NOTHING: Exact = (0, 0)


@dataclass(slots=True)
class _Row:
    """One valid row; numbers are (units, decimals)."""

    row: int
    line: int | None
    time: int
    price: Exact
    size: Exact
    bid: Exact
    ask: Exact
    flag: int
    quote: int
    id: int | str


class RowReader:
    """Collects rows, which must be added in order; `chunk` returns the result."""

    def __init__(self, layout: Layout, context: ParseContext) -> None:
        if context.quick:
            raise TakesLong
        self._layout = layout
        self._context = context
        self._symbols: dict[str, list[_Row]] = {}
        self._errors: list[FieldError] = []
        self._rows = self._rejected = self._outside = 0
        self._skipped: Counter[str] = Counter()
        self._volumes = Role.BID_VOLUME in layout.columns and Role.ASK_VOLUME in layout.columns
        self._sized = Role.SIZE in layout.columns
        self._cells: Cells = {}
        self._required = [Role.TIME, Role.PRICE]
        if self._sized:
            self._required.append(Role.SIZE)
        elif self._volumes:
            self._required += [Role.BID_VOLUME, Role.ASK_VOLUME]
        self._parse: dict[Role, Callable[[Cell], Any]] = {
            Role.TIME: self._time,
            Role.DAY: _number_text,
            Role.PRICE: self._price,
            Role.SIZE: self._size,
            Role.SIDE: lambda cell: words.side(_string(cell), layout.side_words),
            Role.MAKER: lambda cell: words.side(_string(cell), layout.maker_words),
            Role.ID: _trade_id,
            Role.SYMBOL: lambda cell: words.symbol(_string(cell)),
            Role.SUFFIX: lambda cell: words.symbol(_string(cell)),
            Role.BID: lambda cell: number(_number_text(cell), cell.mark, layout.price_shift),
            Role.ASK: lambda cell: number(_number_text(cell), cell.mark, layout.price_shift),
            Role.BID_VOLUME: self._volume,
            Role.ASK_VOLUME: self._volume,
            Role.ACTION: lambda cell: None,
            Role.SESSION: _number_text,
            Role.MILLIS: _number_text,
        }

    def refuse(self, row: int, line: int | None, reason: str) -> None:
        """Reject a row that cannot be split into cells."""
        self._context.read_alone()
        self._rows += 1
        self._rejected += 1
        self._note([FieldError(row, None, reason, line)])
        self._context.reject(row)

    def add(self, row: int, line: int | None, cells: Cells) -> None:
        """Parse one data row: a cell for each role with a value (empty optional cells are left out)."""
        self._context.read_alone()
        self._rows += 1
        self._cells = cells
        if self._layout.total and (Role.PRICE not in cells or cells[Role.PRICE].value in NULL_WORDS):
            self._skipped[NO_PRICE] += 1
            return
        if self._layout.kind:
            if not self._is_trade(row, line, cells.get(Role.ACTION)):
                return
            if self._context.ahead and row in self._context.ahead.changed:
                new = self._context.ahead.changed[row]
                cells = {role: cell._replace(value=new.get(role, cell.value)) for role, cell in cells.items()}
        got: dict[Role, Any] = {}
        faults: list[tuple[Role, str]] = []
        for role, cell in cells.items():
            try:
                got[role] = self._parse[role](cell)
            except ParseError as error:
                faults.append((role, str(error)))
        faults += [
            (role, f"is missing; every trade needs a {role.value}") for role in self._required if role not in cells
        ]
        if self._volumes and not faults:
            faults += self._check_volumes(got)
        if not faults and Role.SUFFIX in got and Role.SYMBOL in got:
            try:
                got[Role.SYMBOL] = words.symbol(f"{got[Role.SYMBOL]}.{got[Role.SUFFIX]}")
            except ParseError as error:
                faults.append((Role.SYMBOL, str(error)))
        if faults:
            self._rejected += 1
            if self._context.room != 0:
                self._note([FieldError(row, self._field(role), reason, line) for role, reason in faults])
            self._context.reject(row)
            return
        name = got.get(Role.SYMBOL, self._context.symbol)
        if self._context.only:
            if Role.SYMBOL in got:
                self._context.rename([name])
            name = self._context.symbol
        price, time, size = got[Role.PRICE], got[Role.TIME], got[Role.SIZE]
        flag = got.get(Role.SIDE, words.ABSENT) or got.get(Role.MAKER, words.ABSENT)
        if self._layout.signed:
            flag = (size[0] > 0) - (size[0] < 0)
            size = abs(size[0]), size[1]
        zone = self._context.zone
        zone.latest = max(zone.latest, time)
        bid, ask = got.get(Role.BID, _NOTHING), got.get(Role.ASK, _NOTHING)
        self._outside += _is_outside(price, bid, ask)
        good = _Row(
            row,
            line,
            time,
            price,
            size,
            got.get(Role.BID_VOLUME, _NOTHING) if self._volumes else _NOTHING,
            got.get(Role.ASK_VOLUME, _NOTHING) if self._volumes else _NOTHING,
            flag,
            _quote(price, bid, ask),
            got.get(Role.ID, NO_ID),
        )
        self._symbols.setdefault(name, []).append(good)

    def chunk(self) -> Chunk:
        """The result for all rows so far."""
        parts = [self._parsed_rows(symbol, rows) for symbol, rows in self._symbols.items()]
        self._errors.sort(key=lambda error: -1 if error.row is None else error.row)
        return Chunk(
            [part for part in parts if len(part.row)],
            self._rows,
            self._errors,
            self._rejected,
            True,
            self._skipped,
            self._outside,
        )

    def _note(self, errors: list[FieldError]) -> None:
        """List errors while there is room."""
        room = self._context.room
        if room is not None:
            errors = errors[:room]
            self._context.room = room - len(errors)
            self._context.listed += errors
        self._errors += errors

    def _field(self, role: Role) -> str:
        """The field's name as sent."""
        cell = self._cells.get(role)
        return cell.name if cell else self._layout.name(role) or role.value

    def _is_trade(self, row: int, line: int | None, cell: Cell | None) -> bool:
        """Whether the row's kind is a trade. Other rows are counted, or rejected."""
        assert self._layout.kind is not None
        word = str(cell.value) if cell else ""
        verdict = judge(word, self._layout.kind, self._context.ahead, row)
        if verdict is None:
            return True
        if verdict.error:
            self._rejected += 1
            reason = f"{shown(word)} {verdict.error}"
            self._note([FieldError(row, self._field(Role.ACTION), reason, line)])
            self._context.reject(row)
        else:
            self._skipped[verdict.label] += 1
        return False

    def _time(self, cell: Cell) -> int:
        zone = self._context.zone
        text = _number_text(cell, "a time")
        layout = self._layout
        if layout.time is TimeRule.MOMENT:
            return times.moment(text, zone, layout.date_order, layout.places)
        if layout.time is TimeRule.COMPACT:
            return times.compact_moment(text, zone)
        if layout.time is TimeRule.DAY_MILLIS:
            return times.day_millis(text, layout.day, zone)
        if layout.time is TimeRule.COUNTED:
            return times.counted(text, layout.time_unit)
        day = self._cells.get(Role.DAY)
        if layout.time is TimeRule.FORMATTED:
            whole = text if day is None else f"{_string(day)} {text}"
            return times.formatted(whole, layout.time_format, zone)
        if day is None or not day.value:
            raise ParseError(f"{shown(text)} has no date")
        if layout.time in (TimeRule.SESSIONS, TimeRule.ACTION_DAYS):
            by_code = sends_calendar_days if layout.time is TimeRule.SESSIONS else action_day_is_calendar
            trading, millis = self._cells.get(Role.SESSION), self._cells.get(Role.MILLIS)
            return times.session_moment(
                (_number_text(day), trading and _number_text(trading)),
                text,
                millis and _number_text(millis),
                bool(by_code(self._symbol())),
                zone,
            )
        return times.split_moment(_string(day), text, layout.date_order, zone, layout.places, layout.clock_places)

    def _number(self, cell: Cell, shift: int = 0) -> Exact:
        return number(_number_text(cell), cell.mark, shift, self._context.snaps)

    def _price(self, cell: Cell) -> Exact:
        price = self._number(cell, self._layout.price_shift)
        if price[0] <= 0 and (self._layout.positive or not self._context.below(self._symbol())):
            raise ParseError(f"{shown(cell.value)} is not above 0; a price must be positive")
        return price

    def _symbol(self) -> str:
        """The symbol of the present row, if it is one."""
        cell = self._cells.get(Role.SYMBOL)
        return str(cell.value) if cell and not self._context.only else self._context.symbol

    def _size(self, cell: Cell) -> Exact:
        return self._number(cell) if self._layout.signed else self._volume(cell)

    def _volume(self, cell: Cell) -> Exact:
        size = self._number(cell)
        if size[0] < 0:
            raise ParseError(f"{shown(cell.value)} is below 0; a size must not be negative")
        return size

    def _check_volumes(self, got: dict[Role, Any]) -> list[tuple[Role, str]]:
        """Check separate volumes against the size, or compute the size from them. Returns the errors."""
        bid, ask = got.get(Role.BID_VOLUME, _NOTHING), got.get(Role.ASK_VOLUME, _NOTHING)
        decimals = max(bid[1], ask[1])
        both = _on(bid, decimals) + _on(ask, decimals)
        if not self._sized:
            got[Role.SIZE] = both, decimals
            return (
                [(Role.ASK_VOLUME, "and the bid volume are too large to be kept exactly")] if both > MAX_UNITS else []
            )
        size = got[Role.SIZE]
        if both * 10 ** size[1] <= size[0] * 10**decimals:
            return []
        reason = f"and the bid volume add up to {unit_text(both, decimals)}, more than the size {unit_text(*size)}"
        return [(Role.ASK_VOLUME, reason)]

    def _parsed_rows(self, symbol: str, rows: list[_Row]) -> ParsedRows:
        price_decimals = max(row.price[1] for row in rows)
        size_decimals = max(max(row.size[1], row.bid[1], row.ask[1]) for row in rows)
        kept = []
        for row in rows:
            faults = [
                (role, exact)
                for role, exact, decimals in (
                    (Role.PRICE, row.price, price_decimals),
                    (Role.SIZE, row.size, size_decimals),
                )
                if abs(exact[0]) > MAX_UNITS // 10 ** (decimals - exact[1])
            ]
            for role, exact in faults:
                reason = f"{unit_text(*exact)} cannot be kept exactly with as many decimals as the other rows have"
                self._note([FieldError(row.row, self._layout.name(role) or role.value, reason, row.line)])
            if faults:
                self._rejected += 1
            else:
                kept.append(row)
        return ParsedRows(
            symbol,
            np.array([row.row for row in kept], np.int64),
            np.array([row.time for row in kept], np.int64),
            np.array([_on(row.price, price_decimals) for row in kept], np.int64),
            price_decimals,
            np.array([_on(row.size, size_decimals) for row in kept], np.int64),
            size_decimals,
            np.array([row.flag for row in kept], np.int8),
            np.array([row.quote for row in kept], np.int8),
            _ids([row.id for row in kept]),
            np.array([_on(row.bid, size_decimals) for row in kept], np.int64) if self._volumes else None,
            np.array([_on(row.ask, size_decimals) for row in kept], np.int64) if self._volumes else None,
        )


def _number_text(cell: Cell, what: str = "a number") -> str:
    """The text of a cell that can be a JSON number or a string. Raises ParseError."""
    if not isinstance(cell.value, str):
        raise ParseError(f"{shown(cell.value)} is not {what}")
    if not cell.value:
        raise ParseError(f"is empty; it must be {what}")
    return cell.value


def _string(cell: Cell) -> str:
    """The text of a cell that must be a string. Raises ParseError."""
    if not isinstance(cell.value, str) or isinstance(cell.value, NumberText):
        raise ParseError(f"{shown(cell.value)} is not a string")
    return cell.value


def _trade_id(cell: Cell) -> int | str:
    if not isinstance(cell.value, str):
        raise ParseError(f"{shown(cell.value)} is not a trade id; send a whole number from 0, or a string")
    return words.trade_id(cell.value)


def _ids(values: list[int | str]) -> Ints:
    ids = np.array([value if isinstance(value, int) else NO_ID for value in values], np.int64)
    texts = [(place, value) for place, value in enumerate(values) if isinstance(value, str)]
    if texts:
        ids[[place for place, _ in texts]] = words.hashed(np.array([value for _, value in texts], object))
    return ids


def _on(exact: Exact, decimals: int) -> int:
    finer: int = exact[0] * 10 ** (decimals - exact[1])
    return finer


def _is_outside(price: Exact, bid: Exact, ask: Exact) -> bool:
    """Whether a price is below the bid or above the ask. A quote of 0 or less, or a crossed one, is ignored."""
    decimals = max(price[1], bid[1], ask[1])
    at, low, high = _on(price, decimals), _on(bid, decimals), _on(ask, decimals)
    return 0 < low <= high and not low <= at <= high


def _quote(price: Exact, bid: Exact, ask: Exact) -> int:
    """The quote rule for one trade. A quote of 0 or less is ignored; a crossed quote gives no side."""
    decimals = max(price[1], bid[1], ask[1])
    at, low, high = _on(price, decimals), _on(bid, decimals), _on(ask, decimals)
    if low > 0 and high > 0:
        if low > high or 2 * at == low + high:
            return words.ABSENT
        if at >= high:
            return words.BUY
        if at <= low:
            return words.SELL
        return words.BUY if 2 * at > low + high else words.SELL
    if high > 0:
        return words.BUY if at >= high else words.ABSENT
    return words.SELL if low > 0 and at <= low else words.ABSENT
