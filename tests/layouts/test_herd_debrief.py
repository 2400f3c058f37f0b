"""The component tree of the debrief page: sentences, figures, notices, tables."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dash import dcc, html

from layouts.herd_debrief import date, debrief_body, debrief_page, empty_notice, session_choices
from layouts.herd_tables import measures_table, shown
from layouts.shell import Link
from orderflow.herd.debrief.baseline import play_baseline
from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.report import build_report
from tests.herd.logs import Log, chance_game
from tests.layouts.trees import find, ids, walk

Json = dict[str, Any]


@pytest.fixture(scope="module")
def whole() -> Json:
    record = build_record(chance_game(people=40, seconds=150, swing=0.3, groups=True, rounds=5, seed=3).events)
    return build_report(record, play_baseline(record, games=5))


def words(tree: Any) -> str:
    """All text of a tree, in order."""
    if isinstance(tree, str):
        return tree
    if isinstance(tree, list | tuple):
        return " ".join(words(part) for part in tree)
    return words(getattr(tree, "children", None) or [])


def test_the_page_has_what_the_callbacks_use() -> None:
    page = debrief_page(links=[Link("/chart/", "Order flow"), Link("/herd/debrief/", "Debrief")])
    wanted = {"session", "update", "theme", "theme-button", "print", "body", "busy"}
    assert {f"debrief-{name}" for name in wanted} <= ids(page)
    assert find(page, "debrief-busy").hidden


def test_full_report_has_every_figure_and_sentence(whole: Json) -> None:
    body = debrief_body(whole, "light")
    graphs = {part.id for part in walk(body) if isinstance(part, dcc.Graph)}
    assert graphs == {
        f"debrief-{n}" for n in ("price", "periods", "windows", "memory", "experiment", "wealth", "lorenz")
    }
    said = words(body)
    for one in whole["talk"]:
        assert one["title"] in said
        assert one["text"] in said
    assert said.index(whole["talk"][0]["text"]) < said.index("Price and value")
    assert "5 random games" in said
    assert "This game has not ended" in said
    links = {part.href for part in walk(body) if isinstance(part, html.A)}
    assert "/herd/replay/?session=s-1" in links
    assert {
        f"/herd/export/{name}?session=s-1" for name in ("ticks.csv", "participants.csv", "orders.csv", "events.jsonl")
    } <= links
    assert all(
        part.figure["layout"]["paper_bgcolor"] == "#ffffff" for part in walk(body) if isinstance(part, dcc.Graph)
    )


def test_empty_game_says_what_is_missing() -> None:
    body = debrief_body(build_report(build_record(Log().events), None, "is computed while the market rests"))
    assert {part.id for part in walk(body) if isinstance(part, dcc.Graph)} == {"debrief-price"}
    said = words(body)
    assert said.count("needs at least") >= 4
    assert "The comparison with random traders is computed while the market rests." in said
    assert not re.search(r"\d random games", said)


def test_ended_game_has_no_note(whole: Json) -> None:
    body = debrief_body(whole | {"state": "ended"})
    assert "has not ended" not in words(body)


def test_tables_leave_out_empty_columns() -> None:
    full = {"value": 2.5, "interval": [1.0, 3.0], "p": 0.03, "baseline": {"low": 0.5, "median": 1.0, "high": 2.0}}
    bare = {"value": 0.5, "interval": None, "p": None, "baseline": None}
    missing = {"value": None, "needs": "needs at least LSV data"}
    table = measures_table((("A", full, "times"), ("B", bare, "percent"), ("C", missing, "number")), {"games": 7})
    said = words(table)
    assert "95% interval p-value 7 random games" in said
    assert "2.50× 1.00× to 3.00× 0.030 0.50× to 2.00×: this game is outside" in said
    assert "Needs at least LSV data." in said
    assert "interval" not in words(measures_table((("B", bare, "percent"),), {"games": 7}))
    dots = [part for part in walk(table) if "hd-dot" in str(getattr(part, "className", ""))]
    assert [dot.className for dot in dots] == ["hd-dot hd-outside"]


def test_numbers_as_text() -> None:
    assert shown(0.0371, "percent") == "3.7%"
    assert shown(-0.0004, "number") == "0.000"
    assert shown(-0.25, "number") == "−0.250"
    assert shown(-0.128, "points") == "−12.8 points"


def test_sessions_are_labelled_by_date_and_size() -> None:
    line = {"id": "s", "started": 1_795_000_000_000, "ended": None, "participants": 1_200, "orders": 5}
    (choice,) = session_choices([line])
    assert choice == {"value": "s", "label": f"{date(line['started'])}, 1,200 participants, 5 orders (not ended)"}
    assert date(1_795_000_000_000) == "18 November 2026, 11:06 UTC"
    assert "/herd/" in {part.href for part in walk(empty_notice()) if isinstance(part, html.A)}
