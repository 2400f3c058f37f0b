"""How answers travel: compressed, with the security headers, and kept by browsers for as long as is right.

WSGI middleware for everything the server has. What is compressed must be text, long enough and asked for; a script or
style of the page is compressed once and remembered. Names with a version in them are kept by browsers for a year.
"""

from __future__ import annotations

import re
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from orderflow.web.kit.security import Application, Environ, Start

LEAST = 1024
"""Shorter bodies are not worth compressing."""
REMEMBERED = 256
LEVEL = 5
TEXTS = re.compile(r"(?:text/|application/(?:json|javascript|manifest\+json|xml)|image/svg)")
YEAR = "public, max-age=31536000, immutable"
VERSIONED = re.compile(r"^/assets/|^/_dash-component-suites/")
HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
POLICY = (
    "default-src 'self'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'{sockets}; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)


class Compression:
    """Adds to the answers of `application`."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._scripts: Callable[[], Iterable[str]] = lambda: ()
        self._policies: dict[str, str] = {}
        self._packed: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    def allow_scripts(self, hashes: Callable[[], Iterable[str]]) -> None:
        """Scripts inside pages that may run, as CSP sources such as 'sha256-…'; asked once, at the first page."""
        self._scripts = hashes
        self._policies.clear()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if "HTTP_UPGRADE" in environ:
            return self._application(environ, start)
        answer: list[Any] = []

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            answer[:] = [status, headers, exc_info]
            return _no_write

        body = self._application(environ, hold)
        status, headers, exc_info = answer
        names = {name.lower(): value for name, value in headers}
        kind = names.get("content-type", "")
        headers = headers + HEADERS
        if kind.startswith("text/html"):
            headers.append(("Content-Security-Policy", self._policy(environ.get("HTTP_HOST", ""))))
        path = environ["PATH_INFO"]
        if VERSIONED.match(path):
            if status[:3] == "200" and _versioned(path, environ.get("QUERY_STRING", "")):
                headers = [pair for pair in headers if pair[0].lower() != "cache-control"]
                headers.append(("Cache-Control", YEAR))
        elif "cache-control" not in names:
            headers.append(("Cache-Control", "no-store"))
        if self._packs(environ, status, names, kind):
            body, headers = self._pack(environ, names, headers, body)
        start(status, headers, exc_info)
        return body

    def _policy(self, host: str) -> str:
        if host not in self._policies:
            if len(self._policies) > REMEMBERED:
                self._policies.clear()
            scripts = "".join(f" {source}" for source in self._scripts())
            # older browsers do not count a socket to the page's own server as 'self'
            sockets = f" ws://{host} wss://{host}" if re.fullmatch(r"[\w.:\[\]-]+", host) else ""
            self._policies[host] = POLICY.format(scripts=scripts, sockets=sockets)
        return self._policies[host]

    @staticmethod
    def _packs(environ: Environ, status: str, names: dict[str, str], kind: str) -> bool:
        return (
            int(names.get("content-length", LEAST)) >= LEAST
            and "content-encoding" not in names
            and status[:3] not in ("204", "206", "304")
            and environ["REQUEST_METHOD"] != "HEAD"
            and TEXTS.match(kind) is not None
            and _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        )

    def _pack(
        self, environ: Environ, names: dict[str, str], headers: list[tuple[str, str]], body: Iterable[bytes]
    ) -> tuple[Iterable[bytes], list[tuple[str, str]]]:
        headers = [pair for pair in headers if pair[0].lower() not in ("content-length", "etag")]
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        if "content-length" not in names:
            return _Stream(body), headers
        if not VERSIONED.match(environ["PATH_INFO"]):
            data = _gzip(body)
        else:
            about = ("etag", "last-modified", "content-length")
            key = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""), *(names.get(name, "") for name in about))
            if key not in self._packed:
                self._packed[key] = _gzip(body)
                if len(self._packed) > REMEMBERED:
                    self._packed.popitem(last=False)
            else:
                _close(body)
            data = self._packed[key]
        return [data], [*headers, ("Content-Length", str(len(data)))]


class _Stream:
    """An answer without a known length, compressed piece by piece."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self.close = getattr(body, "close", lambda: None)

    def __iter__(self) -> Iterator[bytes]:
        packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS + 16)
        for piece in self._body:
            if packed := packer.compress(piece):
                yield packed
        yield packer.flush()


def _gzip(body: Iterable[bytes]) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    try:
        return b"".join([packer.compress(piece) for piece in body]) + packer.flush()
    finally:
        _close(body)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q=0(?:\.0*)?\s*", quality)
    return False


def _versioned(path: str, query: str) -> bool:
    """True for names that change when their content does: Dash's fingerprints (.v4_4_1m17…), ?m= of assets."""
    return bool(re.search(r"\.v\d+_\d+\w*m\d+\.", path) or re.search(r"(?:^|&)(?:m|v)=[\w.]+", query))


def _no_write(data: bytes) -> None:
    """What WSGI's `start` gives to applications that write their answer; ours return it, so that it can be packed."""
    raise RuntimeError("the answer must be returned, not written")
