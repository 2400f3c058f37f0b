"""Ingest, statistics and reset: the order-flow routes that do not read tables."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

import flask

from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.market.frames import Frame
from orderflow.market.ports import MarketReader
from orderflow.services import Services
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import text
from orderflow.web.kit.responses import JSON, json_response
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.market import market_schemas as schemas
from orderflow.web.market.ingest import Ingest
from orderflow.web.market.market_api import stamp

RULES = ("flag", "volumes", "quote", "tick", "none")
PLAIN = (
    "ticks",
    "low",
    "high",
    "volume",
    "rate",
    "late",
    "duplicates",
    "id_conflicts",
    "id_conflicts_among",
    "missing_ids",
    "rejected",
    "unknown",
    "evicted",
    "pending",
)


class StatsApi(Api):
    """Statistics and reset, and the routes of `Ingest`."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._services = services
        self._market: MarketReader = services.market
        self._fanout = fanout
        self._frame = Frame.parse(services.settings.candle_interval)

    def routes(self) -> list[Route]:
        which = text("symbol", "The instrument; without one, the most recently active.", longest=64)
        what = text("symbol", "The instrument to delete; without one, everything.", longest=64)
        missing = {404: "There is no such symbol."}
        figures = {200: ResponseDoc("The figures.", {JSON: schemas.STATS})}
        done = {200: ResponseDoc("Deleted, in memory and on disk.", {JSON: schemas.RESET})}
        written = {200: ResponseDoc("What is still wrong; empty if all is well.", {JSON: schemas.REWRITTEN})}
        return [
            *Ingest(self._services).routes(),
            Route("POST", "/reset", self.reset, "Delete ticks", params=(what,), answers=done, errors=missing),
            Route(
                "POST",
                "/storage/rewrite",
                self.rewrite,
                "Write deleted files anew",
                "If files of the tick log or of the running herd game were deleted, moved or replaced while the "
                "server runs: they are written again from what it still holds. Other files at their place are kept.",
                answers=written,
                errors={507: "They cannot be written."},
            ),
            Route("GET", "/stats", self.stats, "Statistics", params=(which,), answers=figures, errors=missing),
        ]

    def reset(self, values: Values) -> flask.Response:
        self._services.reset(values["symbol"])
        return json_response({"status": "reset", "symbol": values["symbol"]})

    def rewrite(self, values: Values) -> flask.Response:
        self._services.rewrite()
        return json_response({"problems": self._services.problems()})

    def stats(self, values: Values) -> flask.Response:
        symbol = values["symbol"] or self._market.active()
        figures: dict[str, Any] = dict.fromkeys(PLAIN, 0) | {"low": None, "high": None}
        last, rules, audit, candles, revision = None, [0] * len(RULES), [0, 0], 0, 0
        if symbol is not None:
            self._market.stats(symbol)  # raises for an unknown symbol
            life, revision = self._market.epoch_of(symbol), self._market.revision(symbol)
            changed = partial(self._market.changed, symbol, self._frame, revision, life, rows=1, wait=True)
            found = self._services.workers.run(changed)["stats"]  # a first look aggregates
            figures = {name: found[name] for name in PLAIN}
            last, rules, audit, candles = found["last"], found["rules"], found["audit"], found["candles"]
        else:
            figures["rejected"] = self._market.rejected_total
        return json_response(
            {
                "symbol": symbol,
                "symbols": self._market.count(),
                **figures,
                "rejected_total": self._market.rejected_total,
                "candles": candles,
                "last": None if last is None else stamp(last * 1_000_000),
                "rules": dict(zip(RULES, rules, strict=True)),
                "audit": dict(zip(("bars", "failures"), audit, strict=True)),
                "revision": revision,
                "damage": [asdict(part) for part in self._services.damage()],
                "problems": self._services.problems(),
                "deleted": self._services.deleted(),
                "sockets": self._fanout.stats(),
                "feeds": [status.json() for status in self._services.part(LiveFeeds).status()],
            }
        )
