"""The path of a number as a user sees it: file, replay client process, HTTP, server process, CSV, Decimal.

This module imports nothing of the product, so that only what a user can see is tested.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.oracle.oracle import Row
from tests.oracle.readers import naive_ns
from tests.running import RunningServer

ROOT = Path(__file__).resolve().parents[2]
MINUTE = 60_000_000_000
SECONDS = 300.0
"""Limit for a replay or a response."""
TEXTS = ("imbalance", "side", "side_rule", "id")
COUNTS = ("trades",)
VIEWS = (
    ("bars", "1s"),
    ("bars", "1min"),
    ("bars", "1h"),
    ("bars", "ticks:100"),
    ("footprint", "1min"),
    ("footprint", "15min"),
)
"""The tables that `state` compares in addition to the ticks."""


@dataclass(frozen=True)
class Replayed:
    """The result of a client run. code: exit code. out, err: standard output and error."""

    code: int
    out: str
    err: str


@contextmanager
def replaying(server: RunningServer, file: Path, symbol: str, *flags: object) -> Iterator[subprocess.Popen[str]]:
    """Run the client as a process, at full speed unless a flag says otherwise; it ends with the block."""
    words = [file, "--server", server.url, "--symbol", symbol, "--velocity", "max", *flags]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "replay.py"), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def finish(process: subprocess.Popen[str]) -> Replayed:
    """Wait until a client has ended."""
    out, err = process.communicate(timeout=SECONDS)
    return Replayed(process.returncode, out, err)


def replay(server: RunningServer, file: Path, symbol: str, *flags: object) -> Replayed:
    """Replay a whole file; the exit code must be 0."""
    with replaying(server, file, symbol, *flags) as client:
        done = finish(client)
    assert done.code == 0, f"exit code {done.code}: {done.err}"
    return done


@dataclass(frozen=True)
class Answer:
    body: bytes
    headers: Message


def answer(server: RunningServer, address: str) -> Answer:
    """The response to a GET."""
    with urllib.request.urlopen(server.url + address, timeout=SECONDS) as got:
        return Answer(got.read(), got.headers)


def address(what: str, symbol: str, **query: object) -> str:
    return f"/api/v1/{what}/{quote(symbol, safe='')}?{urlencode(query)}"


def table(server: RunningServer, what: str, symbol: str, **query: object) -> list[Row]:
    """Rows of `bars`, `footprint` or `ticks` as CSV, all pages where there is a `limit`; by time, then price."""
    rows: list[Row] = []
    following: str | None = address(what, symbol, format="csv", **query)
    while following is not None:
        page = answer(server, following)
        rows += [_typed(row) for row in csv.DictReader(io.StringIO(page.body.decode()))]
        following = page.headers.get("X-Next")
    if what == "footprint":
        rows.sort(key=lambda row: (row["time"], row["price"]))
    return rows


def json_rows(rows: Iterable[dict[str, Any]]) -> list[Row]:
    """Rows of a JSON response that was read with `exact_json`, in the form of `table`."""
    return [_typed({name: "" if value is None else value for name, value in row.items()}) for row in rows]


def exact_json(body: bytes) -> Any:
    """Parse JSON with its numbers as decimal strings, never as floats."""
    return json.loads(body, parse_float=str, parse_int=str)


def state(server: RunningServer, symbol: str) -> dict[str, bytes]:
    """The CSV bytes of a symbol's tables: equal bytes are the same state."""
    asked = {f"{what} {frame}": address(what, symbol, frame=frame, format="csv") for what, frame in VIEWS}
    asked["ticks"] = address("ticks", symbol, format="csv")
    return {name: answer(server, place).body for name, place in asked.items()}


def differing(mine: dict[str, bytes], true: dict[str, bytes]) -> list[str]:
    """Names of the tables that differ between two states."""
    assert mine.keys() == true.keys()
    return [name for name in true if mine[name] != true[name]]


def held_ticks(server: RunningServer, symbol: str) -> int:
    """The number of ticks of a symbol on the server."""
    symbols = server.get("/api/v1/symbols")["symbols"]
    return next((known["ticks"] for known in symbols if known["symbol"] == symbol), 0)


def time_of(text: str) -> int:
    """ns of a time as the API prints it."""
    return naive_ns(text.removesuffix("Z"))


def differences(mine: Sequence[Row], true: Sequence[Row], names: Sequence[str], most: int = 5) -> list[str]:
    """The first `most` rows that differ in the columns `names`, and a message if the numbers of rows differ."""
    found = []
    for number, (left, right) in enumerate(zip(mine, true, strict=False)):
        pairs = {name: (left.get(name), right.get(name)) for name in names if left.get(name) != right.get(name)}
        if pairs:
            found.append(f"row {number} at {right['time']}: (got, true) {pairs}")
        if len(found) == most:
            break
    if len(mine) != len(true):
        found.append(f"{len(mine)} rows, not {len(true)}")
    return found


def by_bar(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """The rows of each bar."""
    bars: dict[int, list[Row]] = {}
    for row in rows:
        bars.setdefault(row["time"], []).append(row)
    return bars


def _typed(texts: dict[str, str]) -> Row:
    row: Row = {}
    for name, text in texts.items():
        if name == "time":
            row[name] = time_of(text)
        elif name in TEXTS:
            row[name] = text
        elif name in COUNTS:
            row[name] = int(text)
        else:
            row[name] = Decimal(text) if text else None
    return row
