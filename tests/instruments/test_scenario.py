"""Scenarios: parsing, error messages, and the effects of events compared with plain arithmetic."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.errors import BadInput
from orderflow.instruments import scenario
from orderflow.instruments.scenario import CALM, Effects, EventError, Player, Scenario

IDS = [f"ITEM_{n:02}" for n in range(10)]
EXAMPLES = Path(__file__).parents[2] / "data" / "scenarios"


def parse(*events: dict[str, Any], **top: Any) -> Scenario:
    return Scenario.parse(json.dumps({**top, "events": events}).encode(), "test", [*IDS, "tech"])


def play(*events: dict[str, Any], **top: Any) -> Player:
    return parse(*events, **top).player(IDS)


def wrong(data: str | bytes, known: list[str] = IDS) -> BadInput:
    with pytest.raises(BadInput) as caught:
        Scenario.parse(data if isinstance(data, bytes) else data.encode(), "day.toml", known)
    return caught.value


SHOCK = {"kind": "shock", "at": 10, "percent": -5}
CRASH = {"kind": "flash_crash", "at": 10, "depth_percent": 20, "down_seconds": 10, "hold_seconds": 5}
CRASH = {**CRASH, "recovery_seconds": 20, "recovery_percent": 50}
HALT = {"kind": "halt", "at": 10, "seconds": 20}
STORM = {"kind": "volatility", "at": 10, "factor": 3, "seconds": 10}


# what a file says


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_bundled_scenarios_are_valid(path):
    found = Scenario.parse(path.read_bytes(), path.stem, IDS)
    assert found.name != path.stem
    assert found.description
    assert found.warnings == ()
    assert [event.number for event in found.events] == list(range(1, len(found.events) + 1))
    assert all(event.text for event in found.events)
    player = found.player(IDS)
    for step in range(0, 2_000, 7):
        effects = player.effects("ITEM_00", step, step + 7)
        assert 0.5 < effects.factor < 2
        assert 0.1 < effects.volatility < 10


def test_there_are_bundled_scenarios():
    stems = {path.stem for path in EXAMPLES.glob("*.toml")}
    assert stems == {"calm-open", "volatility-regimes", "flash-crash", "halt-and-reopen"}


def test_toml_and_json_are_equivalent():
    toml = """
    name = "Both"
    loop = 100
    [[events]]
    kind = "shock"
    at = 10
    percent = -5
    [[events]]
    kind = "halt"
    at = 20.5
    seconds = 3
    instruments = ["ITEM_01", "ITEM_02", "ITEM_01"]
    """
    events = [SHOCK, {"kind": "halt", "at": 20.5, "seconds": 3, "instruments": ["ITEM_01", "ITEM_02"]}]
    text = json.dumps({"name": "Both", "loop": 100, "events": events})
    found = Scenario.parse(toml.encode(), "x", IDS)
    assert found == Scenario.parse(b"\xef\xbb\xbf  " + text.encode(), "x", IDS)
    assert found.loop == found.seconds == 100
    assert [event.instruments for event in found.events] == [("all",), ("ITEM_01", "ITEM_02")]


def test_defaults():
    found = parse({"kind": "flash_crash", "at": 1, "depth_percent": 5, "down_seconds": 2, "recovery_seconds": 3})
    assert (found.name, found.description, found.loop) == ("test", "", None)
    assert found.events[0].values["hold_seconds"] == 0
    assert found.events[0].values["recovery_percent"] == 100
    assert found.seconds == found.events[0].end == 6


def test_every_kind_can_be_written_with_its_examples():
    for kind in scenario.KINDS:
        found = parse({"kind": kind.name, "at": 0, **{param.name: param.default for param in kind.params}})
        assert found.events[0].kind is kind
        assert found.events[0].text
        assert kind.doc
        assert all(param.doc for param in kind.params)


# what is wrong with it


def test_all_errors_are_reported_with_event_line_and_field():
    error = wrong("""colour = "red"
