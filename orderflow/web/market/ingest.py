"""Ingest of ticks: one (`POST /tick`) or a batch (`POST /ticks`), all or none.

The code path is short on purpose: read the body, parse it to columns, append it to the market, respond. Large bodies,
and others that take long, are parsed in a worker thread, so that no upload stalls the charts. Each client has one such
body parsed at a time, and all clients two, so that uploads do not keep the threads from those who read.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import flask

from orderflow.errors import BadInput, Busy, OrderflowError, StorageFailed
from orderflow.formats import SYMBOL_PATTERN, ParsedTicks, TakesLong, parse_body
from orderflow.market.ports import MarketWriter
from orderflow.runtime.workers import Workers
from orderflow.services import Services
from orderflow.web.kit.budget import client_of
from orderflow.web.kit.option_params import TABLE_PARAMS
from orderflow.web.kit.params import choice, text
from orderflow.web.kit.request_body import UnsupportedMedia, read_body
from orderflow.web.kit.responses import JSON, encode, error_list, json_response
from orderflow.web.kit.routes import Query, ResponseDoc, Route, Values
from orderflow.web.kit.security import Environ
from orderflow.web.market.coalesce import Coalescer, refusal
from orderflow.web.market.ingest_options import said
from orderflow.web.market.market_schemas import BATCH, CSV_EXAMPLE, RECEIPT, TICK

LARGE = 512 * 1024
"""Bodies from this size on are parsed in a worker thread without trying it here."""
FEW_SYMBOLS = 16
"""Ticks of more symbols are appended in a worker thread too: a new symbol takes most of a millisecond."""

NDJSON = "application/x-ndjson"
CSV = "text/csv"
KINDS = {
    "": JSON,
    JSON: JSON,
    "text/json": JSON,
    NDJSON: NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
    "application/x-jsonlines": NDJSON,
    CSV: CSV,
    "application/csv": CSV,
}

SYMBOL = text("symbol", "Symbol of ticks that name none.", default="DEFAULT", pattern=SYMBOL_PATTERN)
TZ = text("tz", "Time zone (IANA name) of times without one.", default="UTC")
SIDE = choice(
    "side",
    "auto: infer a missing side from volumes, quotes or the tick rule; flag: use only the sides that are given.",
    ("auto", "flag"),
    default="auto",
)
ON_ERROR = choice(
    "on_error",
    "fail: one bad row rejects the batch; skip: good rows are taken, bad rows are reported.",
    ("fail", "skip"),
    default="fail",
)
KEY = text(
    "Idempotency-Key",
    "Identifies this call: a second call with the same key gets the stored response, and no tick is taken twice.",
    place="header",
    longest=255,
)

TAKEN = {
    202: ResponseDoc("Taken, and on disk unless the server is ephemeral.", {JSON: RECEIPT}),
}
REFUSED = {
    408: "The body came too slowly, or stopped.",
    409: "The idempotency key was used for another body, or the symbol is a simulated instrument.",
    413: "The body is too large.",
    415: "The Content-Type or Content-Encoding is not supported.",
    429: "The server's queue is full; retry after Retry-After seconds.",
    507: "The disk is full or failed; nothing was kept.",
}


LANES = 2
"""Bodies that are parsed at a time in worker threads; the other threads stay free for those who read."""
FEW_ALONE = 10_000
"""Rows that may be read one by one in the lane of all. A body with more goes on in a lane of its kind."""


WAIT = 20.0
"""Seconds that a body waits for its turns before it is refused with 429."""
RETRY_AFTER = 5


class Turns:
    """Lets each client do one thing at a time, and all of them as many as there are lanes."""

    def __init__(self, workers: Workers, lanes: int) -> None:
        self._workers = workers
        self._turns: dict[str, tuple[Any, list[None]]] = {}
        self._lanes: list[tuple[Any, list[None]]] = [(workers.lock(), []) for _ in range(lanes)]

    @property
    def waiting(self) -> int:
        """The number of clients that do something or wait."""
        return len(self._turns)

    @contextmanager
    def take(self, client: str, until: float = math.inf) -> Iterator[None]:
        """Wait until the client does nothing else, and there is a lane. Raises Busy at `until` (monotonic s)."""
        lock, waiting = self._turns.setdefault(client, (self._workers.lock(), []))
        waiting.append(None)
        try:
            with _held(lock, until):
                lane, users = min(self._lanes, key=lambda each: len(each[1]))
                users.append(None)
                try:
                    with _held(lane, until):
                        yield
                finally:
                    users.pop()
        finally:
            waiting.pop()
            if not waiting:
                del self._turns[client]


@contextmanager
def _held(lock: Any, until: float) -> Iterator[None]:
    if not lock.acquire(max(0.0, until - time.monotonic())):
        raise Busy("the server is busy with other large bodies; try again", RETRY_AFTER)
    try:
        yield
    finally:
        lock.release()


class Ingest:
    """The routes that take ticks: `POST /tick` and `POST /ticks`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._limit = services.settings.max_body
        self._turns = Turns(services.workers, LANES - 1)
        self._slow = Turns(services.workers, 1)
        self._coalescer = Coalescer(services.market, services.market, services.workers)

    def routes(self) -> list[Route]:
        return [
            Route(
                "POST",
                "/tick",
                None,
                "Send one tick",
                "Keys: `timestamp`, `price`, `size`, `side`?, `bid`?, `ask`?, `id`?, `symbol`?, or those of the "
                "original system: `Timestamp`, `Precio`, `Volumen`, `Lado`, `Bid`, `Ask`.",
                (SYMBOL, TZ, SIDE, KEY),
                {JSON: TICK},
                TAKEN,
                REFUSED,
                direct=self.tick,
                refused=self._refused_for_params,
            ),
            Route(
                "POST",
                "/ticks",
                self.ticks,
                "Send a batch of ticks",
                "All ticks are taken, or none. Bodies may be compressed (`Content-Encoding: gzip` or `deflate`).",
                (SYMBOL, TZ, SIDE, ON_ERROR, KEY, *TABLE_PARAMS),
                {JSON: BATCH, NDJSON: {"type": "string"}, CSV: {"type": "string", "examples": [CSV_EXAMPLE]}},
                TAKEN,
                REFUSED,
                refused=self._refused_for_params,
            ),
        ]

    def _refused_for_params(self, query: Query) -> None:
        """Count a call whose parameters are wrong as one."""
        self._services.market.rejected(dict(query).get("symbol", SYMBOL.default), 1)

    def tick(self, environ: Environ, values: Values) -> tuple[int, bytes]:
        return 202, self._take(environ, values, one=True)

    def ticks(self, values: Values) -> flask.Response:
        return json_response(self._take(flask.request.environ, values, one=False), 202)

    def _take(self, environ: Environ, values: Values, *, one: bool) -> bytes:
        """Take a body. What is refused counts, unless the sender is to send it again."""
        try:
            return self._take_in(environ, values, one)
        except (Busy, StorageFailed):
            raise
        except OrderflowError as error:
            self._services.market.rejected(*_refused(error, values["symbol"]))
            raise

    def _take_in(self, environ: Environ, values: Values, one: bool) -> bytes:
        media = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        kind = KINDS.get(media)
        if kind is None or (one and kind != JSON):
            accepted = "application/json" if one else "application/json, application/x-ndjson or text/csv"
            raise UnsupportedMedia(f"Content-Type {media[:100]!r} is not taken here; use {accepted}")
        data = read_body(environ, self._limit, self._services.workers.run)
        client = client_of(environ)
        keyed = values["Idempotency-Key"] is not None
        digest = self._digest(environ.get("QUERY_STRING", "").encode("latin-1"), data) if keyed else ""

        def process_single(body: bytes) -> bytes:
            return self._ingest(self._parse(body, kind, values, client), values, digest, one)

        if not one or keyed:
            return process_single(data)
        key = (values["symbol"], values["tz"], values["side"])
        parse = partial(self._parse, kind=kind, values=values, client="")
        return self._coalescer.take(key, data, parse, process_single)

    def _ingest(self, parsed: ParsedTicks, values: Values, digest: str, one: bool) -> bytes:
        market: MarketWriter = self._services.market
        if one and parsed.rows != 1:
            raise BadInput(f"POST /tick takes one tick and got {parsed.rows:,}; send batches to /ticks")
        if parsed.errors and values.get("on_error") != "skip":
            raise _refusal(parsed)
        try:
            store = partial(market.ingest, parsed.batches, values["Idempotency-Key"], digest)
            receipt = self._services.workers.run(store) if len(parsed.batches) > FEW_SYMBOLS else store()
        except BadInput as error:
            raise _in_body(error, parsed) from error
        if parsed.errors and not receipt.repeated:
            market.rejected(_symbol(parsed) or values["symbol"], parsed.rejected)
        body: dict[str, object] = {"accepted": receipt.accepted, "revision": receipt.revision}
        if receipt.duplicates:
            body["duplicates"] = receipt.duplicates
        if receipt.id_conflicts:
            body["id_conflicts"] = receipt.id_conflicts
        if parsed.errors:
            body |= {"rejected": parsed.rejected, "errors": error_list(parsed.errors)}
        return encode(body)

    def _has_negative_prices(self, symbol: str) -> bool:
        return self._services.market.settings_of(symbol).get("negative_prices") == "yes"

    def _digest(self, query: bytes, data: bytes) -> str:
        def digest() -> str:
            found = hashlib.blake2b(query + b"\n", digest_size=16)
            found.update(data)
            return found.hexdigest()

        return self._services.workers.run(digest) if len(data) >= LARGE else digest()

    def _parse(self, data: bytes, kind: str, values: Values, client: str) -> ParsedTicks:
        parse = partial(
            parse_body,
            data,
            kind,
            default_symbol=values["symbol"],
            tz=values["tz"],
            side=values["side"],
            below=self._has_negative_prices,
            **said(values, self._services.settings.formats),
        )
        if len(data) < LARGE:
            try:
                return parse(quick=True)
            except TakesLong:
                pass  # bad or unusual rows
        run, until = self._services.workers.run, time.monotonic() + WAIT
        try:
            with self._turns.take(client, until):
                return run(partial(parse, alone=FEW_ALONE))
        except TakesLong:
            with self._slow.take(client, until):
                return run(parse)


