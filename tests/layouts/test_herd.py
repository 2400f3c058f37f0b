"""The herd game's big screen as a component tree, and what moves on it: values in, the same values out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from dash import html

from callbacks.app import assets_folder
from layouts import herd_text as text
from layouts.herd import STEPS, herd_page
from layouts.herd_crowd import OBSTACLES, PLACES, STATISTICS, Crowd, crowd
from layouts.herd_dialogs import BOTS, CONFIRMATIONS, EXPORTS, people_rows
from layouts.herd_keys import GAME, SCREEN
from layouts.herd_screen import NEWS_MS, ScreenState, announcement, scene, screen
from layouts.shell import Link
from orderflow.herd.debrief.export import EXPORTS as FILES
from orderflow.herd.live.presenter import ARGUMENTS
from orderflow.herd.rules.bots import KINDS
from tests.layouts.trees import find, ids, walk

STATE = ScreenState(
    presenter=True, now=100_000, session="s", zero=0, phase="open", price=104.256, start=100.0, way="up",
    round={"round": 3, "of": 3, "ends": 142_500}, meter=0.63, buys=34, sells=12, news=None, count=228, bots=0,
    moved=True, rounds=True, experiment=False,
)  # fmt: skip
CROWD = Crowd(
    presenter=True, zero=0, url="http://192.168.178.20:8765/j/K7QX", code="K7QX", waiting=False, bots={"trend": 2},
    stats={"participants": 228, "connected": 231, "imbalance": 0.184, "gini": 0.1234, "net_position": -12},
    leaders=[{"participant": "p1", "nick": "Ada", "wealth": 14_200.4, "profit": 4_200.4, "bot": None}],
    feed=[{"t": 5_000, "kind": "round", "text": "Round 1 of 3 begins"}],
)  # fmt: skip


def page() -> object:
    """The page with a navigation."""
    return herd_page(links=[Link("/chart/", "Order flow"), Link("/herd/", "Herd game")])


def attributes(name: str) -> list[Any]:
    """The values of an attribute in the page, in its order."""
    return [getattr(part, name) for part in walk(page()) if getattr(part, name, None) is not None]


def words(children: Any) -> str:
    """All text of components, also of those written as Dash sends them."""
    if isinstance(children, str):
        return children
    if isinstance(children, dict):
        return words(children["props"]["children"])
    parts = children if isinstance(children, list) else [getattr(children, "children", None)]
    return " ".join(words(part) for part in parts if part is not None)


def statistics(shown: dict[str, Any]) -> dict[str, str]:
    """What the figures say, by their names."""
    parts = [part["props"] for part in shown["herd-stats.children"]]
    return {part["data-name"]: part["children"] for part in parts}


def test_same_values_make_the_same_tree() -> None:
    assert str(page()) == str(page())
    assert (screen(STATE), crowd(CROWD)) == (screen(STATE), crowd(CROWD))


def test_ids_are_unique() -> None:
    seen = Counter(part.id for part in walk(page()) if isinstance(getattr(part, "id", None), str))
    assert {id: count for id, count in seen.items() if count > 1} == {}


def test_controls_wait_for_the_key() -> None:
    assert find(page(), "herd-tools").hidden is True
    assert find(page(), "herd-viewer").hidden is True  # until the server has said which of the two it is


def test_every_moving_value_has_its_component() -> None:
    assert {name.split(".")[0] for name in (*screen(STATE), *crowd(CROWD))} <= ids(page())


def test_rows_are_written_as_dash_sends_components() -> None:
    (row,) = crowd(CROWD)["herd-leaders.children"]
    (seen,) = crowd(replace(CROWD, presenter=False))["herd-leaders.children"]
    (event,) = crowd(CROWD)["herd-feed.children"]
    for made in (row, seen, event):
        assert made == to_json(made)
    assert [part["type"] for part in (row, row["props"]["children"][0])] == ["Li", "Button"]
    assert [part["type"] for part in (seen, seen["props"]["children"][0])] == ["Li", "Span"]


def to_json(written: Any) -> Any:
    """A written component, and those in it, made and sent by Dash."""
    if isinstance(written, list):
        return [to_json(part) for part in written]
    if not isinstance(written, dict):
        return written
    made = getattr(html, written["type"])(**written["props"]).to_plotly_json()
    return made | {"props": {name: to_json(value) for name, value in made["props"].items()}}


def test_every_attribute_that_the_script_acts_on_leads_somewhere() -> None:
    known = ids(page())
    for name in ("data-opens", "data-closes", "data-focus"):
        assert attributes(name), name
        assert set(attributes(name)) <= known, name
    acts = (assets_folder() / "herd" / "page.js").read_text(encoding="utf-8")
    used = {key for part in walk(page()) for key in getattr(part, "_prop_names", []) if key.startswith("data-")}
    for name in re.findall(r"^    (\w+): \(", acts, flags=re.M):
        assert name == "request" or used or attributes(f"data-{name}"), name


def test_every_action_of_the_game_has_a_control() -> None:
    pressed = {"news", "round", "bots", "experiment", "clear", "code", *CONFIRMATIONS}
    bound = {"start", "freeze", "resume", "kick", *pressed}
    assert bound == set(ARGUMENTS)
    for name in ("toggle", *pressed):
        assert f"herd-do-{name}" in ids(page())


def test_every_key_of_the_help_is_on_a_component() -> None:
    keys = {key for key, _ in (*GAME, *SCREEN)} - {"Esc"}
    assert set(attributes("data-hotkey")) == keys
    assert find(page(), "herd-help-game").hidden is True
    assert [screen(replace(STATE, presenter=key))["herd-help-game.hidden"] for key in (True, False)] == [False, True]


def test_bots_and_files_are_those_of_the_game() -> None:
    assert tuple(kind for kind, _, _ in BOTS) == KINDS
    assert {name for name, _, _ in EXPORTS} == set(FILES)
    links = [part.href for part in walk(page()) if type(part).__name__ == "A"]
    for name in FILES:
        assert f"/herd/export/{name}" in links
    for address in ("/chart?symbol=HERD", "/herd/debrief/"):
        assert address in links


def test_the_way_in_is_shown_in_three_places_and_said_in_three_steps() -> None:
    for kind in ("qr", "url", "code", "count"):
        assert {f"herd-{kind}-{place}" for place in PLACES} <= ids(page())
    assert len(STEPS) == 3


def test_where_phones_cannot_reach_the_address_it_is_said_beside_it_with_what_to_do() -> None:
    assert {f"herd-obstacle-{place}" for place in PLACES} <= ids(page())
    for reason in ("", *OBSTACLES):
        shown = crowd(replace(CROWD, obstacle=reason))
        for place in PLACES:
            said = shown[f"herd-obstacle-{place}.children"]
            assert shown[f"herd-obstacle-{place}.hidden"] is (reason == "")
            assert said == OBSTACLES.get(reason, "")
    for words_ in OBSTACLES.values():
        assert words_.startswith("Phones cannot reach this address")
        assert "public_url" in words_
    assert "--lan" in OBSTACLES["loopback"]


def test_everything_that_can_be_used_has_a_name() -> None:
    for part in walk(page()):
        kind = type(part).__name__
        if kind in ("TextInput", "NumberInput"):
            assert part.label, part
        if kind == "Button" and getattr(part, "tabIndex", None) != -1:
            assert getattr(part, "aria-label", None) or part.children, part
        if kind == "Img":
            assert part.alt, part
        if kind == "Modal":
            assert part.title, part


def test_statistics_of_the_game_it_replaces_are_among_those_shown() -> None:
    shown = {key for key, _ in STATISTICS}
    assert {"connected", "participants", "active", "trades", "net_position"} <= shown
    assert {"max_shares", "min_cash", "max_cash", "imbalance", "median_wealth", "gini"} <= shown


def test_the_screen_says_price_phase_round_meter_and_way_in() -> None:
    shown = screen(STATE) | crowd(CROWD)
    assert words(shown["herd-quote.children"]) == "104.26 ▲ +4.26 (+4.3 %)"
    assert (shown["herd-phase.children"], shown["herd-round.children"]) == ("Open", "Round 3 of 3")
    assert (shown["herd-clock.children"], shown["herd-clock.data-soon"]) == ("0:43", "false")
    assert "Buyers 63 % Last batch: ▲ 34  ▼ 12 37 % Sellers" in words(shown["herd-meter-now.children"])
    assert shown["herd-url-card.children"] == "192.168.178.20:8765/j"
    assert shown["herd-code-hero.children"] == "Code K7QX"
    assert shown["herd-count-whole.children"] == "228 joined · 231 connected"
    assert statistics(shown)["Imbalance"] == "+18 %"
    assert "14,200 ▲ +4,200" in words(shown["herd-leaders.children"])
    assert "0:05 Round 1 of 3 begins" in words(shown["herd-feed.children"])
    assert {row["props"]["data-sign"] for row in shown["herd-feed.children"]} >= {"◷"}
    assert shown["herd-interval.interval"] == 250


def test_unknown_values_are_a_dash() -> None:
    empty = replace(STATE, meter=None, round=None, buys=0, sells=0, count=0)
    shown = screen(empty) | crowd(replace(CROWD, stats={}, leaders=(), feed=(), code=""))
    assert "Buyers –" in words(shown["herd-meter-now.children"])
    assert statistics(shown)["Gini of wealth"] == "–"
    assert (shown["herd-leaders-none.hidden"], shown["herd-feed-none.hidden"]) == (False, False)
    assert (shown["herd-qr-hero.src"], shown["herd-code-card.children"], shown["herd-clock.hidden"]) == (None, "", True)


def test_a_frozen_round_stands_at_what_is_left() -> None:
    frozen = replace(STATE, phase="frozen", round={"round": 3, "of": 3, "ends": None, "left": 9_000})
    assert (screen(frozen)["herd-clock.children"], screen(frozen)["herd-clock.data-soon"]) == ("0:09", "true")
    assert announcement(frozen) == "The market is frozen. Round 3 of 3."


def test_a_headline_stands_for_a_while() -> None:
    news = replace(STATE, news={"text": "Comet", "time": STATE.now - 1_000})
    assert (screen(news)["herd-news.children"], screen(news)["herd-news.hidden"]) == ("Comet", False)
    assert screen(replace(news, now=news.now + NEWS_MS))["herd-news.hidden"] is True


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ({}, "play"),
        ({"count": 0, "moved": False}, "join"),
        ({"count": 0, "moved": False, "bots": 2}, "play"),
        ({"count": 0, "moved": True}, "play"),
        ({"phase": "lobby"}, "join"),
        ({"phase": "frozen"}, "play"),
        ({"phase": "ended"}, "over"),
    ],
)
def test_scenes(state: dict[str, Any], wanted: str) -> None:
    assert scene(replace(STATE, **state)) == wanted


def test_buttons_fit_the_phase() -> None:
    ended = screen(replace(STATE, phase="ended", round=None))
    for name in ("end", "news", "round", "bots", "experiment", "undo", "lobby"):
        assert ended[f"herd-do-{name}.disabled"], name
    assert ended["herd-toggle-words.children"] == "New game"
    lobby = screen(replace(STATE, phase="lobby", round=None, rounds=False))
    assert (lobby["herd-do-lobby.disabled"], lobby["herd-do-undo.disabled"]) == (True, True)
    assert crowd(replace(CROWD, waiting=True))["herd-hero-title.children"] == "Scan to join: we begin soon"


def test_a_viewer_has_no_buttons_and_looks_less_often() -> None:
    shown = screen(replace(STATE, presenter=False))
    assert (shown["herd-tools.hidden"], shown["herd-viewer.hidden"], shown["herd-interval.interval"]) == (
        True,
        False,
        1_000,
    )


def test_people_are_listed_with_what_is_left_out() -> None:
    rows = [{"participant": f"p{i}", "nick": f"Guest {i}", "bot": i == 1 or None, "wealth": 9_000 + i} for i in (1, 2)]
    shown = words(people_rows(rows, 31, ""))
    assert "Guest 1   bot 9,001 Kick" in shown
    assert "29 more: look for a name." in shown
    assert words(people_rows([], 0, "x")) == "Nobody of that name."
    assert words(people_rows([], 0, "")) == "Nobody has joined yet."


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (text.price(104.256), "104.26"),
        (text.price(0.05), "0.0500"),
        (text.price(0.00012345), "0.00012"),
        (text.price(0.000099), "0.000099"),
        (text.price(1_234_567.8), "1,234,568"),
        (text.price(None), "–"),
        (text.price(-3), "−3.00"),
        (text.money(9_999.6), "10,000"),
        (text.money(12_345_678), "12.35M"),
        (text.signed(-0.4, lambda value: text.number(value, 1)), "−0.4"),
        (text.signed(0, lambda value: text.number(value, 1)), "±0.0"),
        (text.span(59.6), "1:00"),
        (text.span(3_661), "1:01:01"),
        (text.span(-5), "0:00"),
        (text.statistic("imbalance", 0.184), "+18 %"),
        (text.statistic("imbalance", -0.002), "±0 %"),
        (text.statistic("gini", 0.1234), "0.12"),
        (text.statistic("net_position", -12), "−12"),
        (text.statistic("min_cash", None), "–"),
        (text.address("https://example.org/j/K7QX", "K7QX"), "example.org/j"),
        (text.address("http://10.0.0.7:8765/j", ""), "10.0.0.7:8765/j"),
    ],
)
def test_texts(written: str, wanted: str) -> None:
    assert written == wanted
