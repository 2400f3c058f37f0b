"""One script and one style sheet per page, joined from the files of `assets/` when the server starts.

A page lists what it needs, in loading order: a folder ("kit", whose files are sorted by name) or a single file
("page.css"). There is no build step, and a browser makes one request instead of dozens. The URL has a content hash, so
browsers cache it for a year.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import flask

from orderflow.web.kit.static_page import SCRIPT, put_file

STYLE = "text/css; charset=utf-8"
ASSETS = "/assets/"


def find_files(assets: Path, names: Sequence[str], ending: str) -> list[Path]:
    """The files with `ending` (such as ".js") in `names`, in that order, each once.

    Raises ValueError if a name is neither such a file nor a folder with such files.
    """
    found: list[Path] = []
    for name in names:
        place = assets / name
        files = sorted(place.glob(f"*{ending}")) if place.is_dir() else [place]
        if not files or not all(file.is_file() and file.suffix == ending for file in files):
            raise ValueError(f"assets/{name} has no {ending} files")
        found += [file for file in files if file not in found]
    return found


def join_files(assets: Path, names: Sequence[str], ending: str) -> str:
    """The joined text of those files, each after a comment with its name."""
    files = find_files(assets, names, ending)
    return "".join(
        f"/* {file.relative_to(assets).as_posix()} */\n{file.read_text('utf-8').rstrip()}\n" for file in files
    )


def put_script(server: flask.Flask, name: str, assets: Path, names: Sequence[str]) -> str:
    """Serve the joined scripts. Returns their URL, such as "/assets/chart.1f….js" for the name "chart"."""
    return put_file(server, f"{ASSETS}{name}.js", join_files(assets, names, ".js"), SCRIPT)


def put_style(server: flask.Flask, name: str, assets: Path, names: Sequence[str]) -> str:
    """Serve the joined style sheets. Returns their URL."""
    return put_file(server, f"{ASSETS}{name}.css", join_files(assets, names, ".css"), STYLE)


def versioned(assets: Path, name: str) -> str:
    """The URL of a file in `assets/` with a content hash, so that browsers cache it for a year."""
    digest = hashlib.sha256((assets / name).read_bytes()).hexdigest()[:12]
    return f"{ASSETS}{quote(name)}?v={digest}"
