"""One script and one style sheet for a page, joined from the files of `assets/` when the server starts.

A page names what it needs, in the order in which it is to run or apply: a folder ("kit": its files in the order of
their names) or a single file ("page.css"). A user of the program needs no build step, and a browser asks once for
what were dozens of files; the address has a hash of the content in it, so it is kept for a year.
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
    """The files with `ending` (".js") that are named in `names`, in that order, each once.

    Raises ValueError if a name is no folder with such files and no such file.
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
    """The text of those files, each under a comment with its name."""
    files = find_files(assets, names, ending)
    return "".join(
        f"/* {file.relative_to(assets).as_posix()} */\n{file.read_text('utf-8').rstrip()}\n" for file in files
    )


def put_script(server: flask.Flask, name: str, assets: Path, names: Sequence[str]) -> str:
    """Serve the joined scripts; their address: "/assets/chart.1f….js" for the name "chart"."""
    return put_file(server, f"{ASSETS}{name}.js", join_files(assets, names, ".js"), SCRIPT)


def put_style(server: flask.Flask, name: str, assets: Path, names: Sequence[str]) -> str:
    """Serve the joined style sheets; their address."""
    return put_file(server, f"{ASSETS}{name}.css", join_files(assets, names, ".css"), STYLE)


def versioned(assets: Path, name: str) -> str:
    """The address of a file of `assets/` with a hash of its content, so that browsers keep it for a year."""
    digest = hashlib.sha256((assets / name).read_bytes()).hexdigest()[:12]
    return f"{ASSETS}{quote(name)}?v={digest}"
