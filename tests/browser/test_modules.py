"""The chart's pure modules, called in a blank page: numbers as text, merging, detail, ranges, the address.

They are tested in the browser that runs them, so no other JavaScript engine is needed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest

from callbacks.app import assets_folder
from layouts.chart_colours import PAIRS, SCHEMES
from layouts.chart_settings import options_drawn
from layouts.figures.palette import DARK, LIGHT
from orderflow.formats import parse_body
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.profile import profile
from orderflow.web.kit.bundles import find_files
from tests.browser.chart import ticks_csv

MODULES = (
    "model",
    "lod",
    "first",
    "cells",
    "lower",
    "paint",
    "marks",
    "profile",
    "options",
    "legend",
)
Js = Callable[..., Any]


@pytest.fixture(scope="module")
def js(browser: Any) -> Iterator[Js]:
    """js("of.plot.format.short(a, b)", a=1250, b=3): the value of an expression in a page with only the modules."""
    page = browser.new_page()
    page.goto("about:blank")
    for path in [
        *find_files(assets_folder(), ("kit", "kit/plot"), ".js"),
        *(assets_folder() / "chart" / f"{name}.js" for name in MODULES),
    ]:
        page.add_script_tag(path=str(path))
    page.evaluate("(options) => window.orderflow.options.begin(options)", options_drawn())
    colours = {"schemes": SCHEMES, "pairs": PAIRS}
    page.evaluate("(colours) => Object.assign(window.orderflow.plot.theme.known, colours)", colours)

    def call(expression: str, **values: Any) -> Any:
        names = ", ".join(values)
        return page.evaluate(f"({{ {names} }}) => {{ const of = window.orderflow; return {expression}; }}", values)

    yield call
    page.close()


def test_every_script_is_valid(js: Js) -> None:
    for script in find_files(assets_folder(), ("kit/plot", "chart"), ".js"):
        assert js("void new Function(text)", text=script.read_text()) is None, script.name


def test_canvas_has_the_colours_of_the_figures(js: Js) -> None:
    for name, palette in (("dark", DARK), ("light", LIGHT)):
        colours = js("of.plot.theme.colours('blue', name)", name=name)
        assert {field: colours[field] for field in palette.__slots__} == asdict(palette)
        assert {**colours, **js("of.plot.theme.colours('green', name)", name=name)} != colours


@pytest.mark.parametrize(
    ("units", "decimals", "exact", "short", "tiny"),
    [
        (0, 0, "0", "0", "0"),
        (7, 0, "7", "7", "7"),
        (1028, 0, "1028", "1028", "1.0k"),
        (1367, 0, "1367", "1367", "1.4k"),
        (1530, 0, "1530", "1530", "1.5k"),
        (1713, 0, "1713", "1713", "1.7k"),
        (1250, 3, "1.25", "1.25", "1.3"),
        (1004, 3, "1.004", "1.00", "1.0"),
        (80, 3, "0.08", "0.08", ".08"),
        (84, 3, "0.084", "0.084", ".084"),
        (2, 3, "0.002", "0.002", ".002"),
        (-12, 5, "-0.00012", "-0.00012", "-.00012"),
        (98765, 3, "98.765", "98.8", "99"),
        (9999, 0, "9999", "9999", "10k"),
        (12345, 0, "12345", "12.3k", "12k"),
        (999950, 0, "999950", "1.00M", "1.0M"),
        (1234567, 0, "1234567", "1.23M", "1.2M"),
        (9994000000, 0, "9994000000", "9.99B", "10B"),
        (-1250, 3, "-1.25", "-1.25", "-1.3"),
        (99950000, 3, "99950", "100k", "100k"),
    ],
)
def test_sizes_as_text(js: Js, units: int, decimals: int, exact: str, short: str, tiny: str) -> None:
    written = js(
        "[of.plot.format.exact(u, d), of.plot.format.short(u, d), of.plot.format.tiny(u, d)]", u=units, d=decimals
    )
    assert written == [exact, short, tiny]


FACTORS = {"k": 1_000, "M": 1_000_000, "B": 1_000_000_000}


def read(text: str) -> Decimal:
    """The number that a text stands for."""
    return Decimal(text.rstrip("kMB")) * FACTORS.get(text[-1], 1)


def significant(text: str) -> int:
    """How many significant digits a text shows."""
    return len(text.strip("+-kMB").replace(".", "").lstrip("0"))


@pytest.mark.parametrize("decimals", [0, 2, 5])
def test_short_numbers_stand_for_what_they_are(js: Js, decimals: int) -> None:
    """Two significant digits and within half of the second, unless the text is the number itself; 0 only for 0."""
    dice = random.Random(5)
    units = [n for power in range(13) for n in (10**power, 10**power - 1, dice.randrange(10**power, 10 ** (power + 1)))]
    units += [-n for n in units]
    for print_ in ("short", "tiny"):
        texts = js(f"units.map((u) => of.plot.format.{print_}(u, d))", units=units, d=decimals)
        for number, text in zip(units, texts, strict=True):
            value, shown = Decimal(number).scaleb(-decimals), read(text)
            if shown == value:
                continue
            assert significant(text) >= 2, (value, text)
            assert abs(shown - value) <= abs(value) * Decimal("0.05"), (value, text)


@pytest.mark.parametrize(
    ("values", "decimals", "texts"),
    [
        ([12_500, 12_550, 12_600], 0, ["12.50k", "12.55k", "12.60k"]),
        ([-20_000, 0, 20_000], 0, ["-20k", "0", "20k"]),
        ([1_200_000, 1_400_000], 0, ["1.2M", "1.4M"]),
        ([1_234_567, 1_234_568], 0, ["1234567", "1234568"]),
        ([-50, 0, 50], 0, ["-50", "0", "50"]),
        ([0, 5, 10], 1, ["0", "0.5", "1.0"]),
        ([500], 0, ["500"]),
        ([], 0, []),
    ],
)
def test_labels_of_an_axis_are_exact(js: Js, values: list[int], decimals: int, texts: list[str]) -> None:
    assert js("of.plot.format.axis(values, d)", values=values, d=decimals) == texts
    assert [read(text) for text in texts] == [Decimal(value).scaleb(-decimals) for value in values]


def test_rates_keep_two_significant_digits(js: Js) -> None:
    rates = [0, 0.04, 1.04, 4, 9.96, 1234]
    assert js("rates.map(of.plot.format.rate)", rates=rates) == ["0", "0.040", "1.0", "4.0", "10", "1,234"]


PAINTED = """((draw) => {
  const texts = [], other = { measureText: (text) => ({ width: 6 * text.length }) };
  const own = { fillText(text) { texts.push([text, parseFloat(this.font.replace("700 ", ""))]); } };
  const ctx = new Proxy(own, { get: (of, name) => of[name] ?? other[name] ?? (() => {}) });
  draw(ctx);
  return texts.filter(([text]) => text);
})"""
"""[text, px] of what a painter writes on a canvas."""


def test_figure_of_the_table_that_does_not_fit_blanks_no_other(js: Js) -> None:
    code = f"""{PAINTED}((ctx) => of.lower.paintTable(ctx, {{ y: 0, h: 75 }}, {{
      theme: of.plot.theme.colours("blue", "dark"), X: (slot) => slot * w, w, model: {{ sd: 0 }},
      bars: volumes.map((vol, slot) => ({{ slot, bar: {{ vol, delta: 0, d: [0, 0, 0], n: 0 }} }})),
    }}))"""
    for width, wanted in (
        (40, ["12", "1028", "12.3k", "1.23M"]),
        (29, ["12", "1028", "12k", "1.2M"]),
        (22, ["12", "12k"]),  # the others only smaller
    ):
        painted = js(code, w=width, volumes=[12, 1028, 12_345, 1_234_567])[:4]
        assert [text for text, px in painted if px == 11 and text != "0"] == wanted
    assert js(code, w=22, volumes=[12, 1_234_567])[1] == ["1.2M", 8]
    assert [text for text, _ in js(code, w=14, volumes=[12, 1_234_567])] == ["12", *["0"] * 8]
    assert js(code, w=5, volumes=[12, 1_234_567]) == []


def test_one_large_cell_takes_the_numbers_of_no_other(js: Js) -> None:
    code = "of.paint.longest(sizes.map((maxCell) => ({ maxCell })), 'bid_ask', 0, all)"
    assert js(code, sizes=[120, 98, 740, 55, 310, 8, 640, 77, 230, 999, 1_234_567], all=False) == [3, 3]
    assert js(code, sizes=[120, 98, 1_234_567], all=True) == [5, 4]
    assert js(code, sizes=[1_028, 1_367, 1_530], all=False) == [4, 3.45]
    assert js(code, sizes=[14_000], all=False) == [4.45, 3.45]  # with cells of "1.4k", which is wider than "14k"
    assert js(code, sizes=[1_234_567], all=False) == [5, 4]
    assert js(code, sizes=[], all=False) == [2, 1]


CELLS = f"""{PAINTED}((ctx) => {{
  const [model] = {{MERGE}};
  of.cells.footprint(ctx, model.bars[0], 0, {{
    theme: of.plot.theme.colours("blue", "dark"), options: {{}}, lod: {{ kind: "text", font: 9, print: "tiny" }},
    model, view: {{ font: 9 }}, h: 14, X: () => 100,
    Y: (level) => 2000 - 14 * level, w, mode, top: 0, bottom: 4000, pocs: [],
    most: {{ cell: 1, total: 1, delta: 1 }},
  }});
}}).map(([text]) => text)"""


@pytest.mark.parametrize(
    ("mode", "width", "wanted"),
    [
        ("bid_ask", 70, ["1028", "7", "1367", "150k"]),
        ("bid_ask", 52, ["1.0k", "7", "1.4k", "150k"]),
        ("bid_ask", 48, ["1.0k", "7", "1.4k"]),  # one that does not fit costs no other
        ("delta", 70, ["-1021", "+149k"]),
        ("volume", 70, ["1035", "151k"]),
        ("profile", 70, ["1035", "151k"]),
    ],
)
def test_cells_keep_two_significant_digits(js: Js, mode: str, width: float, wanted: list[str]) -> None:
    one = snapshot(bar(60_000, 100, b=[1_028, 1_367], a=[7, 150_000]))
    assert js(CELLS.replace("{MERGE}", MERGE), answers=[one], mode=mode, w=width) == wanted


def test_times_as_text(js: Js) -> None:
    t = 1_760_033_106_117
    assert js("[of.plot.format.clock(t), of.plot.format.day(t), of.plot.format.stamp(t, 'utc', true)]", t=t) == [
        "18:05",
        "9 Oct",
        "9 Oct 2025 18:05:06",
    ]
    assert js("of.plot.format.count(1234567)") == "1,234,567"


def bar(t: int, price: int, **more: Any) -> dict[str, Any]:
    """A bar with two rows, as the server sends it."""
    made = {
        "t": t,
        "s": 0,
        "o": price,
        "h": price + 1,
        "l": price,
        "c": price + 1,
        "lo": price,
        "b": [3, 1],
        "a": [2, 8],
    }
    return {
        **made,
        "n": 6,
        "d": [6, -1, 6],
        "q": 6,
        "w": [price, 0.5],
        "p": 1,
        "v": [0, 1],
        **more,
    }


def snapshot(*bars: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A full response of the server."""
    head = {"epoch": "e", "rev": 1, "full": True, "symbol": "X", "frame": "1min", "ms": 60_000, "tick": 0.25, "pd": 2}
    return {
        **head,
        "rows": 1,
        "sd": 0,
        "ref": 100,
        "first": bars[0]["t"],
        "cut": False,
        "bars": list(bars),
        "stats": {},
        **more,
    }


