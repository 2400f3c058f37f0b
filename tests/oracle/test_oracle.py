"""Validates the oracle against published results for the recordings."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from tests.oracle import oracle, readers
from tests.oracle.oracle import Row, Tick
from tests.oracle.readers import MS, RECORDINGS, Recording

BAR = ("time", "open", "high", "low", "close", "volume", "ask_volume", "bid_volume", "delta", "trades")
ROW = ("time", "price", "bid_volume", "ask_volume", "unknown_volume", "trades")
ES_TICKS = 40_000  # of 500,000: two and a half hours are enough to know
MINUTE = 60_000 * MS


def some(row: Row, names: tuple[str, ...]) -> Row:
    return {name: row[name] for name in names}


@cache
def ticks_of(recording: Recording, data: Path) -> list[Tick]:
    if recording.name != "es":
        return recording.ticks(data)
    ticks = readers.es(data, ES_TICKS)
    return [tick for tick in ticks if tick.time < ticks[-1].time // MINUTE * MINUTE]


@cache
def bars_of(recording: Recording, data: Path) -> list[Row]:
    return oracle.bars(ticks_of(recording, data), tick=recording.tick)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_bars_and_footprints_equal_the_expected_files(recording: Recording, shared_data: Path) -> None:
    ticks = ticks_of(recording, shared_data)
    end = max(tick.time for tick in ticks)
    bars = bars_of(recording, shared_data)
    expected = [row for row in recording.bars(shared_data) if row["time"] <= end]
    assert [some(row, BAR) for row in bars] == [some(row, BAR) for row in expected]
    rows = oracle.footprint(ticks, tick=recording.tick)
    footprint = [row for row in recording.footprint(shared_data) if row["time"] <= end]
    assert [some(row, ROW) for row in rows] == [some(row, ROW) for row in footprint]

    volumes: dict[int, dict[Decimal, Decimal]] = {}
    for row in footprint:
        volume = sum((Decimal(row[side]) for side in ("bid_volume", "ask_volume", "unknown_volume")), Decimal(0))
        volumes.setdefault(row["time"], {})[row["price"]] = volume
    for bar, theirs in zip(bars, expected, strict=True):
        levels = volumes[bar["time"]]
        assert len(levels) == theirs["levels"]
        most = [price for price, volume in levels.items() if volume == max(levels.values())]
        assert bar["poc"] in most
        assert theirs["poc_price"] == min(most)


def test_bitcoin_equals_the_exchanges_own_candles(shared_data: Path) -> None:
    (btc,) = (recording for recording in RECORDINGS if recording.name == "btc")
    bars = {row["time"]: row for row in bars_of(btc, shared_data)}
    covered = sorted(bars)[1:-1]  # the recording begins and ends inside a minute
    theirs = {row["time"]: row for row in readers.klines(shared_data, "1m")}
    names = ("time", "open", "high", "low", "close", "volume", "trades", "ask_volume")
    assert len(covered) == 2
    for time in covered:
        assert some(bars[time], names) == some(theirs[time], names)


def test_gold_equals_the_publishers_minute_bars(shared_data: Path) -> None:
    (gold,) = (recording for recording in RECORDINGS if recording.name == "gc")
    ticks = ticks_of(gold, shared_data)
    bars = bars_of(gold, shared_data)[:-1]
    rest = [tick for tick in ticks if tick.time >= bars[-1]["time"] + MINUTE]
    names = ("time", "open", "high", "low", "close", "volume")
    ours = [some(row, names) for row in [*bars, *oracle.bars(rest[:-1], tick=gold.tick)]]
    assert ours == [some(row, names) for row in readers.gold_minutes(shared_data)]


@pytest.mark.parametrize(("frame", "file"), [("1min", "1m"), ("5min", "5m")])
def test_xrp_eth_equals_its_candles(frame: str, file: str, shared_data: Path) -> None:
    (recording,) = (recording for recording in RECORDINGS if recording.name == "xrpeth")
    names = ("time", "open", "high", "low", "close", "volume")
    if frame == "1min":
        bars = bars_of(recording, shared_data)
    else:
        bars = oracle.bars(ticks_of(recording, shared_data), frame, tick=recording.tick)
    ours = [some(row, names) for row in bars]
    theirs = {row["time"]: row for row in readers.xrpeth_candles(shared_data, file)}
    shared = [row for row in ours if row["time"] in theirs]
    assert len(shared) >= len(ours) - 1
    assert shared == [some(theirs[row["time"]], names) for row in shared]


def test_the_worked_example() -> None:
    book = {"100.50": (2, 40), "100.25": (10, 35), "100.00": (12, 33), "99.75": (11, 9), "99.50": (30, 0)}
    cells = {Decimal(p): oracle.Cell(Decimal(bid), Decimal(ask)) for p, (bid, ask) in book.items()}
    tick = Decimal("0.25")
    assert sum(cell.volume for cell in cells.values()) == 182
    assert oracle.poc(cells) == Decimal("100.00")
    assert oracle.imbalances(cells, tick) == ({Decimal("100.50")}, {Decimal("99.50")})
    assert oracle.value_area(cells, tick) == (Decimal("100.00"), Decimal("100.50"))


def test_the_tick_rule_inherits_over_unchanged_prices() -> None:
    prices = [10, 10, 11, 11, 10, 10, 12]
    found = oracle.tick_rule([Tick(i, Decimal(p), Decimal(1), None) for i, p in enumerate(prices)])
    assert [tick.side for tick in found] == [0, 0, 1, 1, -1, -1, 1]


def test_variance_is_that_of_the_definition() -> None:
    ticks = [Tick(0, Decimal(10), Decimal(1)), Tick(1, Decimal(13), Decimal(2))]
    assert oracle.vwap(ticks) == (Fraction(12), Fraction(2))
