"""Reads and checks the head of a request: request line and header fields.

What two programs could read in two ways is refused, because a proxy in front may have read it the other way: two
lengths, a length with a transfer coding, folded lines, control characters, a host with a user name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

LINE = 8192
"""Maximum bytes of the request line."""
HEAD = 1 << 15
"""Maximum bytes of a head."""
FIELDS = 100
"""Maximum number of header fields."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TLS = 0x16
"""First byte of a TLS connection."""
SINGLE = ("content-length", "transfer-encoding", "host")
"""Fields that may be given once."""

_REQUEST = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\x00-\x20\x7f]+) HTTP/([0-9])\.([0-9])\r?\n")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+(?:%[\w.~-]+)?\]|[\w.~-]+)(?::([0-9]{1,5}))?", re.ASCII)


class BadHead(ValueError):
    """The head is refused with this HTTP status, and the connection is closed."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Head:
    """A request's head, with the methods of header objects that gevent uses.

    fields: (lower-case name, value) in order. chunked: whether the body comes in chunks. length: the announced length,
    None without one.
    """

    status = ""

    def __init__(self, method: str, target: str, version: str) -> None:
        self.method = method
        self.target = target
        self.version = version
        self.fields: list[tuple[str, str]] = []
        self._values: dict[str, str] = {}
        self.chunked = False
        self.length: int | None = None

    def add(self, name: str, value: str) -> None:
        """Add a field. Raises BadHead for one too many."""
        if name in self._values and name in SINGLE:
            raise BadHead(400, f"{name} is given twice")
        if len(self.fields) >= FIELDS:
            raise BadHead(431, f"the head has more than {FIELDS} fields")
        self.fields.append((name, value))
        self._values[name] = value

    def get(self, name: str, default: str | None = None) -> str | None:
        return self._values.get(name.lower(), default)

    getheader = get

    @property
    def typeheader(self) -> str | None:
        return self._values.get("content-type")

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to send further requests on the connection."""
        words = [word.strip() for word in self._values.get("connection", "").lower().split(",")]
        return "close" not in words and (self.version == "HTTP/1.1" or "keep-alive" in words)


def read_head(stream: Any) -> Head | None:
    """Read one head from a buffered stream; None if the stream has ended. Raises BadHead."""
    begin = stream.peek(1)
    if not begin:
        return None
    if begin[0] == TLS:
        raise BadHead(400, "the request is malformed: this server speaks http://, not https://")
    end = begin.find(b"\r\n\r\n") + 4
    return parse_head(stream.read(end) if end > 3 else _read_lines(stream))


def _read_lines(stream: Any) -> bytes:
    """The head line by line: it has come in parts, or its lines end in \\n alone."""
    lines: list[bytes] = []
    left = HEAD
    while True:
        line = stream.readline(left + 1 if lines else LINE + 1)
        left -= len(line)
        if not lines and len(line) > LINE:
            raise BadHead(414, "the URL is too long")
        if left < 0:
            raise BadHead(431, f"the head is longer than {HEAD:,} bytes")
        if not line.endswith(b"\n"):
            raise BadHead(400, "the request is malformed: its head ends too early")
        lines.append(line)
        if line in (b"\r\n", b"\n"):
            return b"".join(lines)


def parse_head(data: bytes) -> Head:
    """The head in `data`, which ends with its empty line. Raises BadHead."""
    text = data.decode("latin-1")
    request = _REQUEST.match(text)
    if request is None:
        raise BadHead(400, "the request is malformed: its first line must be like GET /path HTTP/1.1")
    method, target, major, minor = request.groups()
    if major != "1" or minor not in "01":
        raise BadHead(505, f"HTTP/{major}.{minor} is not supported; use HTTP/1.1")
    if method not in METHODS:
        raise BadHead(501, f"the method {method[:20]} is not supported; use one of {', '.join(METHODS)}")
    if len(target) > LINE:
        raise BadHead(414, "the URL is too long")
    if target[0] != "/":
        raise BadHead(400, "the request is malformed: the URL must begin with /")
    head = Head(method, target, f"HTTP/1.{minor}")
    rest = text[request.end() :].replace("\r\n", "\n")
    if (rest != "\n" and not rest.endswith("\n\n")) or _CONTROL.search(rest):
        raise _damaged()
    for line in rest[:-1].split("\n")[:-1]:
        name, colon, value = line.partition(":")
        known = field_name(name)
        if not colon or not known:
            raise _damaged()
        head.add(known, value.strip(" \t"))
    _check_host(head)
    _check_framing(head)
    return head


@lru_cache(maxsize=500)  # the names of fields are nearly always the same few
def field_name(name: str) -> str:
    """The name of a header field in lower case, "" if it is none."""
    return name.lower() if _NAME.fullmatch(name) else ""


def _damaged() -> BadHead:
    return BadHead(400, "the request is malformed: a header field is damaged")


def is_host(host: str) -> bool:
    """Whether `host` is a name or address with an optional port, and nothing else."""
    match = _HOST.fullmatch(host)
    return match is not None and int(match[1] or 0) <= 65_535


def _check_host(head: Head) -> None:
    host = head.get("host")
    if host is None:
        if head.version == "HTTP/1.1":
            raise BadHead(400, "the request is malformed: it has no Host")
    elif not is_host(host):
        raise BadHead(400, "the request is malformed: Host must be a name or an address, and perhaps a port")


def _check_framing(head: Head) -> None:
    """Set how the body is sent. Raises BadHead if that is not clear."""
    coding, length = head.get("transfer-encoding"), head.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked":
            raise BadHead(501, f"the transfer coding {coding[:50]!r} is not supported; use chunked")
        if length is not None or head.version == "HTTP/1.0":
            raise BadHead(400, "the request is malformed: chunked does not go with Content-Length or HTTP/1.0")
        head.chunked = True
    elif length is not None:
        if not _LENGTH.fullmatch(length):
            raise BadHead(400, "the request is malformed: Content-Length is not a number")
        head.length = int(length)