MERGE = """(() => {
  const model = of.model.create();
  const done = answers.map((answer) => of.model.merge(model, answer));
  return [model, done];
})()"""
"""[the model, the result of each merge] after merging `answers`."""


def test_merge_replaces_appends_and_inserts(js: Js) -> None:
    more = {"epoch": "e", "rev": 2, "full": False, "symbol": "X", "frame": "1min"}
    model, done = js(
        MERGE,
        answers=[
            snapshot(bar(60_000, 100), bar(180_000, 104)),
            {**more, "bars": [bar(180_000, 105), bar(240_000, 106)]},
            {**more, "rev": 3, "bars": [bar(120_000, 102)]},
        ],
    )
    assert [b["t"] for b in model["bars"]] == [60_000, 120_000, 180_000, 240_000]
    assert [b["o"] for b in model["bars"]] == [100, 102, 105, 106]
    assert model["rev"] == 3
    assert (done[1]["added"], done[1]["inserted"]) == (True, [])
    assert done[2]["inserted"] == [1]


def test_running_values_are_the_servers_also_where_a_late_tick_moved_them(js: Js) -> None:
    whole = snapshot(bar(60_000, 100, q=46), bar(120_000, 102, q=52), bar(180_000, 104, w=None))
    more = {"epoch": "e", "rev": 2, "full": False, "symbol": "X", "frame": "1min", "first": 60_000}
    late = {**more, "bars": [bar(60_000, 100, q=40)], "run": [[120_000, 46, [101.5, 0.25]], [180_000, 52, None]]}
    before, _ = js(MERGE, answers=[whole])
    after, _ = js(MERGE, answers=[whole, late])
    candle = ("cvdOpen", "cvdHigh", "cvdLow", "cvd")
    assert [before["bars"][0][name] for name in candle] == [40, 46, 39, 46]
    assert [after["bars"][1][name] for name in candle] == [40, 46, 39, 46]
    assert [(b["vwap"], b["sigma"]) for b in before["bars"]] == [(100, 0.5), (102, 0.5), (None, 0)]
    assert [(b["vwap"], b["sigma"]) for b in after["bars"]] == [(100, 0.5), (101.5, 0.25), (None, 0)]


