"""The chart's page as a component tree: values in, the same tree out."""

from __future__ import annotations

from collections import Counter

from callbacks.app import assets_folder
from callbacks.chart_settings import define, field_values
from layouts.chart import chart_page
from layouts.chart_controls import MODES, row_sizes, time_frames
from layouts.chart_keys import SHORTCUTS, help_sections, key_actions
from layouts.chart_settings import DEFINITIONS, DRAWN, FIELDS, SWITCHES
from layouts.shell import Link, icon_button
from orderflow.market.frames import TIME_FRAMES, Frame
from tests.layouts.trees import find, ids, walk


def page() -> object:
    """The page with the usual values."""
    return chart_page(frame="5min", frames=TIME_FRAMES, refresh_ms=250, minutes=45)


def test_same_values_make_the_same_tree() -> None:
    assert str(page()) == str(page())


def test_ids_are_unique() -> None:
    seen = Counter(part.id for part in walk(page()) if isinstance(getattr(part, "id", None), str))
    assert {id: count for id, count in seen.items() if count > 1} == {}


def test_values_reach_the_browser() -> None:
    config = find(page(), "chart-config").data
    assert (config["frame"], config["refresh_ms"], config["minutes"]) == ("5min", 250, 45)
    assert [item["value"] for item in config["frames"][0]["items"]] == list(TIME_FRAMES)
    assert config["rows"] == list(row_sizes())
    interval = find(page(), "chart-interval")
    assert (interval.interval, interval.disabled) == (250, True)  # the browser starts it when it can draw


def test_every_frame_offered_exists() -> None:
    for group in find(page(), "chart-config").data["frames"]:
        for item in group["items"]:
            assert Frame.parse(item["value"]).name == item["value"]


def test_every_option_has_its_control() -> None:
    known = ids(page())
    assert {f"chart-opt-{name}" for name in (*SWITCHES, *FIELDS, *DEFINITIONS, *DRAWN, "panes")} <= known


def test_definitions_start_at_the_studies_defaults_and_are_kept_by_the_browser() -> None:
    fields = {name: find(page(), f"chart-opt-{name}") for name in (*DEFINITIONS, *DRAWN)}
    assert all(field.persistence is True for field in fields.values())
    values = {name: getattr(field, DEFINITIONS.get(name, "checked")) for name, field in fields.items()}
    assert define(field_values(values), {}) == ({}, {})


def test_no_key_has_two_meanings_and_the_help_lists_all() -> None:
    keys = [key for group in SHORTCUTS.values() for shortcut in group for key in shortcut.keys]
    assert len(keys) == len(set(keys)) == len(key_actions())
    assert find(page(), "chart-config").data["keys"]["ArrowLeft"] == ["pan", -1]
    shown = [part for section in help_sections() for part in walk(section) if type(part).__name__ == "Kbd"]
    assert len(shown) == len(keys)


def test_every_action_of_a_key_is_one_the_script_knows() -> None:
    files = ("chart/controls.js", "kit/plot/controller.js")
    script = "".join((assets_folder() / name).read_text("utf-8") for name in files)
    for action, _ in key_actions().values():
        assert f"\n    {action}: (" in script, action


def test_everything_that_can_be_used_has_a_name() -> None:
    for part in walk(page()):
        if type(part).__name__ in ("ActionIcon", "Select", "SegmentedControl", "Canvas", "NumberInput"):
            named = getattr(part, "aria-label", None) or getattr(part, "label", None)
            assert named or getattr(part, "id", "") in ("chart-base", "chart-overlay"), part


def test_toggles_say_whether_they_are_pressed() -> None:
    button = find(icon_button("x", "line", "Draw", keys="T", pressed=True), "x")
    assert getattr(button, "aria-pressed") == "true"
    assert getattr(button, "aria-label") == "Draw"
    assert button.attributes == {"root": {"title": "Draw (T)"}}


def test_navigation_appears_with_the_second_page() -> None:
    links = [Link("/chart/", "Order flow"), Link("/herd/", "Herd game")]
    alone = [type(part).__name__ for part in walk(chart_page(links=links[:1]))]
    assert "Nav" not in alone
    anchors = {
        part.href: part
        for part in walk(chart_page(links=links))
        if type(part).__name__ == "A" and part.href in ("/chart/", "/herd/")
    }
    assert getattr(anchors["/chart/"], "aria-current") == "page"
    assert getattr(anchors["/herd/"], "aria-current", None) is None


def test_modes_and_frames_are_those_of_the_pickers() -> None:
    assert [entry["value"] for entry in find(page(), "chart-mode").data] == [value for value, _ in MODES]
    assert time_frames(("1s", "1min"))[0]["items"][1] == {"value": "1min", "label": "1min"}
