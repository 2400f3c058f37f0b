"""Known defects of other tools, tested here over HTTP against hand-written results."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.exactness import samples
from tests.exactness.path import MINUTE, address, answer, differing, exact_json, json_rows, replay, state, table
from tests.oracle import oracle
from tests.oracle.oracle import Row, Tick
from tests.oracle.readers import MS
from tests.running import RunningServer

START = 1_760_032_800_000
"""2025-10-09 18:00:00 UTC, in ms."""
QUARTER = Decimal("0.25")
ONE, BAR = 1_000, 60_000  # ms
NUMBERS = count(1)
Trade = tuple[int, str, int, str]
"""(ms after START, price, size, side)."""


@pytest.fixture
def symbol() -> str:
    """A unique symbol."""
    return f"DEFECT-{next(NUMBERS)}"


def send(server: RunningServer, symbol: str, trades: Iterable[Trade], ids: bool = False) -> Any:
    rows = [
        {"timestamp": START + after, "price": price, "size": size, "side": side} | ({"id": number} if ids else {})
        for number, (after, price, size, side) in enumerate(trades)
    ]
    return server.post(f"/ticks?symbol={symbol}", json.dumps(rows).encode())


def ladder(after: int, levels: dict[str, tuple[int, int]]) -> list[Trade]:
    """Trades, a millisecond apart, that give a bar with {price: (bid, ask)}."""
    sided = [trade for price, (bid, ask) in levels.items() for trade in ((price, "sell", bid), (price, "buy", ask))]
    return [(after + step, price, size, side) for step, (price, side, size) in enumerate(sided) if size]


def marks(server: RunningServer, symbol: str) -> dict[tuple[int, str], str]:
    """{(bar number, price): imbalance} of the rows that have one."""
    rows = table(server, "footprint", symbol)
    start = START * MS
    return {((r["time"] - start) // MINUTE, str(r["price"])): r["imbalance"] for r in rows if r["imbalance"]}


def changed(server: RunningServer, what: str, symbol: str, last: dict[str, Any]) -> tuple[list[Row], dict[str, Any]]:
    """(rows that changed since the response `last`, this response)."""
    url = address(what, symbol, since=last["revision"], epoch=last["epoch"])
    now = exact_json(answer(server, url).body)
    return json_rows(now[what]), now


def test_the_worked_example(server: RunningServer, symbol: str) -> None:
    levels = {"100.50": (2, 40), "100.25": (10, 35), "100.00": (12, 33), "99.75": (11, 9), "99.50": (30, 0)}
    send(server, symbol, ladder(0, levels))
    (bar,) = table(server, "bars", symbol)
    assert (bar["volume"], bar["delta"]) == (182, 52)
    assert (bar["poc"], bar["val"], bar["vah"]) == (100, 100, Decimal("100.5"))
    assert marks(server, symbol) == {(0, "100.5"): "buy", (0, "99.5"): "sell"}


def test_imbalance_never_crosses_bars(server: RunningServer, symbol: str) -> None:
    """OrderflowChart shifts a column, and so compares the last level of a bar with the first of the next."""
    first = {"100.50": (7, 5), "100.25": (7, 5)}
    second = {"100.50": (3, 4), "100.25": (2, 2)}
    # across the bars 7 > 3 · 2 would be an imbalance; within each bar there is none
    send(server, symbol, ladder(0, first) + ladder(BAR, second))
    assert marks(server, symbol) == {}


def test_imbalance_compares_volume_and_not_counts(server: RunningServer, symbol: str) -> None:
    """freqtrade compares numbers of trades: ten of size 1 against one of size 9 are not an imbalance."""
    small = [(step, "100.25", 1, "buy") for step in range(10)]
    send(server, symbol, [*small, (20, "100.00", 9, "sell")])
    assert marks(server, symbol) == {}
    # and one trade of 28 against nine of 1 is an imbalance
    send(server, symbol, [(BAR, "100.25", 28, "buy"), *((BAR + 1 + step, "100.00", 1, "sell") for step in range(9))])
    assert marks(server, symbol) == {(1, "100.25"): "buy"}


def test_imbalance_needs_the_next_tick_and_not_the_next_row(server: RunningServer, symbol: str) -> None:
    """Between 100.50 and 100.00 is 100.25 without a trade: its volume is zero, and the next row is not compared."""
    send(server, symbol, [(0, "99.75", 1, "sell"), (1, "100.50", 5, "buy"), (2, "100.00", 50, "sell")])
    assert marks(server, symbol) == {(0, "100.5"): "buy", (0, "100"): "sell", (0, "99.75"): "sell"}


def test_identical_rows_are_all_counted(server: RunningServer, symbol: str) -> None:
    """Trades with the same time, price and size are separate trades, also in separate calls."""
    row = (5, "100.25", 2, "buy")
    assert send(server, symbol, [row] * 3)["accepted"] == 3
    assert send(server, symbol, [row] * 2)["accepted"] == 2
    (bar,) = table(server, "bars", symbol)
    assert (bar["trades"], bar["volume"], bar["ask_volume"]) == (5, 10, 10)
    assert len(table(server, "ticks", symbol)) == 5


def test_the_same_venue_id_is_one_trade(server: RunningServer, symbol: str) -> None:
    trades = [(step * ONE, "100.25", 1 + step, "buy") for step in range(50)]
    assert send(server, symbol, trades, ids=True)["accepted"] == 50
    before = state(server, symbol)
    again = send(server, symbol, trades, ids=True)
    assert (again["accepted"], again["duplicates"]) == (0, 50)
    assert differing(state(server, symbol), before) == []


def test_late_ticks_amend_their_own_bar(server: RunningServer, symbol: str) -> None:
    """nautilus_trader drops a late tick, aggr counts it in the newest bar."""
    send(server, symbol, [(0, "100.25", 1, "buy"), (BAR, "101.00", 2, "sell"), (2 * BAR, "100.50", 4, "buy")])
    told = exact_json(answer(server, address("bars", symbol)).body)
    before = table(server, "bars", symbol)
    send(server, symbol, [(30 * ONE, "99.75", 8, "sell")])
    first, *rest = table(server, "bars", symbol)
    assert (first["open"], first["low"], first["close"]) == (Decimal("100.25"), Decimal("99.75"), Decimal("99.75"))
    assert (first["volume"], first["delta"], first["min_delta"], first["trades"]) == (9, -7, -7, 2)
    carried = ("cvd", "vwap")
    for bar, old in zip(rest, before[1:], strict=True):
        assert {name: bar[name] for name in bar if name not in carried} == {n: old[n] for n in old if n not in carried}
        assert bar["cvd"] == old["cvd"] - 8
    rows, now = changed(server, "bars", symbol, told)
    assert int(now["revision"]) > int(told["revision"])
    assert rows == [first, *rest]  # the later ones because of their CVD
    assert server.get(f"/stats?symbol={symbol}")["late"] == 1


def test_following_by_revision_with_late_ticks(server: RunningServer, symbol: str) -> None:
    """A client that merges the responses to `since` has, after any late tick, the same rows as a new client."""
    rng = random.Random(20251009)
    prices = [str(QUARTER * (400 + rng.randrange(9))) for _ in range(400)]
    trades = [(rng.randrange(20 * BAR), price, rng.randrange(9), rng.choice(["buy", "sell", ""])) for price in prices]
    send(server, symbol, trades[:40])
    told = exact_json(answer(server, address("bars", symbol)).body)
    held = {row["time"]: row for row in json_rows(told["bars"])}
    for at in range(40, 400, 15):
        send(server, symbol, trades[at : at + 15])
        rows, told = changed(server, "bars", symbol, told)
        assert told["full"] is False
        held |= {row["time"]: row for row in rows}
    assert [held[start] for start in sorted(held)] == table(server, "bars", symbol)


def test_any_arrival_order_gives_the_same_tables(server: RunningServer, symbol: str) -> None:
    """With venue ids, which order the trades of a millisecond; also with the tick rule."""
    rng = random.Random(7)
    trades = [
        (step // 3 * 700, str(QUARTER * (400 + rng.randrange(9))), 1 + rng.randrange(9), rng.choice(["buy", ""]))
        for step in range(600)
    ]
    send(server, symbol, trades, ids=True)
    shuffled = list(enumerate(trades))
    rng.shuffle(shuffled)
    for at in range(0, 600, 50):
        rows = [
            {"timestamp": START + after, "price": price, "size": size, "side": side, "id": number}
            for number, (after, price, size, side) in shuffled[at : at + 50]
        ]
        server.post(f"/ticks?symbol={symbol}-SHUFFLED", json.dumps(rows).encode())
    assert differing(state(server, f"{symbol}-SHUFFLED"), state(server, symbol)) == []
    ticks = [
        Tick((START + after) * MS, Decimal(price), Decimal(size), {"buy": 1, "": None}[side], number)
        for number, (after, price, size, side) in enumerate(trades)
    ]
    deltas = [row["delta"] for row in oracle.bars(ticks, tick=QUARTER)]
    assert [bar["delta"] for bar in table(server, "bars", symbol)] == deltas


@pytest.mark.parametrize(("unit", "scale"), [("s", 1), ("ms", 1_000), ("µs", 1_000_000), ("ns", 1_000_000_000)])
@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_epochs_in_any_unit_fall_into_the_right_minute(
    unit: str, scale: int, kind: str, server: RunningServer, symbol: str
) -> None:
    """Binance's spot files are in µs since 2025; as ms they would be in the year 57,000."""
    times = [(START // 1_000 + seconds) * scale for seconds in (0, 59, 60)]
    if kind == "text/csv":
        body = "timestamp,price,size,side\n" + "".join(f"{time},100.25,1,buy\n" for time in times)
    else:
        body = json.dumps([{"timestamp": time, "price": 100.25, "size": 1, "side": "buy"} for time in times])
    server.post(f"/ticks?symbol={symbol}", body.encode(), kind)
    bars = table(server, "bars", symbol)
    assert [(bar["time"], bar["trades"]) for bar in bars] == [(START * MS, 2), (START * MS + MINUTE, 1)]


def test_a_file_in_microseconds_is_the_file_in_milliseconds(
    server: RunningServer, btc: str, symbol: str, tmp_path: Path
) -> None:
    """The sample in the format in which Binance publishes such files today."""
    rows = [line.split(",") for line in samples.unpacked(samples.BTC).splitlines()]
    file = tmp_path / "BTCUSDT-trades-2025-01-01.csv"
    file.write_text("".join(",".join([*row[:4], row[4] + "000", *row[5:]]) + "\n" for row in rows))
    replay(server, file, symbol)
    assert differing(state(server, symbol), state(server, btc)) == []