def test_evicted_bars_are_removed_and_slots_keep_their_numbers(js: Js) -> None:
    more = {"epoch": "e", "rev": 2, "full": False, "symbol": "X", "frame": "1min", "first": 120_000}
    first = snapshot(bar(60_000, 100), bar(120_000, 102))
    model, done = js(MERGE, answers=[first, {**more, "bars": [bar(180_000, 104)]}])
    assert [b["t"] for b in model["bars"]] == [120_000, 180_000]
    assert (model["first"], done[1]["dropped"]) == (1, 1)


@pytest.mark.parametrize("other", [{"epoch": "f"}, {"tick": 0.5}, {"rows": 2}, {"ref": 99}, {"sd": 1}])
def test_partial_answer_that_does_not_fit_asks_for_everything(js: Js, other: dict[str, Any]) -> None:
    partial = {"epoch": "e", "rev": 2, "full": False, "symbol": "X", "frame": "1min", "bars": [bar(60_000, 101)]}
    model, done = js(MERGE, answers=[snapshot(bar(60_000, 100)), {**partial, **other}])
    assert done[1] is None
    assert model["bars"][0]["o"] == 100


def test_slots_and_times_are_inverse(js: Js) -> None:
    bars = [bar(t, 100) for t in (60_000, 120_000, 600_000, 660_000)]
    times = [0, 60_000, 90_000, 360_000, 660_000, 720_000]
    there_and_back = f"""(() => {{
      const [model] = {MERGE}, series = of.model.columns(model);
      return times.map((time) => series.timeOfSlot(series.slotOfTime(time)));
    }})()"""
    back = js(there_and_back, answers=[snapshot(*bars)], times=times)
    assert back == pytest.approx(times)


