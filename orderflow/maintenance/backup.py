"""One file with everything in a data directory, made while a server writes to it; and the way back.

A backup is a zip file with a manifest of sizes and checksums. The tick log in it is one state of the database, by
SQLite's backup API: every tick that was acknowledged before the backup began. Logs of herd games are copied up to their
last whole line, after the ticks, and the records as one state of theirs. Keys and secrets are left out unless they are
asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from orderflow import __version__
from orderflow.errors import BadInput, Conflict, NotFound, StorageFailed
from orderflow.maintenance.places import (
    HERD,
    RECORDS,
    TICKS,
    free_name,
    has_secrets,
    is_alone,
    is_mount,
    journals,
    kept_files,
    missing_database,
    missing_records,
    odd_places,
    real_folder,
)
from orderflow.maintenance.scratch import BACKUP, scratch_file, scratch_folder
from orderflow.maintenance.verify import verify_ticks
from orderflow.storage.in_use import holder_of
from orderflow.storage.lines import whole_length
from orderflow.storage.records.reading import FILES
from orderflow.storage.records.reading import check as check_records
from orderflow.storage.records.reading import copy as copy_records
from orderflow.storage.sqlite_files import size_of, wal_of
from orderflow.storage.ticks.reading import DATABASE, DATABASE_FILES, WAL, copy_database

MANIFEST = "orderflow-backup.json"
STDOUT = "-"
_FORMAT = 1
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)
"""What zipfile raises for a damaged member, by where the damage is: headers and CRC, packed data, the end, sizes and
dates, the method of compression, the flag of encryption."""
_CHUNK = 2**20
_WORK = ".restore."
_ODD = set('\\:*?"<>|\0')
_MOST_MANIFEST = 64 * 2**20


@dataclass
class Backup:
    """What a backup holds. files: their sizes and SHA-256, by path; ticks: by symbol; damaged: rows and ticks that were
    damaged already, in words; keys: with keys and secrets."""

    made: str = ""
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    ticks: dict[str, int] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    keys: bool = False

    def json(self) -> bytes:
        files = {name: {"size": size, "sha256": checksum} for name, (size, checksum) in self.files.items()}
        found = {"format": _FORMAT, "version": __version__, "made": self.made, "keys": self.keys, "ticks": self.ticks}
        return json.dumps(found | {"damaged": self.damaged, "files": files}, indent=1).encode()

    @staticmethod
    def parse(data: bytes) -> Backup:
        """The manifest. Raises BadInput."""
        try:
            given = json.loads(data)
            if given["format"] != _FORMAT:
                raise BadInput(f"the backup is of format {given['format']}, which this version cannot read")
            files = {_safe(name): (int(one["size"]), str(one["sha256"])) for name, one in given["files"].items()}
            return Backup(str(given["made"]), files, dict(given["ticks"]), list(given["damaged"]), bool(given["keys"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"the backup's manifest cannot be read: {error!r}") from error


def backup(
    folder: Path, file: str, *, force: bool = False, keys: bool = False, records_elsewhere: bool = False
) -> Backup:
    """Save a data directory in one file; "-" is standard output. records_elsewhere: they are on a database server.

    Raises NotFound without data, Conflict if the file exists and not `force`, StorageFailed.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise NotFound(f"there is no data directory {folder}")
    made = Backup(datetime.now(UTC).isoformat(timespec="seconds"), keys=keys)
    target = Path(file).absolute()
    try:
        with (
            _output(file, target, force) as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            _add_ticks(folder, archive, made, None if file == STDOUT else target.parent)
            if not records_elsewhere:
                _add_records(folder, archive, made, None if file == STDOUT else target.parent)
            logs = set(journals(folder))
            for path in _others(folder, keys):
                with contextlib.suppress(FileNotFoundError):  # a running server removes some
                    length = whole_length(path) if path in logs else None
                    _add(archive, path, path.relative_to(folder).as_posix(), length, made)
            made.damaged += odd_places(folder)
            archive.writestr(MANIFEST, made.json())
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        raise StorageFailed(f"the backup cannot be made: {where}{error.strerror or error}") from error
    return made


def restore(file: str, folder: Path, *, replace: bool = False) -> tuple[Backup, Path | None]:
    """Make a data directory from a backup; it appears when every checksum fits. Returns what it holds, and where data
    that was there is kept now.

    Raises NotFound without the file, BadInput if it is damaged or no backup, Conflict if there is data and not
    `replace` or a server uses it, StorageFailed.
    """
    folder = real_folder(folder)
    kept: Path | None = None
    try:
        _check_target(folder, replace)
        folder.parent.mkdir(parents=True, exist_ok=True)
        inside = is_mount(folder) or is_alone(folder)  # it cannot be renamed
        fresh = Path(tempfile.mkdtemp(prefix=f"{_WORK}{folder.name}.", dir=folder if inside else folder.parent))
        try:
            found = _extract(Path(file), fresh)
            _check_target(folder, replace)
            kept = _fill(folder, fresh) if inside else _replace(folder, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except FileNotFoundError as error:
        raise NotFound(f"{error.filename} does not exist") from error
    except zipfile.BadZipFile as error:
        raise BadInput(f"{file} is no backup, or is damaged: {error}") from error
    except OSError as error:
        if error.filename == file:
            raise BadInput(f"{file} cannot be read: {error.strerror or error}") from error
        where = "" if error.filename is None else f" ({error.filename})"
        raise StorageFailed(f"{folder} cannot be written: {error.strerror or error}{where}") from error
    return found, kept


def backup_lines(made: Backup, file: str) -> Iterator[str]:
    """What was saved, for a terminal."""
    size = sum(size for size, _ in made.files.values())
    games = sum(name.startswith(f"{HERD}/") and name.endswith(".jsonl") for name in made.files)
    yield f"Saved {len(made.files):,} files ({size / 2**20:,.1f} MiB) in {file}"
    yield from _tick_lines(made)
    yield f"  {games:,} herd games"
    yield "  with keys and secrets: keep it as safe as they are" if made.keys else "  without keys and secrets"
    yield from (f"  DAMAGED before the backup: {text}" for text in made.damaged)


def restore_lines(found: Backup, folder: Path, kept: Path | None) -> Iterator[str]:
    """What was restored, for a terminal."""
    yield f"Restored the backup of {found.made} to {folder}; all {len(found.files):,} checksums fit"
    yield from _tick_lines(found)
    if kept is not None:
        yield f"  the data that was there is now {kept}"
    if not found.keys:
        yield "  it has no keys: the next start makes new ones, phones in a herd game join again, and targets of alerts"
        yield "  need their secrets again"


def _tick_lines(made: Backup) -> Iterator[str]:
    yield f"  {sum(made.ticks.values()):,} ticks of {len(made.ticks):,} symbols"


@contextmanager
def _output(file: str, target: Path, force: bool) -> Iterator[IO[bytes]]:
    """The stream to write to. A file appears under its name when it is complete."""
    if file == STDOUT:
        if sys.stdout.isatty() and not force:
            raise Conflict("standard output is a terminal: redirect it, or name a file")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if target.exists() and not target.is_file():
        raise Conflict(f"{target} is not a file: name another one")  # a device would be replaced
    if target.exists() and not force:
        raise _taken(target)
    with scratch_file(BACKUP, target.parent) as (stream, partial):
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        os.replace(partial, target) if force else _put(partial, target)


def _put(partial: Path, target: Path) -> None:
    """Give a file its name, unless there is one of that name by now. Raises Conflict, OSError."""
    try:
        os.link(partial, target)
    except FileExistsError as error:
        raise _taken(target) from error
    except OSError:  # a file system without links
        if target.exists():
            raise _taken(target) from None
        os.replace(partial, target)


def _taken(target: Path) -> Conflict:
    return Conflict(f"{target} exists: choose another name, or replace it with --force")


def _add_ticks(folder: Path, archive: zipfile.ZipFile, made: Backup, place: Path | None) -> None:
    """Add one state of the tick log. place: where a copy of it is made meanwhile; the data's own disk may be full."""
    source = folder / TICKS
    if gone := missing_database(folder):
        made.damaged.append(gone)
        if (source / WAL).is_file():
            _add(archive, source / WAL, f"{TICKS}/{WAL}", None, made)
        return
    if not (source / DATABASE).is_file():
        return
    with scratch_folder(BACKUP, place) as work:
        try:
            copy_database(source, work, in_use=holder_of(source) is not None)
            found = verify_ticks(work, in_use=False)
        except StorageFailed as error:  # nothing can be read of it now; `repair` may do better with the files
            made.damaged.append(str(error))
            for path in filter(Path.is_file, (source / DATABASE, source / WAL)):
                _add(archive, path, f"{TICKS}/{path.name}", None, made)
            return
        made.ticks = {name: symbol.ticks for name, symbol in sorted(found.symbols.items())}
        made.damaged += [f"{s.lost:,} ticks of {name}" for name, s in sorted(found.symbols.items()) if s.lost]
        made.damaged += [f"setting {name!r}" for name, why in sorted(found.settings.items()) if why]
        made.damaged += found.problems
        _add(archive, work / DATABASE, f"{TICKS}/{DATABASE}", None, made)


def _add_records(folder: Path, archive: zipfile.ZipFile, made: Backup, place: Path | None) -> None:
    """Add one state of the records, or the files as they are if they cannot be read."""
    source = folder / RECORDS
    if not (source.is_file() and size_of(source)):
        made.damaged += filter(None, [missing_records(folder, False)])
        if made.keys and wal_of(source).is_file():
            _add(archive, wal_of(source), wal_of(source).name, None, made)
        return
    in_use = holder_of(folder / TICKS) is not None
    with scratch_folder(BACKUP, place) as work:
        copied = work / RECORDS
        try:
            copy_records(source, copied, in_use=in_use, secrets=made.keys)
            made.damaged += [f"records: {problem}" for problem in check_records(copied, in_use=False).problems]
            _add(archive, copied, RECORDS, None, made)
        except StorageFailed as error:
            made.damaged.append(str(error))
            if not made.keys:  # nobody knows which bytes are secret
                made.damaged.append(f"{RECORDS} is not in the backup; with --with-keys its files are, as they are")
                return
            for name in FILES[:2]:
                if (folder / name).is_file():
                    _add(archive, folder / name, name, None, made)


def _others(folder: Path, keys: bool) -> Iterator[Path]:
    """Every other file that a server keeps. Copies of records have secrets in them."""
    ticks = {folder / TICKS / name for name in (*DATABASE_FILES, "in-use")}
    for path in kept_files(folder):
        if path not in ticks and not path.name.startswith(".") and (keys or not has_secrets(path)):
            yield path


def _add(archive: zipfile.ZipFile, path: Path, name: str, length: int | None, made: Backup) -> None:
    """Add the first `length` bytes of a file (None: all)."""
    checksum, size = hashlib.sha256(), 0
    left = length if length is not None else path.stat().st_size
    made_at = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False).date_time  # zip knows no year before 1980
    # by its name: a ZipInfo would have its own compression, none
    with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as into:
        while chunk := source.read(min(_CHUNK, left - size)):
            into.write(chunk)
            checksum.update(chunk)
            size += len(chunk)
    archive.getinfo(name).date_time = made_at
    made.files[name] = size, checksum.hexdigest()


def _check_target(folder: Path, replace: bool) -> None:
    """Raises Conflict unless data may be put there."""
    if not folder.exists() or (folder.is_dir() and not _entries(folder)):
        return
    if (holder := holder_of(folder / TICKS)) is not None:
        raise Conflict(f"{folder} is in use by {holder}; stop it first")
    if not replace:
        raise Conflict(
            f"there is data in {folder}, and nothing of it was changed: choose another --data-dir, or have it moved "
            "aside with --replace"
        )


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, but for what an interrupted restore or the file system itself put there."""
    return [path for path in folder.iterdir() if not path.name.startswith(_WORK) and path.name != "lost+found"]


def _fill(folder: Path, fresh: Path) -> Path | None:
    """Move what is in a folder into one in it, which is returned, and then the restored files into its place. What
    interrupts that undoes it."""
    kept: Path | None = None
    moved: list[tuple[Path, Path]] = []
    try:
        if found := _entries(folder):
            kept = free_name(folder / "data", "before-restore")
            kept.mkdir(mode=0o700)
        steps = [(path, kept / path.name) for path in found if kept is not None]
        # the ticks last: a start without them says so
        steps += [(path, folder / path.name) for path in sorted(fresh.iterdir())]
        for source, target in steps:
            source.rename(target)
            moved.append((source, target))
    except BaseException:
        for source, target in reversed(moved):
            target.rename(source)
        if kept is not None:
            kept.rmdir()
        raise
    return kept


def _replace(folder: Path, fresh: Path) -> Path | None:
    """Put a new folder in the place of one, which is moved aside; where it is then. What interrupts that undoes it."""
    kept: Path | None = None
    try:
        kept = _make_room(folder)
        os.replace(fresh, folder)
    except BaseException:
        if kept is not None and not os.path.lexists(folder):
            os.replace(kept, folder)
        raise
    return kept


def _make_room(folder: Path) -> Path | None:
    """Move what is there aside; where it is then."""
    if not folder.exists():
        return None
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        return None
    kept = free_name(folder, "before-restore")
    os.replace(folder, kept)
    return kept


def _extract(file: Path, fresh: Path) -> Backup:
    """Write every file of the manifest. Raises BadInput for one that is missing, too many or damaged."""
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: info for info in archive.infolist()}
        manifest = members.pop(MANIFEST, None)
        if manifest is None or manifest.file_size > _MOST_MANIFEST:
            raise BadInput(f"{file} is no backup: it has no {MANIFEST}")
        found = Backup.parse(_read(archive, manifest))
        if members.keys() != found.files.keys():
            odd = sorted(members.keys() ^ found.files.keys())
            raise BadInput(f"{file} is damaged: {odd[0]} is not in both the manifest and the file")
        for name, (size, checksum) in found.files.items():
            if _write(archive, members[name], fresh / name, size) != checksum:
                raise BadInput(f"{file} is damaged: the checksum of {name} does not fit; nothing was restored")
    return found


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(info)
    except _UNREADABLE as error:
        raise BadInput(f"the backup is damaged: {info.filename}: {error}") from error


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, size: int) -> str:
    """Write a member and return its checksum, "" if it is of another size."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    checksum, written = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as into:
        try:
            with archive.open(info) as source:
                while written <= size and (chunk := source.read(_CHUNK)):
                    into.write(chunk)
                    checksum.update(chunk)
                    written += len(chunk)
        except _UNREADABLE:
            return ""
        into.flush()
        os.fsync(into.fileno())
    return checksum.hexdigest() if written == size else ""


def _safe(name: Any) -> str:
    """The name, if it is a plain path below a folder on every system. Raises ValueError."""
    parts = PurePosixPath(str(name)).parts
    odd = any(part in ("..", "/") or set(part) & _ODD for part in parts)
    if odd or not parts or str(PurePosixPath(*parts)) != name:
        raise ValueError(f"{name!r} is not a name of a file in a backup")
    return str(name)
