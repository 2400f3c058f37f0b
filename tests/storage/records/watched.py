"""What the records are asked, for tests: statements, their plans, and how much each transaction changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from orderflow.storage.records.records import Records

Run = list[tuple[str, Any]]


@contextmanager
def statements(records: Records) -> Iterator[Run]:
    """The statements that are run, with their values: one for all rows that are sent together."""
    run: Run = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            run.append((statement, values))

    engine: Engine = records._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield run
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plans(records: Records, run: Run) -> list[str]:
    """How SQLite finds the rows of each statement, one step a line, and the statement."""

    def explain(connection: Connection) -> list[str]:
        found = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in run]
        return ["\n".join([*(row[3] for row in rows), text]) for rows, (text, _) in zip(found, run, strict=True)]

    return records.read(explain)


@contextmanager
def transactions(records: Records) -> Iterator[list[int]]:
    """What each transaction that writes has returned: how many rows it has changed."""
    changed: list[int] = []
    write = records.write

    def noted(fn: Callable[[Connection], Any]) -> Any:
        found = write(fn)
        changed.append(found or 0)
        return found

    records.write = noted  # type: ignore[method-assign]
    try:
        yield changed
    finally:
        del records.write  # type: ignore[method-assign]
