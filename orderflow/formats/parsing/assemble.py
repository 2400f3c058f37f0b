"""Turn parsed rows into batches: apply the side rules, find a common number grid, make one batch per symbol.

Both parsing paths end here, so the side rules and the split of volumes are written once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from orderflow.arrays import Codes, Flags, Indices, Ints
from orderflow.errors import FieldError
from orderflow.formats.parsing.parse_errors import NotVectorizable
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.words import ABSENT, BUY, SELL, UNKNOWN, part_ids
from orderflow.market.decimals import MAX_UNITS
from orderflow.market.ticks import Side, SideRule, TickBatch


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """n valid rows of one symbol in row order, before side rules are applied.

    row, time, price, size, id: int64[n]. flag: int8[n], the venue's side (codes of `words`). quote: int8[n], the side
    by the quote: BUY, SELL or ABSENT. bid, ask: separate volumes int64[n] on the size's grid, or None.
    """

    symbol: str
    row: Ints
    time: Ints
    price: Ints
    price_decimals: int
    size: Ints
    size_decimals: int
    flag: Codes
    quote: Codes
    id: Ints
    bid: Ints | None = None
    ask: Ints | None = None

    def take(self, symbol: str, where: Indices) -> ParsedRows:
        """The rows at `where` as rows of another symbol, on the coarsest grids that hold them."""
        bid = None if self.bid is None else self.bid[where]
        ask = None if self.ask is None else self.ask[where]
        volumes = [self.size[where], *(part for part in (bid, ask) if part is not None)]
        drop = min(_trailing_zeros(units, self.size_decimals) for units in volumes)
        less = _trailing_zeros(self.price[where], self.price_decimals)
        return ParsedRows(
            symbol,
            self.row[where],
            self.time[where],
            self.price[where] // 10**less,
            self.price_decimals - less,
            self.size[where] // 10**drop,
            self.size_decimals - drop,
            self.flag[where],
            self.quote[where],
            self.id[where],
            None if bid is None else bid // 10**drop,
            None if ask is None else ask // 10**drop,
        )


@dataclass(slots=True)
class Chunk:
    """The result of one path for consecutive rows: parsed rows, errors, number of rows, and of bad ones.

    by_rows: it is of the row path. skipped: numbers of rows that are no trades, by what they are. outside: trades below
    the bid or above the ask.
    """

    parts: list[ParsedRows]
    rows: int
    errors: list[FieldError] = field(default_factory=list)
    rejected: int = 0
    by_rows: bool = False
    skipped: Counter[str] = field(default_factory=Counter)
    outside: int = 0


@dataclass(frozen=True, slots=True)
class _TickColumns:
    row: Ints
    time: Ints
    price: Ints
    size: Ints
    side: Codes
    rule: Codes
    id: Ints


def assemble(chunks: Sequence[Chunk], *, infer: bool, first_row: int = 0) -> ParsedTicks:
    """Join all chunks into one result. With `infer` False, a row without a flag has SideRule.NONE.

    Raises NotVectorizable if the numbers of a symbol have no common grid; the row path then reports the row at fault.
    """
    by_symbol: dict[str, list[ParsedRows]] = {}
    for chunk in chunks:
        for part in chunk.parts:
            by_symbol.setdefault(part.symbol, []).append(part)
    batches, origins = [], []
    for symbol, groups in sorted(by_symbol.items(), key=lambda item: min(int(part.row[0]) for part in item[1])):
        price_decimals = max(part.price_decimals for part in groups)
        size_decimals = max(part.size_decimals for part in groups)
        parts = [_with_sides(_regrid(part, price_decimals, size_decimals), infer) for part in groups]
        ticks = parts[0] if len(parts) == 1 else _concatenate(parts)
        batches.append(
            TickBatch(
                symbol,
                ticks.time,
                ticks.price,
                ticks.size,
                ticks.side,
                ticks.rule,
                ticks.id,
                price_decimals,
                size_decimals,
            )
        )
        origins.append(ticks.row)
    errors = [error for chunk in chunks for error in chunk.errors]
    rows, rejected = sum(chunk.rows for chunk in chunks), sum(chunk.rejected for chunk in chunks)
    skipped = sum((chunk.skipped for chunk in chunks), Counter[str]())
    outside = sum(chunk.outside for chunk in chunks)
    return ParsedTicks(batches, errors, rows, origins, first_row, rejected, skipped, outside)


def fits_grid(units: Ints, gap: int) -> Flags:
    """Which units stay exact with `gap` more decimals."""
    return np.asarray(np.abs(units) <= MAX_UNITS // 10**gap)


def _trailing_zeros(units: Ints, decimals: int) -> int:
    """How many trailing decimals are zero in all units."""
    spare = 0
    while spare < decimals and not (units % 10 ** (spare + 1)).any():
        spare += 1
    return spare


def _regrid(part: ParsedRows, price_decimals: int, size_decimals: int) -> ParsedRows:
    fine, small = price_decimals - part.price_decimals, size_decimals - part.size_decimals
    if not fine and not small:
        return part
    if not (fits_grid(part.price, fine).all() and fits_grid(part.size, small).all()):
        raise NotVectorizable
    return replace(
        part,
        price=part.price * 10**fine,
        price_decimals=price_decimals,
        size=part.size * 10**small,
        size_decimals=size_decimals,
        bid=None if part.bid is None else part.bid * 10**small,
        ask=None if part.ask is None else part.ask * 10**small,
    )


def _with_sides(part: ParsedRows, infer: bool) -> _TickColumns:
    """The ticks of the rows, each with its side and the rule that gave it."""
    flag = part.flag
    free = flag == ABSENT
    side = np.where(flag == UNKNOWN, np.int8(Side.UNKNOWN), flag)
    rule = np.where(flag == UNKNOWN, np.int8(SideRule.NONE), np.int8(SideRule.FLAG))
    if free.any():
        quoted = free & (part.quote != ABSENT) & infer
        side = np.where(quoted, part.quote, side)
        rest = np.int8(SideRule.TICK if infer else SideRule.NONE)
        rule = np.where(free, np.where(quoted, np.int8(SideRule.QUOTE), rest), rule)
    ticks = _TickColumns(part.row, part.time, part.price, part.size, side, rule, part.id)
    if part.bid is None or part.ask is None or not infer:
        return ticks
    split = free & (part.bid + part.ask > 0)
    return _split_volumes(ticks, part.bid, part.ask, split) if split.any() else ticks


def _split_volumes(ticks: _TickColumns, bid: Ints, ask: Ints, split: Flags) -> _TickColumns:
    """Split the rows of `split` into up to three ticks of the same time and price: the bid volume (sold), the ask
    volume (bought), and the rest of the size. The ticks of a row that was split have ids of their own, made of the
    row's, or they would look like repetitions of one another.
    """
    sizes = np.stack([bid, ask, ticks.size - bid - ask], axis=1)
    sizes[~split] = 0
    sizes[~split, 2] = ticks.size[~split]
    keep = sizes > 0
    keep[~split, 2] = True
    source, part = np.nonzero(keep)
    several = keep.sum(axis=1) > 1
    side = np.where(part == 0, np.int8(SELL), np.where(part == 1, np.int8(BUY), ticks.side[source]))
    rule = np.where(part == 2, ticks.rule[source], np.int8(SideRule.VOLUMES))
    return _TickColumns(
        ticks.row[source],
        ticks.time[source],
        ticks.price[source],
        sizes[keep],
        side,
        rule,
        np.where(several[source], part_ids(ticks.id[source], part), ticks.id[source]),
    )


def _concatenate(parts: Sequence[_TickColumns]) -> _TickColumns:
    """The ticks of all parts in the order of their rows."""
    row = np.concatenate([part.row for part in parts])
    order = slice(None) if (row[1:] >= row[:-1]).all() else np.argsort(row, kind="stable")
    return _TickColumns(
        row[order],
        np.concatenate([part.time for part in parts])[order],
        np.concatenate([part.price for part in parts])[order],
        np.concatenate([part.size for part in parts])[order],
        np.concatenate([part.side for part in parts])[order],
        np.concatenate([part.rule for part in parts])[order],
        np.concatenate([part.id for part in parts])[order],
    )
