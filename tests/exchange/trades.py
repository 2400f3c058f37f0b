"""Trades for the tests of the exchange."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from orderflow.formats import parse_body
from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, SideRule, TickBatch

BEGIN = 1_790_000_000 * 10**9 // (86_400 * 10**9) * (86_400 * 10**9)
"""A UTC midnight, ns."""


@dataclass(frozen=True)
class Fill:
    """seconds after BEGIN, cents, thousandths, side."""

    at: float
    price: int
    size: int
    side: int = 1


def send(market: Market, *fills: Fill, symbol: str = "BTC_USDT") -> None:
    side = np.array([fill.side for fill in fills], np.int8)
    batch = TickBatch(
        symbol,
        np.array([BEGIN + round(fill.at * 1e9) for fill in fills], np.int64),
        np.array([fill.price for fill in fills], np.int64),
        np.array([fill.size for fill in fills], np.int64),
        side,
        np.where(side == 0, int(SideRule.NONE), int(SideRule.FLAG)).astype(np.int8),
        np.full(len(fills), NO_ID),
        2,
        3,
    )
    market.ingest([batch])


def some(seed: int, count: int, *, span: float = 60.0, late: bool = False) -> list[Fill]:
    """Random trades with few times and prices, so that many form aggregate trades."""
    rng = random.Random(seed)
    times = [rng.randrange(int(span * 20)) / 20 for _ in range(count)]
    if not late:
        times.sort()
    return [Fill(at, rng.choice((10_000, 10_001, 10_050)), rng.randrange(1, 5000), rng.choice((-1, 1))) for at in times]


def recorded(folder: Path) -> list[dict[str, Any]]:
    """The recorded trades of BTCUSDT."""
    found: list[dict[str, Any]] = json.loads(next((folder / "crypto_btcusdt_rest").glob("api*.json")).read_text())
    return found


def ingest_recorded(market: Market, folder: Path, symbol: str = "BTCUSDT") -> list[dict[str, Any]]:
    """Put the recorded trades into the engine."""
    trades = recorded(folder)
    rows = [
        {
            "timestamp": trade["time"],
            "price": trade["price"],
            "size": trade["qty"],
            "side": "sell" if trade["isBuyerMaker"] else "buy",
            "id": trade["id"],
            "symbol": symbol,
        }
        for trade in trades
    ]
    parsed = parse_body(json.dumps(rows).encode(), "application/json")
    assert not parsed.errors
    market.ingest(parsed.batches)
    return trades
