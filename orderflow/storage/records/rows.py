"""Many rows at once, on both databases.

Rows are made and sent in pieces, so that neither their making nor the garbage collector's look at them stops the
server's other threads for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Executable, Table, func, select

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = postgresql.Insert | sqlite.Insert

PIECE = 5_000
"""Most rows that exist as Python objects at a time."""


def insert_new(connection: Connection, table: Table) -> Insert:
    """An INSERT that leaves out rows whose key exists."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # each is loaded only where it is in use

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table).on_conflict_do_nothing()


def insert_or_change(connection: Connection, table: Table) -> Executable:
    """An INSERT that changes rows whose key exists; rows that refer to them stay."""
    key = list(table.primary_key)
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # each is loaded only where it is in use

        made = postgresql.insert(table)
        return made.on_conflict_do_update(index_elements=key, set_=_others(table, made.excluded))
    from sqlalchemy.dialects import sqlite

    new = sqlite.insert(table)
    return new.on_conflict_do_update(index_elements=key, set_=_others(table, new.excluded))


def _others(table: Table, values: Any) -> dict[str, Any]:
    """The columns that are not of the key, with new values."""
    return {column.name: values[column.name] for column in table.columns if not column.primary_key}


def used_now(connection: Connection, table: Table, owner: str, now: int) -> int:
    """A time (ns) for the last use of a row of an owner: after all others, also if these are of a clock that was ahead;
    else the least used would be the one that is written."""
    newest = connection.scalar(select(func.max(table.c.used)).where(table.c.owner == owner))
    return max(now, (newest or 0) + 1)


def execute_many(connection: Connection, statement: Executable, rows: Iterable[Mapping[str, Any]]) -> int:
    """Execute a statement for every row, made lazily in pieces. Returns how many rows it changed."""
    left, changed = iter(rows), 0
    while piece := list(islice(left, PIECE)):
        changed += connection.execute(statement, piece).rowcount
    return changed
