"""The drawer of study options. Each control's id is `chart-opt-` and the name of the option in the browser.

The definitions in force are printed at the top, in the server's words: tools disagree about them, so a reader must see
which ones made the picture.
"""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import aria

SWITCHES: dict[str, str] = {
    "poc": "Point of control",
    "va": "Value area",
    "imbalance": "Diagonal imbalance",
    "stacked": "Stacked zones",
    "unfinished": "Unfinished auctions",
    "vwap": "VWAP",
    "bands": "VWAP bands ±1, 2, 3 σ",
    "readout": "Numbers beside the pointer",
    "zero": "Counts against an empty other side",
}
FIELDS = ("profile", "cvdStyle", "colours", "zone", "ratio", "minimum", "stack", "share", "vaRows")
PANES = (("table", "Bar figures"), ("delta", "Delta"), ("cvd", "Cumulative delta"))


def settings_drawer() -> Component:
    """The drawer, closed."""
    return dmc.Drawer(
        id="chart-settings",
        title="Studies and settings",
        position="right",
        size=360,
        withOverlay=False,
        lockScroll=False,
        closeOnClickOutside=False,
        trapFocus=False,
        zIndex=300,
        children=html.Div(
            className="of-settings",
            children=[
                html.P(id="chart-rules", className="of-rules"),
                _group("Marks", [_switch(key) for key in ("poc", "va", "imbalance", "stacked", "unfinished")]),
                _group("Averages", [_switch(key) for key in ("vwap", "bands")]),
                _group(
                    "Volume profile",
                    [
                        _choice(
                            "profile",
                            "Volume profile",
                            [("visible", "Visible range"), ("session", "Session"), ("off", "Off")],
                        )
                    ],
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
                        _choice("cvdStyle", "Cumulative delta as", [("candles", "Candles"), ("line", "Line")]),
                    ],
                ),
                _group("Definitions", _definitions()),
                _group("Activity bars", [_activity()]),
                _group(
                    "Screen",
                    [
                        _choice("colours", "Colours", [("blue", "Blue – orange"), ("green", "Green – red")]),
                        _choice("zone", "Times in", [("utc", "UTC"), ("local", "Local time")]),
                        _switch("readout"),
                    ],
                ),
            ],
        ),
    )


def _definitions() -> list[Component]:
    return [
        _number("ratio", "Imbalance ratio", "the side must be more than this many times the other", 3, 1.1, 20, 0.5),
        _number("minimum", "Least volume of an imbalance", "of the dominant side", 1, 0, 1_000_000, 1),
        _switch("zero"),
        _number("stack", "Ticks that make a stacked zone", "consecutive imbalances", 3, 2, 10, 1),
        _number("share", "Value area, % of volume", "around the point of control", 70, 50, 95, 1),
        _choice("vaRows", "Value area grows by", [("2", "Two rows"), ("1", "One row")]),
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
                id="chart-activity-n", value=1000, min=1, max=1_000_000_000, size="xs", w=110, **aria(label="Every")
            ),
            dmc.Button("Show", id="chart-do-activity", size="xs", variant="default"),
        ],
    )


def _group(title: str, children: list[Component]) -> Component:
    return html.Fieldset([html.Legend(title), *children], className="of-fieldset")


def _switch(key: str) -> Component:
    return dmc.Switch(id=f"chart-opt-{key}", label=SWITCHES[key], checked=True, size="sm")


def _choice(key: str, label: str, choices: list[tuple[str, str]]) -> Component:
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
            ),
        ]
    )


def _number(key: str, label: str, description: str, value: float, low: float, high: float, step: float) -> Component:
    return dmc.NumberInput(
        id=f"chart-opt-{key}",
        label=label,
        description=description,
        value=value,
        min=low,
        max=high,
        step=step,
        size="xs",
        clampBehavior="blur",
        debounce=400,
    )
