"""One HTTP request to a host that is not trusted: to a checked address, without redirects, proxies and cookies.

No library's session is used, as those read proxies and passwords from the environment, follow redirects, resolve names
again and bound each wait, but not the whole.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlsplit

from orderflow.tickers.delivery.addresses import AddressGuard
from orderflow.tickers.delivery.outcome import NotSent
from orderflow.tickers.delivery.stream import Deadline, Stream, connect

TOTAL_SECONDS = 10.0
"""Of one attempt: resolving, connecting, TLS, sending, and the whole answer."""
CONNECT_SHARE = 0.5
"""Part of the time that is left which one of several addresses may take."""
MOST_BYTES = 65_536
"""Bytes of an answer, its headers and TLS included."""
MOST_ADDRESSES = 3
AGENT = "orderflow"
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. headers: by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Makes requests for one server. context: for TLS, by default with the system's certificates."""

    def __init__(
        self, guard: AddressGuard, context: ssl.SSLContext | None = None, *, seconds: float = TOTAL_SECONDS
    ) -> None:
        self._guard = guard
        self._given = context
        self._seconds = seconds

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made for the first request: reading the system's certificates takes a while."""
        return self._given or ssl.create_default_context()

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, read: int = 0) -> Answer:
        """Make a request and read the answer's head, and of its body up to `read` bytes.

        Raises NotSent, whose text has the host but nothing else of the URL.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        name = f"[{host}]" if ":" in host else host
        deadline = Deadline(self._seconds)
        try:
            with contextlib.closing(dial(self._guard, host, port, deadline)) as stream:
                if parts.scheme == "https":
                    stream.start_tls(self._context, host)
                given = {**headers, "Host": name if port == PORTS[parts.scheme] else f"{name}:{port}"}
                return _exchange(stream, method, path, given, body, read)
        except ssl.SSLCertVerificationError as error:
            raise NotSent(f"the certificate of {host} is not accepted: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise NotSent(f"no TLS with {host}: {error.reason or 'it broke off'}") from error
        except OSError as error:
            raise NotSent(f"no connection with {host}: {error.strerror or error}") from error
        except http.client.HTTPException as error:
            raise NotSent(f"{host} did not answer in HTTP: {type(error).__name__}") from error


def dial(guard: AddressGuard, host: str, port: int, deadline: Deadline, most: int = MOST_BYTES) -> Stream:
    """Connect to the first address of a host that takes the connection. Raises OSError, NotSent."""
    *some, last = guard.lookup(host, port)[:MOST_ADDRESSES]
    for address in some:
        try:
            return connect(address, port, Deadline(deadline.left() * CONNECT_SHARE), most).until(deadline)
        except (OSError, NotSent):
            continue
    return connect(last, port, deadline, most)


def _exchange(stream: Stream, method: str, path: str, headers: Mapping[str, str], body: bytes, read: int) -> Answer:
    connection = http.client.HTTPConnection("unused")
    connection.sock = cast(Any, stream)
    given = {"User-Agent": AGENT, **headers, "Connection": "close", "Accept-Encoding": "identity"}
    try:
        connection.request(method, path, body, given)
    except ValueError as error:  # http.client refuses control characters in headers and paths
        raise NotSent("the address or a header has characters that HTTP does not allow", hopeless=True) from error
    found = connection.getresponse()
    content = b""
    if read:
        with contextlib.suppress(NotSent, OSError, http.client.HTTPException):  # the status is what counts
            content = found.read(read)
    return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, content)
