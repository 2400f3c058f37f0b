"""What stands where in a data directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from orderflow.storage.journal import SUFFIX
from orderflow.storage.records.address import FILE
from orderflow.storage.ticks.reading import DATABASE, WAL

TICKS, HERD, RECORDS = "ticks", "herd", FILE
SECRETS = ("secret", "key")
"""Beginnings of the names of files that only their owner may read, and that are in no backup."""


def journals(folder: Path) -> list[Path]:
    """The logs of the herd games of a data directory."""
    return sorted(path for path in (folder / HERD).glob(f"*{SUFFIX}") if path.is_file())


def missing_database(folder: Path) -> str:
    """Why there is no tick log although the directory was used, "" if there is one, or never was."""
    database = folder / TICKS / DATABASE
    if database.is_file() and database.stat().st_size:
        return ""
    traces = [name for name in ("in-use", WAL) if (folder / TICKS / name).exists()]
    if not traces:
        return ""
    return f"the ticks are gone: {TICKS}/{DATABASE} is missing or empty, and {TICKS}/{traces[0]} says that it was there"


def is_secret(path: Path) -> bool:
    """Whether a file holds a key or a secret, by its name."""
    return path.is_file() and path.name.startswith(SECRETS)


def free_name(folder: Path, word: str) -> Path:
    """A name beside the folder that is not in use: NAME.word-<date>."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    first = folder.with_name(f"{folder.name}.{word}-{stamp}")
    return next(path for n in range(1_000) if not (path := first.with_name(first.name + f"-{n}" * (n > 0))).exists())
