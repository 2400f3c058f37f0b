"""Parsed rows in columns, and how they become batches: side rules applied, one number grid, one batch a symbol.

Both paths end here, so that what a row's values mean (which side rule holds, which part of its volume is whose) is
written once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from orderflow.arrays import Codes, Flags, Indices, Ints
from orderflow.errors import FieldError
from orderflow.formats.parsing.problems import Odd
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.words import ABSENT, BUY, SELL, UNKNOWN
from orderflow.market.decimals import MAX_UNITS
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch


@dataclass(frozen=True, slots=True)
class Piece:
    """n good rows of one symbol in row order, not yet sided.

    row, time, price, size, id: int64[n]. flag: int8[n], what the venue says of the side (codes of `words`). quote:
    int8[n], what the quote says: BUY, SELL or ABSENT. bid, ask: separate volumes int64[n] on the size's grid, or None.
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

    def take(self, symbol: str, where: Indices) -> Piece:
        """The rows at `where` as another symbol's piece, on the coarsest grids that hold them."""
        bid = None if self.bid is None else self.bid[where]
        ask = None if self.ask is None else self.ask[where]
        volumes = [self.size[where], *(part for part in (bid, ask) if part is not None)]
        drop = min(_spare(units, self.size_decimals) for units in volumes)
        less = _spare(self.price[where], self.price_decimals)
        return Piece(
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
    """What one path made of some consecutive rows: pieces, the errors of the bad rows, and how many rows there were."""

    pieces: list[Piece]
    rows: int
    errors: list[FieldError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Ticks:
    row: Ints
    time: Ints
    price: Ints
    size: Ints
    side: Codes
    rule: Codes
    id: Ints


def assemble(chunks: Sequence[Chunk], *, infer: bool, first_row: int = 0) -> ParsedTicks:
    """All chunks as one result; with `infer` False a row without a flag has SideRule.NONE, whatever else it tells.

    Raises Odd when the numbers of a symbol's pieces have no grid in common; the plain path then says which row is to
    blame.
    """
    by_symbol: dict[str, list[Piece]] = {}
    for chunk in chunks:
        for piece in chunk.pieces:
            by_symbol.setdefault(piece.symbol, []).append(piece)
    batches, origins = [], []
    for symbol, pieces in sorted(by_symbol.items(), key=lambda item: int(item[1][0].row[0])):
        price_decimals = max(piece.price_decimals for piece in pieces)
        size_decimals = max(piece.size_decimals for piece in pieces)
        parts = [_sided(_regrid(piece, price_decimals, size_decimals), infer) for piece in pieces]
        ticks = parts[0] if len(parts) == 1 else _joined(parts)
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
    return ParsedTicks(batches, errors, sum(chunk.rows for chunk in chunks), origins, first_row)


def fits_grid(units: Ints, gap: int) -> Flags:
    """Which units stay exact when they are given `gap` more decimals."""
    return np.asarray(np.abs(units) <= MAX_UNITS // 10**gap)


def _spare(units: Ints, decimals: int) -> int:
    """How many of the decimals are zero in all of the units."""
    spare = 0
    while spare < decimals and not (units % 10 ** (spare + 1)).any():
        spare += 1
    return spare


def _regrid(piece: Piece, price_decimals: int, size_decimals: int) -> Piece:
    fine, small = price_decimals - piece.price_decimals, size_decimals - piece.size_decimals
    if not fine and not small:
        return piece
    if not (fits_grid(piece.price, fine).all() and fits_grid(piece.size, small).all()):
        raise Odd
    return replace(
        piece,
        price=piece.price * 10**fine,
        price_decimals=price_decimals,
        size=piece.size * 10**small,
        size_decimals=size_decimals,
        bid=None if piece.bid is None else piece.bid * 10**small,
        ask=None if piece.ask is None else piece.ask * 10**small,
    )


def _sided(piece: Piece, infer: bool) -> _Ticks:
    """The piece's ticks, each with its side and the rule that gave it."""
    flag = piece.flag
    free = flag == ABSENT
    side = np.where(flag == UNKNOWN, np.int8(Side.UNKNOWN), flag)
    rule = np.where(flag == UNKNOWN, np.int8(SideRule.NONE), np.int8(SideRule.FLAG))
    if free.any():
        quoted = free & (piece.quote != ABSENT) & infer
        side = np.where(quoted, piece.quote, side)
        rest = np.int8(SideRule.TICK if infer else SideRule.NONE)
        rule = np.where(free, np.where(quoted, np.int8(SideRule.QUOTE), rest), rule)
    ticks = _Ticks(piece.row, piece.time, piece.price, piece.size, side, rule, piece.id)
    if piece.bid is None or piece.ask is None or not infer:
        return ticks
    split = free & (piece.bid + piece.ask > 0)
    return _divided(ticks, piece.bid, piece.ask, split) if split.any() else ticks


def _divided(ticks: _Ticks, bid: Ints, ask: Ints, split: Flags) -> _Ticks:
    """Rows of `split` as up to three ticks of the same time and price: the bid volume (sold), the ask volume (bought),
    and what of the size is neither. Ticks of a row that became several carry no id: they would look like
    repetitions."""
    sizes = np.stack([bid, ask, ticks.size - bid - ask], axis=1)
    sizes[~split] = 0
    sizes[~split, 2] = ticks.size[~split]
    keep = sizes > 0
    keep[~split, 2] = True
    source, part = np.nonzero(keep)
    several = keep.sum(axis=1) > 1
    side = np.where(part == 0, np.int8(SELL), np.where(part == 1, np.int8(BUY), ticks.side[source]))
    rule = np.where(part == 2, ticks.rule[source], np.int8(SideRule.VOLUMES))
    return _Ticks(
        ticks.row[source],
        ticks.time[source],
        ticks.price[source],
        sizes[keep],
        side,
        rule,
        np.where(several, NO_ID, ticks.id)[source],
    )


def _joined(parts: Sequence[_Ticks]) -> _Ticks:
    return _Ticks(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.price for part in parts]),
        np.concatenate([part.size for part in parts]),
        np.concatenate([part.side for part in parts]),
        np.concatenate([part.rule for part in parts]),
        np.concatenate([part.id for part in parts]),
    )
