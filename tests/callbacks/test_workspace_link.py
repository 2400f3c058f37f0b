"""The address of the workspace: what is written is read again, and what is not known is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks.workspace_address import field_value, shown_of, slots_of, words
from callbacks.workspace_choices import frame_of, signals_of, symbol_of, with_unknown
from callbacks.workspace_link import Link, Series, Shown, read, steps, time_text, write
from callbacks.workspace_series import wanted_of
from layouts.workspace_settings import CHOICES, SLOTS

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
TIMES = st.integers(-10_000_000_000_000, 200_000_000_000_000)
PRICES = st.floats(-1e9, 1e9).map(lambda price: float(f"{price:.12g}"))
PAIRS = st.tuples(PRICES, PRICES).filter(lambda pair: pair[0] < pair[1])
SERIES = st.builds(Series, NAMES, st.sampled_from(["1m", "4h", "1M"]), st.none() | NAMES, st.none() | PAIRS)
RANGES = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"from": TIMES, "to": TIMES}),
    st.fixed_dictionaries({"bars": st.integers(5, 100_000).map(lambda bars: bars / 4)}),
)
INDICATORS = st.lists(st.sampled_from(SLOTS), unique_by=id, max_size=len(SLOTS)).map(
    lambda slots: wanted_of([{"name": name, "options": given} for name, given in slots])
)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["live", "custom"]), st.sampled_from([1, 2, 4]), st.booleans(), INDICATORS,
    st.lists(SERIES, min_size=4, max_size=4), RANGES,
    st.fixed_dictionaries({name: st.sampled_from([v for v, _ in CHOICES[name][1]]) for name in ("kind", "scale")}),
)  # fmt: skip
def test_what_an_address_says_is_read_again(
    mode: str, count: int, volume: bool, wanted: Any, charts: Any, range_: Any, choices: Any
) -> None:
    shown = Shown(mode, count, choices, volume, wanted, charts, range_)
    query = write(shown)
    link, wrong = read(query)
    assert wrong == []
    assert (link.mode, link.count, link.whole) == (mode, str(count), True)
    assert {**{name: CHOICES[name][1][0][0] for name in choices}, **link.choices} == choices
    assert (link.volume is not False) == volume
    assert [(each.indicator.name, each.options) for each in wanted_of(link.indicators or [])] == [
        (each.indicator.name, each.options) for each in wanted
    ]
    assert link.charts[:count] == charts[:count]
    assert link.charts[count:] == [Series()] * (4 - count)
    for index in range(count):
        y = charts[index].y
        assert link.view(index) == ({**range_, "y": y} if y else range_)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (1_772_461_800_000, "2026-03-02T14:30Z"),
        (1_772_461_801_000, "2026-03-02T14:30:01Z"),
        (1_772_461_800_005, "2026-03-02T14:30:00.005Z"),
        (-62_135_596_800_000, "0001-01-01T00:00Z"),
        (10**15, "1000000000000000"),
    ],
)
def test_times_are_written_as_people_write_them(ms: int, text: str) -> None:
    assert time_text(ms) == text
    assert read(f"?from={text}")[0].since == ms


def test_an_address_written_by_hand_leaves_the_readers_own_choices() -> None:
    link, wrong = read("?symbol=BTCUSDT&frame=5m")
    assert (wrong, link.mode, link.whole, link.view(0), slots_of(link)) == ([], "live", False, None, None)
    assert read("") == read(None) == (Link(), [])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("mode=dead", "mode 'dead' is not known; use one of live, custom"),
        ("charts=3", "charts '3' is not known; use one of 1, 2, 4"),
        ("kind=bars", "kind 'bars' is not known; use one of candles, line, heikin"),
        ("volume=loud", "volume 'loud' is not known; use one of on, off"),
        ("indicators=rsx", "indicators: "),
        ("indicators=rsi,rsi", "indicators: there are no more of rsi"),
        ("indicators=ema:0", "indicators: "),
        ("indicators=ema:1:2:3", "indicators: ema has 2 options"),
        ("from=yesterday", "from: 'yesterday' is no time, such as 2026-03-02T14:30Z"),
        ("bars=-4", "bars: '-4' is no number above 0"),
        ("y=5", "y: '5' is no range of prices, such as 99.5,101"),
        ("y=5,nan", "y: '5,nan' is no range"),
        ("symbol=" + "x" * 5_000, "it is too long"),
    ],
)
def test_what_is_not_known_is_said(query: str, said: str) -> None:
    _, wrong = read("?" + query)
    assert len(wrong) == 1
    assert wrong[0].startswith(said)
    assert words(wrong).startswith("The address: ")


def test_a_mode_or_series_that_is_not_known_stays_and_nothing_takes_its_place() -> None:
    link, _ = read("?mode=dead&charts=1&symbol=NOBODY&frame=7m&signals=none")
    assert (link.mode, link.charts[0]) == ("dead", Series("NOBODY", "7m", "none"))
    symbols = [{"value": "ES", "label": "ES"}]
    assert symbol_of("ES", "NOBODY", symbols, 0, now=True) == "NOBODY"
    assert symbol_of("NOBODY", "NOBODY", symbols, 0, now=False) == "NOBODY"
    assert symbol_of("ES", "NOBODY", symbols, 0, now=False) == "ES"
    assert symbol_of("GONE", None, symbols, 0, now=False) == "ES"
    assert frame_of("1m", "7m", ["1m"], now=True) == "7m"
    assert frame_of("1m", "7m", ["1m"], now=False) == "1m"
    assert frame_of("9m", None, ["5m", "1h"], now=False) == "5m"
    assert signals_of("calls", link.charts[0], ["calls"], now=True, sample=False) == "none"
    assert signals_of("none", link.charts[0], ["calls"], now=False, sample=False) == "none"
    assert signals_of("gone", Series(), ["calls"], now=False, sample=False) is None
    assert with_unknown(symbols, "NOBODY")[1] == {
        "value": "NOBODY", "label": "NOBODY (unknown)", "disabled": True,
    }  # fmt: skip


def test_switches_and_fields_of_the_drawer_follow_the_address() -> None:
    slots = slots_of(read("?charts=1&indicators=ema:9,ema:30:open,bollinger:20:2.5")[0])
    assert slots is not None
    assert [on for on, _ in slots] == [True, True, False, False, True, False, False]
    fields = {
        (slot, option): field_value(slots, {"slot": slot, "option": option})
        for slot, (_, given) in enumerate(slots)
        for option in given
    }
    assert fields[0, "period"] == 9
    assert (fields[1, "period"], fields[1, "source"]) == (30, "open")
    assert 2.5 in fields.values()


def test_only_the_range_is_no_step_of_the_history() -> None:
    base = "?mode=live&charts=2&symbol=A&frame=1m&y=1,2&symbol2=B&frame2=1m&y2=1,2"
    assert steps(base + "&from=2026-03-02T14:30Z&to=2026-03-02T14:40Z") == steps(base + "&bars=5")
    assert steps(base) != steps(base.replace("B", "C"))


def test_nothing_is_written_before_the_charts_have_come() -> None:
    def shown(ranged: Any) -> Shown | None:
        return shown_of("live", 1, {"kind": "candles"}, True, [], [("ES", "1m", None, ranged)])

    assert shown(None) is None
    assert shown({"key": "live:NQ:1m", "range": {}}) is None
    found = shown({"key": "live:ES:1m", "range": {"from": 5, "to": 9, "y": [1, 2]}})
    assert found is not None
    assert (
        write(found)
        == "?mode=live&charts=1&symbol=ES&frame=1m&y=1,2&from=1970-01-01T00:00:00.005Z&to=1970-01-01T00:00:00.009Z"
    )
