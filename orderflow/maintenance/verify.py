"""Verify a data directory: every tick and setting, every line of every herd game, all records. Nothing in it is
changed."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orderflow.errors import BadInput, NotFound, OrderflowError
from orderflow.herd.live.recovery import fold_log
from orderflow.maintenance.places import (
    HERD,
    RECORDS,
    TICKS,
    is_secret,
    journals,
    kept_files,
    missing_database,
    missing_records,
    odd_places,
)
from orderflow.maintenance.scratch import left_by_killed
from orderflow.storage.acknowledged import NAME as MARK
from orderflow.storage.acknowledged import LogMarks, missing_text, missing_writes, with_missing
from orderflow.storage.in_use import holder_of
from orderflow.storage.journal import SUFFIX
from orderflow.storage.lines import read_log
from orderflow.storage.reasons import odd_place
from orderflow.storage.records.reading import RecordsCheck
from orderflow.storage.records.reading import check as check_records
from orderflow.storage.sqlite_files import size_of
from orderflow.storage.ticks.reading import BROKEN, TickDatabase
from orderflow.storage.ticks.rows import CheckedRow, check
from orderflow.storage.ticks.wal import wal_problem


@dataclass
class SymbolCheck:
    """The ticks of one symbol. blobs: sound ones; damaged: blobs, lost: their ticks."""

    blobs: int = 0
    ticks: int = 0
    damaged: int = 0
    lost: int = 0


@dataclass
class TicksCheck:
    """The tick log. settings: by name, what is wrong, "" if nothing; keys, lost_keys: idempotency keys; rows: rows of
    which nothing is known; problems: of the file itself."""

    symbols: dict[str, SymbolCheck] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    keys: int = 0
    lost_keys: int = 0
    rows: int = 0
    version: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def damaged(self) -> bool:
        lost = self.lost_keys or self.rows or self.version or any(self.settings.values()) or self.problems
        return bool(lost) or any(symbol.damaged for symbol in self.symbols.values())


@dataclass(frozen=True)
class SessionCheck:
    """The log of one herd game. lines: good ones before the first bad one; bad: its number, None if there is none;
    after: lines after it; torn: bytes of a last line that a crash cut in two, which is normal; mended: lines whose end
    alone is damaged."""

    name: str
    lines: int
    bad: int | None = None
    after: int = 0
    why: str = ""
    torn: int = 0
    mended: int = 0

    @property
    def damaged(self) -> bool:
        return self.bad is not None or self.mended > 0


@dataclass
class DataCheck:
    """A whole data directory. holder: the process that uses it; ticks, records: None if there are none; errors: parts
    that cannot be opened at all; open_files: secrets that others may read; free: bytes of disk space."""

    folder: Path
    exists: bool = True
    holder: str | None = None
    ticks: TicksCheck | None = None
    records: RecordsCheck | None = None
    sessions: list[SessionCheck] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    secrets: list[tuple[Path, str]] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)
    free: int = 0

    @property
    def damaged(self) -> bool:
        ticks = self.ticks is not None and self.ticks.damaged
        records = self.records is not None and bool(self.records.problems)
        return ticks or records or bool(self.errors) or any(session.damaged for session in self.sessions)

    @property
    def sound(self) -> bool:
        """Nothing is damaged, and nobody else can read a secret."""
        return not self.damaged and not any(wrong for _, wrong in self.secrets)


def verify(folder: Path, *, records_elsewhere: bool = False) -> DataCheck:
    """Read everything in a data directory and check it. Works while a server uses it, and when there is none.

    records_elsewhere: they are on a database server.
    """
    found = DataCheck(folder)
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    found.free = shutil.disk_usage(there).free
    if not folder.is_dir():
        found.exists = False
        if os.path.lexists(folder):
            found.errors.append(f"{folder.name} is not a folder" if folder.exists() else odd_place(folder))
        return found
    found.holder = holder_of(folder / TICKS)
    found.left = left_by_killed(folder.absolute())
    gone = missing_database(folder), missing_records(folder, records_elsewhere)
    found.errors += [*filter(None, gone), *odd_places(folder)]
    try:
        found.ticks = verify_ticks(folder / TICKS, in_use=found.holder is not None)
    except NotFound:
        pass
    except OrderflowError as error:
        found.errors.append(str(error))
    if (folder / RECORDS).is_file() and size_of(folder / RECORDS):
        found.records = check_records(folder / RECORDS, in_use=found.holder is not None)
    if lost := LogMarks(folder / HERD, SUFFIX).lost():
        found.errors.append(f"the log of the herd game {lost}, the last one that was played, is not there any more")
    for path in journals(folder):
        try:
            found.sessions.append(verify_session(path))
        except OSError as error:
            found.errors.append(f"{path.name} cannot be read: {error.strerror or error}")
    found.secrets = [(path, _exposed(path)) for path in kept_files(folder) if is_secret(path)]
    return found


def verify_ticks(folder: Path, *, in_use: bool) -> TicksCheck:
    """Decode every row of a tick log. Raises NotFound, StorageFailed."""
    found = TicksCheck()
    problem, beyond = ("", 0) if in_use else wal_problem(folder)
    missing = missing_writes(folder / MARK, beyond)
    with TickDatabase(folder, in_use=in_use) as database:
        found.problems = database.problems()
        with contextlib.suppress(*BROKEN):  # the check above says so
            if count := missing(database.connection):
                found.problems.append(missing_text("the ticks and their settings", count, f"{TICKS}/{MARK}"))
        found.problems += [problem] if problem else []
        for row in database.rows():
            _count(found, check(row)[1])
    return found


def verify_session(path: Path) -> SessionCheck:
    """Read a game's log and fold it. Raises OSError."""
    length = LogMarks(path.parent, SUFFIX).of(path.stem)
    with path.open("rb") as file:
        log = with_missing(read_log(file), os.fstat(file.fileno()).st_size, length)
    total = log.total + log.missing
    try:
        _, damage = fold_log(log)
    except (BadInput, KeyError, TypeError, ValueError) as error:
        return SessionCheck(path.stem, 0, 1, max(0, total - 1), str(error), log.torn, log.mended)
    if damage is None:
        return SessionCheck(path.stem, log.lines, torn=log.torn, mended=log.mended)
    return SessionCheck(path.stem, damage.line - 1, damage.line, damage.after, damage.why, log.torn, log.mended)


