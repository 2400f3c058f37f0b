"""A simulated exchange in this process, on its own port, for tests of clients.

with SimulatedExchange() as venue:
    venue.trade("BTCUSDT", (1.0, "100.5", "2", "buy"))
    venue.exchange.add_faults([{"do": "drop", "after": 3}])
    ... venue.url, venue.ws ...
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import flask
from werkzeug.serving import WSGIRequestHandler, make_server

from orderflow.exchange.exchange import Exchange, Rules
from orderflow.exchange.market_data import Quote
from orderflow.formats import parse_body
from orderflow.market.market import Market
from orderflow.runtime.clock import Clock, SystemClock
from orderflow.runtime.workers import Workers
from orderflow.web.exchange.exchange_api import ExchangeApi
from orderflow.web.kit import responses
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.routes import SymbolConverter, register, reserve
from orderflow.web.kit.socket_limits import SocketLimits
from orderflow.web.kit.sockets import Sockets

T = TypeVar("T")


@dataclass
class Only:
    """Services with the exchange as the only part."""

    exchange: Exchange

    def part(self, kind: type[T]) -> T:
        assert isinstance(self.exchange, kind)
        return self.exchange


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class SimulatedExchange:
    """market: by default an empty one. limits: of its sockets. quotes: by engine symbol."""

    def __init__(
        self,
        market: Market | None = None,
        *,
        clock: Clock | None = None,
        rules: Rules | None = None,
        limits: SocketLimits | None = None,
    ) -> None:
        self.workers = Workers(2)
        self.market = market if market is not None else Market(new_lock=self.workers.lock)
        self.quotes: dict[str, Quote] = {}
        self.exchange = Exchange(
            self.market, self.workers, clock or SystemClock(), lambda symbol: self.quotes.get(symbol), rules or Rules()
        )
        self.fanout = Fanout(self.workers, limits)
        api = ExchangeApi(Only(self.exchange), self.fanout)
        self.hub = api.hub
        app = flask.Flask("exchange", static_folder=None)
        app.url_map.converters["symbol"] = SymbolConverter
        sockets = api.sockets()
        register(app, "exchange", [*api.routes(), *(route for route, _ in sockets)])
        reserve(app, "/exchange/")
        Sockets(app, self.fanout).register(sockets)
        responses.install_error_handlers(app)
        self.app = app
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # the threaded one has it
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.fanout.close_all()
        self._server.shutdown()
        self._thread.join(60)
        self._server.server_close()
        self.workers.stop(3)

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self._server.server_port}/exchange"

    @property
    def ws(self) -> str:
        """The base URL of the sockets."""
        return self.url.replace("http", "ws", 1)

    def trade(self, symbol: str, *trades: tuple[float, str, str, str]) -> None:
        """Trades: (Unix seconds, or below 10**6: seconds after now, price, size, side)."""
        now = time.time()
        rows = [
            {
                "timestamp": round((now + at if abs(at) < 10**6 else at) * 1e9),
                "price": price,
                "size": size,
                "side": side,
                "symbol": symbol,
            }
            for at, price, size, side in trades
        ]
        parsed = parse_body(json.dumps(rows).encode(), "application/json")
        assert not parsed.errors, parsed.errors
        self.market.ingest(parsed.batches)

    def get(self, path: str) -> tuple[int, Any, Mapping[str, str]]:
        """(status, JSON, headers) of a path below the base URL."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as answer:
                return answer.status, json.loads(answer.read()), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read()), dict(error.headers)
