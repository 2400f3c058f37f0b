"""Signals on prices, against plain loops that share no code with the study."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from statistics import mean, median
from typing import Any

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.signal import BUY, NEUTRAL, SELL, Signal
from orderflow.workspace.signals import baseline, report
from orderflow.workspace.signals.baseline import sets_of
from orderflow.workspace.signals.price_path import PricePath, path_of_candles, path_of_ticks, windows_of
from orderflow.workspace.signals.report import horizon_name, outcomes_csv, summary_csv, summary_rows
from orderflow.workspace.signals.study import HOUR, MINUTE, SECOND, study_signals

Bar = tuple[int, int, float, float, float, float]
START = 1_704_067_200 * SECOND


def bars(count: int, seed: int, *, gaps: bool = True) -> list[Bar]:
    """Candles of a minute as (begin, end, open, high, low, close), some minutes missing."""
    rng, price, found = random.Random(seed), 100.0, []
    for minute in range(count):
        if gaps and rng.random() < 0.1:
            continue
        opened = price * (1 + rng.gauss(0, 0.0005))
        price = opened * (1 + rng.gauss(0, 0.001))
        high, low = max(opened, price) * (1 + rng.random() * 0.001), min(opened, price) * (1 - rng.random() * 0.001)
        begin = START + minute * MINUTE
        found.append((begin, begin + MINUTE, opened, high, low, price))
    return found


def path(rows: list[Bar]) -> PricePath:
    columns = list(zip(*rows, strict=True))
    return PricePath(*(np.array(each, np.int64) for each in columns[:2]), *(np.array(each) for each in columns[2:]))


def some_signals(rows: list[Bar], count: int, seed: int) -> list[Signal]:
    rng = random.Random(seed)
    times = sorted(rng.randrange(rows[0][0] - HOUR, rows[-1][1] + HOUR, SECOND) for _ in range(count))
    times += [rows[10][0], rows[11][0] - 1, rows[-1][0], rows[-1][0] - 1]
    kinds = [(BUY, "buy"), (SELL, "sell"), (NEUTRAL, "hold"), (SELL, "exit long"), (BUY, "entry long")]
    return [Signal(time, *rng.choice(kinds), label="=1") for time in times]


def naive(rows: list[Bar], signals: list[Signal], horizon: int) -> list[tuple[int, float, float, float]]:
    """(time, return, worst, best) of each signal that can be followed."""
    found = []
    for signal in sorted(signals, key=lambda each: each.time):
        after = [row for row in rows if row[0] > signal.time]
        if signal.side == NEUTRAL or signal.type.startswith("exit") or signal.time < rows[0][0] or not after:
            continue
        due = after[0][0] + horizon
        if due > rows[-1][1]:
            continue
        held = [row for row in after if row[1] <= due] or after[:1]
        moves = [signal.side * (price / after[0][2] - 1) for row in held for price in (row[3], row[4])]
        gone = signal.side * (held[-1][5] / after[0][2] - 1)
        found.append((signal.time, gone, min(0.0, *moves), max(0.0, *moves)))
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("horizon", [30 * SECOND, MINUTE, 7 * MINUTE, HOUR])
def test_outcomes_are_those_of_plain_loops(seed: int, horizon: int) -> None:
    rows = bars(400, seed)
    signals = some_signals(rows, 120, seed)
    study = study_signals(signals, path(rows), [horizon])
    (result,) = study.results
    expected = naive(rows, signals, horizon)
    outcomes = result.outcomes
    assert [study.signals[place].time for place in outcomes.signal.tolist()] == [row[0] for row in expected]
    for column, values in enumerate((outcomes.returns, outcomes.mae, outcomes.mfe), 1):
        assert values == pytest.approx([row[column] for row in expected], abs=1e-12)
    returns = [row[1] for row in expected]
    assert (result.mean, result.median) == pytest.approx((mean(returns), median(returns)), abs=1e-12)
    assert result.hit == pytest.approx(sum(each > 0 for each in returns) / len(returns))
    assert result.count + result.beyond == len(study.signals)
    assert len(study.signals) + sum(study.left_out.values()) == len(signals)


def test_an_entry_is_at_the_first_price_after_the_signal() -> None:
    rows = bars(10, 1, gaps=False)
    at = Signal(rows[3][0], BUY, "buy")
    before = Signal(rows[3][0] - 1, BUY, "buy")
    for signal, entry in ((at, 4), (before, 3)):
        (result,) = study_signals([signal], path(rows), [2 * MINUTE]).results
        assert result.outcomes.returns.tolist() == pytest.approx([rows[entry + 1][5] / rows[entry][2] - 1])


def test_ticks_are_a_path_too() -> None:
    times = START + np.array([0, 1, 1, 5, 9, 60]) * SECOND
    prices = np.array([100.0, 101, 102, 99, 103, 110])
    study = study_signals([Signal(START, SELL, "sell")], path_of_ticks(times, prices), [8 * SECOND, 20 * SECOND])
    short, long = study.results
    assert short.outcomes.returns.tolist() == pytest.approx([-(103 / 101 - 1)])
    assert (short.outcomes.mae[0], short.outcomes.mfe[0]) == pytest.approx((-(103 / 101 - 1), -(99 / 101 - 1)))
    assert long.outcomes.returns.tolist() == pytest.approx([-(103 / 101 - 1)])  # nothing was traded in between


def test_candles_of_the_records_are_a_path() -> None:
    columns = [
        np.array(each, np.int64) for each in ([60_000, 120_000], [1000, 1010], [1030, 1020], [990, 1000], [1010, 1015])
    ]
    rest = [np.zeros(2, np.int64)] * 3
    found = path_of_candles(KlineColumns(*columns, *rest, np.ones(2, np.bool_), 1, 0), 60_000)
    assert (found.begin.tolist(), found.end.tolist()) == ([60 * SECOND, 120 * SECOND], [120 * SECOND, 180 * SECOND])
    assert (found.open.tolist(), found.close.tolist()) == ([100.0, 101.0], [101.0, 101.5])
    with pytest.raises(BadInput, match="no candles"):
        path_of_candles(KlineColumns.empty(), 60_000)


def test_random_entries_are_of_the_same_hours_and_sides() -> None:
    """Prices rise in one hour of the day alone; signals of that hour are no better than chance."""
    rows, price = [], 100.0
    for minute in range(20 * 24 * 60):
        rise = 1.001 if minute // 60 % 24 == 9 else 1.0
        begin = START + minute * MINUTE
        rows.append((begin, begin + MINUTE, price, price * rise, price, price * rise))
        price *= rise
    at_nine = [Signal(START + (day * 24 + 9) * HOUR + 600 * SECOND, BUY, "buy") for day in range(18)]
    (result,) = study_signals(at_nine, path(rows), [MINUTE]).results
    assert result.mean == pytest.approx(0.001)
    assert result.random is not None
    assert result.random.means == pytest.approx(np.full(1000, 0.001))
    sold = [Signal(each.time, SELL, "sell") for each in at_nine]
    (result,) = study_signals(sold, path(rows), [MINUTE]).results
    assert result.random is not None
    assert result.random.mean == pytest.approx(-0.001)


def test_signals_that_know_the_future_stand_out() -> None:
    rows = bars(5000, 3, gaps=False)
    signals = [
        Signal(rows[row][0] - 1, BUY if rows[row + 4][5] > rows[row][2] else SELL, "x") for row in range(0, 4900, 40)
    ]
    (result,) = study_signals(signals, path(rows), [5 * MINUTE]).results
    assert result.random is not None
    assert (result.hit, result.random.p) == (1.0, pytest.approx(1 / 1001))
    assert result.mean_interval.low is not None
    assert result.mean_interval.low > 0


def test_overlaps_are_said_and_make_blocks_longer() -> None:
    rows = bars(3000, 4, gaps=False)
    dense = [Signal(rows[row][0], BUY, "buy") for row in range(0, 2900, 5)]
    short, long = study_signals(dense, path(rows), [2 * MINUTE, 50 * MINUTE]).results
    assert (short.overlapping, long.overlapping) == (0.0, pytest.approx(1, abs=0.01))
    assert long.mean_interval.block > short.mean_interval.block
    study = study_signals(dense, path(rows), [50 * MINUTE])
    assert any("overlap" in note for note in study.notes)


def test_few_signals_have_no_interval() -> None:
    rows = bars(300, 5)
    study = study_signals(some_signals(rows, 5, 5), path(rows), [MINUTE])
    assert study.results[0].mean_interval.low is None
    assert any("too few" in note for note in study.notes)
    nothing = study_signals([Signal(START, NEUTRAL, "hold")], path(rows), [MINUTE])
    assert nothing.results[0].count == 0
    assert summary_rows(nothing)[0]["mean"] is None
    assert nothing.left_out == {"without a side": 1}


def test_a_study_is_the_same_every_time() -> None:
    rows = bars(500, 6)
    signals = some_signals(rows, 100, 6)
    first, again = (summary_csv(study_signals(signals, path(rows), [MINUTE, HOUR])) for _ in range(2))
    assert first == again
    assert first != summary_csv(study_signals(signals, path(rows), [MINUTE, HOUR], seed=2))


def test_exports_are_tables_without_formulas() -> None:
    rows = bars(500, 7)
    study = study_signals(some_signals(rows, 50, 7), path(rows), [MINUTE, HOUR], exits=True)
    found = list(csv.DictReader(io.StringIO(outcomes_csv(study).decode())))
    assert len(found) == sum(result.count for result in study.results)
    assert {row["label"] for row in found} == {"'=1"}
    assert {row["horizon"] for row in found} == {"1m", "1h"}
    assert "exit long" in {row["type"] for row in found}
    summary = list(csv.DictReader(io.StringIO(summary_csv(study).decode())))
    assert [int(row["signals"]) for row in summary] == [result.count for result in study.results]
    assert horizon_name(90 * SECOND) == "90s"
    assert horizon_name(SECOND // 2) == "0.5s"


@pytest.mark.parametrize("horizons", [[], [0], [-1], [MINUTE] * 13])
def test_horizons_are_checked(horizons: list[int]) -> None:
    with pytest.raises(BadInput, match="horizons"):
        study_signals([], path(bars(10, 1)), horizons)


def test_many_signals_are_compared_with_fewer_random_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [sets_of(count) for count in (1, 20_000, 40_000, 100_000)] == [1000, 1000, 500, 200]
    monkeypatch.setattr(baseline, "DRAWS", 100 * 300)
    rows = bars(400, 3, gaps=False)
    signals = [Signal(rows[row][0] - 1, BUY, "x") for row in range(1, 101)]
    (result,) = study_signals(signals, path(rows), [5 * MINUTE]).results
    assert result.random is not None
    assert len(result.random.means) == len(result.random.hits) == 300
    assert 1 / 301 <= result.random.p <= 1


def test_a_list_of_all_signals_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = bars(400, 3, gaps=False)
    study = study_signals(
        [Signal(rows[row][0] - 1, BUY, "x") for row in range(1, 11)], path(rows), [MINUTE, 5 * MINUTE]
    )
    monkeypatch.setattr(report, "MOST_ROWS", 20)
    assert outcomes_csv(study).count(b"\n") == 21
    monkeypatch.setattr(report, "MOST_ROWS", 19)
    with pytest.raises(BadInput, match="would have 20 rows, and 19 are the most; give fewer"):
        outcomes_csv(study)


def test_the_extremes_of_long_holding_periods_that_overlap_are_found_at_once() -> None:
    """With a pass over each of them, 100,000 signals held for weeks took minutes of a thread."""
    rng, count = np.random.default_rng(5), 3_000
    price = rng.normal(100, 1, count)
    path = path_of_ticks(np.arange(count) * SECOND, price)
    read = 0

    class Counted(np.ndarray):
        """Prices that count how many of them are compared."""

        def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
            nonlocal read
            plain = [np.asarray(each) for each in inputs]
            read += sum(map(len, plain)) if method == "__call__" else int(np.diff(plain[1])[::2].sum())
            return getattr(ufunc, method)(*plain, **options).view(Counted)

    first = np.sort(rng.integers(0, count // 2, 2_000))
    last = first + rng.integers(0, count // 2, 2_000)
    high = price.view(Counted)
    found = windows_of(replace(path, high=high), first, last).high
    assert np.asarray(found).tolist() == [price[a : b + 1].max() for a, b in zip(first, last, strict=True)]
    assert 0 < read < 50 * count
    assert windows_of(path, first[:0], last[:0]).high.tolist() == []


def test_horizons_beyond_a_century_are_refused() -> None:
    path = path_of_ticks(np.arange(3) * SECOND, np.ones(3))
    with pytest.raises(BadInput, match="within 100 years"):
        study_signals([], path, [10**24])
