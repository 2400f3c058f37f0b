"""Settings of the live feeds and their tickers: `[live_feeds]` in orderflow.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orderflow.settings import parsers
from orderflow.settings.declare import setting

DEFAULT_TICKERS = ("BTC", "ETH", "DOGE")


def _names(value: Any) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(item.lower() for item in parsers.listed(value)))
    return () if names == ("none",) else names


def _tickers(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parsers.listed(value)))


def _url(name: str, title: str, scheme: str) -> Any:
    """A setting for one address of a venue. scheme: the secure one; the plain one is taken too."""
    what = "REST" if scheme == "https" else "WebSocket"
    doc = f"{what} address of {title}; without one, the public address of the venue."
    read = parsers.base_url(scheme, scheme.removesuffix("s"))
    return setting(None, read, f'a URL like "{scheme}://host/path"', doc, flat=name)


@dataclass(frozen=True)
class FeedSettings:
    """Which feeds run, for which tickers, and where the venues are."""

    feeds: tuple[str, ...] = setting(
        ("simulated",),
        _names,
        'names of feeds, separated by commas, or "none"',
        "Live feeds that run. A ticker is taken from the first one unless it names another.",
        "FEEDS",
        flat="feeds",
    )
    tickers: tuple[str, ...] = setting(
        DEFAULT_TICKERS,
        _tickers,
        "tickers separated by commas: BTC, BTCUSDT, NAME=PAIR or NAME=feed:PAIR",
        "Tickers that the feeds take.",
        "TICKERS",
        flat="tickers",
    )
    days: int = setting(
        30,
        parsers.integer(1, 36_500),
        "1 to 36,500",
        "Days for which trades of live feeds are kept; simulated ones 7 days at most.",
        flat="feed_days",
    )
    fill_hours: float = setting(
        24.0,
        parsers.number(0.0, 8760.0),
        "0 to 8,760",
        "How old the trades may be that a feed requests to fill a gap; what is older stays a hole.",
        flat="feed_fill_hours",
    )
    yfinance_seconds: float = setting(
        15.0,
        parsers.number(15.0, 3600.0),
        "15 to 3,600",
        "Seconds between two requests of the feed yfinance for a price.",
        flat="yfinance_seconds",
    )
    ccxt_seconds: float = setting(
        5.0,
        parsers.number(1.0, 3600.0),
        "1 to 3,600",
        "Seconds between two requests of a feed ccxt:EXCHANGE for trades.",
        flat="ccxt_seconds",
    )
    binance_rest_url: str | None = _url("binance_rest_url", "Binance", "https")
    binance_ws_url: str | None = _url("binance_ws_url", "Binance", "wss")
    coinbase_rest_url: str | None = _url("coinbase_rest_url", "Coinbase", "https")
    coinbase_ws_url: str | None = _url("coinbase_ws_url", "Coinbase", "wss")
    kraken_rest_url: str | None = _url("kraken_rest_url", "Kraken", "https")
    kraken_ws_url: str | None = _url("kraken_ws_url", "Kraken", "wss")
    bybit_rest_url: str | None = _url("bybit_rest_url", "Bybit", "https")
    bybit_ws_url: str | None = _url("bybit_ws_url", "Bybit", "wss")
    okx_rest_url: str | None = _url("okx_rest_url", "OKX", "https")
    okx_ws_url: str | None = _url("okx_ws_url", "OKX", "wss")
