"""Reads and decompresses request bodies up to a size limit.

The body is read directly from the server's stream. A Content-Length above the limit is refused before a byte is read; a
chunked body is refused when it exceeds the limit. An incomplete body, from a client that disconnects, is discarded.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orderflow.errors import BadInput, Busy, OrderflowError, TooLarge

PIECE = 1 << 16

log = logging.getLogger(__name__)


class UnsupportedMedia(OrderflowError):
    """The Content-Type or Content-Encoding is not supported by this route."""

    status = 415


class ClientGone(BadInput):
    """The client closed the connection before its body was complete."""


class Budget:
    """Bounds the total bytes of all bodies being processed, so that many large ones cannot exhaust the memory."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Reserve `size` bytes. Raises Busy if fewer are free."""
        if self._held and self._held + size > self._most:
            raise Busy("the server is taking in as much as it can; try again", retry_after=1)
        self._held += size
        try:
            yield
        finally:
            self._held -= size


def content_length(environ: dict[str, Any]) -> int | None:
    """The Content-Length: 0 without a body, None for a chunked body. Raises BadInput if it is not a number."""
    text = environ.get("CONTENT_LENGTH")
    if not text:
        return None if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() else 0
    if not text.isdecimal():
        raise BadInput("Content-Length is not a number")
    return int(text)


def read_body(environ: dict[str, Any], limit: int) -> bytes:
    """The whole body, decompressed.

    Raises TooLarge above `limit` bytes (before or after decompression), UnsupportedMedia for an unknown
    Content-Encoding, BadInput for corrupt data, ClientGone if the client disconnects.
    """
    length = content_length(environ)
    if length is not None and length > limit:
        raise too_large(limit)
    coding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise UnsupportedMedia(f"Content-Encoding {coding[:50]!r} is not supported; use gzip, deflate or none")
    try:
        data = _read_chunked(environ["wsgi.input"], limit) if length is None else environ["wsgi.input"].read(length)
    except OSError as error:
        raise _gone(environ, error) from error
    if length is not None and len(data) < length:
        raise _gone(environ, f"{len(data):,} of {length:,} bytes came")
    return bytes(data) if coding in ("identity", "") else _inflate(data, coding, limit)


def too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than the {limit:,} bytes that the server takes in one call; send less at a time"
    )


def _gone(environ: dict[str, Any], why: object) -> ClientGone:
    log.debug("%s %s: the client left: %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"), why)
    return ClientGone("the body ended before its announced length; nothing of it was kept")


def _read_chunked(stream: Any, limit: int) -> bytes:
    pieces, size = [], 0
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _inflate(data: bytes, coding: str, limit: int) -> bytes:
    # "deflate" means zlib's format, but some clients send raw deflate; the first byte distinguishes them
    bare = coding == "deflate" and data[:1] not in (
        b"\x08",
        b"\x18",
        b"\x28",
        b"\x38",
        b"\x48",
        b"\x58",
        b"\x68",
        b"\x78",
    )
    window = -zlib.MAX_WBITS if bare else zlib.MAX_WBITS + 32
    whole = b""
    try:
        while data:
            stream = zlib.decompressobj(window)
            whole += stream.decompress(data, limit + 1 - len(whole))
            if len(whole) > limit:
                raise too_large(limit)
            if not stream.eof:
                raise BadInput(f"the {coding} body ends too early")
            data = stream.unused_data
    except zlib.error as error:
        raise BadInput(f"the body is not {coding}: {error}") from error
    return whole
