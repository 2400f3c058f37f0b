"""Save what can be read of a data directory into a new one beside it. The original is only read."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orderflow.errors import Conflict, NotFound, OrderflowError, StorageFailed
from orderflow.herd.live.recovery import fold_log
from orderflow.maintenance.places import (
    HERD,
    RECORDS,
    TICKS,
    free_name,
    journals,
    kept_files,
    missing_database,
    missing_records,
    odd_places,
    real_folder,
)
from orderflow.maintenance.scratch import REPAIRED, repair_place, scratch_folder
from orderflow.storage.acknowledged import NAME as MARK
from orderflow.storage.acknowledged import LogMarks, Missing, missing_writes, with_missing
from orderflow.storage.in_use import holder_of
from orderflow.storage.journal import SUFFIX
from orderflow.storage.lines import Line, read_lines, read_log, seal
from orderflow.storage.private import FILE
from orderflow.storage.reasons import is_no_room
from orderflow.storage.records.files import mark_of
from orderflow.storage.records.reading import FILES
from orderflow.storage.records.reading import check as check_records
from orderflow.storage.records.reading import save as save_records
from orderflow.storage.sqlite_files import size_of, wal_of
from orderflow.storage.ticks.blob_store import BlobStore
from orderflow.storage.ticks.codec import encode_meta
from orderflow.storage.ticks.reading import BROKEN, DATABASE, DATABASE_FILES, WAL, Row, TickDatabase, with_first_page
from orderflow.storage.ticks.rows import FORMAT, META, OLD_META, VERSION, check
from orderflow.storage.ticks.wal import apply_wal, make_from_wal, read_wal

BEYOND = ".beyond.txt"
"""Added to a game's name: the readable lines after the damage, for a person to read."""
_GROUP = 4 * 2**20
_MOST_AT_ONCE = 10


@dataclass
class Repaired:
    """What was saved and lost. saved, lost: counts by what it is ("ticks of NQ"); notes: where, in words."""

    folder: Path
    saved: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def repair(folder: Path, *, records_elsewhere: bool = False) -> Repaired:
    """Write `NAME.repaired-<date>` beside the data directory. It appears under that name when it is complete.

    records_elsewhere: they are on a database server. Raises NotFound if there is no data, Conflict while a server uses
    it, StorageFailed if the copy cannot be written.
    """
    folder = real_folder(folder)
    if not folder.is_dir():
        raise NotFound(f"there is no data directory {folder}")
    if (holder := holder_of(folder / TICKS)) is not None:
        raise Conflict(f"{folder} is in use by {holder}: stop it first (`orderflow doctor --data` works meanwhile)")
    target = free_name(folder, REPAIRED)
    report = Repaired(target)
    try:
        with scratch_folder(*repair_place(folder)) as fresh:
            for odd in odd_places(folder):
                report.lost["files"] += 1
                report.notes.append(odd)
            _repair_ticks(folder / TICKS, fresh / TICKS, report)
            _repair_games(folder, fresh / HERD, report)
            if not records_elsewhere:
                _repair_records(folder, fresh, report)
            _copy_others(folder, fresh, report)
            report.folder = target = _name(fresh, folder)
    except OSError as error:
        where = "" if error.filename is None else f" ({error.filename})"
        raise StorageFailed(
            f"{target} cannot be written: {error.strerror or error}{where}. {folder} is as it was: copy it to where "
            "there is room and you may write, and repair the copy by --data-dir"
        ) from error
    return report


def _name(fresh: Path, folder: Path) -> Path:
    """Give the copy its name: another one than before if another repair has taken that. Raises OSError."""
    for _ in range(_MOST_AT_ONCE):
        target = free_name(folder, REPAIRED)
        try:
            os.replace(fresh, target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return target
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))


def lines(report: Repaired, folder: Path) -> Iterator[str]:
    """The report for a terminal."""
    yield f"Saved in {report.folder}"
    yield from (f"  {count:>16,} {what}" for what, count in sorted(report.saved.items()))
    yield "Lost" if report.lost else "Nothing is lost."
    yield from (f"  {count:>16,} {what}" for what, count in sorted(report.lost.items()))
    yield from (f"  {note}" for note in report.notes)
    yield f"{folder} is as it was. To use what was saved, start the server with"
    yield f"  orderflow serve --data-dir {report.folder}"


