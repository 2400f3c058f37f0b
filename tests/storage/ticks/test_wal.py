"""SQLite's write-ahead log read without SQLite."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orderflow.storage.ticks.wal import _FRAME, _checksum, _Sums, apply_wal, read_wal


@pytest.mark.parametrize("size", [512, 4096])
@pytest.mark.parametrize("order", ["<", ">"])
def test_weighted_sums_are_the_checksums_of_sqlite(size: int, order: str) -> None:
    sums = _Sums(size, order)
    raw = os.urandom(3 * (_FRAME.size + size) + 7)
    found = list(sums.of(raw))
    assert len(found) == 3
    for number, (head, own) in enumerate(found):
        frame = raw[number * (_FRAME.size + size) : (number + 1) * (_FRAME.size + size)]
        assert head == _FRAME.unpack_from(frame)
        seed = (2**32 - 1 - number, 12345 * number)
        assert sums.after(own, seed) == _checksum(frame[:8] + frame[_FRAME.size :], seed, order)


def test_every_damaged_byte_is_found_and_passed(tmp_path: Path) -> None:
    """Of a head, a checksum or a page: with the log's pages put in, SQLite finds every row."""
    path, wal = tmp_path / "cache.db", tmp_path / "cache.db-wal"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE t (a BLOB)")
        for number in range(8):
            connection.execute("INSERT INTO t VALUES (?)", (bytes([number]) * 1500,))
        whole, log = path.read_bytes(), wal.read_bytes()
        found = read_wal(wal)
        assert found is not None
        assert (found.readable, found.beyond, found.page_size) == (len(found.frames), 0, 4096)
        frame = 24 + 4096
        first = 32 + 4 * frame
        for at in (4, 9, 20, first + 10, first + 18, first + 24 + 4000, first + frame + 3000):
            damaged = bytearray(log)
            damaged[at] ^= 64
            folder = tmp_path / str(at)
            folder.mkdir()
            (folder / "cache.db").write_bytes(whole)
            (folder / "cache.db-wal").write_bytes(damaged)
            seen = read_wal(folder / "cache.db-wal")
            assert seen is not None
            assert seen.beyond > 0
            apply_wal(seen, folder / "cache.db-wal", folder / "cache.db")
            with closing(sqlite3.connect(folder / "cache.db")) as copy:
                assert copy.execute("SELECT count(*) FROM t").fetchone() == (8,)


def test_remains_of_an_unfinished_write_are_no_damage(tmp_path: Path) -> None:
    wal = tmp_path / "cache.db-wal"
    assert read_wal(wal) is None
    wal.write_bytes(b"")
    assert read_wal(wal) is None
    with closing(sqlite3.connect(tmp_path / "cache.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE t (a BLOB)")
        connection.execute("INSERT INTO t VALUES (?)", (bytes(20_000),))
        log = wal.read_bytes()
    for left in (len(log) - 1, len(log) - 24 - 4096, len(log) - 3 * (24 + 4096)):
        wal.write_bytes(log[:left] + b"\0" * 5000)
        found = read_wal(wal)
        assert found is not None
        assert found.beyond == 0
