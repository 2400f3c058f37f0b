"""Rows that are no trades: quotes, orders, cancels and corrections, told apart by a column of their kind.

Rows of another kind are skipped and counted by what they are; they are not bad. A cancel or a correction concerns a
trade before it, so it needs a reading ahead (`formats.amendments`); without one, as in a request body, it is an error.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.arrays import Flags, Indices
from orderflow.formats.parsing.assemble import Chunk
from orderflow.formats.parsing.context import Amendments, ParseContext
from orderflow.formats.parsing.fast import Columns, read_columns
from orderflow.formats.parsing.layout import AMENDS, TRADE, UNKNOWN, Kinds, Layout, Role
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.parse_errors import NotVectorizable

_MOST = 4096
DROPPED = "trades that are cancelled later"
NO_PRICE = "snapshots without a price"
_TEXT = pa.string()


def read_trades(columns: Columns, rows: int, first_row: int, layout: Layout, context: ParseContext) -> Chunk:
    """`read_columns` for the rows that are trades. Raises NotVectorizable, also for a kind that is an error."""
    if layout.kind is None and not layout.total:
        return read_columns(columns, rows, first_row, layout, context)
    keep = np.ones(rows, np.bool_)
    skipped: Counter[str] = Counter()
    if layout.total:
        keep = np.asarray(columns[Role.PRICE][0].is_valid())
        skipped[NO_PRICE] = rows - int(np.count_nonzero(keep))
    if layout.kind is not None and Role.ACTION in columns:
        keep = _kept(columns[Role.ACTION][0], layout.kind, context, skipped)
    if context.ahead is not None:
        gone = [row - first_row for row in context.ahead.dropped if first_row <= row < first_row + rows]
        skipped[DROPPED] += int(np.count_nonzero(keep[gone]))
        keep[gone] = False
        columns = _changed(columns, rows, first_row, context.ahead)
    if keep.all():
        return read_columns(columns, rows, first_row, layout, context)
    where = np.flatnonzero(keep)
    mask = pa.array(keep)
    inner: dict[Role, tuple[pa.Array, DecimalMark]] = {
        role: (array.filter(mask), mark) for role, (array, mark) in columns.items() if role is not Role.ACTION
    }
    chunk = read_columns(inner, len(where), 0, layout, context)
    parts = [replace(part, row=where[part.row] + first_row) for part in chunk.parts]
    return Chunk(parts, rows, skipped=+skipped, outside=chunk.outside)


def _changed(columns: Columns, rows: int, first_row: int, ahead: Amendments) -> Columns:
    """The columns with corrected prices and sizes."""
    here = {row - first_row: new for row, new in ahead.changed.items() if first_row <= row < first_row + rows}
    if not here:
        return columns
    made = dict(columns)
    for role in (Role.PRICE, Role.SIZE):
        array, mark = columns[role]
        texts = array.cast(_TEXT).to_pylist()
        for row, new in here.items():
            texts[row] = new.get(role, texts[row])
        made[role] = pa.array(texts, _TEXT), mark
    return made


def _kept(words: pa.Array, kind: Kinds, context: ParseContext, skipped: Counter[str]) -> Flags:
    """Which rows are trades; the others are counted."""
    if not pa.types.is_string(words.type):
        words = pc.cast(words, pa.string())
    table = words.fill_null("").dictionary_encode()
    if len(table.dictionary) > _MOST:
        raise NotVectorizable
    meanings = [kind(word) for word in table.dictionary.to_pylist()]
    codes: Indices = np.asarray(table.indices).astype(np.intp)
    counts = np.bincount(codes, minlength=len(meanings)).tolist()
    for meaning, count in zip(meanings, counts, strict=True):
        if meaning == UNKNOWN or (meaning in AMENDS and context.ahead is None):
            raise NotVectorizable
        if meaning != TRADE:
            skipped[meaning] += count
    trade = np.array([meaning == TRADE for meaning in meanings] or [True], np.bool_)
    return trade[codes]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a single row's kind means: skipped under a label, or an error."""

    label: str = ""
    error: str = ""


def judge(word: str, kind: Kinds, ahead: Amendments | None, row: int) -> Verdict | None:
    """What the row path does with a row: None reads it as a trade."""
    meaning = kind(word)
    if meaning == TRADE:
        return Verdict(DROPPED) if ahead is not None and row in ahead.dropped else None
    if meaning == UNKNOWN:
        return Verdict(error="is not a kind of record that is known; trades are told by this column")
    if meaning in AMENDS and ahead is None:
        return Verdict(error="concerns a trade before it, which cannot be changed here: send the whole file")
    return Verdict(meaning)
