"""A user's uploaded file while it is looked at in the workspace's dialog: how it is read, and what becomes of it.

Plain functions without Dash. They read files, so they run in a worker thread.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from layouts.workspace_login import LOG_IN_FIRST
from layouts.workspace_preview import MOST_ERRORS, UNUSED, size_text
from layouts.workspace_upload import READING
from orderflow.errors import BadInput, NotFound, TooLarge
from orderflow.formats.own import Own
from orderflow.web.workspace.uploads_api import BASE, taken_row
from orderflow.workspace.uploads.kinds import archive_members
from orderflow.workspace.uploads.library import Library, Request
from orderflow.workspace.uploads.load_ticks import Market
from orderflow.workspace.uploads.options import read_options
from orderflow.workspace.uploads.preview import look, preview
from orderflow.workspace.uploads.spool import Held
from orderflow.workspace.uploads.tick_files import TickOptions, look_at_ticks, take_ticks

Kind = Literal["ohlcv", "signals", "ticks"]
TICKS = "ticks"


class Sent(msgspec.Struct):
    """What the server answered to the page's script that sent it a file. status: of the answer."""

    status: int
    detail: str = ""
    upload: str = ""
    kind: Kind = "ohlcv"
    name: str = ""
    filename: str = ""
    size: int | None = None


class Shown(msgspec.Struct):
    """The file that is looked at. texts: how it is read, as `read_options` takes it. by_hand: whether the user has said
    any of it, else it was found out or remembered. mapping: the role of each column, UNUSED for none."""

    upload: str
    kind: Kind
    texts: dict[str, str]
    mapping: list[str] = []
    by_hand: bool = False


def texts_of(values: Sequence[Any]) -> dict[str, str]:
    """The fields that say how a file is read, those that are filled in."""
    return {name: str(value) for name, value in zip(READING, values, strict=True) if value not in (None, "")}


def changed_mapping(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """The roles of the columns after some were chosen: a role that another column had moves to the new one."""
    new = {role for old, role in zip(before, now, strict=False) if role not in (old, UNUSED)}
    pairs = zip(before, now, strict=False)
    return [UNUSED if role in new and role == old else role for old, role in pairs]


def columns_text(mapping: Sequence[str], header: Sequence[str], roles: Sequence[str]) -> str:
    """The mapping as `read_options` takes it: each role's column by its name, or its number where the name is not its
    own; "" for roles that the file has not."""
    named = {role: str(index + 1) for index, role in enumerate(mapping) if role != UNUSED}
    for role, number in named.items():
        name = header[int(number) - 1] if int(number) <= len(header) else ""
        named[role] = name if name and list(header).count(name) == 1 else number
    return json.dumps({role: named.get(role, "") for role in roles})


def mapping_of(found: Mapping[str, Any]) -> list[str]:
    """The role of each column of a preview."""
    width = max([len(found["header"]), *map(len, found["raw"])])
    roles = {each["number"] - 1: role for role, each in found.get("columns", {}).items()}
    return [roles.get(index, UNUSED) for index in range(width)]


def failure(sent: Sent, most: int) -> str:
    """Why a file was not sent, in one sentence. most: bytes that the server takes."""
    if sent.status == 401:
        return LOG_IN_FIRST
    if sent.size == 0:
        return f"{sent.filename} is empty."
    if sent.status == 413 and not sent.detail:
        limit = f"the server takes {size_text(most)} at most"
        return f"{sent.filename} has {size_text(sent.size or 0)}, and {limit}: zip or split it."
    text = sent.detail or f"the server answered with status {sent.status}"
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


class Desk:
    """Looks at files of one user and stores them; runs in a worker thread."""

    def __init__(self, library: Library, owner: str, formats: Own, *, trusted: bool) -> None:
        """formats: those of ticks in orderflow.toml. trusted: the operator is there."""
        self.library = library
        self.owner = owner
        self.formats = formats
        self.trusted = trusted

    def found(self, shown: Shown) -> dict[str, Any]:
        """What a file looks like. Raises BadInput if it is no table, NotFound, Busy, TooLarge."""
        held = self.library.spool.get(self.owner, shown.upload)
        options = read_options(shown.texts) if shown.by_hand else None
        return self.library.run(held, lambda: self._found(held, shown, options))

    def _found(self, held: Held, shown: Shown, options: Any) -> dict[str, Any]:
        if shown.kind != TICKS:
            return preview(self.library, held, shown.kind, options)
        found = {"kind": TICKS, "filename": held.filename, "size": held.size, "problem": "", "header": [], "raw": []}
        with contextlib.suppress(BadInput):  # such as a Parquet file: there are no rows of text to show
            texts = {name: text for name, text in shown.texts.items() if name != "format"}
            found |= look(self.library, held, read_options(texts))[1]
        try:
            return {**found, **look_at_ticks(held.path, tick_options(shown, self.formats), trusted=self.trusted)}
        except (BadInput, TooLarge) as error:
            return {**found, "problem": str(error)}

    def members(self, shown: Shown) -> tuple[str, ...]:
        """The files of an archive that holds several."""
        try:
            held = self.library.spool.get(self.owner, shown.upload)
        except NotFound:
            return ()
        return self.library.run(held, lambda: archive_members(held.path))

    def store(self, shown: Shown, request: Request) -> dict[str, Any]:
        """Store a file of candles or signals; as POST /data/upload answers. Raises OrderflowError."""
        held = self.library.spool.get(self.owner, shown.upload)
        take = self.library.take_signals if shown.kind == "signals" else self.library.take_candles
        row = taken_row(take(held, request))
        self.library.spool.drop(held)
        return row

    def store_ticks(self, market: Market, shown: Shown, skip: bool, symbol: str) -> dict[str, Any]:
        """Put a file of ticks into the market. Raises OrderflowError."""
        held, library = self.library.spool.get(self.owner, shown.upload), self.library
        options = tick_options(shown, self.formats, skip, symbol)
        found = library.run(held, lambda: take_ticks(market, held.path, options, self.owner, library.reports))
        library.spool.drop(held)
        row = {"symbols": list(found.symbols), "accepted": found.accepted, "duplicates": found.duplicates}
        return {**row, "refused": found.refused, "report": report_path(found.report)}

    def refused(self, report: str | None) -> list[dict[str, Any]]:
        """The first rows of a report: line, column and reason."""
        if not report:
            return []
        text = self.library.reports.get(self.owner, report.rpartition("/")[2]).decode()
        rows = zip(csv.DictReader(io.StringIO(text)), range(MOST_ERRORS), strict=False)
        return [{**row, "line": int(row["line"])} for row, _ in rows]


def tick_options(shown: Shown, formats: Own, skip: bool = False, symbol: str = "") -> TickOptions:
    """How a file of ticks is read. formats: those of orderflow.toml."""
    texts = shown.texts
    return TickOptions(
        symbol or None,
        texts.get("tz", "UTC"),
        format=texts.get("format"),
        member=texts.get("member"),
        skip=skip,
        table={"date_order": texts.get("dates"), "skip_lines": texts.get("skip")},
        own=formats,
    )


def report_path(report: str) -> str | None:
    """Where the list of refused rows is, None if none is refused."""
    return f"{BASE}/report/{report}" if report else None
