"""Writes ticks as the CSV body of `POST /ticks`, column by column.

Why CSV: it is the fastest text format that the server parses (columnar, no object per tick), and decimal text is exact,
while a JSON number passes through a float. Why not a CSV library: libraries format value by value. Here, digits come
from a lookup table of four-digit groups into one byte matrix with a row per tick, and unused bytes are then removed in
one pass (tens of nanoseconds per tick).

The server must infer the same side and side rule for every tick, so the text contains the evidence: a word for a
flagged or unknown side, the quote for the quote rule, the volume of one side for the volumes rule, and nothing for the
tick rule, which the server applies to the order of all ticks. A trade id that was not a number is sent as its
hash, a negative number, which the server takes as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Bytes, Codes, Indices, Ints
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch

CONTENT_TYPE = "text/csv; charset=utf-8"

_GROUPS = np.array([b"%04d" % i for i in range(10_000)], "S4").view(np.uint32)
"""uint32[10_000]: the four characters of each number below 10,000, as one word."""
_ZERO = ord("0")
_SIDES = {0: "", 1: "sell", 2: "unknown", 3: "buy"}
"""Words of the side column by 2 + side; 0: the side follows from the other columns, or from the tick rule."""


def csv_body(batch: TickBatch | Sequence[TickBatch], order: Indices | None = None) -> bytes:
    """The ticks as CSV with a header line and one line per tick.

    A single batch has no symbol column, because the request names the symbol. For several batches, each line has its
    symbol, and `order` is the order of the lines as indices into the concatenated batches (None: as they are).
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
    """The columns from which the server infers each tick's side and side rule, without empty columns."""
    columns: dict[str, Bytes] = {}
    worded = (rule == SideRule.FLAG) | (rule == SideRule.NONE)
    if worded.any():
        columns["side"] = _words(np.where(worded, 2 + side, 0), _SIDES)
    for chosen, cell, names in (
        (rule == SideRule.QUOTE, price, ("bid", "ask")),
        (rule == SideRule.VOLUMES, size, ("bid_volume", "ask_volume")),
    ):
        if chosen.any():
            for name, way in zip(names, (Side.SELL, Side.BUY), strict=True):
                columns[name] = np.where((chosen & (side == way))[:, None], cell, 0).astype(np.uint8)
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


def _digits(values: Ints, least: int = 1) -> Bytes:
    """Zero-padded decimal digits, as wide as the largest value, and at least `least` wide. values: >= 0."""
    width = max(least, len(str(int(values.max(initial=0)))))
    groups = -(-width // 4)
    text = np.empty((len(values), groups), np.uint32)
    rest = values
    for group in range(groups - 1, 0, -1):
        high = rest // 10_000  # numpy turns division by a constant into a multiplication; divmod is four times slower
        text[:, group] = _GROUPS[rest - high * 10_000]
        rest = high
    text[:, 0] = _GROUPS[rest]
    return text.view(np.uint8)[:, groups * 4 - width :]


def _strip_left(text: Bytes, upto: int) -> None:
    """Remove leading zeros from the first `upto` characters."""
    leading = np.ones(len(text), np.bool_)
    for column in range(upto):
        leading &= text[:, column] == _ZERO
        if not leading.any():
            return
        text[:, column] *= ~leading  # several times as fast as an assignment to the chosen rows


def _whole(values: Ints) -> Bytes:
    text = _digits(values)
    _strip_left(text, text.shape[1] - 1)
    return text


def _decimal(units: Ints, decimals: int) -> Bytes:
    """Plain decimal text of units / 10**decimals, without trailing zeros."""
    below = units < 0
    if not below.any():
        return _above(units, decimals)
    sign = np.where(below, ord("-"), 0).astype(np.uint8)[:, None]
    return np.concatenate([sign, _above(np.abs(units), decimals)], axis=1)


def _above(units: Ints, decimals: int) -> Bytes:
    """The same for units of 0 and above."""
    if not decimals:
        return _whole(units)
    digits = _digits(units, decimals + 1)
    whole = digits.shape[1] - decimals
    _strip_left(digits, whole - 1)
    text = np.empty((len(units), whole + 1 + decimals), np.uint8)
    text[:, :whole] = digits[:, :whole]
    text[:, whole] = ord(".")
    text[:, whole + 1 :] = digits[:, whole:]
    trailing = np.ones(len(units), np.bool_)
    for column in range(text.shape[1] - 1, whole, -1):
        trailing &= text[:, column] == _ZERO
        if not trailing.any():
            return text
        text[:, column] *= ~trailing
    text[:, whole] *= ~trailing
    return text


def _ids(ids: Ints) -> Bytes:
    """Signed whole numbers, empty for ticks without an id."""
    known = ids != NO_ID
    text = _whole(np.abs(np.where(known, ids, 0)))
    sign = np.where(known & (ids < 0), ord("-"), 0).astype(np.uint8)[:, None]
    text[~known] = 0
    return np.concatenate([sign, text], axis=1)


def _words(codes: npt.NDArray[np.integer], words: dict[int, str]) -> Bytes:
    """The word of each code."""
    table = {code: word.encode() for code, word in words.items()}
    width = max(map(len, table.values()))
    letters = np.zeros((max(table) + 1, width), np.uint8)
    for code, word in table.items():
        letters[code, : len(word)] = np.frombuffer(word, np.uint8)
    text: Bytes = letters[codes]
    return text


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if any(c in word for c in ',"\r\n') else word