def test_profile_is_the_sum_of_bars_whether_cached_or_not(js: Js) -> None:
    market = Market()
    market.ingest(parse_body(ticks_csv("X", minutes=30).encode(), "text/csv").batches)
    frame = Frame.parse("1min")
    start = market.changed("X", frame, 0, None, 1)["bars"][3]["t"]
    answer = market.changed("X", frame, 0, None, 2, span=ProfileSpan(start))
    code = """(() => {
      const model = of.model.create(), cache = {};
      of.model.merge(model, answer);
      const { span } = model.profile;
      const compute = (kept) => {
        const p = of.profile.compute(model, 3, model.bars.length - 1, span, kept);
        return [p.poc, p.val, p.vah, p.sum, p.low, [...p.total]];
      };
      return [compute(cache), compute(cache), compute({}), model.bars.slice(3).reduce((sum, bar) => sum + bar.vol, 0)];
    })()"""
    first, again, anew, volume = js(code, answer=answer)
    assert first == again == anew
    assert first[3] == volume == sum(first[5])
    table = market.bars("X", frame, start=start * 1_000_000, group=2)
    whole = profile(table.level, table.level_bid, table.level_ask, table.level_unknown)
    assert [first[4] + at for at in first[:3]] == [whole.level[at] for at in (whole.poc, whole.low, whole.high)]


LOD = "of.lod.choose({ w, h, mode, digits: [3, 3] }).kind"


