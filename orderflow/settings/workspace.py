"""Settings of the workspace: `[workspace]` in orderflow.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from orderflow.settings import parsers
from orderflow.settings.declare import setting

_ENTRY = re.compile(r"([A-Za-z0-9]{2,30}):([0-9]{1,2}[smhdwM])")


def _klines(value: Any) -> tuple[str, ...]:
    """Entries PAIR:TIMEFRAME; the pair in capitals, each once."""
    found: dict[str, None] = {}
    for item in parsers.listed(value):
        match = _ENTRY.fullmatch(item)
        if match is None:
            raise ValueError
        found[f"{match[1].upper()}:{match[2]}"] = None
    return tuple(found)


@dataclass(frozen=True)
class WorkspaceSettings:
    """Which klines are kept."""

    klines: tuple[str, ...] = setting(
        (),
        _klines,
        "pairs with a time frame, separated by commas: BTCUSDT:1m,ETHUSDT:1h",
        "Klines of Binance that are kept, with their history.",
        "KLINES",
        flat="klines",
    )
    klines_backfill_days: int = setting(
        30,
        parsers.integer(1, 10_000),
        "1 to 10,000",
        "How many days of these klines are requested.",
        "KLINES_BACKFILL_DAYS",
        flat="klines_backfill_days",
    )
    klines_apart: bool = setting(
        False,
        parsers.boolean,
        "true or false",
        "`orderflow ingest` fills the klines, in a process of its own; the server only reads them.",
        "KLINES_APART",
        flat="klines_apart",
    )
