"""The bundled samples as oracle ticks, so that a fresh clone can check exactness without other data."""

from __future__ import annotations

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path

from tests.oracle.oracle import Row, Tick
from tests.oracle.readers import MS, flagged

ROOT = Path(__file__).resolve().parents[2]
LTC = ROOT / "data" / "LTCUSDT_2025-06-21_15h.csv.gz"
BTC = ROOT / "data" / "BTCUSDT_2020-09-27_14h04.trades.csv.gz"
BTC_CANDLES = ROOT / "data" / "BTCUSDT_2020-09-27_14h04.klines_1m.csv"
CENT = Decimal("0.01")


def unpacked(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def ltc() -> list[Tick]:
    """20,061 trades with the exchange's numbers and sides."""
    return flagged(io.StringIO(unpacked(LTC)), "quantity", "tradeId")


def btc() -> list[Tick]:
    """1,000 trades: id, price, quantity, quote quantity, epoch ms, buyer is maker, best match."""
    return [
        Tick(int(row[4]) * MS, Decimal(row[1]), Decimal(row[2]), -1 if row[5] == "true" else 1, int(row[0]))
        for row in csv.reader(io.StringIO(unpacked(BTC)))
    ]


def btc_candles() -> list[Row]:
    """The exchange's candles of the two minutes that the trades cover completely."""
    return [
        {
            "time": int(row[0]) * MS,
            "open": Decimal(row[1]),
            "high": Decimal(row[2]),
            "low": Decimal(row[3]),
            "close": Decimal(row[4]),
            "volume": Decimal(row[5]),
            "trades": int(row[8]),
            "ask_volume": Decimal(row[9]),
        }
        for row in csv.reader(io.StringIO(BTC_CANDLES.read_text()))
    ]
