"""Candles and signals as rows for JSON and CSV, with exact numbers and times in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.decimals import unit_floats, unit_text
from orderflow.market.kline_columns import PRICES, UNKNOWN, KlineColumns
from orderflow.market.signal import Signal
from orderflow.workspace.uploads.refusals import csv_rows, csv_text

CANDLE_COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
SIGNAL_COLUMNS = ("timestamp", "type", "price", "label", "color", "icon", "stop", "target")
_SAFE = 10**15
MS = 10**6


def exact_numbers(units: Ints, decimals: int) -> list[Any]:
    """Numbers that print exactly: floats where their shortest text is the number, else decimals."""
    if not decimals:
        return list(units.tolist())
    if not len(units) or int(np.abs(units).max()) < _SAFE:
        return list(unit_floats(units, decimals).tolist())
    return [Decimal(unit).scaleb(-decimals) for unit in units.tolist()]


def candle_rows(klines: KlineColumns) -> list[dict[str, Any]]:
    """Candles with the fields of `GET /data/klines`."""
    columns = {
        "time": klines.time.tolist(),
        **{name: exact_numbers(getattr(klines, name), klines.price_decimals) for name in PRICES},
        "volume": exact_numbers(klines.volume, klines.size_decimals),
        "trades": _known(klines.trades, klines.trades.tolist()),
        "taker_buy_volume": _known(
            klines.taker_buy_volume, exact_numbers(klines.taker_buy_volume, klines.size_decimals)
        ),
        "closed": klines.closed.tolist(),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def candle_csv(pieces: Iterable[KlineColumns]) -> Iterator[bytes]:
    """Candles as CSV with the columns of an upload, piece by piece."""
    yield (",".join(CANDLE_COLUMNS) + "\n").encode()
    for klines in pieces:
        times = iso_times(klines.time * MS)
        prices = [_texts(getattr(klines, name), klines.price_decimals) for name in PRICES]
        rows = zip(times, *prices, _texts(klines.volume, klines.size_decimals), strict=True)
        yield "".join(",".join(row) + "\n" for row in rows).encode()


def signal_rows(signals: Sequence[Signal]) -> list[dict[str, Any]]:
    """Signals with the columns of an upload; `time` is in ms, `timestamp` exact."""
    texts = iso_times(np.array([signal.time for signal in signals], np.int64))
    return [
        {
            "time": signal.time // MS,
            "timestamp": text,
            "type": signal.type,
            "side": signal.side,
            "price": _number(signal.price),
            "label": signal.label,
            "color": signal.color,
            "icon": signal.icon,
            "stop": _number(signal.stop),
            "target": _number(signal.target),
        }
        for signal, text in zip(signals, texts, strict=True)
    ]


def signal_csv(pieces: Iterable[Sequence[Signal]]) -> Iterator[bytes]:
    """Signals as CSV with the columns of an upload, piece by piece. No cell is a formula."""
    yield csv_text(SIGNAL_COLUMNS, ())
    for signals in pieces:
        texts = iso_times(np.array([signal.time for signal in signals], np.int64))
        yield csv_rows(
            (text, each.type, each.price, each.label, each.color, each.icon, each.stop, each.target)
            for each, text in zip(signals, texts, strict=True)
        )


def iso_times(times: Ints) -> list[str]:
    """Times (ns) as ISO-8601 with Z, with as many decimals as they need: none, ms or ns."""
    if not len(times):
        return []
    moments = times.astype("datetime64[ns]")
    if not (times % 10**9).any():
        texts = np.datetime_as_string(moments, unit="s")
    else:
        texts = np.datetime_as_string(moments, unit="ns" if (times % MS).any() else "ms")
    return [f"{text}Z" for text in texts.tolist()]


def _texts(units: Ints, decimals: int) -> list[str]:
    if not decimals:
        return [str(unit) for unit in units.tolist()]
    return [unit_text(unit, decimals) for unit in units.tolist()]


def _number(text: str) -> int | Decimal | None:
    if not text:
        return None
    return Decimal(text)


def _known(units: Ints, values: list[Any]) -> list[Any]:
    if not (units == UNKNOWN).any():
        return values
    return [None if unit == UNKNOWN else value for unit, value in zip(units.tolist(), values, strict=True)]
