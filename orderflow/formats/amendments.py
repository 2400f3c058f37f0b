"""Read a file ahead for records that cancel or correct trades before them.

A cancel or a correction means the last trade before it with the same symbol and id or, where the table has no ids, the
same symbol, price and size. A corrected trade keeps its time and takes the correction's price and size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orderflow.errors import BadInput
from orderflow.formats.parsing.context import Amendments
from orderflow.formats.parsing.layout import AMENDS, TRADE, Kinds, Role
from orderflow.formats.parsing.numbers import DecimalMark, decimal_of
from orderflow.formats.part import Part

_CANCELS, _CORRECTIONS = AMENDS
_MOST = 1_000_000
_ROLES = (Role.ACTION, Role.SYMBOL, Role.ID, Role.PRICE, Role.SIZE)
Key = tuple[str, ...]
Cells = dict[Role, str]


class _Amendment(NamedTuple):
    row: int
    meaning: str
    cells: Cells


def read_ahead(open_part: Callable[[], Part]) -> Amendments:
    """What the cancels and corrections of a part do. It is opened once, and again if there are any.

    Raises BadInput if a correction does not say which trade it means, or if there are more than a million.
    """
    part = open_part()
    kind = part.layout.kind
    assert kind is not None
    roles = [role for role in _ROLES if role in part.layout.columns]
    found = [_Amendment(row, meaning, cells) for row, meaning, cells in _rows(part, roles, kind, AMENDS)]
    if not found:
        return Amendments(frozenset(), {})
    by_id = Role.ID in roles
    if not by_id and (bad := next((one for one in found if one.meaning == _CORRECTIONS), None)):
        raise BadInput(
            f"row {bad.row} corrects a trade, but the table has no ids that say which: take out this row and that trade"
        )
    return _applied(found, open_part(), roles, kind, by_id)


def _applied(found: list[_Amendment], part: Part, roles: Sequence[Role], kind: Kinds, by_id: bool) -> Amendments:
    wanted = {_key(one.cells, by_id) for one in found}
    trades: dict[Key, list[int]] = {}
    dropped: set[int] = set()
    changed: dict[int, Cells] = {}
    ahead = iter(found)
    one = next(ahead, None)
    only = None if not by_id else pa.array(sorted({key[1] for key in wanted}))
    for row, _, cells in _rows(part, roles, kind, (TRADE,), only):
        while one is not None and one.row < row:
            _apply(one, trades.get(_key(one.cells, by_id), []), dropped, changed)
            one = next(ahead, None)
        if (key := _key(cells, by_id)) in wanted:
            trades.setdefault(key, []).append(row)
    while one is not None:
        _apply(one, trades.get(_key(one.cells, by_id), []), dropped, changed)
        one = next(ahead, None)
    return Amendments(dropped, {row: new for row, new in changed.items() if row not in dropped})


def _apply(one: _Amendment, rows: list[int], dropped: set[int], changed: dict[int, Cells]) -> None:
    if not rows:
        return
    if one.meaning == _CANCELS:
        dropped.add(rows.pop())
    else:
        changed[rows[-1]] = {role: one.cells[role] for role in (Role.PRICE, Role.SIZE) if one.cells.get(role)}


def _rows(
    part: Part, roles: Sequence[Role], kind: Kinds, meanings: Sequence[str], ids: pa.Array | None = None
) -> Iterator[tuple[int, str, Cells]]:
    """(row, meaning, cells) of the rows whose kind is one of `meanings` and whose id is one of `ids`."""
    count = 0
    for first, columns in part.texts(roles):
        words = columns[Role.ACTION].fill_null("").dictionary_encode()
        means = [kind(word) for word in words.dictionary.to_pylist()]
        good = np.array([meaning in meanings for meaning in means] or [False])[np.asarray(words.indices)]
        if ids is not None:
            good &= np.asarray(pc.is_in(columns[Role.ID], value_set=ids))
        where = np.flatnonzero(good)
        count += len(where) if meanings is AMENDS else 0
        if count > _MOST:
            raise BadInput(f"more than {_MOST:,} records cancel or correct trades")
        picked = {role: array.take(pa.array(where)).to_pylist() for role, array in columns.items()}
        codes = np.asarray(words.indices)[where].tolist()
        for place, (row, code) in enumerate(zip(where.tolist(), codes, strict=True)):
            cells = {role: values[place] for role, values in picked.items() if values[place] is not None}
            yield first + row, means[code], cells


def _key(cells: Cells, by_id: bool) -> Key:
    symbol = cells.get(Role.SYMBOL, "")
    if by_id:
        return symbol, cells.get(Role.ID, "")
    return symbol, _plain(cells.get(Role.PRICE, "")), _plain(cells.get(Role.SIZE, ""))


def _plain(text: str) -> str:
    """A number without the zeros at its end, so that 170.10 and 170.1 are the same price."""
    found = decimal_of(text, DecimalMark.EITHER)
    return text if found is None else str(found.normalize())
