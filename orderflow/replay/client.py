"""HTTP client of the replay: a `requests.Session` with one request at a time, retried until the server responds.

A batch is sent in two steps, `begin_ticks` and `finish_ticks`. The first attempt runs in a second thread, so that the
next batch is read and formatted while the server works on this one. `begin_ticks` waits until the body is written,
because two threads competing for the interpreter would write it slower.

Retries are safe: a batch has an idempotency key, and the same bytes are sent with the same key until the server
responds, so no batch is taken twice when a connection is lost. A final refusal (a 4xx) is not retried. Retries are
implemented here, because only this module knows what is safe and when the user wants to stop; urllib3's `Retry` covers
connecting only. Proxy settings, `.netrc` and redirects are ignored.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError
from urllib3.util import Retry

from orderflow.errors import BadSetting, OrderflowError
from orderflow.replay.csv_body import CONTENT_TYPE

_FIRST_WAIT = 0.25
_LONGEST_WAIT = 4.0
_RETRY = frozenset({408, 425, 429})
_NOT_TAKEN = frozenset({429, 503, 507})
"""Statuses that guarantee that no tick was kept."""
_LOST = requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError
"""Errors that are worth a retry."""
_CONNECTING = Retry(connect=1, read=False, redirect=False, status=False, other=False, backoff_factor=0)
"""One immediate retry of connecting. urllib3 never sends a request again."""


class ServerGone(OrderflowError):
    """No usable response within `retry_for`. in_doubt: True if the server may have taken the batch anyway."""

    def __init__(self, detail: str, *, in_doubt: bool) -> None:
        super().__init__(detail)
        self.in_doubt = in_doubt


class Stopped(ServerGone):
    """The user stopped the replay while the client waited for the server."""


class Refused(OrderflowError):
    """The server refused the request, and a retry would not help. errors: the server's (location, message) pairs."""

    def __init__(self, status: int, detail: str, errors: tuple[tuple[list[Any], str], ...] = ()) -> None:
        super().__init__(detail)
        self.http_status = status
        self.errors = errors


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Result of a batch.

    accepted: ticks taken. duplicates: ticks left out as repetitions. waited: seconds spent waiting for retries.
    id_conflicts: ticks taken although another trade has their id.
    """

    accepted: int
    duplicates: int
    waited: float
    id_conflicts: int = 0


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class _Body:
    """A request's body as a file that is read in one piece. on_written: called when it has been sent."""

    def __init__(self, data: bytes, on_written: Callable[[], object]) -> None:
        self._data = data
        self._left = data
        self._on_written = on_written

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        yield self._data

    def read(self, size: int = -1) -> bytes:
        """The whole body, whatever the size; then b""."""
        piece, self._left = self._left, b""
        if not piece:
            self._on_written()
        return piece


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    retry_after: float | None
    body: bytes
    location: str | None


