"""Recordings that are replayed once into the shared server, each under its own symbol."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.exactness import samples
from tests.exactness.path import replay, state
from tests.running import RunningServer

GOLD_MEMBER = "20131007_gc_tick_trade_201312.csv"
TRADE_KEYS = ("id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch")


def recorded_file(name: str, data: Path, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """(file, flags of the replay) of a recording. folder: for generated files."""
    if name == "nq":
        return data / "futures_nq/time_and_sales_nq_30min.csv", ("--tick-size", "0.25")
    if name == "ltc":
        (file,) = (data / "crypto_ltcusdt").glob("*_15h_*")
        return file, ()
    if name == "btc":
        return exchange_table(data, folder), ()
    if name == "xrpeth":
        (file,) = (data / "crypto_xrpeth").glob("*aggTrades*")
        return file, ()
    if name == "gc":
        file = data / "futures_gc/future_comex_tick_gc_20131007_trade.zip"
        return file, ("--member", GOLD_MEMBER, "--side", "flag")
    return data / "futures_es/tick_data.csv.gz", ("--side", "flag")


def exchange_table(data: Path, folder: Path) -> Path:
    """The trades from the exchange's REST API, in the format of the files that the exchange publishes."""
    (source,) = (data / "crypto_btcusdt_rest").glob("api_v3_trades*")
    trades = json.loads(source.read_text())
    file = folder / "BTCUSDT-trades-2020-09-27.csv"
    file.write_text("".join(",".join(str(trade[key]) for key in TRADE_KEYS) + "\n" for trade in trades))
    return file


@pytest.fixture(scope="session")
def sent(server: RunningServer, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """sent("nq"): the symbol of the recording on the server; the first call replays it."""
    folder = tmp_path_factory.mktemp("recordings")

    @cache
    def send(name: str) -> str:
        symbol = f"EXACT-{name.upper()}"
        file, flags = recorded_file(name, shared_data, folder)
        replay(server, file, symbol, *flags)
        return symbol

    return send


@pytest.fixture(scope="session")
def ltc(server: RunningServer) -> str:
    """The symbol of the bundled LTCUSDT sample on the server, sent at full speed."""
    replay(server, samples.LTC, "EXACT-LTC-SAMPLE")
    return "EXACT-LTC-SAMPLE"


@pytest.fixture(scope="session")
def btc(server: RunningServer) -> str:
    """The symbol of the bundled BTCUSDT sample on the server, sent at full speed."""
    replay(server, samples.BTC, "EXACT-BTC-SAMPLE")
    return "EXACT-BTC-SAMPLE"


@pytest.fixture(scope="session")
def ltc_state(server: RunningServer, ltc: str) -> dict[str, bytes]:
    """The server's state after the sample was sent at full speed: every other way must give the same state."""
    return state(server, ltc)