def _repair_ticks(source: Path, target: Path, report: Repaired) -> None:
    marked = source / MARK
    try:
        with tempfile.TemporaryDirectory(prefix=".work.", dir=target.parent) as work:
            source = _or_made_of_log(source / DATABASE, Path(work) / "log", report).parent
            candidates = [source, *_with_whole_wal(source, Path(work), report)]
            if max(map(_sound_ticks, candidates)) <= (0, 0):
                candidates.append(_with_first_page(source, Path(work), report))
            best = max(candidates, key=_sound_ticks)
            target.mkdir(mode=0o700)
            _copy_rows(best, target, report, missing_writes(marked))
    except NotFound:
        if gone := missing_database(source.parent):
            report.lost["tick log"] += 1
            report.notes.append(gone)
    except OrderflowError as error:
        _raise_if_full(error)
        report.lost["tick log that cannot be opened"] += 1
        report.notes.append(str(error))


def _or_made_of_log(database: Path, work: Path, report: Repaired) -> Path:
    """The database; if that is lost, one in `work` with what its write-ahead log has. Raises NotFound."""
    if database.is_file() and size_of(database):
        return database
    wal = wal_of(database)
    log = read_wal(wal) if wal.is_file() else None
    if log is None or not log.commits:
        raise NotFound(f"there is no {database}")
    work.mkdir()
    shutil.copyfile(wal, work / wal.name)
    missing = make_from_wal(log, work / wal.name, work / database.name)
    report.notes.append(f"{database.name} is gone; what {wal.name} has of it was saved")
    if missing:
        report.lost[f"pages of {database.name} that were not in {wal.name}"] += missing
    return work / database.name


def _with_whole_wal(source: Path, work: Path, report: Repaired) -> Iterator[Path]:
    """The database with what stands behind the damage of its write-ahead log, if that is damaged."""
    log = read_wal(source / WAL)
    if log is not None and log.beyond:
        report.notes.append(f"{WAL} is damaged at page {log.readable + 1:,}; {log.beyond:,} writes from there on")
        for name in (DATABASE, WAL):
            shutil.copyfile(source / name, work / name)
        apply_wal(log, work / WAL, work / DATABASE)
        yield work


def _with_first_page(source: Path, work: Path, report: Repaired) -> Path:
    report.notes.append(f"the first page of {DATABASE}, which describes the tables, is damaged")
    folder = work / "first"
    folder.mkdir()
    with_first_page(source, folder)
    return folder


def _sound_ticks(source: Path) -> tuple[int, int]:
    """(sound ticks, other sound rows); later candidates win if these are equal."""
    ticks = others = 0
    try:
        with TickDatabase(source, in_use=False) as database:
            for row in database.rows():
                _, found = check(row)
                ticks += found.count if found.what == "ticks" and not found.why else 0
                others += not found.why
    except OrderflowError:
        return -1, -1
    return ticks, others


def _copy_rows(source: Path, target: Path, report: Repaired, missing: Missing) -> None:
    store = BlobStore(target)
    try:
        group: list[tuple[bytes, bytes]] = [(VERSION, FORMAT)]
        size = 0
        with TickDatabase(source, in_use=False) as database:
            _note_missing(missing, database, report)
            for row in database.rows():
                if (good := _saved(row, report)) is not None:
                    group.append(good)
                    size += len(good[1])
                if size > _GROUP:
                    store.write(group)
                    group, size = [], 0
        store.write(group)
    finally:
        store.leave()


def _note_missing(missing: Missing, database: TickDatabase, report: Repaired) -> None:
    with contextlib.suppress(*BROKEN):  # the rows say what is damaged
        if count := missing(database.connection):
            report.lost["acknowledged writes at the end of the tick log"] += count


def _saved(row: Row, report: Repaired) -> tuple[bytes, bytes] | None:
    """The row as it is written anew; None if it is lost, or written in any case."""
    key, found = check(row)
    if found.what == "version":
        return None
    names = {"ticks": f"ticks of {found.name}", "keys": "idempotency keys", "setting": f"setting {found.name!r}"}
    what = names.get(found.what, "rows of which nothing is known")
    if found.why or key is None or row.value is None:
        report.lost[what] += found.count
        report.notes.append(f"{found.count:,} {what}: {found.why}")
        return None
    report.saved[what] += found.count
    if key[:1] == OLD_META:
        return META + key[1:], encode_meta(row.value)
    return key, row.value


def _repair_games(folder: Path, target: Path, report: Repaired) -> None:
    for path in journals(folder):
        target.mkdir(exist_ok=True, mode=0o700)
        try:
            _repair_game(path, target, report)
        except (OSError, ValueError, KeyError, TypeError, OrderflowError) as error:
            _raise_if_full(error)
            report.lost[f"herd game {path.stem}"] += 1
            report.notes.append(f"herd game {path.stem}: {error}")


