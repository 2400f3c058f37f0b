"""The HTTP side of the replay: one connection, one request at a time, each batch until it is answered.

A batch goes out in two steps, `begin_ticks` and `finish_ticks`: the next one is read and written as text while the
server works on this one, without a thread.

What may be retried without harm is retried: a batch carries an idempotency key, and the same bytes go out with the
same key until the server answers, so a connection lost before or after the server took them changes nothing. What
the server refuses for good (a 4xx) is not retried.

Plain `http.client`: it starts in no time, sends a batch in two writes and has no opinion on retries. Proxies and
redirects are not followed.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from orderflow.errors import BadSetting, OrderflowError
from orderflow.replay.csv_body import CONTENT_TYPE

_FIRST_WAIT = 0.25
_LONGEST_WAIT = 4.0
_RETRY = frozenset({408, 425, 429})
_NOT_TAKEN = frozenset({429, 503, 507})  # answers that promise that nothing was kept


class ServerGone(OrderflowError):
    """No usable answer in the time allowed; `in_doubt` when the server may have taken the batch all the same."""

    def __init__(self, detail: str, *, in_doubt: bool) -> None:
        super().__init__(detail)
        self.in_doubt = in_doubt


class Stopped(ServerGone):
    """The user ended it while the client waited for the server."""


class Refused(OrderflowError):
    """The server answered that it will not take this; `errors` are its sentences, one for each thing wrong."""

    def __init__(self, status: int, detail: str, errors: tuple[tuple[list[Any], str], ...] = ()) -> None:
        super().__init__(detail)
        self.http_status = status
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Answer:
    """accepted: ticks taken. duplicates: ticks known by trade id. waited: seconds lost to a server that was away."""

    accepted: int
    duplicates: int
    waited: float


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    target: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    retry_after: float | None
    body: bytes
    location: str | None


class Client:
    """Talks to one server.

    server: `http[s]://host[:port][/prefix]`. api_key: sent as a bearer token. retry_for: seconds to go on trying after
    the first failure. sleep: returns something true when the user wants to stop. on_wait(reason, seconds left) is
    called before each wait and on_back() when an answer came after waits.

    Raises BadSetting for an address that is none; the calls raise Refused, ServerGone and Stopped.
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
        try:
            url = urlsplit(self.server)
            port = url.port
        except ValueError as error:
            raise BadSetting(f"{server!r} is not a server address: {error}") from error
        if url.scheme not in ("http", "https") or not url.hostname:
            raise BadSetting(f"{server!r} is not a server address like http://localhost:8765")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(url.hostname, port, timeout=timeout)
        self._call = _Call("GET", "/")
        self._used = False  # whether the connection had been used before this call
        self._reached = False  # whether the last attempt got as far as sending
        self._cut_short = False
        self._failure: Exception | None = None
        self._prefix = url.path
        self._headers = {"Accept": "application/json", "User-Agent": "orderflow-replay"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._retry_for = retry_for
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._on_wait = on_wait
        self._on_back = on_back

    def begin_ticks(self, body: bytes, *, key: str, symbol: str | None) -> None:
        """Send one batch (CSV text). `symbol` is that of all its ticks, or None when its lines name theirs.

        A failure shows in `finish_ticks`, which must be called before anything else is sent.
        """
        query = {"symbol": symbol} if symbol else {}
        self._begin(
            _Call("POST", self._target("/ticks", query), body, {"Content-Type": CONTENT_TYPE, "Idempotency-Key": key})
        )

    def finish_ticks(self) -> Answer:
        """Wait for the answer to the batch, sending it again as often as need be."""
        answer, waited = self._finish()
        try:
            return Answer(int(answer["accepted"]), int(answer.get("duplicates", 0)), waited)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(200, f"{self.server} answers, but not as an orderflow server does") from error

    def reset(self, symbol: str | None = None) -> None:
        """Empty the server: one symbol (it need not be there), or everything."""
        self._begin(_Call("POST", self._target("/reset", {"symbol": symbol} if symbol else {})))
        try:
            self._finish()
        except Refused as refused:
            if symbol is None or refused.http_status != 404:
                raise

    def set_tick_size(self, symbol: str, tick_size: str) -> None:
        """Tell the server the instrument's price step (decimal text)."""
        body = json.dumps({"tick_size": tick_size}).encode()
        target = self._target(f"/api/v1/symbols/{quote(symbol, safe='')}", {})
        self._begin(_Call("PUT", target, body, {"Content-Type": "application/json"}))
        self._finish()

    def close(self) -> None:
        self._connection.close()

    def _target(self, path: str, query: dict[str, str]) -> str:
        return self._prefix + path + (f"?{urlencode(query)}" if query else "")

    def _begin(self, call: _Call) -> None:
        self._call = call
        self._used = self._connection.sock is not None
        self._send()

    def _finish(self) -> tuple[dict[str, Any], float]:
        """Ask until there is an answer. Returns its JSON object ({} when it is none) and the seconds lost."""
        began: float | None = None
        in_doubt = False
        attempt = 0
        while True:
            try:
                reply = self._receive()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                in_doubt |= self._reached
                if self._used and not isinstance(error, TimeoutError):
                    self._used = False  # most often a connection that the server closed as idle: a fresh one, at once
                    self._send()
                    continue
                reason, after = _reason(error), None
            else:
                if reply.status not in _RETRY and reply.status < 500:
                    if began is None:
                        return self._read(reply), 0.0
                    self._on_back()
                    return self._read(reply), self._clock() - began
                in_doubt |= reply.status >= 500 and reply.status not in _NOT_TAKEN
                reason, after = f"it answered {reply.status} {_detail(reply)[0]}".strip(), reply.retry_after
            now = self._clock()
            began = now if began is None else began
            left = began + self._retry_for - now
            if left <= 0:
                raise ServerGone(f"no luck with {self.server} for {self._retry_for:g} s: {reason}", in_doubt=in_doubt)
            self._on_wait(reason, left)
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempt, 10)) * (0.5 + self._jitter() / 2)
            if self._sleep(min(left, max(wait, after or 0.0))):
                raise Stopped(f"stopped while {self.server} was away: {reason}", in_doubt=in_doubt)
            attempt += 1
            self._send()

    def _send(self) -> None:
        """One attempt at sending; how it failed is kept for `_receive`."""
        call = self._call
        self._failure, self._cut_short = None, False
        try:
            if self._connection.sock is None:
                self._reached = False
                self._connection.connect()
            self._reached = True
            self._connection.request(call.method, call.target, call.body, {**self._headers, **call.headers})
        except (BrokenPipeError, ConnectionResetError) as error:
            if self._reached:
                self._cut_short = True  # a server may refuse (413, 401) before it has read all, and hang up: hear why
            else:
                self._failure = error
        except (OSError, http.client.HTTPException) as error:
            self._failure = error

    def _receive(self) -> _Reply:
        if self._failure is not None:
            raise self._failure
        response = self._connection.getresponse()
        reply = _Reply(
            response.status,
            _seconds(response.getheader("Retry-After")),
            response.read(),
            response.getheader("Location"),
        )
        if response.will_close or self._cut_short:
            self._connection.close()
        return reply

    def _read(self, reply: _Reply) -> dict[str, Any]:
        if 200 <= reply.status < 300:
            found = _json(reply.body)
            return found if isinstance(found, dict) else {}
        if 300 <= reply.status < 400:
            raise Refused(reply.status, f"{self.server} points to {reply.location}: give that with --server")
        detail, errors = _detail(reply)
        hint = {
            401: " (give the server's key with --key)",
            403: " (give the server's key with --key)",
            404: " (is this an orderflow server?)",
            413: " (send less at once with --batch-ticks)",
        }.get(reply.status, "")
        raise Refused(reply.status, f"{self.server} refused it ({reply.status}): {detail}{hint}", errors)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _detail(reply: _Reply) -> tuple[str, tuple[tuple[list[Any], str], ...]]:
    """What an error answer says: the sentence, and (place, message) of each thing wrong."""
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


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, ConnectionError | http.client.HTTPException):
        return "the connection was lost"
    return str(error) or type(error).__name__


def _seconds(text: str | None) -> float | None:
    """`Retry-After` as seconds from now; None when absent or unreadable."""
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