@pytest.mark.parametrize(
    ("w", "h", "mode", "kind"),
    [
        (60, 14, "bid_ask", "text"),
        (60, 5, "bid_ask", "colour"),
        (60, 2.4, "delta", "colour"),
        (20, 14, "bid_ask", "colour"),
        (60, 0.01, "bid_ask", "colour"),
        (5, 14, "bid_ask", "candle"),
        (60, 14, "candles", "candle"),
    ],
)
def test_detail_goes_from_numbers_to_colour_to_candles(js: Js, w: float, h: float, mode: str, kind: str) -> None:
    assert js(LOD, w=w, h=h, mode=mode) == kind


def test_large_digits_are_preferred_to_more_of_them(js: Js) -> None:
    code = "of.lod.writing('bid_ask', [5, 3], w, 20, 10).print"
    assert [js(code, w=w) for w in (90, 60)] == ["short", "tiny"]


def rising(count: int, step: int, **more: Any) -> dict[str, Any]:
    """A snapshot of bars of two rows, each `step` levels above the one before."""
    return snapshot(*(bar(60_000 * (i + 1), 1_000 + step * i) for i in range(count)), **more)


@pytest.mark.parametrize(
    ("step", "minutes", "told", "count"),
    [
        (0, 30, "", 30),  # all fits
        (2, 30, "17 of 30 minutes", 17),  # 40 rows of 10 px fit
        (9, 30, "10 of 30 minutes", 10),  # never fewer
        (0, 20, "", 20),
        (0, 300, "53 of 300 minutes", 53),  # narrower bars have no room
    ],
)
def test_first_view_is_the_window_or_the_newest_bars_that_can_be_read(
    js: Js, step: int, minutes: int, told: str, count: int
) -> None:
    code = f"""(() => {{
      const [model] = {MERGE}, least = {{ font: 8.5, fewest: 10 }};
      const room = {{ w: 1000, slot: (n) => 1000 / n, h: 400, least }};
      const n = of.first.count(model, minutes, room, "bid_ask", (low, high) => 1.14 * (high - low) + 1);
      return [n, of.first.told(model, minutes, n)];
    }})()"""
    assert js(code, answers=[rising(60, step)], minutes=minutes) == [count, told]


def test_prices_of_a_view_are_cut_before_its_digits_are(js: Js) -> None:
    """Of bars that are too far apart the newest stays whole in view; others as far as there is room."""
    code = f"""(() => {{
      const [model] = {MERGE}, view = {{ ...of.plot.view.create(), height: 400, least: 10, best: 30, span: 20 }};
      Object.assign(view, {{ x0: -0.5, x1: 20 }});
      of.plot.view.fit(view, of.model.columns(model), false);
      const cut = [view.y0, view.y1];
      Object.assign(view, {{ best: 0 }});
      of.plot.view.fit(view, of.model.columns(model), false);
      return [cut, [view.y0, view.y1]];
    }})()"""
    cut, whole = js(code, answers=[rising(20, 9, rows=2)])
    newest = 1_000 + 9 * 19
    assert cut[1] - cut[0] == pytest.approx(400 / 10 * 2)
    assert cut[0] < newest
    assert newest + 1 < cut[1] < newest + 10
    assert whole[0] < 1_000
    assert whole[1] > newest + 1


def test_rows_lower_than_a_pixel_show_the_heaviest_of_each(js: Js) -> None:
    code = "of.lod.visible(6, h, (i) => 100 - i * h, (i) => [5, 9, 1, 4, 4, 7][i])"
    assert js(code, h=2) == [0, 1, 2, 3, 4, 5]
    assert js(code, h=0.34) == [1, 3, 5]


@pytest.mark.parametrize(
    ("least", "unit", "step"), [(0.3, 0.25, 0.5), (0.2, 0.25, 0.25), (1.2, 0.25, 2), (0.03, 0.01, 0.05), (700, 1, 1000)]
)
def test_axis_steps_are_round_and_multiples_of_the_tick(js: Js, least: float, unit: float, step: float) -> None:
    assert js("of.plot.view.niceStep(least, unit)", least=least, unit=unit) == pytest.approx(step)