def _refusal(parsed: ParsedTicks) -> BadInput:
    if parsed.rows == 1:
        return refusal(parsed.errors)
    counts = f"{parsed.rejected:,} of {parsed.rows:,} rows are bad and nothing was taken"
    error = BadInput(f"{counts}; first {parsed.errors[0]}", parsed.errors)
    error.rejected, error.symbol = parsed.rejected, _symbol(parsed)
    return error


def _symbol(parsed: ParsedTicks) -> str | None:
    """The symbol of the ticks, None if there are several or none."""
    return parsed.batches[0].symbol if len(parsed.batches) == 1 else None


def _refused(error: OrderflowError, symbol: str) -> tuple[str, int]:
    """(symbol, number of rows) that a refusal counts for. A body that is refused as a whole counts as one.

    symbol: of ticks that name none.
    """
    if not isinstance(error, BadInput):
        return symbol, 1
    named = {each.row for each in error.errors}
    return error.symbol or symbol, max(1, len(named)) if error.rejected is None else error.rejected


def _in_body(error: BadInput, parsed: ParsedTicks) -> BadInput:
    """The market's error, with indices of ticks in a batch converted to rows of the body."""
    if not error.errors:
        return error
    rows = parsed.origins[error.batch or 0]
    named = [each if each.row is None else replace(each, row=int(rows[each.row])) for each in error.errors]
    found = BadInput(f"row {named[0].row}: {named[0].reason}", named)
    found.symbol = parsed.batches[error.batch or 0].symbol
    return found
