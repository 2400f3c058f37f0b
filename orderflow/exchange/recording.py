"""Plays recorded frames with their original timing.

A recording is a text file, optionally gzipped, with one JSON object per line. Two kinds of lines are used:

    {"t": "recv", "ts": seconds, "data": "text of the frame"}     a received frame
    {"t": "http", "url": "https://…/api/v3/…?…", "data": "…"}    a REST response, returned for the same call

The stream of a frame is the one it names (`{"stream": …, "data": …}`), otherwise it follows from the event. Other lines
are ignored.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from orderflow.errors import BadInput, FieldError

LARGEST = 1 << 30
EVENTS = {"aggTrade": "aggTrade", "trade": "trade", "24hrMiniTicker": "miniTicker", "depthUpdate": "depth"}


class _Line(msgspec.Struct):
    t: str
    ts: float = 0.0
    data: str = ""
    url: str = ""


class _Frame(msgspec.Struct):
    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw()


class _Kline(msgspec.Struct):
    i: str = ""


class _Event(msgspec.Struct):
    e: str = ""
    s: str = ""
    u: int | None = None
    k: _Kline | None = None


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """A recorded frame. at: seconds after the first frame. data: JSON of the event."""

    at: float
    stream: str
    data: bytes


@dataclass(frozen=True)
class Recording:
    """frames: in order of time. answers: JSON by (path below /api/v3/, sorted parameters)."""

    frames: Sequence[RecordedFrame]
    answers: dict[tuple[str, tuple[tuple[str, str], ...]], bytes]

    @property
    def streams(self) -> frozenset[str]:
        """Names of the recorded streams."""
        return frozenset(frame.stream for frame in self.frames)

    @property
    def length(self) -> float:
        """Seconds from the first frame to the last."""
        return self.frames[-1].at if self.frames else 0.0

    def answer(self, path: str, query: Sequence[tuple[str, str]]) -> bytes | None:
        """The recorded response to a REST call, None without one."""
        return self.answers.get((path, tuple(sorted(query))))

    @staticmethod
    def load(path: Path) -> Recording:
        """Read a file. Raises BadInput with the number of the wrong line."""
        try:
            with path.open("rb") as file:
                data = (gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file).read(LARGEST + 1)
        except (OSError, EOFError) as error:
            raise BadInput(f"the recording {path} cannot be read: {error}") from error
        if len(data) > LARGEST:
            raise BadInput(f"the recording {path} is larger than {LARGEST:,} bytes")
        return Recording.parse(data.splitlines())

    @staticmethod
    def parse(lines: Sequence[bytes]) -> Recording:
        """Parse lines. Raises BadInput with the number of the wrong line."""
        decode = msgspec.json.Decoder(_Line).decode
        found: list[tuple[float, str, bytes]] = []
        answers: dict[tuple[str, tuple[tuple[str, str], ...]], bytes] = {}
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            try:
                line = decode(text)
                if line.t == "recv":
                    stream, data = _frame(line.data)
                    if stream:
                        found.append((line.ts, stream, data))
                elif line.t == "http":
                    url = urlsplit(line.url)
                    _, known, name = url.path.partition("/api/v3/")
                    if known:
                        answers[name, tuple(sorted(parse_qsl(url.query)))] = line.data.encode()
            except (msgspec.DecodeError, ValueError) as error:
                reason = f"is not valid in a recording: {error}"
                raise BadInput(f"line {number} {reason}", [FieldError(None, None, reason, number)]) from error
        found.sort(key=lambda frame: frame[0])
        begin = found[0][0] if found else 0.0
        return Recording([RecordedFrame(ts - begin, stream, data) for ts, stream, data in found], answers)


def _frame(text: str) -> tuple[str, bytes]:
    """(stream, data) of a frame; an empty stream if it is not an event."""
    frame = msgspec.json.decode(text, type=_Frame)
    if frame.stream is not None:
        return frame.stream, bytes(frame.data)
    event = msgspec.json.decode(text, type=_Event)
    symbol = event.s.lower()
    if not symbol:
        return "", b""
    if event.e == "kline" and event.k is not None:
        return f"{symbol}@kline_{event.k.i}", text.encode()
    if event.e in EVENTS:
        return f"{symbol}@{EVENTS[event.e]}", text.encode()
    if event.e in ("", "bookTicker") and event.u is not None:
        return f"{symbol}@bookTicker", text.encode()
    return "", b""


class Player:
    """Plays a recording. velocity: factor of the original speed. loop: start again at the end."""

    def __init__(self, recording: Recording, velocity: float = 1.0, *, loop: bool = False) -> None:
        self.recording = recording
        self._velocity = velocity
        self._loop = loop
        self._begun: float | None = None
        self._next = 0

    def due(self, now: float) -> list[RecordedFrame]:
        """Frames due since the last call; the first call starts the recording. now: monotonic, s."""
        frames = self.recording.frames
        if self._begun is None:
            self._begun = now
        if self._loop and frames and self._next >= len(frames):
            self._begun, self._next = now, 0
        position = (now - self._begun) * self._velocity
        begin = self._next
        while self._next < len(frames) and frames[self._next].at <= position:
            self._next += 1
        return list(frames[begin : self._next])

    def state(self) -> dict[str, Any]:
        """Progress, JSON-ready."""
        return {"frames": len(self.recording.frames), "played": self._next, "seconds": self.recording.length}