def _count(found: TicksCheck, row: CheckedRow) -> None:
    if row.what == "ticks":
        symbol = found.symbols.setdefault(row.name, SymbolCheck())
        symbol.damaged += bool(row.why)
        symbol.blobs += not row.why
        symbol.lost += row.count if row.why else 0
        symbol.ticks += 0 if row.why else row.count
    elif row.what == "keys":
        found.lost_keys += row.count if row.why else 0
        found.keys += 0 if row.why else row.count
    elif row.what == "setting":
        found.settings[row.name] = row.why
    elif row.what == "version":
        found.version = row.why
    else:
        found.rows += 1


def _exposed(path: Path) -> str:
    """What is wrong with a secret file's permissions, "" if nothing."""
    if os.name != "posix":
        return ""
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"others can read it (mode {mode:04o}; it should be 0600)" if mode & 0o077 else ""


def lines(found: DataCheck) -> Iterator[str]:
    """The check as a table for a terminal."""
    yield f"Data in {found.folder}"
    if not found.exists:
        yield from (f"  DAMAGED        {error}" for error in found.errors)
        if not found.errors:
            yield "  there is none yet; the first start of a server makes it"
        yield f"  free space     {found.free / 2**30:,.1f} GiB"
        return
    if found.holder:
        yield f"  in use by {found.holder}; it is only read, as it was when this began"
    yield from (f"  DAMAGED        {error}" for error in found.errors)
    yield from _tick_lines(found.ticks)
    yield from _session_lines(found.sessions)
    yield from _record_lines(found.records)
    for path, wrong in found.secrets:
        yield f"  secret         {path.relative_to(found.folder).as_posix()}: {wrong or 'only its owner can read it'}"
    for path in found.left:
        yield f"  left over      {path}: of a command that was killed; the next of its kind there removes it"
    yield f"  free space     {found.free / 2**30:,.1f} GiB"


def _tick_lines(found: TicksCheck | None) -> Iterator[str]:
    if found is None:
        yield "  ticks          none"
        return
    yield f"  {'symbol':<20}{'blobs':>10}{'ticks':>16}{'damaged':>10}{'ticks lost':>14}"
    for name, symbol in sorted(found.symbols.items()):
        yield f"  {name:<20}{symbol.blobs:>10,}{symbol.ticks:>16,}{symbol.damaged:>10,}{symbol.lost:>14,}"
    yield f"  idempotency keys  {found.keys:,}" + (f", {found.lost_keys:,} lost" if found.lost_keys else "")
    for name, wrong in sorted(found.settings.items()):
        yield f"  setting        {name}: {wrong or 'ok'}"
    if found.version:
        yield f"  DAMAGED        {found.version}"
    if found.rows:
        yield f"  DAMAGED        {found.rows:,} rows of which nothing is known"
    yield from (f"  DAMAGED        {problem}" for problem in found.problems)


def _session_lines(sessions: list[SessionCheck]) -> Iterator[str]:
    if not sessions:
        yield "  herd games     none"
        return
    yield f"  {'herd game':<34}{'lines':>10}{'first bad':>12}{'after it':>10}"
    for session in sessions:
        bad = "-" if session.bad is None else f"{session.bad:,}"
        notes = [session.why] if session.bad is not None else []
        notes += [f"{session.torn:,} bytes of a last line that was cut off (normal)"] if session.torn else []
        notes += [f"{session.mended:,} damaged line ends"] if session.mended else []
        yield f"  {session.name:<34}{session.lines:>10,}{bad:>12}{session.after:>10,}  {'; '.join(notes)}".rstrip()


def _record_lines(found: RecordsCheck | None) -> Iterator[str]:
    if found is None:
        yield "  records        none"
        return
    rows = ", ".join(f"{count:,} {name}" for name, count in found.rows.items() if count)
    yield f"  records        {rows or 'no rows'}"
    yield from (f"  DAMAGED        records: {problem}" for problem in found.problems)
