"""Ticks as the CSV text that `POST /ticks` takes, written in columns.

Why CSV: it is the fastest text that the server reads (columnar, no object per tick), and decimal text is exact where
a JSON number passes through a float. Why not a CSV library: they go value by value; here every number becomes digits
by table look-ups of four, in one byte matrix of a row per tick, and the bytes that are not needed are dropped in one
go (tens of nanoseconds a tick).

Every tick must arrive with the side and the rule that it has here, so the text has what makes the server find both
again: a word for a flagged side and for one that the venue calls unknown; the quote that the trade was at; the volume
of the one side that it was; and nothing where the tick rule decides, which goes by the order of all ticks and is the
server's. A trade id that was no number travels as its hash and is hashed again: equal ones stay equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Bytes, Codes, Indices, Ints
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch

CONTENT_TYPE = "text/csv; charset=utf-8"

"""uint8[n, width]: a column of text, one row a tick; a zero byte is no character."""

_GROUPS = np.array([b"%04d" % i for i in range(10_000)], "S4").view(np.uint32)
"""uint32[10_000]: the four characters of each number below 10,000, as one word."""
_ZERO = ord("0")
_SIDES = {0: "", 1: "sell", 2: "unknown", 3: "buy"}
"""Words of the side column by 2 + side; 0 leaves it to the other columns, or to the tick rule."""


def csv_body(batch: TickBatch | Sequence[TickBatch], order: Indices | None = None) -> bytes:
    """The ticks as CSV with a header line, one line a tick.

    Of one symbol the text has no symbol column (the request names it). Of several, `order` says how the concatenated
    batches are arranged (indices; None: one after the other) and each line names its symbol.
    """
    batches = [batch] if isinstance(batch, TickBatch) else list(batch)
    parts: dict[str, Bytes] = {
        "timestamp": _stack([_whole(b.time) for b in batches]),
        "price": _stack([_decimal(b.price, b.price_decimals) for b in batches]),
        "size": _stack([_decimal(b.size, b.size_decimals) for b in batches]),
    }
    side = np.concatenate([b.side for b in batches])
    rule = np.concatenate([b.rule for b in batches])
    ids = np.concatenate([b.id for b in batches])
    parts |= _sides(side, rule, parts["price"], parts["size"])
    if (ids != NO_ID).any():
        parts["id"] = _ids(ids)
    if len(batches) > 1:
        names = {i: _quoted(b.symbol) for i, b in enumerate(batches)}
        parts["symbol"] = _words(np.repeat(np.arange(len(batches)), [len(b) for b in batches]), names)
    return ",".join(parts).encode() + b"\n" + _lines(list(parts.values()), order)


def _sides(side: Codes, rule: Codes, price: Bytes, size: Bytes) -> dict[str, Bytes]:
    """The columns that say each tick's side and how it was found; none that is empty throughout."""
    columns: dict[str, Bytes] = {}
    worded = (rule == SideRule.FLAG) | (rule == SideRule.NONE)
    if worded.any():
        columns["side"] = _words(np.where(worded, 2 + side, 0), _SIDES)
    for told, cell, names in (
        (rule == SideRule.QUOTE, price, ("bid", "ask")),
        (rule == SideRule.VOLUMES, size, ("bid_volume", "ask_volume")),
    ):
        if told.any():
            for name, way in zip(names, (Side.SELL, Side.BUY), strict=True):
                columns[name] = np.where((told & (side == way))[:, None], cell, 0).astype(np.uint8)
    return columns


def _lines(columns: Sequence[Bytes], order: Indices | None) -> bytes:
    rows = len(columns[0])
    page = np.empty((rows, sum(c.shape[1] + 1 for c in columns)), np.uint8)
    at = 0
    for column in columns:
        page[:, at : at + column.shape[1]] = column
        at += column.shape[1] + 1
        page[:, at - 1] = ord(",")
    page[:, -1] = ord("\n")
    if order is not None:
        page = page[order]
    return page.tobytes().translate(None, b"\0")


def _stack(columns: list[Bytes]) -> Bytes:
    if len(columns) == 1:
        return columns[0]
    width = max(c.shape[1] for c in columns)
    return np.concatenate([np.pad(c, ((0, 0), (0, width - c.shape[1]))) for c in columns])


def _digits(values: Ints) -> Bytes:
    """Zero-padded decimal digits, as wide as the largest value. values: >= 0."""
    width = len(str(int(values.max(initial=0))))
    groups = -(-width // 4)
    text = np.empty((len(values), groups), np.uint32)
    rest = values
    for group in range(groups - 1, 0, -1):
        high = rest // 10_000  # by a constant: multiplied, not divided; divmod is four times slower
        text[:, group] = _GROUPS[rest - high * 10_000]
        rest = high
    text[:, 0] = _GROUPS[rest]
    return text.view(np.uint8)[:, groups * 4 - width :]


def _strip_left(text: Bytes, upto: int) -> None:
    """Drop leading zeros among the first `upto` characters."""
    leading = np.ones(len(text), np.bool_)
    for column in range(upto):
        leading &= text[:, column] == _ZERO
        if not leading.any():
            return
        text[leading, column] = 0


def _whole(values: Ints) -> Bytes:
    text = _digits(values)
    _strip_left(text, text.shape[1] - 1)
    return text


def _decimal(units: Ints, decimals: int) -> Bytes:
    """Plain decimal text of units / 10**decimals, without trailing zeros. units: >= 0."""
    if not decimals:
        return _whole(units)
    whole = units // 10**decimals
    left = _whole(whole)
    right = _digits(units - whole * 10**decimals)
    right = np.pad(right, ((0, 0), (decimals - right.shape[1], 0)), constant_values=_ZERO)
    text = np.concatenate([left, np.full((len(units), 1), ord("."), np.uint8), right], axis=1)
    trailing = np.ones(len(units), np.bool_)
    for column in range(text.shape[1] - 1, left.shape[1], -1):
        trailing &= text[:, column] == _ZERO
        if not trailing.any():
            return text
        text[trailing, column] = 0
    text[trailing, left.shape[1]] = 0
    return text


def _ids(ids: Ints) -> Bytes:
    """Whole numbers, signed; nothing where there is no id."""
    known = ids != NO_ID
    text = _whole(np.abs(np.where(known, ids, 0)))
    sign = np.where(known & (ids < 0), ord("-"), 0).astype(np.uint8)[:, None]
    text[~known] = 0
    return np.concatenate([sign, text], axis=1)


def _words(codes: npt.NDArray[np.integer], words: dict[int, str]) -> Bytes:
    """Each code's word."""
    table = {code: word.encode() for code, word in words.items()}
    width = max(map(len, table.values()))
    letters = np.zeros((max(table) + 1, width), np.uint8)
    for code, word in table.items():
        letters[code, : len(word)] = np.frombuffer(word, np.uint8)
    text: Bytes = letters[codes]
    return text


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if any(c in word for c in ',"\r\n') else word
