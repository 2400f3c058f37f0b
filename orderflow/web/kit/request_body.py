"""Reads and decompresses request bodies up to a size limit.

A Content-Length above the limit is refused before a byte is read; a chunked body is refused when it exceeds the limit.
An incomplete body, from a client that disconnects or is too slow, is discarded. A compressed body is unpacked in time
proportional to its size, whatever it is made of, and a large one beside the event loop.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from orderflow.errors import BadInput, OrderflowError, TooLarge
from orderflow.web.kit.budget import counter

PACKED_PIECE = 1 << 13
MAX_MEMBERS = 4096
"""Maximum number of parts that a gzip body is joined from."""
PACKED_HERE = 1024
"""Packed bodies up to this many bytes are unpacked at once: they unpack to a megabyte at most."""
CODINGS = ("identity", "", "gzip", "x-gzip", "deflate")
ZLIB = frozenset(b"\x08\x18\x28\x38\x48\x58\x68\x78")
"""First bytes of zlib's format; "deflate" means that format, but some clients send raw deflate."""

Run = Callable[[Callable[[], bytes]], bytes]
"""Runs a function, as `Workers.run` does in a worker thread."""

log = logging.getLogger(__name__)


class UnsupportedMedia(OrderflowError):
    """The Content-Type or Content-Encoding is not supported by this route."""

    status = 415


class ClientGone(BadInput):
    """The client closed the connection before its body was complete."""


class TooSlow(OrderflowError):
    """The body did not arrive in time."""

    status = 408


def run_here(fn: Callable[[], bytes]) -> bytes:
    """Run the function in the calling thread."""
    return fn()


def content_length(environ: dict[str, Any]) -> int | None:
    """The Content-Length: 0 without a body, None for a chunked body. Raises BadInput if it is not a number."""
    text = environ.get("CONTENT_LENGTH")
    if not text:
        return None if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() else 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadInput("Content-Length is not a number")
    return int(text)


def read_body(environ: dict[str, Any], limit: int, run: Run = run_here) -> bytes:
    """The whole body, decompressed. run: runs what may take long.

    Raises TooLarge above `limit` bytes (before or after decompression), UnsupportedMedia for an unknown
    Content-Encoding, BadInput for corrupt data, ClientGone if the client disconnects, TooSlow, and Busy if there is no
    room for it.
    """
    length = content_length(environ)
    if length is not None and length > limit:
        raise too_large(limit)
    coding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if coding not in CODINGS:
        raise UnsupportedMedia(f"Content-Encoding {coding[:50]!r} is not supported; use gzip, deflate or none")
    try:
        data = _read(environ["wsgi.input"], length, limit)
    except TimeoutError as error:
        raise TooSlow("the body came too slowly; nothing of it was kept") from error
    except OSError as error:
        raise _gone(environ, error) from error
    if length is not None and len(data) < length:
        raise _gone(environ, f"{len(data):,} of {length:,} bytes came")
    if coding in CODINGS[:2]:
        return data
    unpacked = run(lambda: inflate(data, coding, limit)) if len(data) > PACKED_HERE else inflate(data, coding, limit)
    counter(environ)(len(unpacked))
    return unpacked


def read_object(environ: dict[str, Any], limit: int, *, empty: bool = False) -> dict[str, Any]:
    """The body as a JSON object; empty: no body is {}. Raises BadInput, whose text has nothing of the body, and as
    `read_body`."""
    data = read_body(environ, limit)
    if empty and not data:
        return {}
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("the body is not JSON") from None  # the error's text may have a secret
    if not isinstance(found, dict):
        raise BadInput("the body must be a JSON object")
    return found


def read_pieces(environ: dict[str, Any], limit: int, size: int) -> Iterator[bytes]:
    """The body as it comes, in pieces of at most `size` bytes.

    Raises TooLarge above `limit` bytes, ClientGone if the client disconnects, TooSlow.
    """
    length, total = content_length(environ), 0
    stream = environ["wsgi.input"]
    while length is None or total < length:
        try:
            piece = bytes(stream.read(size if length is None else min(size, length - total)))
        except TimeoutError as error:
            raise TooSlow("the body came too slowly; nothing of it was kept") from error
        except OSError as error:
            raise _gone(environ, error) from error
        if not piece:
            break
        total += len(piece)
        if total > limit:
            raise too_large(limit)
        yield piece
    if length is not None and total < length:
        raise _gone(environ, f"{total:,} of {length:,} bytes came")


def too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than the {limit:,} bytes that the server takes in one call; send less at a time"
    )


def _gone(environ: dict[str, Any], why: object) -> ClientGone:
    log.debug("%s %s: the client left: %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"), why)
    return ClientGone("the body ended before its announced length; nothing of it was kept")


def _read(stream: Any, length: int | None, limit: int) -> bytes:
    """The whole body. Raises TooLarge."""
    data = bytes(stream.read(limit + 1 if length is None else length))
    if len(data) > limit:
        raise too_large(limit)
    return data


def inflate(data: bytes, coding: str, limit: int) -> bytes:
    """Unpack "gzip", "x-gzip" or "deflate" in time proportional to the bytes before and after.

    Raises TooLarge above `limit` bytes, BadInput for corrupt data and for more than MAX_MEMBERS gzip parts.
    """
    if not data:
        return b""
    bare = coding == "deflate" and data[0] not in ZLIB
    window = -zlib.MAX_WBITS if bare else zlib.MAX_WBITS + 32
    pieces: list[bytes] = []
    size = at = 0
    view = memoryview(data)
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(window)
        while at < len(data) and not member.eof:
            fed = view[at : at + PACKED_PIECE]
            try:
                piece = member.decompress(fed, limit + 1 - size)
            except zlib.error as error:
                raise BadInput(f"the body is not {coding}: {error}") from error
            at += len(fed) - len(member.unused_data)
            size += len(piece)
            pieces.append(piece)
            if size > limit:
                raise too_large(limit)
        if not member.eof:
            raise BadInput(f"the {coding} body ends too early")
        if at == len(data):
            return b"".join(pieces)
    raise BadInput(f"the {coding} body has more than {MAX_MEMBERS:,} parts; pack it as one")
