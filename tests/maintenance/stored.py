"""A data directory for tests, and ways to damage it."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

from orderflow.herd.live.game import build_game
from orderflow.market.market import Market
from orderflow.market.tick_log import LogEntry
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.ticks.disk_log import DiskTickLog
from orderflow.storage.ticks.wal import read_wal
from tests.clocks import ManualClock
from tests.herd.play import START
from tests.storage.ticks.batches import batch

BLOBS = 6
ANSWER = b'["", 53, 0]'
"""Of an idempotency key, as the market stores it."""
TICKS = {"ES": 3 * BLOBS, "NQ": 50 * BLOBS}


def make_data(folder: Path) -> Path:
    """`BLOBS` batches of NQ and ES with a key each, a setting, and a herd game of eight lines."""
    workers = Workers(1)
    try:
        log = DiskTickLog(folder / "ticks", workers)
        for seed in range(BLOBS):
            log.append(
                LogEntry([batch(50, seed=seed), batch(3, seed=seed, symbol="ES")], f"key {seed}", ANSWER), lambda: None
            )
        log.set_meta("instruments", b'{"NQ": {"tick_size": "0.25"}}')
        log.close()
        game = build_game(Settings.of(data_dir=folder), Market(), workers, ManualClock(START))
        for _ in range(5):
            game.join()
        game.order("p1", str(uuid.uuid4()), "buy", 5)
        game.turn()
        game.stop()
        (folder / "herd" / "secret").write_text("00" * 32)
        (folder / "herd" / "secret").chmod(0o600)
    finally:
        workers.stop()
    return folder


def journal_of(folder: Path) -> Path:
    (path,) = (folder / "herd").glob("*.jsonl")
    return path


def flip(path: Path, at: int, bits: int = 1) -> None:
    """Change bits of one byte; a negative position counts from the end."""
    data = bytearray(path.read_bytes())
    data[at] ^= bits
    path.write_bytes(data)


def flip_line(path: Path, number: int) -> None:
    """Change a byte in the middle of a line, from 0; negative ones count from the end."""
    lines = path.read_bytes().splitlines(keepends=True)
    number %= len(lines)
    flip(path, sum(map(len, lines[:number])) + len(lines[number]) // 2)


def sql(folder: Path, statement: str, *values: object) -> list[Any]:
    """One statement on the closed tick log of a data directory."""
    with closing(sqlite3.connect(folder / "ticks" / "cache.db", isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def flip_row(folder: Path, kind: bytes, number: int, column: str, at: int) -> None:
    """Change a byte of a row's key or value. kind: the first byte of its key; number: of these, in order of keys."""
    rowid, data = sql(
        folder,
        f"SELECT rowid, {column} FROM Cache WHERE substr(key, 1, 1) = ? ORDER BY key LIMIT 1 OFFSET ?",
        kind,
        number,
    )[0]
    changed = bytearray(data)
    changed[at] ^= 1
    sql(folder, f"UPDATE Cache SET {column} = ? WHERE rowid = ?", bytes(changed), rowid)


def flip_wal(folder: Path) -> None:
    """Change a byte of the fifth commit in the write-ahead log of a killed server."""
    path = folder / "ticks" / "cache.db-wal"
    log = read_wal(path)
    assert log is not None
    flip(path, log.frames[log.commits[4] + 1].at + 2000)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a directory."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