def test_address_round_trip(js: Js) -> None:
    usual = js("of.options.DEFAULTS")
    state = {"symbol": "ES Z5/é", "frame": "5min", "rows": 4, "y": [99.5, 101], "marks": "ratio:4.5,studies:a.b"}
    state |= {"from": 1_760_033_100_000, "to": 1_760_034_900_123, "bars": 12.5}
    changed = {"mode": "delta", "panes": ["cvd"], "zone": "local", "vwap": False, "bands": False}
    found = js("of.options.read(of.options.write(state))", state={**state, "options": {**usual, **changed}})
    assert found == {**state, "options": changed}
    assert js("of.options.write({ symbol: 'X', options: of.options.DEFAULTS })") == "?symbol=X"
    read = js("of.options.read('?mode=nonsense&rows=-3&from=x&to=y&price=5,1&panes=none&off=vwap,what,zone')")
    assert read == {"options": {"panes": [], "vwap": False}}
    assert js("of.options.definitions({ ratio: 4.5, studies: ['a', 'b'] })") == "ratio:4.5,studies:a.b"


def test_drawings_of_an_address(js: Js) -> None:
    line = {"type": "line", "axis": "y", "t0": 1_760_033_100_000.4, "t1": 1_760_034_900_000, "y0": 25000.123, "y1": -4}
    rect = {**line, "type": "rect", "axis": "y2", "t0": -5.5}
    text = js("of.plot.tools.write(list)", list=[line, rect])
    assert [word.split(",")[:2] + word.split(",")[3::2] for word in text.split(";")] == [
        ["l", "y", "25000.123", "-4"],
        ["r", "y2", "25000.123", "-4"],
    ]
    assert len(text) < 80
    found = js("of.plot.tools.read(text + ';nonsense;l,y,1,2')", text=text)
    assert found == [{**line, "t0": 1_760_033_100_000}, {**rect, "t0": -5}]


def test_stored_options_that_make_no_sense_fall_back(js: Js) -> None:
    given = {"mode": "x", "colours": 5, "vwap": 1, "bands": False, "panes": "all", "zone": "local", "older": 80}
    found = js("of.options.complete(given)", given=given)
    usual = js("of.options.DEFAULTS")
    assert found == {**usual, "bands": False, "zone": "local"}


def test_a_figure_that_another_symbol_has_not_goes_away(js: Js) -> None:
    """The line keeps its boxes; a box of the last symbol must not keep its number in sight."""
    code = """(() => {
      const node = document.createElement("div");
      for (const key of keys) node.insertAdjacentHTML("beforeend", `<i data-key="${key}"><b></b></i>`);
      const shown = () => [...node.children].filter((box) => !box.hidden);
      const seen = () => shown().map((box) => [box.dataset.key, box.textContent]);
      const show = (texts, age) => (of.legend.figures(node, { texts, rate: 8, last: 0 }, "utc", age), seen());
      return [show({ ticks: "5" }, 0), show({ ticks: "6", evicted: "2" }, 5000), show({ ticks: "7" }, 2e4), show()];
    })()"""
    first, more, again, without = js(code, keys=["ticks", "rate", "last", "evicted"])
    assert first == [["ticks", "5"], ["rate", "8.0"], ["last", "–"]]
    assert more == [
        ["ticks", "6"],
        ["rate", "4.0"],
        ["last", "–"],
        ["evicted", "2"],
    ]
    assert again == [["ticks", "7"], ["rate", "0"], ["last", "–"]]
    assert without == []


def test_older_bars_go_in_front_without_a_seam(js: Js) -> None:
    code = """(() => {
      const model = of.model.create();
      of.model.merge(model, now);
      of.model.prepend(model, before);
      of.model.merge(model, { ...next, full: false });
      return { more: model.more, first: model.first, times: model.bars.map((bar) => bar.t) };
    })()"""
    now = snapshot(bar(180_000, 104), bar(240_000, 106), first=180_000)
    before = {"more_before": False, "bars": [bar(60_000, 100), bar(120_000, 102), bar(180_000, 99)]}
    # the server lets its first bar go: with older bars in front of it, the page keeps it
    following = {"epoch": "e", "rev": 2, "symbol": "X", "frame": "1min", "first": 240_000}
    found = js(code, now=now, before=before, next={**following, "bars": [bar(300_000, 108)]})
    assert found["times"] == [60_000, 120_000, 180_000, 240_000, 300_000]
    assert found["first"] == -2
    assert found["more"] == {"before": False, "after": False}


