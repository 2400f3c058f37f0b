"""Receives an uploaded file: as the body itself, or as one part of a form; written to disk as it comes.

At no time is more of the file in memory than a piece, so that its bytes do not count against the bodies in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from orderflow.errors import BadInput
from orderflow.web.kit.budget import PASSING
from orderflow.web.kit.request_body import UnsupportedMedia, content_length, read_pieces, too_large

PIECE = 1 << 18
MAX_FIELD = 1 << 16
"""Most bytes of all other fields of a form together."""
MAX_PARTS = 50
MAX_BUFFER = 1 << 22
FORM = "multipart/form-data"

Write = Callable[[bytes], object]


@dataclass(slots=True)
class Form:
    """What came with a file. filename: as the client calls it. fields: the other fields of the form."""

    filename: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    size: int = 0


def receive(environ: dict[str, Any], limit: int, write: Write) -> Form:
    """Read the body and write the file in it, piece by piece.

    Raises TooLarge above `limit` bytes of the file, UnsupportedMedia for a compressed body, BadInput for a damaged form
    or one without a part `file`, ClientGone, TooSlow, and what `write` raises.
    """
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("identity", ""):
        raise UnsupportedMedia("send the file as it is, without a Content-Encoding; it may be a .zip or .gz itself")
    media, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    form = media.lower() == FORM
    length = content_length(environ)
    if length is not None and length > limit + (MAX_FIELD if form else 0):
        raise too_large(limit)
    environ.get(PASSING, lambda: None)()
    pieces = read_pieces(environ, limit + (MAX_FIELD if form else 0), PIECE)
    if form:
        return _of_form(pieces, options.get("boundary", ""), limit, write)
    found = Form()
    for piece in pieces:
        found.size += len(piece)
        write(piece)
    if not found.size:
        raise BadInput("the body is empty: send the file as the body, or as the field `file` of a form")
    return found


def _of_form(pieces: Iterator[bytes], boundary: str, limit: int, write: Write) -> Form:
    if not boundary or len(boundary) > 200:
        raise BadInput("the form has no boundary")
    found, reader = Form(), _FormReader(boundary.encode("latin-1", "replace"))
    seen = False
    for kind, name, data in reader.events(pieces):
        if kind == "file":
            if seen or name != "file":
                raise BadInput("the form has several files, or one that is not the field `file`: send one at a time")
            seen, found.filename = True, data.decode("utf-8", "replace")
        elif kind == "data":
            found.size += len(data)
            if found.size > limit:
                raise too_large(limit)
            write(data)
        else:
            found.fields[name] = data.decode("utf-8", "replace")
    if not seen:
        raise BadInput("the form has no field `file`")
    return found


class _FormReader:
    """The parts of a form as (kind, name, data): "file" with its name, "data" of the file, "field" with its value."""

    def __init__(self, boundary: bytes) -> None:
        self._decoder = MultipartDecoder(boundary, MAX_BUFFER, max_parts=MAX_PARTS)
        self._field = ""
        self._value: list[bytes] | None = None
        self._fields = 0

    def events(self, pieces: Iterator[bytes]) -> Iterator[tuple[str, str, bytes]]:
        ended = False
        try:
            for piece in pieces:
                self._decoder.receive_data(piece)
                for event in self._ready():
                    ended = ended or isinstance(event, Epilogue)
                    yield from self._part(event)
            if not ended:
                self._decoder.receive_data(None)
                for event in self._ready():
                    yield from self._part(event)
        except (ValueError, RequestEntityTooLarge, UnicodeDecodeError) as error:
            raise BadInput("the form is damaged, or ends too early; nothing of it was kept") from error

    def _ready(self) -> Iterator[Event]:
        while not isinstance(event := self._decoder.next_event(), NeedData):
            yield event
            if isinstance(event, Epilogue):
                return

    def _part(self, event: Event) -> Iterator[tuple[str, str, bytes]]:
        if isinstance(event, File):
            self._value = None
            yield "file", event.name, event.filename.encode("utf-8", "replace")
        elif isinstance(event, Field):
            if not event.name:
                raise BadInput("a field of the form has no name")
            self._field, self._value = event.name, []
        elif isinstance(event, Data):
            if self._value is None:
                yield "data", "", bytes(event.data)
                return
            self._fields += len(event.data)
            if self._fields > MAX_FIELD:
                raise BadInput(f"the fields of the form have more than {MAX_FIELD:,} bytes")
            self._value.append(bytes(event.data))
            if not event.more_data:
                yield "field", self._field, b"".join(self._value)
