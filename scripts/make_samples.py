"""Rebuild the samples in data/ from the published recordings: `python scripts/make_samples.py FOLDER`.

FOLDER has `crypto_ltcusdt/` and `crypto_btcusdt_rest/` with the publishers' files (see data/README.md). Values are
copied as text, never through floats, and the archives contain neither a time nor a file name, so that the same input
and zlib version give the same bytes. No row is added, dropped or reordered.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

LTC_SOURCE = "crypto_ltcusdt/LTCUSDT_2025-06-21_15h_trades__9fb2471c.csv.gz"
LTC = "LTCUSDT_2025-06-21_15h.csv.gz"
BTC_TRADES_SOURCE = "crypto_btcusdt_rest/api_v3_trades_BTCUSDT_limit1000_1404-1407.json"
BTC_KLINES_SOURCE = "crypto_btcusdt_rest/klines_1m.json"
SOURCES = (LTC_SOURCE, BTC_TRADES_SOURCE, BTC_KLINES_SOURCE)
BTC_TRADES = "BTCUSDT_2020-09-27_14h04.trades.csv.gz"
BTC_KLINES = "BTCUSDT_2020-09-27_14h04.klines_1m.csv"
# The keys of the exchange's REST answer, in the order of the columns of its own headerless CSV dumps.
TRADE_KEYS = ("id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch")
MINUTE_MS = 60_000


def main(argv: Sequence[str] | None = None) -> int:
    """Write every sample; returns 0. Exits with 2 if files are missing in the folder."""
    parser = argparse.ArgumentParser(description="Rebuild the samples in data/ from the published recordings.")
    parser.add_argument("folder", type=Path, help="folder with crypto_ltcusdt/ and crypto_btcusdt_rest/")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "data")
    given = parser.parse_args(argv)
    missing = [name for name in SOURCES if not (given.folder / name).is_file()]
    if missing:
        parser.error(f"{given.folder} lacks {', '.join(missing)}")
    for name, size in make(given.folder, given.out).items():
        print(f"{name:<48}{size:>9,} bytes")
    return 0


def make(folder: Path, out: Path) -> dict[str, int]:
    """Write the samples into `out`; returns the size of each file in bytes."""
    trades = json.loads((folder / BTC_TRADES_SOURCE).read_text("utf-8"))
    klines = json.loads((folder / BTC_KLINES_SOURCE).read_text("utf-8"))
    texts = {
        LTC: gzip.decompress((folder / LTC_SOURCE).read_bytes()).decode("utf-8"),
        BTC_TRADES: _csv([_cell(trade[key]) for key in TRADE_KEYS] for trade in trades),
        BTC_KLINES: _csv(map(_cell, row) for row in _whole_minutes(klines, trades)),
    }
    out.mkdir(parents=True, exist_ok=True)
    return {name: (out / name).write_bytes(_encoded(name, text)) for name, text in texts.items()}


def _whole_minutes(klines: list[list[Any]], trades: list[dict[str, Any]]) -> list[list[Any]]:
    """The candles of the minutes that the trades cover completely."""
    first = -(-trades[0]["time"] // MINUTE_MS) * MINUTE_MS
    end = trades[-1]["time"] // MINUTE_MS * MINUTE_MS
    return [row for row in klines if first <= row[0] < end]


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _encoded(name: str, text: str) -> bytes:
    plain = text.encode("utf-8")
    return gzip.compress(plain, compresslevel=9, mtime=0) if name.endswith(".gz") else plain


if __name__ == "__main__":
    raise SystemExit(main())
