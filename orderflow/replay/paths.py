"""The files that a replay is asked for: names and patterns like 'day*.zip', in order."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import glob, has_magic
from pathlib import Path
from tempfile import TemporaryDirectory

from orderflow.errors import BadSetting
from orderflow.formats.files.archives import natural

STDIN = Path("-")


@contextmanager
def opened(names: Sequence[str]) -> Iterator[list[Path]]:
    """The files of names and patterns. A pipe (`-`: standard input) is first copied to a file, deleted at the end.

    Rows are looked at ahead, and a file is read again for it, which a pipe cannot be. Raises BadSetting as `expand`.
    """
    found = expand(names)
    if all(path.is_file() for path in found):
        yield found
        return
    with TemporaryDirectory(prefix="orderflow-") as folder:
        yield [path if path.is_file() else _copied(path, Path(folder)) for path in found]


def _copied(pipe: Path, folder: Path) -> Path:
    """What comes through a pipe until its end, in a file."""
    name = "stdin" if pipe == STDIN else "pipe" if pipe.name.isdecimal() else pipe.name
    print(f"reading {name} to its end", file=sys.stderr, flush=True)
    with open(folder / name, "xb") as file:
        if pipe == STDIN:
            shutil.copyfileobj(sys.stdin.buffer, file)
        else:
            with open(pipe, "rb") as source:
                shutil.copyfileobj(source, file)
    return folder / name


def expand(names: Sequence[str]) -> list[Path]:
    """The files of names and patterns, each once: names in the given order, those of a pattern in their natural order.

    Raises BadSetting for a name without a file or a pipe.
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
        if path != STDIN and (path.is_dir() or not path.exists()):
            raise BadSetting(f"{path}: there is no such file")
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]


def shown(paths: Sequence[Path]) -> str:
    """The files in a message."""
    return str(paths[0]) if len(paths) == 1 else f"{paths[0]} … {paths[-1]} ({len(paths)} files)"