def _repair_game(path: Path, target: Path, report: Repaired) -> None:
    """The good lines as a game that opens; the readable ones after the damage in a file beside it."""
    length = LogMarks(path.parent, SUFFIX).of(path.stem)
    with path.open("rb") as file:
        log = with_missing(read_log(file), os.fstat(file.fileno()).st_size, length)
    with path.open("rb") as file:
        bad = [line for line in read_lines(file) if line.text is None]
    what = f"lines of the herd game {path.stem}"
    try:
        _, damage = fold_log(log)
        good = log.lines if damage is None else damage.line - 1
    except (ValueError, KeyError, TypeError, OrderflowError):
        good = 0
    texts = log.data.splitlines(keepends=True)
    rest = b"".join(texts[good:]) + log.rest
    if good:
        _write(target / path.name, seal(b"".join(texts[:good])))
    if rest:
        _write(target / f"{path.stem}{BEYOND}", rest)
        beyond = rest.count(b"\n")
        report.lost[f"{what} that a game cannot go on with; they are kept in {path.stem}{BEYOND}"] += beyond
    report.saved[what] += good
    if log.missing:
        report.lost[f"{what} that were acknowledged and are missing at its end"] += log.missing
    _report_bad(bad, what, path, report)


def _report_bad(bad: list[Line], what: str, path: Path, report: Repaired) -> None:
    for line in bad:
        where = f"{path.name}: bytes {line.at:,} to {line.end:,}"
        if line.torn:
            report.notes.append(f"{where} are a last line that a crash cut off, which was never accepted")
        else:
            report.lost[what] += 1
            report.notes.append(f"{where} are damaged")


def _repair_records(folder: Path, fresh: Path, report: Repaired) -> None:
    """The rows that can be read, in a new file. None if nothing can be read."""
    try:
        with tempfile.TemporaryDirectory(prefix=".work.", dir=fresh) as work:
            source = _or_made_of_log(folder / RECORDS, Path(work) / "log", report)
            saved, lost = save_records(
                _or_with_whole_log(source, Path(work) / "whole", report), fresh, mark_of(folder / RECORDS)
            )
    except NotFound:
        if gone := missing_records(folder, False):
            report.lost["records"] += 1
            report.notes.append(gone)
        return
    except StorageFailed as error:
        _raise_if_full(error)
        report.lost["records that cannot be read"] += 1
        report.notes.append(str(error))
        for name in FILES:
            (fresh / name).unlink(missing_ok=True)
        return
    for name, count in saved.items():
        if count:
            report.saved[f"records: {name}"] += count
    report.lost.update({"parts of the records": len(lost)} if lost else {})
    report.notes += [f"records: {text}" for text in lost]


def _or_with_whole_log(database: Path, work: Path, report: Repaired) -> Path:
    """The records; if their write-ahead log is damaged, a copy with what stands behind the damage, unless fewer rows of
    that can be read."""
    log = read_wal(wal_of(database))
    if log is None or not log.beyond:
        return database
    work.mkdir()
    whole = work / database.name
    for source, copy in ((database, whole), (wal_of(database), wal_of(whole))):
        shutil.copyfile(source, copy)
    apply_wal(log, wal_of(whole), whole)
    if _readable_rows(whole) < _readable_rows(database):
        return database
    report.notes.append(
        f"{wal_of(database).name} is damaged at page {log.readable + 1:,}; {log.beyond:,} writes from there on were "
        "saved, too, and rows of that page may have wrong values"
    )
    return whole


def _readable_rows(database: Path) -> int:
    return sum(check_records(database, in_use=False).rows.values())


def _copy_others(folder: Path, fresh: Path, report: Repaired) -> None:
    """Everything else, unchanged: secrets, counters, damaged logs that were kept."""
    known = {*journals(folder), *(folder / TICKS / name for name in (*DATABASE_FILES, "in-use"))}
    for path in kept_files(folder):
        if path in known:
            continue
        copy = fresh / path.relative_to(folder)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copy2(path, copy)
            copy.chmod(FILE)
            report.saved["other files"] += 1
        except OSError as error:
            _raise_if_full(error)
            report.lost["other files"] += 1
            report.notes.append(f"{path.relative_to(folder).as_posix()}: {error.strerror or error}")


def _raise_if_full(error: BaseException) -> None:
    """Raises OSError if the copy could not be written: nothing of the original is lost then."""
    if is_no_room(error):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
