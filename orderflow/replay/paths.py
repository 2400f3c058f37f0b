"""The files that a replay is asked for: names and patterns like 'day*.zip', in order."""

from __future__ import annotations

from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path

from orderflow.errors import BadSetting
from orderflow.formats.files.archives import natural


def expand(names: Sequence[str]) -> list[Path]:
    """The files of names and patterns, each once: names in the given order, those of a pattern in their natural order.

    Raises BadSetting for a name without a file, and for a pipe: files are read again where rows are looked at ahead.
    """
    found: list[Path] = []
    for name in names:
        if Path(name).is_file() or not has_magic(name):
            found.append(Path(name))
            continue
        matches = sorted(filter(lambda path: Path(path).is_file(), glob(name, recursive=True)), key=natural)
        if not matches:
            raise BadSetting(f"{name}: no file has such a name")
        found += map(Path, matches)
    for path in found:
        if path.is_file():
            continue
        if str(path) == "-" or (path.exists() and not path.is_dir()):
            raise BadSetting(f"{path} is a pipe or a device, which cannot be read twice: write it to a file first")
        raise BadSetting(f"{path}: there is no such file")
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]


def shown(paths: Sequence[Path]) -> str:
    """The files in a message."""
    return str(paths[0]) if len(paths) == 1 else f"{paths[0]} … {paths[-1]} ({len(paths)} files)"