WINDOW = """(() => {
  const live = of.model.create(), times = (model) => model.bars.map((bar) => bar.t / 60000);
  of.model.merge(live, now);
  const window = of.model.window(live, around);
  of.model.append(window, after);
  const late = { ...next, full: false };
  of.model.merge(live, late);
  of.model.merge(window, late);
  const apart = [times(window), times(live), window.bars[1].o, of.model.newest(window).t / 60000];
  of.model.append(window, rest);
  const joined = of.model.join(window);
  const same = joined === live;
  return { apart, same, joined: times(live), first: live.first, slot: of.model.columns(live).slotOfTime(3e5 + 6e4) };
})()"""


def test_window_of_older_bars_has_no_gap_and_joins_the_live_ones(js: Js) -> None:
    at = lambda *minutes: [bar(60_000 * m, 100 + m) for m in minutes]  # noqa: E731
    now = snapshot(*at(7, 8), first=420_000)
    around = {"bars": at(1, 2), "before": 0, "more_before": False, "more_after": True}
    after = {"bars": at(2, 4), "more_after": True}
    # a late tick makes bar 3 and changes bar 2; bar 9 is new; bar 0 is before the window
    late = [bar(0, 5), bar(120_000, 50), bar(180_000, 60), bar(540_000, 70)]
    following = {"epoch": "e", "rev": 2, "symbol": "X", "frame": "1min", "first": 420_000, "bars": late}
    rest = {"bars": at(5, 6, 7, 8, 9), "more_after": False}
    found = js(WINDOW, now=now, around=around, after=after, next=following, rest=rest)
    window, live, changed, newest = found["apart"]
    assert (window, live, changed, newest) == ([1, 2, 3, 4], [7, 8, 9], 50, 9)
    assert found["joined"] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert (found["same"], found["first"], found["slot"]) == (True, 0, 5)


@pytest.mark.parametrize(
    ("x0", "x1", "window", "shown", "away"),
    [
        (-5, 10, False, range(0, 60), True),  # the newest go: the live bars go on beside
        (80, 110, False, range(40, 100), False),
        (-5, 10, True, range(0, 60), True),
        (80, 110, True, range(40, 100), True),
        (30, 70, False, range(0, 100), False),  # all are near the view
    ],
)
def test_bars_far_from_the_view_are_let_go(js: Js, x0: int, x1: int, window: bool, shown: range, away: bool) -> None:
    code = """(() => {
      const live = of.model.create();
      of.model.merge(live, now);
      const part = { bars: now.bars, before: 7, more_before: false, more_after: false };
      const found = of.model.trim(cut ? of.model.window(live, part) : live, 60, x0, x1);
      const of_model = (m) => [m.bars.map((bar) => bar.t / 60000), m.first, m.more, m.before];
      return [of_model(found), found.live && of_model(found.live)];
    })()"""
    now = snapshot(*(bar(60_000 * m, 100) for m in range(100)))
    (times, first, more, before), live = js(code, now=now, cut=window, x0=x0, x1=x1)
    assert times == list(shown)
    assert first == shown[0]
    assert bool(live) is away
    if window:
        assert before == 7 + shown[0]
    assert more == {"before": shown[0] > 0 or not window, "after": away and shown[-1] < 99}
    if away and not window:
        assert live[:2] == [list(range(70, 100)), 70]


def test_new_snapshot_keeps_the_slots_of_the_bars_it_shares(js: Js) -> None:
    first = snapshot(bar(60_000, 100), bar(120_000, 102), bar(180_000, 104))
    later = snapshot(bar(120_000, 102), bar(180_000, 104), bar(240_000, 106), rows=2)
    earlier = snapshot(*(bar(t, 100) for t in (0, 60_000, 120_000)))
    assert js(f"{MERGE}[0].first", answers=[first, later]) == 1
    assert js(f"{MERGE}[0].first", answers=[later, first]) == -1
    assert js(f"{MERGE}[0].first", answers=[first, earlier]) == -1


