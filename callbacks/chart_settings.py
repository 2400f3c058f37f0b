"""The settings of the chart's page on the wire: the definitions of the studies, and the frame of activity bars.

Both are checked here by what the market itself takes, and what is wrong is said at its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, no_update

from layouts.chart_settings import DEFINITIONS, DRAWN, NUMBERS, usual_value
from orderflow.errors import BadInput
from orderflow.market.frames import MAX_ACTIVITY, Frame
from orderflow.market.studies.imbalance import ZERO
from orderflow.market.studies.options import StudyOptions
from orderflow.market.studies.value_area import ROWS

LARGEST = 2**53
"""Largest number that a browser holds exactly."""


def plain_options(given: object) -> dict[str, Any] | None:
    """Definitions as a page sends them, None for anything else.

    Values are texts, numbers that JSON holds, switches, or lists of texts; whether they make sense is for
    `StudyOptions.parse` to say.
    """
    if not isinstance(given, dict) or not given:
        return None
    return given if all(_is_plain(value) for value in given.values()) else None


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str | bool) or (isinstance(value, int | float) and abs(value) <= LARGEST)


def define(values: Mapping[str, object], in_force: object) -> tuple[dict[str, Any], dict[str, str]]:
    """(the definitions of the studies, what is wrong with a field by option name).

    values: of the fields, by option name. in_force: the definitions until now, which a field that is empty or makes no
    sense leaves as they are. Options at their defaults are left out of the definitions.
    """
    kept: dict[str, Any] = dict(plain_options(in_force) or {})
    errors: dict[str, str] = {}
    for name, value in values.items():
        if value is None or value == "":
            continue
        try:
            usual = StudyOptions.parse({name: value}) == StudyOptions()
        except BadInput as error:
            errors[name] = error.errors[0].reason
            continue
        kept.pop(name, None)
        if not usual:
            kept[name] = value
    return kept, errors


def field_values(values: Mapping[str, Any]) -> dict[str, object]:
    """Options by name, of what the fields of the settings hold: a switch each for `zero` and the studies drawn."""
    options = {name: values.get(name) for name in DEFINITIONS if name != "zero"}
    zero = "dominant" if values.get("zero") else "never"
    return {**options, "zero": zero, "studies": [name for name in DRAWN if values.get(name)]}


def fields_of(definitions: Mapping[str, Any]) -> dict[str, object]:
    """What the fields of the settings hold under these definitions; the inverse of `field_values`."""
    numbers = {name: definitions.get(name, usual_value(option)) for name, option in NUMBERS.items()}
    zero, rows = definitions.get("zero", ZERO.default), definitions.get("rows", ROWS.default)
    drawn = {name: name in definitions.get("studies", ()) for name in DRAWN}
    return {**numbers, "zero": zero == "dominant", "rows": str(rows), **drawn}


def read_link(text: object) -> tuple[dict[str, Any], str]:
    """(the definitions that an address names, what of them makes no sense).

    text: "ratio:4.5,studies:naked_poc.absorption"; what it leaves out is at its default.
    """
    words = [part.partition(":") for part in str(text or "").split(",") if part]
    values = {name: value.split(".") if name == "studies" else _number(value) for name, _, value in words}
    found, errors = define(values, None)
    return found, "; ".join(f"{name}: {reason}" for name, reason in errors.items())


def _number(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def activity_frame(kind: object, n: object) -> tuple[str | None, str | None]:
    """(the frame of bars cut by `n` of a kind of activity, None), or (None, what is wrong with `n`)."""
    try:
        return Frame.parse(f"{kind}:{n}").name, None
    except BadInput:
        return None, f"A whole number from 1 to {MAX_ACTIVITY:,}"


def register(app: Dash) -> None:
    """Bind the settings' callbacks to the app."""
    fields = {**DEFINITIONS, **dict.fromkeys(DRAWN, "checked")}

    @app.callback(
        Output("chart-options", "data"),
        {name: Output(f"chart-opt-{name}", "error") for name in NUMBERS},
        {name: Output(f"chart-opt-{name}", prop) for name, prop in fields.items()},
        Output("chart-linked", "data"),
        {name: Input(f"chart-opt-{name}", prop) for name, prop in fields.items()},
        Input("chart-link", "data"),
        State("chart-options", "data"),
        State("chart-linked", "data"),
    )
    def choose_definitions(values: dict[str, Any], link: Any, in_force: dict[str, Any] | None, followed: Any) -> Any:
        last = followed.get("n") if isinstance(followed, dict) else None
        if isinstance(link, dict) and link.get("n", last) != last:  # definitions of an address, for the fields
            options, said = read_link(link.get("marks"))
            linked = {"n": link["n"], "marks": plain_options(options), "said": said}
            return options, dict.fromkeys(NUMBERS), fields_of(options), linked
        options, errors = define(field_values(values), in_force)
        same = dict.fromkeys(fields, no_update)
        return (
            no_update if options == in_force else options,
            {name: errors.get(name) for name in NUMBERS},
            same,
            no_update,
        )

    @app.callback(
        Output("chart-frame", "value"),
        Output("chart-activity-n", "error"),
        Input("chart-do-activity", "n_clicks"),
        State("chart-activity-kind", "value"),
        State("chart-activity-n", "value"),
        prevent_initial_call=True,
    )
    def show_activity(_clicks: int | None, kind: str, n: int | str | None) -> Any:
        frame, error = activity_frame(kind, n)
        return frame or no_update, error
