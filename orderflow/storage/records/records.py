"""The database of the records: opened and migrated at the start, read from the pool, written on the writer thread.

No connection is used in a greenlet, and none belongs to a thread: a read takes one that is idle and gives it back.
While the database cannot be opened, `problem` says why, every call is refused with that reason, and `look` tries again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from orderflow.errors import Conflict, StorageFailed
from orderflow.runtime.workers import Workers, plain_lock
from orderflow.storage.private import make_file
from orderflow.storage.records.address import Address
from orderflow.storage.records.engine import make_engine, open_reader, open_writer
from orderflow.storage.records.failures import translated
from orderflow.storage.records.schema import prepare

T = TypeVar("T")
READ, WRITE, OPEN = (f"the records cannot be {word}" for word in ("read", "written", "opened"))
MOST_IDLE = 4
"""Connections kept for reads: as many as the pool has threads."""

log = logging.getLogger(__name__)


class Records:
    """The records at `address`. `read` and `write` work in any thread and greenlet, between `start` and `close`.

    problem: why records cannot be used at present, "" if they can. Raises BadSetting if a driver is missing.
    """

    def __init__(self, address: Address, workers: Workers) -> None:
        self.address = address
        self.problem = ""
        self._workers = workers
        self._engine: Engine = make_engine(address)
        self._lock = plain_lock()
        self._idle: list[Connection] = []
        self._writer: Connection | None = None
        self._writing = False
        self._closed = False

    def start(self) -> None:
        """Open the database and bring its schema to this program's version.

        Raises BadSetting if it was written by a newer program. Anything else that is wrong becomes `problem`.
        """
        with contextlib.suppress(StorageFailed):
            self._workers.run_writer(self._open)

    def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` with a connection in one transaction, in a real thread. It sees one state of the database.

        Raises StorageFailed, and what `fn` raises.
        """
        if self.address.memory:  # one connection, which is the writer's
            return self._workers.run_writer(lambda: self._read_memory(fn))
        return self._workers.run(lambda: self._read(fn))

    def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` with a connection in one transaction, on the writer thread. All of it is kept or nothing.

        Inside `fn` use its connection: a further `read` or `write` raises RuntimeError. Raises Conflict if a row exists
        already or refers to one that does not, StorageFailed, and what `fn` raises.
        """
        return self._workers.run_writer(lambda: self._write(fn))

    def look(self) -> None:
        """Try again to open what could not be opened."""
        if self.problem and not self._closed:
            self.start()

    def close(self) -> None:
        """Close all connections. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(Conflict):  # the workers stopped first, and the connections end with the process
            self._workers.run_writer(self._leave)

    # on the writer thread

    def _open(self) -> None:
        try:
            with translated(OPEN, self.address):
                if self.address.path is not None:
                    make_file(self.address.path)
                connection = open_writer(self._engine)
                try:
                    with connection.begin():
                        prepare(connection)
                except BaseException:
                    connection.close()
                    raise
        except StorageFailed as error:
            self._report(str(error))
            raise
        self._writer = connection
        self._report("")

    def _write(self, fn: Callable[[Connection], T]) -> T:
        if self._writer is None:
            raise self._refusal()
        with self._alone(), translated(WRITE, self.address), self._writer.begin():
            return fn(self._writer)

    def _read_memory(self, fn: Callable[[Connection], T]) -> T:
        if self._writer is None:
            raise self._refusal()
        with self._alone(), translated(READ, self.address), self._writer.begin():
            return fn(self._writer)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._writing:
            raise RuntimeError("inside read and write use the connection that is given")
        self._writing = True
        try:
            yield
        finally:
            self._writing = False

    def _leave(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in filter(None, [self._writer, *idle]):
            with contextlib.suppress(SQLAlchemyError):
                connection.close()
        self._writer = None
        self._engine.dispose()

    # on the threads of the pool

    def _read(self, fn: Callable[[Connection], T]) -> T:
        if self._writer is None or self._closed:
            raise self._refusal()
        with translated(READ, self.address), self._connection() as connection, connection.begin():
            return fn(connection)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = open_reader(self._engine)
        keep = False
        try:
            yield connection
            keep = True
        finally:
            with self._lock:
                keep = keep and not self._closed and len(self._idle) < MOST_IDLE
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    def _refusal(self) -> StorageFailed:
        return StorageFailed(self.problem or "the records are not open")

    def _report(self, problem: str) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        if problem:
            log.error("%s", problem)
        else:
            log.warning("the records in %s can be used again", self.address)
