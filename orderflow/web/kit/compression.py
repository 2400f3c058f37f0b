"""WSGI middleware that compresses responses and adds security and cache headers.

Text responses of at least MIN_BYTES are compressed if the client accepts it. Files (the scripts and styles of pages,
and whole pages with a weak ETag) are compressed once and cached, with Brotli where the browser accepts it. Browsers
cache URLs that contain a version for a year.

Other responses are compressed with gzip only, because Brotli is not smaller in the same time (25.9 KB of a page's
components: 4,382 B in 0.44 ms at quality 4, gzip 4,367 B in 0.64 ms).
"""

from __future__ import annotations

import re
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import brotli

from orderflow.errors import Conflict
from orderflow.web.kit.security import Application, Environ, Start

MIN_BYTES = 1024
"""Bytes below which a body is not compressed."""
MAX_CACHED = 256
LEVEL = 5
SMALL = 64 * 1024
BROTLI_SMALL, BROTLI = 11, 5
"""Brotli quality for files up to SMALL bytes, and for larger ones. A small file takes 0.1 s and is 12 % smaller than
with gzip; Plotly at quality 11 would take 8 s and be 10 % smaller than at 5 (328,677 B, 363,506 B; gzip 395,403 B)."""
TEXTS = re.compile(r"(?:text/|application/(?:json|javascript|manifest\+json|xml)|image/svg)")
YEAR = "public, max-age=31536000, immutable"
VERSIONED = re.compile(r"^/assets/|^/_dash-component-suites/")
HTTPS_ONLY = ("Strict-Transport-Security", "max-age=31536000")
"""Tells browsers to use https for a year."""
MAX_ACCEPTED = 500
"""Characters of an Accept-Encoding header that are read."""
HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
POLICY = (
    "default-src 'self'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'{sockets}; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)


class Run(Protocol):
    """Runs a function in a worker thread, as `Workers.run` does."""

    def __call__(self, fn: Callable[..., bytes], *args: Any) -> bytes: ...


def run_here(fn: Callable[..., bytes], *args: Any) -> bytes:
    """Run the function in the calling thread."""
    return fn(*args)


class Compression:
    """The middleware around `application`.

    run: runs long work, by default in the calling thread. https: the server is reached by https, which
    it cannot see itself where a tunnel ends in front of it.
    """

    def __init__(self, application: Application, run: Run = run_here, *, https: bool = False) -> None:
        self._application = application
        self._https = https
        self._run = run
        self._scripts: Callable[[], Iterable[str]] = lambda: ()
        self._policies: dict[str, str] = {}
        self._packed: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    def allow_scripts(self, hashes: Callable[[], Iterable[str]]) -> None:
        """Set the inline scripts that the CSP allows. hashes: returns CSP sources such as 'sha256-…'."""
        self._scripts = hashes
        self._policies.clear()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        answer: list[Any] = []

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            answer[:] = [status, headers, exc_info]
            return _no_write

        body = self._application(environ, hold)
        if not answer:  # a socket has taken the connection over, and it has ended
            return body
        status, headers, exc_info = answer
        names = {name.lower(): value for name, value in headers}
        kind = names.get("content-type", "")
        headers = headers + HEADERS
        if self._https or environ.get("wsgi.url_scheme") == "https":
            headers.append(HTTPS_ONLY)
        if kind.startswith("text/html"):
            headers.append(("Content-Security-Policy", self._policy(environ.get("HTTP_HOST", ""))))
        path = environ["PATH_INFO"]
        if VERSIONED.match(path):
            if status[:3] == "200" and _versioned(path, environ.get("QUERY_STRING", "")):
                headers = [pair for pair in headers if pair[0].lower() != "cache-control"]
                headers.append(("Cache-Control", YEAR))
        elif "cache-control" not in names:
            headers.append(("Cache-Control", "no-store"))
        is_file = "content-length" in names and (VERSIONED.match(path) or names.get("etag", "").startswith("W/"))
        encoding = choose_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""), ("br", "gzip") if is_file else ("gzip",))
        if encoding is not None and self._packs(environ, status, names, kind):
            headers = _packed_headers(headers, encoding)
            if "content-length" not in names:
                body = _Stream(body, self._beside)
            else:
                data = self._pack_once(environ, encoding, names, body) if is_file else self._gzip(body)
                headers.append(("Content-Length", str(len(data))))
                body = [data]
        start(status, headers, exc_info)
        return body

    def _policy(self, host: str) -> str:
        if host not in self._policies:
            if len(self._policies) > MAX_CACHED:
                self._policies.clear()
            scripts = "".join(f" {source}" for source in self._scripts())
            # older browsers do not count a WebSocket to the same host as 'self'
            sockets = f" ws://{host} wss://{host}" if re.fullmatch(r"[\w.:\[\]-]+", host) else ""
            self._policies[host] = POLICY.format(scripts=scripts, sockets=sockets)
        return self._policies[host]

    @staticmethod
    def _packs(environ: Environ, status: str, names: dict[str, str], kind: str) -> bool:
        return (
            int(names.get("content-length", MIN_BYTES)) >= MIN_BYTES
            and "content-encoding" not in names
            and status[:3] not in ("204", "206", "304")
            and environ["REQUEST_METHOD"] != "HEAD"
            and TEXTS.match(kind) is not None
        )

    def _pack_once(self, environ: Environ, encoding: str, names: dict[str, str], body: Iterable[bytes]) -> bytes:
        """The compressed file, cached by path, ETag, date and length; the query string does not change a file."""
        validators = ("etag", "last-modified", "content-length")
        key = (encoding, environ["PATH_INFO"], *(names.get(name, "") for name in validators))
        if key in self._packed:
            _close(body)
            return self._packed[key]
        packed = self._beside(pack_file, _whole(body), encoding)
        self._packed[key] = packed
        if len(self._packed) > MAX_CACHED:
            self._packed.popitem(last=False)
        return packed

    def _gzip(self, body: Iterable[bytes]) -> bytes:
        data = _whole(body)
        return pack_answer(data) if len(data) <= SMALL else self._beside(pack_answer, data)

    def _beside(self, fn: Callable[..., bytes], *args: Any) -> bytes:
        """Run in a worker thread, where it does not stop the server."""
        try:
            return self._run(fn, *args)
        except Conflict:  # the server is stopping, and its workers with it
            return fn(*args)


