"""The drawer of study options. Each control's id is `chart-opt-` and the name of the option.

What the browser draws (SWITCHES, FIELDS) it keeps itself, as keys change it too. The definitions (DEFINITIONS,
DRAWN) go to the server; their fields are kept by Dash's persistence. Those in force are printed at the top, in the
server's words: tools disagree about them, so a reader must see which ones made the picture.
"""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.chart_controls import MODES
from layouts.shell import aria, side_drawer
from orderflow.market.frames import MAX_ACTIVITY
from orderflow.market.studies.imbalance import MINIMUM, RATIO, ZERO
from orderflow.market.studies.options import ROWS_WORDS
from orderflow.market.studies.registry import STUDIES
from orderflow.market.studies.stacked import STACK
from orderflow.market.studies.study import Chart, Option
from orderflow.market.studies.value_area import ROWS, SHARE
from orderflow.market.studies.vwap import BANDS

MARKS: dict[str, Chart] = {study.name: study.chart for study in STUDIES if study.chart is not None}
"""The studies that a chart shows, by name, in the registry's order."""
DRAWN = tuple(name for name, chart in MARKS.items() if chart.draw is not None)
"""Those that the server sends only when they are asked for."""
SWITCHES: dict[str, str] = {
    **{name: chart.label for name, chart in MARKS.items() if name not in DRAWN},
    "bands": f"VWAP bands ±{BANDS.words(BANDS.default)} σ",
    "readout": "Numbers beside the pointer",
}
AVERAGES = ("vwap",)
NUMBERS: dict[str, Option[Any]] = {option.name: option for option in (RATIO, MINIMUM, STACK, SHARE)}
DEFINITIONS: dict[str, str] = {**dict.fromkeys(NUMBERS, "value"), "zero": "checked", "rows": "value"}
"""The options of the studies that can be chosen, and the property that holds the choice."""
CHOICES: dict[str, list[tuple[str, str]]] = {
    "profile": [("visible", "Visible range"), ("session", "Session"), ("off", "Off")],
    "cvdStyle": [("candles", "Candles"), ("line", "Line")],
    "colours": [("blue", "Blue – orange"), ("green", "Green – red")],
    "zone": [("utc", "UTC"), ("local", "Local time")],
}
"""Fields with few values, the default first: (value, words)."""
FIELDS = tuple(CHOICES)
PANES = (("table", "Bar figures"), ("delta", "Delta"), ("cvd", "Cumulative delta"))


def settings_drawer() -> Component:
    """The drawer, closed."""
    return side_drawer(
        id="chart-settings",
        title="Studies and settings",
        size=360,
        children=html.Div(
            className="of-settings",
            children=[
                html.P(id="chart-rules", className="of-rules"),
                _group("Marks", [_mark(key) for key in MARKS if key not in AVERAGES]),
                _group("Averages", [_mark("vwap"), _switch("bands", SWITCHES["bands"])]),
                _group(
                    "Volume profile",
                    [_choice("profile", "Volume profile", CHOICES["profile"])],
                ),
                _group(
                    "Panes",
                    [
                        dmc.ChipGroup(
                            dmc.Group([dmc.Chip(label, value=value, size="xs") for value, label in PANES], gap=6),
                            id="chart-opt-panes",
                            multiple=True,
                            value=[value for value, _ in PANES],
                        ),
                        _choice("cvdStyle", "Cumulative delta as", CHOICES["cvdStyle"]),
                    ],
                ),
                _group("Definitions", _definitions()),
                _group("Activity bars", [_activity()]),
                _group(
                    "Screen",
                    [
                        _choice("colours", "Colours", CHOICES["colours"]),
                        _choice("zone", "Times in", CHOICES["zone"]),
                        _switch("readout", SWITCHES["readout"]),
                    ],
                ),
            ],
        ),
    )


def usual_value(option: Option[Any]) -> int | float:
    """The default of a number, as its field holds it."""
    return option.default if isinstance(option.default, int) else float(option.default)


def options_drawn() -> dict[str, dict[str, Any]]:
    """What the browser draws before the reader chooses, and what can be chosen instead: {"defaults", "choices"}."""
    marks = {name: chart.on for name, chart in MARKS.items() if name not in DRAWN}
    panes = [name for name, _ in PANES]
    choices = {"mode": [name for name, _ in MODES], **{key: [name for name, _ in CHOICES[key]] for key in FIELDS}}
    first = {key: values[0] for key, values in choices.items()}
    return {"defaults": {**first, "panes": panes, "bands": True, "readout": True, **marks}, "choices": choices}


def _definitions() -> list[Component]:
    return [
        _number(RATIO, "Imbalance ratio", 0.5),
        _number(MINIMUM, "Least volume of an imbalance", 1),
        _switch("zero", "Counts against an empty other side", ZERO.default == "dominant", persistence=True),
        _number(STACK, "Ticks that make a stacked zone", 1),
        _number(SHARE, "Value area, % of volume", 1),
        _choice(
            "rows",
            "Value area grows by",
            [(str(rows), ROWS_WORDS[rows].capitalize()) for rows, _ in ROWS.choices],
            persistence=True,
        ),
    ]


def _activity() -> Component:
    return html.Div(
        className="of-row",
        children=[
            dmc.Select(
                id="chart-activity-kind",
                data=[
                    {"value": "ticks", "label": "Trades"},
                    {"value": "volume", "label": "Volume"},
                    {"value": "range", "label": "Range, ticks"},
                    {"value": "delta", "label": "Delta"},
                ],
                value="volume",
                allowDeselect=False,
                size="xs",
                w=120,
                comboboxProps={"zIndex": 400},
                **aria(label="Bars are cut by"),
            ),
            dmc.NumberInput(
                id="chart-activity-n",
                value=1000,
                min=1,
                max=MAX_ACTIVITY,
                allowDecimal=False,
                size="xs",
                w=110,
                **aria(label="Every"),
            ),
            dmc.Button("Show", id="chart-do-activity", size="xs", variant="default"),
        ],
    )


def _group(title: str, children: list[Component]) -> Component:
    return html.Fieldset([html.Legend(title), *children], className="of-fieldset")


def _mark(key: str) -> Component:
    return _switch(key, MARKS[key].label, MARKS[key].on, persistence=key in DRAWN)


def _switch(key: str, label: str, checked: bool = True, **options: bool) -> Component:
    return dmc.Switch(id=f"chart-opt-{key}", label=label, checked=checked, size="sm", **options)


def _choice(key: str, label: str, choices: list[tuple[str, str]], **options: bool) -> Component:
    data: list[Any] = [{"value": value, "label": text} for value, text in choices]
    return html.Div(
        [
            html.Span(label, className="of-field-label"),
            dmc.SegmentedControl(
                id=f"chart-opt-{key}",
                data=data,
                value=choices[0][0],
                size="xs",
                fullWidth=True,
                **aria(label=label),
                **options,
            ),
        ]
    )


def _number(option: Option[Any], label: str, step: float) -> Component:
    return dmc.NumberInput(
        id=f"chart-opt-{option.name}",
        label=label,
        description=option.meaning,
        value=usual_value(option),
        min=float(option.least or 0),
        max=float(option.most or 0),
        step=step,
        size="xs",
        clampBehavior="blur",
        debounce=400,
        persistence=True,
    )
