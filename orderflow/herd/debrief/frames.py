"""The frames of a session, by which it is played again: prices and order flow by time, and captions.

A log is read twice, event by event: for its outline, and for the frames. On their way into the answer the columns are
kept as numbers, on disk if they are many, so memory does not grow with the session.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import msgspec
import numpy as np

from orderflow.herd.debrief.accounts import Accounts
from orderflow.herd.debrief.captions import caption
from orderflow.herd.debrief.export import Log
from orderflow.herd.debrief.outline import Outline, outline_of
from orderflow.herd.rules.events import BatchCleared, Event, NewsPublished, RoundChanged, RoundUndone
from orderflow.herd.rules.money import units
from orderflow.herd.rules.state import State

Json = dict[str, Any]
Moment = tuple[int, float, int, int, float | None]
"""t (ms), price, buys, sells, fundamental."""

MS = 1_000_000
MOMENTS = (BatchCleared, NewsPublished, RoundChanged, RoundUndone)
"""Events after which the price, the order flow or the fundamental value may differ."""
COLUMNS = ("t", "price", "buys", "sells", "fundamental")
IN_MEMORY = 1 << 16
"""Bytes of moments, and of captions, beyond which they are on disk."""
PIECE = 1_000
"""Moments that are written at a time."""
_ROW = np.dtype([("t", "i8"), ("price", "f8"), ("buys", "i8"), ("sells", "i8"), ("fundamental", "f8")])


def frames(log: Log) -> Json:
    """What is needed to show a session again, as `GET /herd/frames` answers it.

    Columns `t` (ms), `price`, `buys`, `sells` and `fundamental` (None where a session has no rounds) have one entry for
    each event of `MOMENTS`; `events` has the captions as {"t", "kind", "text"}. Raises BadInput for a log with a gap.
    """
    found: Json = msgspec.json.decode(b"".join(frames_json(log)))
    return found


def frames_json(log: Log) -> Iterator[bytes]:
    """The JSON of `frames` in pieces, of the log as it is now. Raises BadInput before the first piece."""
    return _pieces(log, outline_of(log()))


def _pieces(log: Log, outline: Outline) -> Iterator[bytes]:
    with SpooledTemporaryFile(IN_MEMORY) as moments, SpooledTemporaryFile(IN_MEMORY) as captions:
        head, valued = _write(log, outline, moments, captions)
        yield msgspec.json.encode(head)[:-1]
        for name in COLUMNS[:-1]:
            yield from _column(moments, name)
        yield b',"events":['
        captions.seek(0)
        while piece := captions.read(IN_MEMORY):
            yield piece
        yield b"]"
        if valued:
            yield from _column(moments, COLUMNS[-1])
        yield b"}" if valued else b',"fundamental":null}'


def _write(log: Log, outline: Outline, moments: IO[bytes], captions: IO[bytes]) -> tuple[Json, bool]:
    """Write the moments as numbers, and the captions as JSON; the head, and whether there is a fundamental value."""
    events = outline.first(log())
    accounts = Accounts(first := next(events), outline)
    state, comma = accounts.state, b""
    rows = [_moment(first, state, outline)]
    head, valued = {"session": state.session_id, "start": rows[0][1]}, False
    for event in events:
        accounts.apply(event)
        if isinstance(event, MOMENTS):
            rows.append(_moment(event, state, outline))
            valued = valued or rows[-1][-1] is not None
        if len(rows) >= PIECE:
            moments.write(_numbers(rows))
            rows.clear()
        if (words := caption(event, state)) is not None:
            told = {"t": outline.wall(event.t) // MS, "kind": event.tag, "text": words}
            captions.write(comma + msgspec.json.encode(told))
            comma = b","
    moments.write(_numbers(rows))
    return head, valued


def _moment(event: Event, state: State, outline: Outline) -> Moment:
    flow = (event.buys, event.sells) if isinstance(event, BatchCleared) else (0, 0)
    return outline.wall(event.t) // MS, units(state.price), *flow, _fundamental(state)


def _fundamental(state: State) -> float | None:
    """The value of a share in the running round, in currency."""
    running = state.round
    worth = running.fundamental if running is not None and running.running else None
    return None if worth is None else units(worth)


def _numbers(rows: list[Moment]) -> bytes:
    return np.array([(*row[:-1], math.nan if row[-1] is None else row[-1]) for row in rows], _ROW).tobytes()


def _column(moments: IO[bytes], name: str) -> Iterator[bytes]:
    """One column as a member of a JSON object, with a comma in front."""
    moments.seek(0)
    before = f',"{name}":['.encode()
    while data := moments.read(PIECE * _ROW.itemsize):
        values = np.frombuffer(data, _ROW)[name].tolist()
        yield before + msgspec.json.encode([None if value != value else value for value in values])[1:-1]
        before = b","
    yield b"]"