def pack_answer(data: bytes) -> bytes:
    """Compress a response with gzip."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(data) + packer.flush()


def pack_file(data: bytes, encoding: str) -> bytes:
    """Compress a file. encoding: "br" or "gzip"."""
    if encoding == "br":
        quality = BROTLI_SMALL if len(data) <= SMALL else BROTLI
        packed: bytes = brotli.compress(data, mode=brotli.MODE_TEXT, quality=quality)
        return packed
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(data) + packer.flush()


class _Stream:
    """A response of unknown length, compressed chunk by chunk."""

    def __init__(self, body: Iterable[bytes], beside: Run) -> None:
        self._body = body
        self._beside = beside
        self.close = getattr(body, "close", lambda: None)

    def __iter__(self) -> Iterator[bytes]:
        packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS + 16)
        for piece in self._body:
            if packed := packer.compress(piece) if len(piece) <= SMALL else self._beside(packer.compress, piece):
                yield packed
        yield packer.flush()


def _whole(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        _close(body)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def choose_encoding(accepted: str, offered: Sequence[str]) -> str | None:
    """The first of `offered` that an Accept-Encoding header allows, None if it allows none. "*" allows gzip only."""
    allowed: dict[str, bool] = {}
    for part in accepted[:MAX_ACCEPTED].lower().split(","):
        name, _, quality = part.partition(";")
        allowed.setdefault(name.strip(), re.fullmatch(r"\s*q=0(?:\.0*)?\s*", quality) is None)
    allowed.setdefault("gzip", allowed.get("*", False))
    return next((encoding for encoding in offered if allowed.get(encoding)), None)


def _packed_headers(headers: list[tuple[str, str]], encoding: str) -> list[tuple[str, str]]:
    """The headers of a compressed response, without its length and without a strong ETag, which is of the raw bytes."""
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() != "content-length"
        and (name.lower() != "etag" or value.startswith("W/"))
        and (name.lower(), value) != ("vary", "Accept-Encoding")
    ]
    return [*kept, ("Content-Encoding", encoding), ("Vary", "Accept-Encoding")]


def _versioned(path: str, query: str) -> bool:
    """True for URLs that change with their content: Dash's fingerprints (.v4_4_1m17…), or a query with m= or v=."""
    return bool(re.search(r"\.v\d+_\d+\w*m\d+\.", path) or re.search(r"(?:^|&)(?:m|v)=[\w.]+", query))


def _no_write(data: bytes) -> None:
    """The `write` callable of WSGI's `start_response`, which is not supported: a response must be returned."""
    raise RuntimeError("the response must be returned, not written")
