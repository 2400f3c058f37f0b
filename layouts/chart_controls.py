"""The header of the chart's page: what is shown, the drawing tools, export, settings, help, theme.

On a narrow screen everything but symbol and frame folds away behind a menu button; the style sheet does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import aria, data, icon, icon_button

MODES = (
    ("bid_ask", "Bid × ask"),
    ("delta", "Delta"),
    ("volume", "Volume"),
    ("profile", "Profile"),
    ("candles", "Candles"),
)
ACTIVITY = ("ticks:100", "ticks:500", "volume:500", "volume:5000", "range:8", "range:20", "delta:200")


def row_sizes() -> tuple[int, ...]:
    """Ticks a footprint row can hold; 0 beside these means: let the server choose."""
    return (1, 2, 4, 5, 10, 20, 25, 50, 100)


def time_frames(frames: Sequence[str]) -> list[dict[str, Any]]:
    """The time frames as one group of a picker."""
    return [{"group": "Time", "items": [{"value": name, "label": name} for name in frames]}]


def activity_frames() -> list[dict[str, Any]]:
    """Bars cut by activity, as a group of a picker; any other measure can be set in the settings."""
    words = {"ticks": "trades", "volume": "volume", "range": "ticks range", "delta": "delta"}
    items = []
    for name in ACTIVITY:
        kind, _, n = name.partition(":")
        items.append({"value": name, "label": f"{n} {words[kind]}"})
    return [{"group": "Activity", "items": items}]


def controls(frame: str, frames: Sequence[str]) -> Component:
    """All controls of the header."""
    return html.Div(
        className="of-bar",
        children=[
            _select(
                "symbol",
                "Symbol",
                data=[],
                searchable=True,
                w=184,  # the longest usual name, sim:DOGE SIMULATED
                limit=200,
                placeholder="Symbol",
                nothingFoundMessage="No such symbol",
                selectFirstOptionOnChange=True,
            ),
            _select(
                "frame",
                "Time frame",
                data=[*time_frames(frames), *activity_frames()],
                value=frame,
                w=104,
                maxDropdownHeight=420,
            ),
            html.Div(id="chart-controls", className="of-controls", children=[*_picture(), *_drawing(), *_page()]),
            dmc.ActionIcon(
                icon("menu"),
                id="chart-do-menu",
                variant="subtle",
                color="gray",
                size=38,
                className="of-menu-button",
                **aria(label="All controls", expanded="false", controls="chart-controls"),
            ),
        ],
    )


def _select(name: str, label: str, **more: Any) -> Component:
    """A field of the header with a list, `chart-NAME`, whose list is above the header."""
    return dmc.Select(
        id=f"chart-{name}",
        allowDeselect=False,
        size="xs",
        className=f"of-{name}",
        comboboxProps={"zIndex": 400},
        **more,
        **aria(label=label),
    )


def _picture() -> list[Component]:
    return [
        dmc.SegmentedControl(
            id="chart-mode",
            data=[{"value": value, "label": label} for value, label in MODES],
            value="bid_ask",
            size="xs",
            className="of-modes",
            **aria(label="What the bars show"),
        ),
        _select(
            "rows",
            "Ticks in one footprint row",
            data=[{"value": "0", "label": "Auto"}],
            value="0",
            w=148,
            leftSection=html.Span("Rows", className="of-field-name"),
            leftSectionWidth=44,
        ),
    ]


def _drawing() -> list[Component]:
    tools = [
        icon_button("chart-do-tool-line", "line", "Draw a line", keys="T", pressed=False, **data(tool="line")),
        icon_button("chart-do-tool-rect", "rect", "Draw a rectangle", keys="R", pressed=False, **data(tool="rect")),
        icon_button("chart-do-tool-erase", "erase", "Erase a drawing", keys="E", pressed=False, **data(tool="erase")),
        icon_button("chart-do-clear", "clear", "Clear all drawings"),
        icon_button("chart-do-alert", "bell", "New alert at the crosshair's price", keys="K"),
    ]
    return [html.Div(tools, className="of-group", role="group", **aria(label="Drawing tools"))]


def _page() -> list[Component]:
    export = dmc.Menu(
        position="bottom-end",
        zIndex=400,
        children=[
            dmc.MenuTarget(
                dmc.ActionIcon(
                    icon("export"),
                    variant="subtle",
                    color="gray",
                    size=32,
                    className="of-icon-button",
                    **aria(label="Export"),
                )
            ),
            dmc.MenuDropdown(
                [
                    dmc.MenuItem("Picture (PNG)", id="chart-do-png"),
                    dmc.MenuDivider(),
                    dmc.MenuItem("Bars (CSV)", id="chart-csv-bars", href="#", target="_blank"),
                    dmc.MenuItem("Footprint (CSV)", id="chart-csv-footprint", href="#", target="_blank"),
                    dmc.MenuItem("Ticks (CSV)", id="chart-csv-ticks", href="#", target="_blank"),
                ]
            ),
        ],
    )
    return [
        html.Div(
            [
                icon_button("chart-do-file", "open", "Open a file of ticks", keys="O"),
                export,
                icon_button("chart-do-settings", "settings", "Studies and settings", keys="S"),
                icon_button("chart-theme", "theme", "Dark or light", keys="N", **data(theme_toggle="chart-scheme")),
                icon_button("chart-do-help", "help", "Keyboard shortcuts", keys="?"),
            ],
            className="of-group of-group-end",
        )
    ]
