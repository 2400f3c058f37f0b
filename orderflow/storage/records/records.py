"""The database of the records: opened and migrated at the start, read from the pool, written on the writer thread.

No connection is used in a greenlet, and none belongs to a thread: a read takes one that is idle and gives it back.
`problem` says why records cannot be written at present; `look` finds out whether they can again. A file that can only
be read is read, from one connection on the writer thread.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from orderflow.errors import Conflict, StorageFailed
from orderflow.market.tick_log import DamagedPart
from orderflow.runtime.workers import Workers
from orderflow.storage.reasons import DAMAGED
from orderflow.storage.records import schema
from orderflow.storage.records.address import Address
from orderflow.storage.records.engine import make_engine, make_read_only, open_writer
from orderflow.storage.records.failures import translated
from orderflow.storage.records.files import RecordsFile
from orderflow.storage.records.readers import Readers, drop, is_alive

T = TypeVar("T")
READ, WRITE, OPEN = (f"the records cannot be {word}" for word in ("read", "written", "opened"))

log = logging.getLogger(__name__)


class Records:
    """The records at `address`. `read` and `write` work in any thread and greenlet, between `start` and `close`.

    problem: why records cannot be written at present, "" if they can. notice: that records are new where there were
    some, "" if not. Raises BadSetting if a driver is missing.
    """

    def __init__(self, address: Address, workers: Workers) -> None:
        self.address = address
        self.problem = ""
        self.notice = ""
        self._workers = workers
        self._engine: Engine = make_engine(address)
        self._file = None if address.path is None else RecordsFile(address.path)
        self._readers = Readers(self._engine)
        self._writer: Connection | None = None
        self._only: Connection | None = None
        self._damage: dict[str, DamagedPart] = {}
        self._busy = False
        self._closed = False

    def start(self) -> None:
        """Open the database and bring its schema to this program's version.

        Raises BadSetting if it was written by a newer program. Anything else that is wrong becomes `problem`.
        """
        with contextlib.suppress(StorageFailed):
            self._workers.run_writer(self._reported, self._open)

    def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` with a connection in one transaction, in a real thread. It sees one state of the database, and
        cannot write.

        Raises StorageFailed, and what `fn` raises.
        """
        if self._writer is None or self._has_one():
            return self._workers.run_writer(lambda: self._read_alone(fn))
        return self._workers.run(lambda: self._read(fn))

    def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` with a connection in one transaction, on the writer thread. All of it is kept or nothing.

        Inside `fn` use its connection: a further `read` or `write` raises RuntimeError. Raises Conflict if a row exists
        already or refers to one that does not, StorageFailed, and what `fn` raises.
        """
        return self._workers.run_writer(lambda: self._reported(lambda: self._write(fn)))

    def look(self) -> None:
        """Find out whether the file or server is still there, and after a refused write whether the next one would
        be."""
        if not self._closed and not self.address.memory:
            with contextlib.suppress(StorageFailed, Conflict):
                self._workers.run_writer(self._reported, self._look)

    def rewrite(self) -> None:
        """Write a file anew that was deleted, moved or replaced, from what is still open. Raises StorageFailed."""
        if self._file is not None:
            self._workers.run_writer(self._reported, self._rewrite)

    def damage(self) -> list[DamagedPart]:
        """What could not be read, as far as it was noticed."""
        return list(self._damage.values())

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
                if self._file is not None:
                    self._damage |= {lost.name: lost for lost in self._file.prepare()}
                self._writer = self._prepared(open_writer(self._engine))
                self._compare(self._writer)
        except StorageFailed:
            self._only = self._only or self._open_read_only()
            raise
        if self._file is not None:
            self._file.remember()
        drop(self._only)
        self._only = None

    def _prepared(self, connection: Connection) -> Connection:
        try:
            with schema.transaction(connection):
                stored = schema.prepare(connection)
        except BaseException:
            drop(connection)
            raise
        if self._file is not None and self._file.known and stored == schema.NONE:
            path = self._file.path
            self.notice = (
                f"the records in {path} are new, but there were some before. If {path.name} or its -wal was not "
                "deleted on purpose, stop the server now and put it back, e.g. from a backup"
            )
            log.warning("%s", self.notice)
        return connection

    def _compare(self, connection: Connection) -> None:
        """Note which acknowledged writes are missing."""
        if self._file is None:
            return
        with connection.begin():
            lost = self._file.compare(partial(_number, connection))
        self._damage.pop(self._file.path.name, None)
        if lost is not None:
            self._damage[lost.name] = lost
            log.error("damaged: %s", lost.text)

    def _open_read_only(self) -> Connection | None:
        """The file if it can be read and is of this program's version, else None. Raises BadSetting."""
        if self._file is None:
            return None
        connection = None
        try:
            connection = make_read_only(self._file.path).connect()
            stored = schema.stored_version(connection)
            connection.rollback()
            self._compare(connection)
        except (SQLAlchemyError, sqlite3.Error):
            drop(connection)
            return None
        schema.check_version(stored)
        if stored == schema.versions()[-1]:
            return connection
        drop(connection)
        return None

    def _write(self, fn: Callable[[Connection], T]) -> T:
        connection = self._writable()
        self._mend()
        with self._alone(), translated(WRITE, self.address):
            try:
                with connection.begin():
                    found = fn(connection)
                    if self._file is not None:
                        self._file.writes.count(partial(_number, connection), connection.exec_driver_sql)
                        self._file.verify()
                if self._file is not None:
                    self._file.log_size.note()
                    self._file.shared.note()
                    self._file.writes.note()
                return found
            finally:
                if connection.invalidated:  # the server is gone
                    self._drop_writer()

    def _writable(self) -> Connection:
        if self._writer is None or self._closed:
            raise self._refusal()
        if self.address.server and not is_alive(self._writer):
            self._drop_writer()
            self._open()
        assert self._writer is not None
        return self._writer

    def _read_alone(self, fn: Callable[[Connection], T]) -> T:
        """Read where there is one connection.

        Where there seemed to be one, there may be others after all by the time that the writer's thread looks: SQLite
        cuts a long log within the commit that the thread has just made, and the thread notes the log's size after it.
        """
        if self._writer is not None and not self._has_one():
            return self._read(fn)
        connection = self._writer or self._only
        if connection is None:
            raise self._refusal()
        self._mend()
        with self._alone(), self._reading(), connection.begin():
            return fn(connection)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._busy:
            raise RuntimeError("inside read and write use the connection that is given")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def _look(self) -> None:
        if self._writer is None:
            self._open()
        elif self.problem:
            self._write(schema.touch)
        elif self._file is not None:
            self._mend()
            self._file.verify()
        else:
            self._writable()

    def _mend(self) -> None:
        if self._file is not None and not self._busy:
            self._file.shared.mend()

    def _rewrite(self) -> None:
        if self._file is None or self._writer is None:
            raise self._refusal()
        try:
            self._file.verify()
        except StorageFailed:
            opened: Any = self._writer.connection.driver_connection
            self._file.rewrite(opened)
            self._readers.close()
            self._drop_writer()
            self._open()

    def _drop_writer(self) -> None:
        drop(self._writer)
        self._writer = None

    def _leave(self) -> None:
        self._mend()
        self._readers.close(for_good=True)
        self._drop_writer()
        if self._file is not None:
            self._file.writes.close()
        drop(self._only)
        self._only = None
        self._engine.dispose()

    # on any thread

    def _has_one(self) -> bool:
        """Whether the writer's connection is the only one that knows the records: no other can be opened."""
        if self._file is None or self._writer is None:
            return self.address.memory
        return self._file.gone() or self._file.shared.cut

    def _read(self, fn: Callable[[Connection], T]) -> T:
        if self._closed:
            raise self._refusal()
        with self._reading(), self._readers.connection() as connection, connection.begin():
            return fn(connection)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with translated(READ, self.address):
                yield
        except StorageFailed as error:
            if DAMAGED in str(error):
                name = str(self.address)
                self._damage[name] = DamagedPart("records", name, 1, f"a part of the records in {name}")
            raise

    def _refusal(self) -> StorageFailed:
        return StorageFailed(self.problem or "the records are not open")

    def _reported(self, fn: Callable[[], T]) -> T:
        """Run `fn`; what it says of the database becomes `problem`."""
        try:
            found = fn()
        except StorageFailed as error:
            self._report(str(error))
            raise
        self._report("")
        return found

    def _report(self, problem: str) -> None:
        if problem == self.problem or self._closed:
            return
        self.problem = problem
        if problem:
            log.error("records are refused: %s", problem)
        else:
            log.warning("records are accepted again: %s can be written", self.address)


def _number(connection: Connection, query: str) -> int:
    return int(connection.exec_driver_sql(query).scalar_one())