class Client:
    """Client for one server.

    server: `http[s]://host[:port][/prefix]`. api_key: sent as a bearer token. retry_for: seconds to keep retrying after
    the first failure. timeout: seconds without a byte. sleep: returns True if the user wants to stop.
    on_wait(reason, seconds left) is called before each wait, on_back() on a response after waits.

    Raises BadSetting if `server` is not such a URL. The methods raise Refused, ServerGone and Stopped.
    """

    def __init__(
        self,
        server: str,
        *,
        api_key: str | None = None,
        retry_for: float = 60.0,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], bool | None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        on_wait: Callable[[str, float], None] = lambda reason, left: None,
        on_back: Callable[[], None] = lambda: None,
    ) -> None:
        self.server = server.rstrip("/")
        if set("@?#") & set(server):  # the message does not repeat what may hold a key
            raise BadSetting("the server address must end after host, port and path; give the server's key with --key")
        try:
            url = urlsplit(self.server)
            valid = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        except ValueError as error:
            raise BadSetting(f"{server!r} is not a server address: {error}") from error
        if not valid:
            raise BadSetting(f"{server!r} is not a server address like http://localhost:8765")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=_CONNECTING))
        self._session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=_CONNECTING))
        self._session.headers.clear()
        self._session.headers.update(
            {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "orderflow-replay"}
        )
        if api_key:
            self._session.headers["Authorization"] = f"Bearer {api_key}"
        self._timeout = timeout
        self._request = _Request("GET", self.server)
        self._jobs: SimpleQueue[_Request | None] = SimpleQueue()
        self._sender: threading.Thread | None = None
        self._prepared: requests.PreparedRequest | None = None  # the last one
        self._written = threading.Event()
        self._answered = threading.Event()
        self._outcome: _Reply | Exception | None = None
        self._open = False  # whether a connection from an earlier request is kept
        self._used = False  # whether the present request goes out on it
        self._retry_for = retry_for
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._on_wait = on_wait
        self._on_back = on_back

    def begin_ticks(self, body: bytes, *, key: str, symbol: str | None) -> None:
        """Start sending one batch (CSV text). symbol: of all its ticks, None if the lines have a symbol column.

        `finish_ticks` raises errors, and must be called before the next request.
        """
        query = {"symbol": symbol} if symbol else {}
        headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": key}
        self._begin(_Request("POST", self._url("/ticks", query), body, headers))

    def finish_ticks(self) -> BatchResult:
        """Wait for the response to the batch, retrying as needed. Raises Refused, ServerGone or Stopped."""
        found, waited = self._finish()
        try:
            duplicates, conflicts = (int(found.get(name, 0)) for name in ("duplicates", "id_conflicts"))
            return BatchResult(int(found["accepted"]), duplicates, waited, conflicts)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(200, f"{self.server} is not an orderflow server: its response is not a receipt") from error

    def reset(self, symbol: str | None = None) -> None:
        """Delete a symbol from the server (an unknown one is ignored), or everything."""
        self._begin(_Request("POST", self._url("/reset", {"symbol": symbol} if symbol else {})))
        try:
            self._finish()
        except Refused as refused:
            if symbol is None or refused.http_status != 404:
                raise

    def set_tick_size(self, symbol: str, tick_size: str) -> None:
        """Set the instrument's tick size (decimal text) on the server."""
        self._configure(symbol, {"tick_size": tick_size})

    def allow_negative_prices(self, symbol: str) -> None:
        """Tell the server that the symbol has trades at prices of 0 and below."""
        self._configure(symbol, {"negative_prices": True})

    def _configure(self, symbol: str, setting: dict[str, Any]) -> None:
        url = self._url(f"/api/v1/symbols/{quote(symbol, safe='')}", {})
        headers = {"Content-Type": "application/json"}
        self._begin(_Request("PUT", url, json.dumps(setting).encode(), headers))
        self._finish()

    def close(self) -> None:
        """Close the connection. A running request is left to its daemon thread."""
        self._jobs.put(None)
        self._session.close()

    def _url(self, path: str, query: dict[str, str]) -> str:
        return self.server + path + (f"?{urlencode(query)}" if query else "")

    def _begin(self, request: _Request) -> None:
        self._request, self._outcome, self._used = request, None, self._open
        self._written.clear()
        self._answered.clear()
        if self._sender is None:
            # a daemon thread: a user who interrupts twice does not have to wait for a silent server
            self._sender = threading.Thread(target=self._send_all, name="replay requests", daemon=True)
            self._sender.start()
        self._jobs.put(request)
        self._written.wait()

    def _finish(self) -> tuple[dict[str, Any], float]:
        """Retry until there is a response. Returns its JSON object ({} for other content) and the seconds waited."""
        began: float | None = None
        in_doubt = False
        attempt = 0
        while True:
            outcome = self._receive()
            if isinstance(outcome, requests.RequestException):
                in_doubt |= _was_sent(outcome)
                if self._used and not isinstance(outcome, requests.Timeout):
                    self._used = False  # usually a keep-alive connection that the server closed: retry at once
                    self._send()
                    continue
                reason, after = _reason(outcome), None
                failure = f"cannot reach {self.server}: {reason}"
            else:
                if outcome.status not in _RETRY and outcome.status < 500:
                    if began is None:
                        return self._read(outcome), 0.0
                    self._on_back()
                    return self._read(outcome), self._clock() - began
                in_doubt |= outcome.status >= 500 and outcome.status not in _NOT_TAKEN
                reason, after = f"it answered {outcome.status} {_detail(outcome)[0]}".strip(), outcome.retry_after
                failure = f"{self.server} does not accept the request: {reason}"
            now = self._clock()
            began = now if began is None else began
            left = began + self._retry_for - now
            if left <= 0:
                raise ServerGone(f"{failure} (tried for {self._retry_for:g} s)", in_doubt=in_doubt)
            self._on_wait(reason, left)
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempt, 10)) * (0.5 + self._jitter() / 2)
            if self._sleep(min(left, max(wait, after or 0.0))):
                raise Stopped(f"stopped; {failure}", in_doubt=in_doubt)
            attempt += 1
            self._send()

    def _send_all(self) -> None:
        """The second thread: the first attempt of each request."""
        while self._jobs.get() is not None:
            self._send()
            self._answered.set()

    def _send(self) -> None:
        """Make one attempt and store its outcome."""
        try:
            response = self._session.send(self._prepare(self._request), timeout=self._timeout, allow_redirects=False)
        except Exception as error:  # re-raised in the caller's thread, see `_receive`
            self._session.close()  # the next attempt uses a new connection
            self._open, self._outcome = False, error
            return
        finally:
            self._written.set()
        headers = response.headers
        self._open = headers.get("Connection", "").lower() != "close"
        self._outcome = _Reply(
            response.status_code,
            _seconds(headers.get("Retry-After"), headers.get("Date")),
            response.content,
            headers.get("Location"),
        )

    def _prepare(self, request: _Request) -> requests.PreparedRequest:
        """The request in the form that a session sends. Most of it is that of the batch before, which saves half the
        processor time of a request.
        """
        before = self._prepared
        if before is None or (before.method, before.url) != (request.method, request.url):
            before = self._session.prepare_request(requests.Request(request.method, request.url))
            self._prepared = before
        prepared = before.copy()
        prepared.headers.update(request.headers)
        if request.body:
            prepared.headers["Content-Length"] = str(len(request.body))
            prepared.body = _Body(request.body, self._written.set)  # type: ignore[assignment]  # a file is allowed too
        return prepared

    def _receive(self) -> _Reply | requests.RequestException:
        """The outcome of the last attempt. Raises BadSetting if the request could not be made at all."""
        self._answered.wait()
        outcome = self._outcome
        assert outcome is not None
        if isinstance(outcome, _Reply | _LOST):
            return outcome
        raise BadSetting(f"cannot make a request to {self.server}: {outcome}") from outcome

    def _read(self, reply: _Reply) -> dict[str, Any]:
        if 200 <= reply.status < 300:
            found = _json(reply.body)
            return found if isinstance(found, dict) else {}
        if 300 <= reply.status < 400:
            raise Refused(reply.status, f"{self.server} redirects to {reply.location}: use that with --server")
        detail, errors = _detail(reply)
        hint = {
            401: " (pass the server's key with --key)",
            403: " (pass the server's key with --key)",
            404: " (is this an orderflow server?)",
            413: " (send smaller batches with --batch-ticks)",
        }.get(reply.status, "")
        raise Refused(reply.status, f"{self.server} refused the request ({reply.status}): {detail}{hint}", errors)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _detail(reply: _Reply) -> tuple[str, tuple[tuple[list[Any], str], ...]]:
    """The content of an error response: the message, and the (location, message) of each error."""
    found = _json(reply.body)
    if not isinstance(found, dict):
        return reply.body[:200].decode("utf-8", "replace").strip(), ()
    entries = found.get("errors")
    errors = tuple(
        (list(entry.get("loc") or []), str(entry.get("msg", "")))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    )
    return str(found.get("detail", "")), errors


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error of requests and its causes: urllib3's error, then the operating system's."""
    inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
    found = inner if isinstance(inner, BaseException) else error.__cause__
    yield error
    if found is not None and found is not error:
        yield from _causes(found)


def _was_sent(error: requests.RequestException) -> bool:
    """False if no connection was made, so that the server cannot have taken the batch."""
    return not any(isinstance(cause, NewConnectionError | ConnectTimeoutError | SSLError) for cause in _causes(error))


def _reason(error: requests.RequestException) -> str:
    causes = list(_causes(error))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "nothing listens there"
    if isinstance(error, requests.Timeout):
        return "it does not answer"
    if _was_sent(error):
        return "the connection was lost"
    system = next((cause for cause in reversed(causes) if isinstance(cause, OSError)), causes[-1])
    return str(system) or type(system).__name__


def _seconds(text: str | None, date: str | None) -> float | None:
    """`Retry-After` as seconds from now; None when absent or unreadable. date: when it was sent, by the clock of the
    server: that of this machine may be wrong."""
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        now = time.time() if date is None else parsedate_to_datetime(date).timestamp()
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
