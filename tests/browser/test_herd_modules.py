"""The big screen's pure modules, called in a blank page: texts, the model of the game, thinning, ranges, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbacks.app import assets_folder

pytestmark = pytest.mark.browser

MODULES = ("text", "model", "chart", "keys", "people", "send")
Js = Callable[..., Any]


@pytest.fixture(scope="module")
def js(browser: Any) -> Iterator[Js]:
    """js("herd.text.price(x)", x=1): the value of an expression in a page with the modules alone."""
    page = browser.new_page()
    page.goto("about:blank")
    for name in MODULES:
        page.add_script_tag(path=str(assets_folder() / "herd" / f"{name}.js"))

    def call(expression: str, **values: Any) -> Any:
        names = ", ".join(values)
        return page.evaluate(
            f"({{ {names} }}) => {{ const herd = window.orderflow.herd; return {expression}; }}", values
        )

    yield call
    page.close()


def test_every_script_is_valid(js: Js) -> None:
    for script in sorted((assets_folder() / "herd").glob("*.js")):
        assert js("void new Function(text)", text=script.read_text(encoding="utf-8")) is None, script.name


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("price(104.256)", "104.26"),
        ("price(0.05)", "0.0500"),
        ("price(1234567.8)", "1,234,568"),
        ("price(null)", "–"),
        ("price(-3)", "−3.00"),
        ("money(9999.6)", "10,000"),
        ("money(12345678)", "12.35M"),
        ("signed(-0.4, (v) => v.toFixed(1))", "−0.4"),
        ("signed(0, (v) => v.toFixed(1))", "±0.0"),
        ("span(59.6)", "1:00"),
        ("span(3661)", "1:01:01"),
        ("span(-5)", "0:00"),
        ("statistic('imbalance', 0.184)", "+18 %"),
        ("statistic('imbalance', -0.002)", "±0 %"),
        ("statistic('gini', 0.1234)", "0.12"),
        ("statistic('net_position', -12)", "−12"),
        ("statistic('min_cash', undefined)", "–"),
        ("address('https://example.org/j/K7QX', 'K7QX')", "example.org/j"),
        ("address('http://10.0.0.7:8765/j', null)", "10.0.0.7:8765/j"),
    ],
)
def test_texts(js: Js, expression: str, text: str) -> None:
    assert js(f"herd.text.{expression}") == text


def snapshot(**more: Any) -> dict[str, Any]:
    """A first message."""
    head = {"type": "snapshot", "version": 1, "time": 2_000, "session": "s", "price": 100.0, "start": 100.0}
    return {**head, "phase": "open", "n": 1, "history": [[1_000, 100.0], [2_000, 100.0]], **more}


def test_a_snapshot_replaces_and_a_delta_adds(js: Js) -> None:
    model = js(
        """(() => {
          const m = herd.model.create(), changed = [];
          for (const message of messages) changed.push(herd.model.apply(m, message));
          return { m, changed: changed.map((c) => c && [...c].sort()) };
        })()""",
        messages=[
            {"type": "delta", "version": 9, "time": 1, "price": 3},
            snapshot(),
            {"type": "delta", "version": 2, "time": 2_250, "price": 101.0, "meter": 0.7},
            {"type": "fill", "price": 5},
            {"type": "delta", "version": 3, "time": 2_250, "price": 102.0},
            snapshot(version=7, session="t", phase="lobby", history=[[9_000, 50.0]], price=50.0, time=9_000),
        ],
    )
    assert model["changed"][0] is None
    assert model["changed"][2] == ["meter", "price"]
    assert model["changed"][3] is None
    assert (model["m"]["t"], model["m"]["p"], model["m"]["phase"]) == ([9_000], [50.0], "lobby")
    assert model["m"]["meter"] is None


def test_a_change_after_a_pause_is_a_step(js: Js) -> None:
    messages = [snapshot(), {"type": "delta", "version": 2, "time": 8_000, "price": 90.0}]
    t, p = js(
        """(() => {
          const m = herd.model.create();
          for (const message of messages) herd.model.apply(m, message);
          return [m.t, m.p];
        })()""",
        messages=messages,
    )
    assert (t, p) == ([1_000, 2_000, 7_999, 8_000], [100, 100, 100, 90])


def test_events_make_the_feed_and_the_marks(js: Js) -> None:
    feed = [
        {"t": 1_500, "kind": "phase", "text": "The market is open"},
        {"t": 1_800, "kind": "news", "text": "News: Rumour"},
    ]
    later = [
        {"t": 1_800, "kind": "news", "text": "News: Rumour"},
        {"t": 1_900, "kind": "round", "text": "Round 1 of 2 is over"},
        {"t": 1_900, "kind": "round", "text": "Round 2 of 2 begins"},
    ]
    record = {
        **{"session": "s", "t": [1_000, 1_500, 2_000], "events": [{"t": 1_200, "kind": "news", "text": "News: Old"}]},
        "fundamental": [None, 120.0, 80.0],
    }
    found = js(
        """(() => {
          const m = herd.model.create();
          herd.model.apply(m, first);
          herd.model.apply(m, { type: "delta", version: 2, time: 2000, price: 100, feed: later });
          const other = herd.model.recall(m, { ...record, session: "x" });
          const done = herd.model.recall(m, record);
          const labels = m.marks.filter((e) => e.kind !== "phase").map((e) => herd.chart.label(e, 26));
          const texts = (list) => list.map((e) => e.text);
          return { other, done, feed: texts(m.feed), marks: texts(m.marks), steps: m.steps, labels };
        })()""",
        first=snapshot(feed=feed),
        later=later,
        record=record,
    )
    assert (found["other"], found["done"]) == (False, True)
    assert found["feed"] == ["Round 2 of 2 begins", "Round 1 of 2 is over", "News: Rumour", "The market is open"]
    assert found["marks"][0] == "News: Old"
    assert found["steps"] == [[1_500, 120.0], [2_000, 80.0]]
    assert found["labels"] == ["⚡ Old", "⚡ Rumour", "", "Round 2"]


@pytest.mark.parametrize(
    ("state", "scene"),
    [
        ({}, "play"),
        ({"n": 0}, "join"),
        ({"n": 0, "bots": {"zero": 2}}, "play"),
        ({"n": 0, "history": [[1, 100.0], [2, 101.0]]}, "play"),
        ({"phase": "lobby", "n": 50}, "join"),
        ({"phase": "frozen"}, "play"),
        ({"phase": "ended"}, "over"),
    ],
)
def test_scenes(js: Js, state: dict[str, Any], scene: str) -> None:
    expression = (
        "(() => { const m = herd.model.create(); herd.model.apply(m, message); return herd.model.scene(m); })()"
    )
    assert js(expression, message=snapshot(**state)) == scene
    assert js("herd.model.scene(herd.model.create())") == "wait"


def test_a_long_wait_takes_no_room(js: Js) -> None:
    origin = "(() => { const m = herd.model.create(); herd.model.apply(m, s); return herd.model.origin(m, now); })()"
    quiet = [[i * 1_000, 100.0] for i in range(3_600)]
    assert js(origin, s=snapshot(history=quiet, time=3_599_000), now=3_600_000) == 3_600_000 - 35_000
    moved = [*quiet, [3_600_250, 101.0]]
    assert js(origin, s=snapshot(history=moved, price=101.0, time=3_600_250), now=3_700_000) == 3_599_000 - 5_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.lists(st.integers(1, 1_000), min_size=1, max_size=300),
    buckets=st.integers(1, 40),
    window=st.tuples(st.integers(0, 80_000), st.integers(0, 80_000)),
)
def test_thinning_loses_no_peak(js: Js, prices: list[int], buckets: int, window: tuple[int, int]) -> None:
    t = [i * 250 for i in range(len(prices))]
    start, end = sorted(window)
    line = js("herd.model.thin(t, p, a, b, n, a)", t=t, p=prices, a=start, b=end, n=buckets)
    inside = [p for at, p in zip(t, prices, strict=True) if start <= at <= end]
    assert line["x"] == sorted(line["x"])
    assert len(line["x"]) <= 4 * (buckets + 1) + 1
    if inside:
        assert max(inside) in line["y"]
        assert min(inside) in line["y"]
        assert line["y"][-1] == inside[-1]
    before = [p for at, p in zip(t, prices, strict=True) if at < start]
    if before:
        assert (line["x"][0], line["y"][0]) == (0, before[-1])  # the price with which the window begins


def test_thinning_ends_where_buckets_end_on_points(js: Js) -> None:
    for span in range(1, 60):
        start = 1_795_000_000_000 + span
        t = [start + i * 250 for i in range(400)]
        line = js("herd.model.thin(t, t, a, b, n, a).x.length", t=t, a=start, b=t[-1] + span * 37.3, n=420)
        assert line == 400


def test_a_range_is_held_until_it_no_longer_suits(js: Js) -> None:
    low, high = js("herd.chart.hold(null, 95, 105)")
    assert low < 95 < 105 < high
    assert js("herd.chart.hold(r, 96, 106)", r=[low, high]) == [low, high]
    assert js("herd.chart.hold(r, 90, 106)", r=[low, high]) != [low, high]
    assert js("herd.chart.hold(r, 99, 101)", r=[low, high]) != [low, high]  # much room for little
    flat = js("herd.chart.hold(null, 100, 100)")
    assert flat[1] - flat[0] > 2
    assert js("herd.chart.hold(null, 0, 10)")[0] == 0  # no room below nothing


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("news", "News: Takeover rumour (+15%)", "⚡ Takeover rumour (+15%)"),
        ("news", "News: " + "long " * 12, "⚡ long long long long long…"),
        ("round", "Round 3 of 15 begins", "Round 3"),
        ("round", "Round 3 of 15 is over", ""),
    ],
)
def test_words_at_marks(js: Js, kind: str, text: str, words: str) -> None:
    assert js("herd.chart.label(e, 26)", e={"kind": kind, "text": text, "t": 0}) == words


def test_keys_are_told_apart_and_leave_the_browsers_alone(js: Js) -> None:
    table = js("herd.keys.TABLE.filter((e) => e.length > 1)")
    assert len({entry[0] for entry in table}) == len(table)
    press = "(() => { const e = new KeyboardEvent('keydown', how); return herd.keys.find(e, presenter); })()"
    assert js(press, how={"key": "n"}, presenter=True) == "news"
    assert js(press, how={"key": "n"}, presenter=False) is None
    assert js(press, how={"key": "f"}, presenter=False) == "full"
    assert js(press, how={"key": " "}, presenter=True) == "toggle"
    assert js(press, how={"key": "r", "ctrlKey": True}, presenter=True) is None
    assert js(press, how={"key": "e", "repeat": True}, presenter=True) is None


def test_csv_with_quotes(js: Js) -> None:
    text = 'participant,nickname\r\np1,"Mallory, E."\r\np2,"say ""hi"""\r\n'
    assert js("herd.table(text)", text=text) == [
        {"participant": "p1", "nickname": "Mallory, E."},
        {"participant": "p2", "nickname": 'say "hi"'},
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "the game has ended"}, "the game has ended"),
        ({"detail": "wrong", "errors": [{"loc": ["count"], "msg": "must be a number"}]}, "wrong: must be a number"),
        ({"detail": "count must be 1", "errors": [{"loc": ["count"], "msg": "must be 1"}]}, "count must be 1"),
        (None, "The server refused it (500)."),
    ],
)
def test_refusals_are_one_sentence(js: Js, body: Any, words: str) -> None:
    assert js("herd.send.sentence(body, 500)", body=body) == words
