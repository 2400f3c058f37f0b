"""The marks of a chart's answer against the oracle's, and recordings as the batches that a market takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from tests.exactness import samples
from tests.oracle import readers, rows
from tests.oracle.oracle import Tick
from tests.oracle.rows import Marks

MOST = 3_000
"""Most ticks of one recording: the oracle's loops are slow."""

BUNDLED: dict[str, tuple[Callable[[], list[Tick]], Decimal]] = {
    "ltc": (samples.ltc, samples.CENT),
    "btc": (samples.btc, samples.CENT),
}
SHARED: dict[str, tuple[Callable[[Path], list[Tick]], Decimal]] = {
    "nq": (readers.nq, Decimal("0.25")),
    "es": (lambda data: readers.es(data, MOST), Decimal("0.25")),
    "gc": (readers.gold, Decimal("0.1")),
    "xrpeth": (readers.xrpeth, Decimal("0.00000001")),
    "freqtrade": (readers.freqtrade, samples.CENT),
    "sushi": (lambda data: readers.futures(data, "SUSHIUSDT"), Decimal("0.001")),
    "ctk": (lambda data: readers.futures(data, "CTKUSDT"), Decimal("0.001")),
}


@cache
def recording(name: str, data: Path | None = None) -> tuple[tuple[Tick, ...], Decimal]:
    """(at most MOST ticks, tick size) of a bundled recording, or of one in the folder `data`."""
    if data is None:
        ticks, tick = BUNDLED[name][0](), BUNDLED[name][1]
    else:
        ticks, tick = SHARED[name][0](data), SHARED[name][1]
    return tuple(ticks[:MOST]), tick


def batch_of(symbol: str, ticks: Sequence[Tick]) -> TickBatch:
    """The ticks as a batch, exactly."""
    price_decimals, size_decimals = (
        max(max(0, -int(getattr(tick, name).normalize().as_tuple().exponent)) for tick in ticks)
        for name in ("price", "size")
    )
    rule = {None: SideRule.TICK, 0: SideRule.NONE}
    return TickBatch(
        symbol,
        np.array([tick.time for tick in ticks], np.int64),
        np.array([int(tick.price.scaleb(price_decimals)) for tick in ticks], np.int64),
        np.array([int(tick.size.scaleb(size_decimals)) for tick in ticks], np.int64),
        np.array([tick.side or 0 for tick in ticks], np.int8),
        np.array([int(rule.get(tick.side, SideRule.FLAG)) for tick in ticks], np.int8),
        np.array([NO_ID if tick.id is None else tick.id for tick in ticks], np.int64),
        price_decimals,
        size_decimals,
    )


def complete_bars(over: Sequence[Tick], frame: str, tick: Decimal) -> list[list[Tick]]:
    """The bars of the last complete session. over: its ticks; none if there is no such session."""
    return rows.bars_of(over, frame, tick) if over else []


def shown(bar: dict[str, Any], answer: dict[str, Any]) -> Marks:
    """What the chart draws of a bar of an answer."""
    tick = Decimal(str(answer["tick"])).quantize(Decimal(1).scaleb(-answer["pd"]))
    offsets = bar.get("k", range(len(bar["b"])))
    price = [(bar["lo"] + offset) * answer["rows"] * tick for offset in offsets]

    def size(units: int) -> Decimal:
        return Decimal(units).scaleb(-answer["sd"])

    cells = zip(price, bar["b"], bar["a"], bar.get("u", [0] * len(price)), strict=True)
    return Marks(
        {at: (size(bid), size(ask), size(unknown)) for at, bid, ask, unknown in cells},
        price[bar["p"]],
        (price[bar["v"][0]], price[bar["v"][1]]),
        {price[i] for i in bar.get("ib", [])},
        {price[i] for i in bar.get("is", [])},
        [(side, price[low], price[high]) for side, low, high in bar.get("st", [])],
        ("H" in bar.get("f", ""), "L" in bar.get("f", "")),
    )


def wrong_marks(answer: dict[str, Any], held: Sequence[Sequence[Tick]], tick: Decimal) -> list[str]:
    """Where the marks of an answer's bars differ from the oracle's. held: the ticks of each of the bars."""
    assert len(answer["bars"]) == len(held)
    wrong = []
    for number, (bar, ticks) in enumerate(zip(answer["bars"], held, strict=True)):
        mine, true = shown(bar, answer), rows.marks(ticks, tick, answer["rows"])
        if mine != true:
            wrong.append(f"bar {number}: (got, true) {mine}, {true}")
    return wrong