loop = -1

[[events]]
kind = "shock"
at = 10
percent = -100
instruments = "ITEM_1"

[[events]]
kind = "flashcrash"
at = 10

[[events]]
kind = "volatility"
at = "soon"
facter = 2
seconds = 0
instruments = []
""")
    told = {(getattr(e, "row", None), e.field): (e.reason, e.line) for e in error.errors}
    assert set(told) == {
        (None, "colour"),
        (None, "loop"),
        (0, "percent"),
        (0, "instruments"),
        (1, "kind"),
        (2, "at"),
        (2, "facter"),
        (2, "factor"),
        (2, "seconds"),
        (2, "instruments"),
    }
    assert told[0, "percent"] == ("-100 is not allowed: it must be at least -99 and at most 1,000", 4)
    assert told[0, "instruments"][0] == "'ITEM_1' is unknown: did you mean 'ITEM_01'?"
    assert told[1, "kind"] == ("'flashcrash' is unknown: did you mean 'flash_crash'?", 10)
    assert told[2, "facter"] == ("is not a key of volatility: did you mean 'factor'?", 14)
    assert told[2, "factor"][0].startswith("is missing: ")
    assert "event 1 (line 4), percent: -100 is not allowed" in str(error)
    assert [e.loc for e in error.errors if e.field == "facter"] == [["body", "events", 2, "facter"]]
    assert [e.loc for e in error.errors if not isinstance(e, EventError)] == [["body", "colour"], ["body", "loop"]]


def test_without_events_there_is_no_scenario():
    for text in ("", 'name = "empty"', "events = []", "events = 3", '{"events": {}}'):
        assert [e.field for e in wrong(text).errors] == ["events"]
    assert "event 2: is not a table" in str(wrong('{"events": [{"kind": "halt", "at": 1, "seconds": 1}, 7]}'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[events]\nkind = 1", "not TOML: .*line 1"),
        ('{"events": [}', "not JSON: .*line 1"),
        ('{"loop": 5, "loop": 6}', "'loop' occurs twice"),
        ("a = 1\na = 2", "not TOML"),
        ("[" * 9, "not TOML"),
        (b"\xff\xfe", "not UTF-8"),
        ('{"events":' + "[" * 200_000, "nested too deep|not JSON"),
        ("events = " + "[" * 200_000, "nested too deep|not TOML"),
        ("a" + ".a" * 4_000 + " = 1", "more than 32 parts"),  # of 50,000 parts tomllib made 10 GB
        ("[\"=\" . '.' . " + r'"\u0061"."\"".' * 100 + "a]", "more than 32 parts"),
    ],
)
def test_unreadable_files_are_refused_with_a_reason(text, said):
    assert re.search(said, str(wrong(text)))


def test_dots_in_texts_are_no_long_keys():
    dots = "a." * 100
    text = f'name = """{dots}"""\ndescription = \'{dots}\' # {dots}\n[[events]]\nkind = "halt"\nat = 1.5\nseconds = 1.5'
    assert "parts" not in str(wrong(text))


@pytest.mark.parametrize("value", ["1e999", "NaN", "-1", '"5"', "true", "[5]", "1" + "0" * 400, "null"])
def test_numbers_must_be_numbers(value):
    error = wrong(f'{{"events": [{{"kind": "shock", "percent": 5, "at": {value}}}]}}')
    assert [e.field for e in error.errors] == ["at"]
    assert len(str(error)) < 300


def test_an_event_must_fit_into_the_loop():
    for event, said in ((HALT, "ends at 30 s"), ({**SHOCK, "at": 20}, "begins at 20 s")):
        with pytest.raises(BadInput, match=said) as caught:
            parse(event, loop=20)
        assert [(e.row, e.field) for e in caught.value.errors] == [(0, "at")]
    assert parse(HALT, loop=30).loop == 30


def test_error_messages_are_limited_in_length():
    many = wrong(json.dumps({"events": [{"kind": "x" * 10_000, "y" * 10_000: 1}] * 1_000}))
    assert len(many.errors) == 1_000
    assert len(str(many)) < 20_000
    assert "and 950 more" in str(many)
    assert [e.field for e in wrong(json.dumps({"events": [SHOCK] * 1_001})).errors] == ["events"]


def test_drifting_loop_gives_a_warning():
    assert parse(SHOCK, loop=60).warnings == ("each round of 60 s multiplies all by 0.95, so its price drifts away",)
    assert parse(SHOCK, {**SHOCK, "at": 30, "percent": 100 / 0.95 - 100}, loop=60).warnings == ()


# what events do


def test_shock_acts_once_in_the_step_that_begins_with_it():
    player = play(SHOCK)
    assert player.effects("ITEM_00", 9, 10) is CALM
    assert player.effects("ITEM_00", 10, 11) == pytest.approx(Effects(0.95, 1.0, False))
    assert player.effects("ITEM_00", 9.5, 10.5).factor == pytest.approx(0.95)
    assert player.effects("ITEM_00", 11, 12) is CALM
    assert player.effects("ITEM_00", 0, 1e6).factor == pytest.approx(0.95)


def test_shock_at_the_beginning_acts():
    assert play({**SHOCK, "at": 0}).effects("ITEM_00", 0, 1).factor == pytest.approx(0.95)
    assert play({**SHOCK, "at": 0}).effects("ITEM_00", -0.3, 0.7).factor == pytest.approx(0.95)


def test_sums_of_floats_lose_no_shock():
    for at in (0.3, 0.7, 1.1, 3.3, 7.7, 123.4):
        player = play({**SHOCK, "at": at})
        factor = 1.0
        for step in range(2_000):
            begin = 17.3 + step * 0.1 - 17.3
            factor *= player.effects("ITEM_00", begin, begin + 0.1).factor
        assert factor == pytest.approx(0.95)


def test_a_flash_crash_goes_down_holds_and_recovers():
    player = play(CRASH)

    def since(t: float) -> float:
        return player.effects("ITEM_00", 0, t).factor

    assert since(10) == 1
    assert since(15) == pytest.approx(math.sqrt(0.8))
    assert since(20) == since(25) == pytest.approx(0.8)
    assert since(35) == pytest.approx(math.sqrt(0.8 * 0.9))
    assert since(45) == since(9_999) == pytest.approx(0.9)
    assert player.effects("ITEM_00", 12, 13).factor == pytest.approx(0.8 ** (1 / 10))
    assert player.effects("ITEM_00", 21, 24) is player.effects("ITEM_00", 50, 60) is CALM


def test_a_flash_crash_can_be_sudden():
    player = play({**CRASH, "down_seconds": 0, "recovery_seconds": 0})
    assert player.effects("ITEM_00", 9, 10).factor == 1
    assert player.effects("ITEM_00", 10, 11).factor == pytest.approx(0.8)
    assert player.effects("ITEM_00", 14, 15).factor == 1
    assert player.effects("ITEM_00", 15, 16).factor == pytest.approx(0.9 / 0.8)
    assert player.effects("ITEM_00", 9, 16).factor == pytest.approx(0.9)


def test_volatility_is_the_root_mean_square_over_the_step():
    player = play(STORM, {**STORM, "at": 15, "factor": 2})
    assert [player.effects("ITEM_00", t, t + 1).volatility for t in (9, 10, 14, 15, 19, 20, 24, 25)] == pytest.approx(
        [1, 3, 3, 6, 6, 2, 2, 1]
    )
    assert player.effects("ITEM_00", 9, 11).volatility == pytest.approx(math.sqrt((1 + 9) / 2))
    assert player.effects("ITEM_00", 0, 30).volatility == pytest.approx(math.sqrt((15 + 5 * 9 + 5 * 36 + 5 * 4) / 30))
    assert player.effects("ITEM_00", 12, 12).volatility == 3
    assert play({**STORM, "factor": 0}).effects("ITEM_00", 12, 13).volatility == 0


def test_halts_merge_and_delay_other_events():
    player = play(HALT, {**HALT, "at": 25, "seconds": 10}, {**SHOCK, "at": 20}, {**SHOCK, "at": 10, "percent": 10})
    halted = [t for t in range(50) if player.effects("ITEM_00", t, t + 1).halted]
    assert halted == list(range(10, 35))
    assert all(player.effects("ITEM_00", t, t + 1).factor == 1 for t in range(35))
    assert player.effects("ITEM_00", 35, 36) == pytest.approx(Effects(0.95 * 1.1, 1.0, False))
    assert player.effects("ITEM_00", 9.5, 10.5).halted
    assert player.effects("ITEM_00", 34.9, 35.1).halted
    assert player.effects("ITEM_00", 34.9, 35.1).factor == pytest.approx(0.95 * 1.1)


def test_a_loop_begins_again_with_the_price_it_reached():
    player = play(SHOCK, {**STORM, "at": 20}, {**HALT, "at": 50, "seconds": 10}, loop=60)
    for turn in range(4):
        begin = 60 * turn
        assert player.effects("ITEM_00", begin + 10, begin + 11).factor == pytest.approx(0.95)
        assert player.effects("ITEM_00", begin + 9, begin + 10) is CALM
        assert player.effects("ITEM_00", begin + 25, begin + 26).volatility == 3
        assert player.effects("ITEM_00", begin + 59, begin + 60).halted
        assert player.effects("ITEM_00", begin + 60, begin + 61) == CALM
        assert player.effects("ITEM_00", begin + 59.5, begin + 60.5).halted
    jump = player.effects("ITEM_00", 30, 60_030)
    assert jump.factor == pytest.approx(0.95**1_000)
    assert jump.volatility == pytest.approx(math.sqrt((50 + 10 * 9) / 60))
    assert jump.halted
    assert player.effects("ITEM_00", 0, 6e9).factor > 0


def test_shock_delayed_past_the_end_of_a_round_acts_in_the_next_one():
    player = play({**HALT, "at": 50, "seconds": 10}, {**SHOCK, "at": 55}, loop=60)
    assert player.effects("ITEM_00", 59, 60) == Effects(1.0, 1.0, True)
    assert player.effects("ITEM_00", 60, 61) == pytest.approx(Effects(0.95, 1.0, False))


def test_events_act_on_the_named_instruments():
    found = parse(
        {**SHOCK, "instruments": "ITEM_01"},
        {**SHOCK, "instruments": ["tech", "ITEM_01"], "percent": 10},
        {**SHOCK, "at": 20},
    )
    player = found.player([*IDS, "LATE"], {"tech": ["ITEM_01", "ITEM_02"]})
    factors = {key: player.effects(key, 10, 11).factor for key in [*IDS, "LATE", "OTHER"]}
    assert factors["ITEM_01"] == pytest.approx(0.95 * 1.1)
    assert factors["ITEM_02"] == pytest.approx(1.1)
    assert {factors[key] for key in factors if key not in ("ITEM_01", "ITEM_02")} == {1.0}
    assert player.effects("LATE", 20, 21).factor == pytest.approx(0.95)
    assert player.effects("OTHER", 20, 21) is CALM


def test_active_events():
    found = parse(SHOCK, HALT, {**STORM, "at": 40}, loop=100)
    assert [event.kind.name for event in found.active(10.5)] == ["shock", "halt"]
    assert [event.kind.name for event in found.active(11.5)] == ["halt"]
    assert [event.kind.name for event in found.active(142)] == ["volatility"]
    assert found.active(5) == found.active(-3) == []


def test_a_thousand_crashes_at_once_stay_finite():
    player = play(*[{**SHOCK, "percent": -99}] * 500, *[{**STORM, "factor": 100}] * 500)
    effects = player.effects("ITEM_00", 9, 11)
    assert 0 < effects.factor < 1e-200
    assert math.isfinite(effects.volatility)


@pytest.mark.parametrize("times", [(2.0, 1.0), (math.nan, 1.0)])
def test_reversed_interval_raises(times):
    with pytest.raises(ValueError, match="is not valid"):
        play(SHOCK).effects("ITEM_00", *times)


TIMES = st.integers(0, 40).map(lambda n: n / 2)
LASTING = st.integers(0, 20).map(lambda n: n / 2)
SOME = st.integers(1, 20).map(lambda n: n / 2)
EVENTS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("shock"), "at": TIMES, "percent": st.integers(-50, 100)}),
    st.fixed_dictionaries({"kind": st.just("halt"), "at": TIMES, "seconds": SOME}),
    st.fixed_dictionaries({"kind": st.just("volatility"), "at": TIMES, "seconds": SOME, "factor": st.integers(0, 5)}),
    st.fixed_dictionaries(
        {
            "kind": st.just("flash_crash"),
            "at": TIMES,
            "depth_percent": st.integers(1, 90),
            "down_seconds": LASTING,
            "hold_seconds": LASTING,
            "recovery_seconds": LASTING,
            "recovery_percent": st.integers(0, 150),
        }
    ),
)


def plain(events: list[dict[str, Any]], loop: float | None, step: float, steps: int) -> list[Effects]:
    """The same by stepping through time, as a simulation does; all times are multiples of a step."""

    def level(event: dict[str, Any], k: int) -> float:
        """The factor of an event when k steps of the round are over."""
        x = k * step - event["at"]
        if event["kind"] == "shock":
            return 1 + event["percent"] / 100 if x > 0 else 1.0
        if event["kind"] != "flash_crash" or x <= 0:
            return 1.0
        low = 1 - event["depth_percent"] / 100
        high = 1 - (1 - low) * (1 - event["recovery_percent"] / 100)
        down, hold, up = (event[name] for name in ("down_seconds", "hold_seconds", "recovery_seconds"))
        if x <= down:
            return low ** (x / down)
        if x <= down + hold:
            return low
        return low * (high / low) ** ((x - down - hold) / up) if x <= down + hold + up else high

    held, told = 1.0, []
    round_steps = steps if loop is None else round(loop / step)
    for n in range(steps):
        k = n % round_steps
        now = [
            e for e in events if e["kind"] in ("halt", "volatility") and e["at"] <= k * step < e["at"] + e["seconds"]
        ]
        change = math.prod(level(e, k + 1) / level(e, k) for e in events)
        halted = any(e["kind"] == "halt" for e in now)
        held *= change
        told.append(Effects(1.0 if halted else held, math.prod(e.get("factor", 1) for e in now), halted))
        if not halted:
            held = 1.0
    return told


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=6), st.sampled_from([None, 55.0, 70.0]), st.data())
def test_effects_agree_with_stepwise_simulation(events, loop, data):
    """Every step compared with the plain computation, in any order; combined steps equal one long step."""
    player = play(*events, loop=loop) if loop else play(*events)
    step, steps = 0.5, 300
    expected = plain(events, loop, step, steps)
    for n in data.draw(st.permutations(range(steps))):
        found = player.effects("ITEM_05", n * step, (n + 1) * step)
        assert all(map(math.isclose, found, expected[n])), (n, found, expected[n])
    first, last = sorted(data.draw(st.tuples(st.integers(0, steps), st.integers(0, steps))))
    whole = player.effects("ITEM_05", first * step, last * step)
    parts = expected[first:last]
    if parts:
        assert whole.halted == any(part.halted for part in parts)
        square = sum(part.volatility**2 for part in parts) / len(parts)
        assert whole.volatility == pytest.approx(math.sqrt(square))
        single = [player.effects("ITEM_05", n * step, (n + 1) * step).factor for n in range(first, last)]
        assert whole.factor == pytest.approx(math.prod(single))