def test_a_naked_poc_begins_at_its_bar_or_at_the_edge_if_that_is_older(js: Js) -> None:
    bars = [{"t": t} for t in (100, 200, 300)]
    lines = js(
        """(() => {
          const found = [], noted = { moveTo: (x, y) => found.push([x, y]), lineTo: (x, y) => found.push([x, y]) };
          const ctx = new Proxy(noted, { get: (of, name) => of[name] || (() => {}), set: () => true });
          const rays = [[200, 10], [40, 20], [400, 30], [250, 40]];
          const model = { bars, first: 5, rows: 2, studies: { naked_poc: rays } };
          of.marks.studies(ctx, { model, theme: {}, X: (s) => s, Y: (l) => -l, box: { x: 3, w: 60 } });
          return found;
        })()""",
        bars=bars,
    )
    assert lines == [[6, -20 + 0.5], [63, -20 + 0.5], [3, -40 + 0.5], [63, -40 + 0.5]]


COLUMNS = """(() => {
  const series = new of.plot.Columns();
  series.set(steps[0][1], 7);
  for (const [name, batch] of steps.slice(1)) series[name](batch);
  const groups = ranges.map(([k, from, to]) => {
    const { columns, a, b } = series.groups(k, from, to), at = (name) => columns[name].slice(a, b + 1);
    return [at("open"), at("high"), at("low"), at("close"), at("volume")].map((values) => [...values]);
  });
  const over = ranges.map(([, from, to]) => ["low", "high", "volume"].map((name) => series.over(name, from, to)));
  const back = times.map((time) => series.timeOfSlot(series.slotOfTime(time)));
  return { first: series.first, n: series.n, groups, over, back };
})()"""


def test_columns_and_their_halvings_equal_plain_lists(js: Js) -> None:
    """After pages at both ends, a forming bar that changes and bars that were missing."""
    dice = random.Random(11)

    def rows(start: int, stop: int, step: int = 10) -> list[list[int]]:
        made = []
        for t in range(start, stop, step):
            o, c = dice.randrange(500), dice.randrange(500)
            made.append([t, o, max(o, c) + dice.randrange(9), min(o, c) - dice.randrange(9), c, dice.randrange(50)])
        return made

    def batch(part: list[list[int]]) -> dict[str, list[int]]:
        names = ("time", "open", "high", "low", "close", "volume")
        return dict(zip(names, map(list, zip(*part, strict=True)), strict=True))

    held, older, later = rows(100_000, 130_000), rows(30_000, 100_000), rows(129_990, 190_000)
    oldest, missing = rows(0, 30_000), rows(99_995, 100_000) + rows(150_005, 150_010)
    steps = [("set", held), ("prepend", older), ("append", later), ("prepend", oldest), ("append", missing)]
    plain = {row[0]: row for _, part in steps for row in part}
    bars = [plain[t] for t in sorted(plain)]
    first = 7 - len(older) - len(oldest)
    ranges = [[k, first + 3 * k, first + 3 * k + dice.randrange(1, len(bars) - 40)] for k in range(13)]
    times = [row[0] + 3 for row in bars[5::997]]
    found = js(COLUMNS, steps=[[name, batch(part)] for name, part in steps], ranges=ranges, times=times)
    assert (found["first"], found["n"]) == (first, len(bars))
    assert found["back"] == pytest.approx(times)
    for (k, begin, end), groups, over in zip(ranges, found["groups"], found["over"], strict=True):
        part = bars[begin - first : end - first + 1]
        whole = [min(row[3] for row in part), max(row[2] for row in part), sum(row[5] for row in part)]
        assert over == whole
        cells: dict[int, list[list[int]]] = {}
        for slot, row in enumerate(bars, first):
            if begin >> k <= slot >> k <= end >> k:
                cells.setdefault(slot >> k, []).append(row)
        wanted = [
            [g[0][1], max(r[2] for r in g), min(r[3] for r in g), g[-1][4], sum(r[5] for r in g)]
            for g in cells.values()
        ]
        assert [list(group) for group in zip(*groups, strict=True)] == wanted


def test_profile_of_a_view_that_moves_is_that_of_the_view(js: Js) -> None:
    code = f"""(() => {{
      const [model] = {MERGE}, cache = {{}}, last = model.bars.length - 1;
      const rows = (p) => [...p.total].map((total, i) => [p.low + i, total]).filter(([, total]) => total);
      const sums = ([from, to], kept) => rows(of.profile.compute(model, from, to, null, kept));
      const at = (range) => [sums(range, cache), sums(range, {{}})];
      return [[0, 20], [3, 25], [1, 24], [10, last], [12, last], [2, 9], [11, 30]].map(at);
    }})()"""
    for moved, anew in js(code, answers=[rising(60, 3)]):
        assert moved == anew
        assert moved
