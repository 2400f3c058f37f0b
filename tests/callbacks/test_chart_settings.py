"""The definitions and the activity frame of the chart's settings, without Dash and without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.chart_settings import activity_frame, define, field_values, fields_of, read_link
from orderflow.errors import BadInput
from orderflow.market.frames import MAX_ACTIVITY
from orderflow.market.studies.options import StudyOptions

USUAL = {"ratio": 3, "minimum": 1, "stack": 3, "share": 70, "zero": True, "rows": "2"}


def test_fields_at_their_defaults_choose_nothing() -> None:
    assert define(field_values(USUAL), {}) == ({}, {})
    assert define(field_values(USUAL), {"ratio": 4, "zero": "never"}) == ({}, {})


def test_what_differs_from_the_defaults_is_chosen_in_words_that_the_studies_take() -> None:
    chosen, errors = define(field_values({**USUAL, "ratio": 4.5, "zero": False, "rows": "1", "naked_poc": True}), None)
    assert errors == {}
    assert chosen == {"ratio": 4.5, "zero": "never", "rows": "1", "studies": ["naked_poc"]}
    assert StudyOptions.parse(chosen).text().startswith("Imbalance 4.5x diagonal, min 1, never against zero")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ratio", 1001, "from 0.01 to 1000"),
        ("ratio", "many", "'many' is not a number"),
        ("stack", 1, "1 is not from 2 to 100"),
        ("stack", 2.5, "2.5 is not a whole number"),
        ("share", 0, "0 is not from 1 to 100"),
        ("minimum", -1, "-1 is not from 0"),
        ("minimum", True, "True is not a number"),
        ("minimum", "1e-30000000", "'1e-30000000' is not a number"),  # it was written out for the legend
    ],
)
def test_an_invalid_field_is_reported_and_keeps_its_definition(name: str, value: Any, reason: str) -> None:
    in_force = {name: 5}
    chosen, errors = define({**field_values(USUAL), "share": 80, name: value}, in_force)
    assert list(errors) == [name]
    assert reason in errors[name]
    assert chosen[name] == 5
    assert name == "share" or chosen["share"] == 80  # the others are taken over


@pytest.mark.parametrize("value", [None, ""])
def test_empty_field_leaves_its_definition_without_a_word(value: Any) -> None:
    assert define({"ratio": value}, {"ratio": 4}) == ({"ratio": 4}, {})


@pytest.mark.parametrize("in_force", [None, [], "text", 5])
def test_nothing_is_in_force_where_the_page_says_so(in_force: Any) -> None:
    assert define({"share": 80}, in_force) == ({"share": 80}, {})


CHOSEN = {"ratio": 4.5, "minimum": 2, "zero": "never", "rows": "1", "studies": ["naked_poc"]}


def test_fields_show_the_definitions_of_an_address() -> None:
    found, said = read_link("ratio:4.5,minimum:2,zero:never,rows:1,studies:naked_poc")
    assert said == ""
    assert StudyOptions.parse(found) == StudyOptions.parse(CHOSEN)
    fields = fields_of(found)
    assert {name: fields[name] for name in ("ratio", "minimum", "zero", "rows", "stack", "share", "naked_poc")} == {
        **{"ratio": 4.5, "minimum": 2, "zero": False, "rows": "1"},
        **{"stack": 3, "share": 70, "naked_poc": True},
    }
    assert define(field_values(fields), None) == (CHOSEN, {})


def test_an_address_without_definitions_has_the_usual_ones() -> None:
    assert read_link("") == ({}, "")
    assert read_link("ratio:3,stack:3") == ({}, "")
    assert define(field_values(fields_of({})), {"ratio": 9}) == ({}, {})


def test_what_makes_no_sense_in_an_address_is_said_and_the_rest_taken() -> None:
    found, said = read_link("ratio:many,stack:4,what:1,studies:none,,share")
    assert found == {"stack": 4}
    assert all(f"{name}: " in said for name in ("ratio", "what", "studies"))


def test_frame_of_activity_bars() -> None:
    assert activity_frame("volume", 700) == ("volume:700", None)
    assert activity_frame("delta", "8") == ("delta:8", None)


@pytest.mark.parametrize("n", [None, "", 0, -5, 2.5, MAX_ACTIVITY + 1, "x", True])
def test_an_invalid_bar_size_is_reported(n: Any) -> None:
    assert activity_frame("volume", n) == (None, "A whole number from 1 to 1,000,000,000")


@pytest.mark.parametrize("studies", [[["x"]], [{"a": 1}], [None], ["x" * 100_000]])
def test_studies_that_are_none_are_refused_in_short(studies: list[Any]) -> None:
    with pytest.raises(BadInput) as refused:
        StudyOptions.parse({"studies": studies})
    assert len(str(refused.value)) < 200
