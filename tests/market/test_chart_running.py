"""A page that merges answers shows the API's CVD and VWAP, also after late ticks, eviction and session changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.market import buffer
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.options import StudyOptions
from orderflow.market.studies.profile import profile
from tests.market.memory_log import MemoryLog
from tests.market.ticks import draw

FRAMES = ("1min", "5min", "4h", "15s", "ticks:20", "volume:200")


class Page:
    """The chart's model: bars by start, merged from answers, with running values from `run`.

    automatic: the row size is left to the server.
    """

    def __init__(self, frame: str, *, automatic: bool = False) -> None:
        self.automatic = automatic
        self.frame = Frame.parse(frame)
        self.bars: dict[int, dict[str, Any]] = {}
        self.epoch: str | None = None
        self.rev = 0
        self.rows = 0

    def poll(self, market: Market) -> dict[str, Any]:
        rows = 0 if self.automatic else self.rows
        answer = market.changed("X", self.frame, self.rev, self.epoch, rows)
        assert answer["full"] or answer["rows"] == self.rows
        if answer["full"]:
            self.bars = {}
        for bar in answer["bars"]:
            self.bars[bar["t"]] = bar
        for t, q, w in answer["run"]:
            self.bars[t] = {**self.bars[t], "q": q, "w": w}
        self.bars = {t: bar for t, bar in sorted(self.bars.items()) if t >= answer["first"]}
        self.epoch, self.rev, self.rows = answer["epoch"], answer["rev"], answer["rows"]
        return answer


def agree(page: Page, market: Market) -> None:
    """Assert that the page's bars equal those of a newly opened page and those of the API."""
    fresh = Page(page.frame.name)
    fresh.rows = page.rows
    fresh.poll(market)
    held = {t: {"w": None, **bar} for t, bar in page.bars.items()}
    assert held == {t: {"w": None, **bar} for t, bar in fresh.bars.items()}
    if not page.frame.ns:
        return
    table = market.bars("X", page.frame, start=min(page.bars) * 1_000_000)
    assert table.cvd.tolist() == [bar["q"] for bar in held.values()]
    assert table.delta.tolist() == [bar["d"][0] for bar in held.values()]
    price = table.grid.tick_units / 10**table.grid.price_decimals
    for name, values in (("vwap", table.vwap), ("sigma", table.sigma)):
        mine = [np.nan if bar["w"] is None else bar["w"][name == "sigma"] * price for bar in held.values()]
        assert mine == pytest.approx(values.tolist(), abs=1e-4, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    frame=st.sampled_from(FRAMES),
    candles=st.sampled_from([3, 20, 500]),
    log=st.booleans(),
    automatic=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_any_order_of_arrival(seed: int, frame: str, candles: int, log: bool, automatic: bool, order: Any) -> None:
    batch = draw(seed).batch
    cuts = sorted({0, len(batch), *(order.randrange(len(batch)) for _ in range(8))})
    parts = [batch.take(slice(a, b)) for a, b in pairwise(cuts)]
    for _ in range(3):  # mostly in order, some late
        a, b = order.randrange(len(parts)), order.randrange(len(parts))
        parts[a], parts[b] = parts[b], parts[a]
    market = Market(MemoryLog() if log else None, max_candles=candles)
    market.configure("X", session=order.choice(["UTC", "America/Chicago 17:00"]))
    page = Page(frame, automatic=automatic)
    for part in parts:
        market.ingest([part])
        if order.random() < 0.7:
            page.poll(market)
    page.poll(market)
    agree(page, market)


def test_evicted_ticks_and_a_late_one_before_the_first_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    batch = draw(11, most=2_000).batch
    seconds = np.arange(len(batch)) * 7_000_000_000
    batch = replace(batch, time=int(batch.time[0]) // 86_400_000_000_000 * 86_400_000_000_000 + seconds)
    market = Market(MemoryLog(), max_candles=5, max_ticks=256)
    page = Page("1min")
    late = np.zeros(len(batch), np.bool_)
    late[[3, 40]] = True
    market.ingest([batch.take(~late)])
    page.poll(market)
    market.ingest([batch.take(late)])
    answer = page.poll(market)
    assert (answer["full"], answer["bars"], len(answer["run"])) == (False, [], 5)
    agree(page, market)


def test_an_answer_in_order_carries_no_running_values_of_other_bars() -> None:
    batch = draw(5, most=300).batch
    market = Market()
    page = Page("1min")
    for i in range(len(batch)):
        market.ingest([batch.take(slice(i, i + 1))])
        answer = page.poll(market)
        assert answer["full"] is (i == 0)
        assert answer["run"] == []
    agree(page, market)


@pytest.mark.parametrize("rows", [1, 4])
def test_naked_pocs_are_sent_when_asked_for_and_go_when_touched(rows: int) -> None:
    market = Market()
    batch = draw(7, most=2_000).batch
    options = StudyOptions.parse({"studies": ["naked_poc"]})
    frame = Frame.parse("5min")
    for part in (batch.take(slice(0, len(batch) // 2)), batch.take(slice(len(batch) // 2, None))):
        market.ingest([part])
        assert market.changed("X", frame, 0, None, rows)["studies"] == {}
        answer = market.changed("X", frame, 0, None, rows, options)
        held = [(bar["t"], bar["l"] // rows, bar["h"] // rows, row_of(bar, bar["p"])) for bar in answer["bars"]]
        naked = [
            [t, poc]
            for i, (t, _, _, poc) in enumerate(held[:-1])
            if not any(low <= poc <= high for _, low, high, _ in held[i + 1 :])
        ]
        assert answer["studies"] == {"naked_poc": naked}
        assert answer["marks"].endswith(" · Naked POC of all bars")


@pytest.mark.parametrize("log", [True, False])
def test_a_late_tick_before_the_held_bars_is_told_once(log: bool) -> None:
    batch = draw(11, most=2_000).batch
    batch = replace(batch, time=1_790_000_000_000_000_000 + np.arange(len(batch)) * 7_000_000_000)
    late = np.zeros(len(batch), np.bool_)
    late[[40, len(batch) - 2]] = True
    market, frame = Market(MemoryLog() if log else None, max_candles=5), Frame.parse("1min")
    market.ingest([batch.take(~late)])
    first = market.changed("X", frame, 0, None, 1)
    assert "late" not in first
    market.ingest([batch.take(slice(len(batch) - 2, len(batch) - 1))])  # in a bar that is held
    second = market.changed("X", frame, first["rev"], first["epoch"], 1)
    assert ("late" in second, second["full"], len(second["bars"])) == (False, False, 1)
    market.ingest([batch.take([40])])
    third = market.changed("X", frame, second["rev"], second["epoch"], 1)
    assert third["late"] == int(batch.time[40]) // 60_000_000_000 * 60_000
    assert "late" not in market.changed("X", frame, third["rev"], third["epoch"], 1)
    assert market.changed("X", frame, first["rev"], first["epoch"], 1)["late"] == third["late"]


def test_the_profile_of_a_span_reaches_back_into_the_log() -> None:
    batch = draw(7, most=2_000).batch
    small, large = Market(MemoryLog(), max_candles=3), Market()
    for market in (small, large):
        market.ingest([batch])
    frame = Frame.parse("1min")
    times = [bar["t"] for bar in large.changed("X", frame, 0, None, 1)["bars"]]
    for start, end in ((times[0], None), (times[0], times[1]), (times[-2], None), (times[1], times[-1])):
        span = ProfileSpan(start, end)
        found = [market.changed("X", frame, 0, None, 2, span=span)["profile"] for market in (small, large)]
        assert found[0] == found[1]
        stop = None if end is None else (end + 1) * 1_000_000
        table = large.bars("X", frame, start=start * 1_000_000, end=stop, group=2)
        whole = profile(table.level, table.level_bid, table.level_ask, table.level_unknown)
        marks = [whole.level[at] for at in (whole.poc, whole.low, whole.high)] if whole.volume.any() else None
        assert found[0] == {"start": start, "end": end, "session": False, "marks": marks}


def row_of(bar: dict[str, Any], index: int) -> int:
    """The row at an index of a bar."""
    return int(bar["lo"] + (bar["k"][index] if "k" in bar else index))
