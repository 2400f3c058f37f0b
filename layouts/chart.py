"""The order-flow chart's page: the stage that the browser's canvas and Plotly fill, and what stands around it.

Pure: from values to a component tree. The controls of the header are in `chart_controls`, the study options in
`chart_settings`.
"""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.chart_colours import PAIRS, SCHEMES
from layouts.chart_controls import MODES, activity_frames, controls, row_sizes, time_frames
from layouts.chart_files import files_dialog
from layouts.chart_files import stores as file_stores
from layouts.chart_keys import help_sections, key_actions
from layouts.chart_settings import FIELDS, SWITCHES, options_drawn, settings_drawer
from layouts.chart_statistics import statistics
from layouts.shell import ONCE, Link, aria, data, icon_button, page_shell
from orderflow.market.studies.vwap import BANDS

PATH = "/chart/"
TITLE = "Order flow"
GONE = "The server is unreachable. What you see is the last state; the chart goes on by itself when the server is back."
"""The banner while the server does not answer."""


def chart_page(
    *,
    links: Sequence[Link] = (),
    frame: str = "1min",
    frames: Sequence[str] = (),
    refresh_ms: int = 500,
    minutes: int = 30,
    exact: bool = False,
    formats: Sequence[str] = (),
) -> Component:
    """The page.

    frame: the time frame it opens with; frames: names of all time frames, shortest first; refresh_ms: between polls;
    minutes: what the first view shows; unless exact, fewer where their numbers could not be read. formats: names of the
    formats of files.
    """
    config = {
        "path": PATH,
        "frame": frame,
        "frames": [*time_frames(frames), *activity_frames()],
        "modes": dict(MODES),
        "rows": list(row_sizes()),
        "refresh_ms": refresh_ms,
        "minutes": minutes,
        "exact": exact,
        "switches": list(SWITCHES),
        "fields": list(FIELDS),
        "options": options_drawn(),
        "colours": {"schemes": SCHEMES, "pairs": PAIRS},
        "bands": list(BANDS.default),
        "keys": key_actions(),
    }
    return page_shell(
        TITLE,
        banner=False,
        links=links,
        path=PATH,
        controls=controls(frame, frames),
        main=stage(refresh_ms),
        footer=html.Div(
            [html.Div(id="chart-damage", className="of-damage", role="status"), statistics()],
            className="of-foot",
        ),
        extras=[
            settings_drawer(),
            help_dialog(),
            goto_dialog(),
            alert_dialog(),
            files_dialog(formats),
            *file_stores(),
            dcc.Store(id="chart-config", data=config),
            dcc.Store(id="chart-state"),
            dcc.Store(id="chart-options", data={}),
            dcc.Store(id="chart-delta"),
            dcc.Store(id="chart-refresh", data=0),
            dcc.Store(id="chart-scheme"),
            dcc.Store(id="chart-series"),
            dcc.Store(id="chart-link"),
            dcc.Store(id="chart-linked"),
            dcc.Store(id="chart-goto-chosen"),
            dcc.Store(id="chart-alerts"),
            dcc.Store(id="chart-alert-at"),
            dcc.Store(id="chart-alert-moved"),
            dcc.Store(id="chart-older-request"),
            dcc.Store(id="chart-older-response"),
            dcc.Store(id="chart-sink"),
            dmc.NotificationContainer(id="chart-toasts", position="bottom-left", zIndex=500),
            dcc.Interval(id="chart-interval", interval=refresh_ms, disabled=True),
            dcc.Interval(id="chart-alerts-interval", interval=2000),
            dcc.Interval(id="chart-slow", interval=max(5000, refresh_ms)),
        ],
    )


def stage(refresh_ms: int = 500) -> Component:
    """Canvas, Plotly and overlays on top of each other; the overview strip; banner; what an empty chart says."""
    watch = data(stale=GONE, quiet=2000 + 2 * refresh_ms, timeout=4000, revive="chart-interval")
    return html.Div(
        id="chart-stage",
        className="of-stage",
        children=[
            html.Div(id="chart-banner", className="of-banner", hidden=True, role="alert", **watch),
            html.Div(id="chart-announce", className="of-visually-hidden", role="status", **aria(live="polite")),
            html.Div(
                id="chart-host",
                className="of-host",
                tabIndex=0,
                role="application",
                **aria(label="Footprint chart. Arrow keys move and zoom, question mark lists all keys."),
                children=[
                    html.Canvas(id="chart-base", className="of-layer"),
                    html.Div(id="chart-plot", className="of-plot"),
                    html.Canvas(id="chart-overlay", className="of-layer of-overlay"),
                    legend(),
                    html.Div(id="chart-readout", className="of-readout", hidden=True),
                    html.Div(id="chart-loading", className="of-loading", hidden=True, role="status"),
                    html.Div(
                        className="of-corner",
                        children=[
                            html.Div(
                                dmc.Button("Auto price", id="chart-do-auto", size="compact-xs", variant="default"),
                                id="chart-auto",
                                hidden=True,
                            ),
                            html.Div(
                                dmc.Button("Go live ⇥", id="chart-do-live", size="compact-sm", className="of-live"),
                                id="chart-live",
                                hidden=True,
                            ),
                        ],
                    ),
                ],
            ),
            html.Canvas(
                id="chart-overview",
                className="of-overview",
                tabIndex=0,
                role="application",
                **aria(label="Overview of the held bars; the arrow keys move the window"),
            ),
            html.Div(id="chart-held", className="of-held"),
            html.Div(icon_button("chart-do-goto", "goto", "Go to a date", keys="G"), className="of-goto"),
            empty_state(),
        ],
    )


def legend() -> Component:
    """Symbol, values of the bar under the pointer (else the newest), and the definitions in force."""
    return html.Div(
        className="of-legend",
        children=[
            html.Div(
                [
                    html.B(id="chart-legend-title"),
                    html.Span(id="chart-legend-sub"),
                    html.Span(id="chart-legend-values", className="of-legend-values"),
                ],
                className="of-legend-head",
            ),
            html.Div(id="chart-legend-rules", className="of-legend-rules"),
        ],
    )


def empty_state() -> Component:
    """What to do while there are no ticks: replay the sample, or a file."""
    return html.Section(
        id="chart-empty",
        className="of-empty-state",
        hidden=True,
        children=[
            html.H2("No ticks yet", id="chart-empty-title"),
            html.P(id="chart-empty-why", className="of-why", role="status"),
            html.Div(_hints(), id="chart-empty-hints"),
        ],
    )


def _hints() -> list[Component]:
    return [
        html.P("This chart draws itself as soon as trades come in. See it with real trades now:"),
        html.Div(
            [
                dmc.Button("Replay the sample", id="chart-do-sample", size="md"),
                html.Span(id="chart-sample-note", className="of-note", role="status"),
            ],
            className="of-row",
        ),
        html.P("Or open a file of your own; it can be dropped here too:"),
        html.Div(
            [dmc.Button("Open a file", id="chart-do-file-empty", size="md", variant="default")], className="of-row"
        ),
        html.P("Or stream it at the pace of the market, from another terminal:"),
        html.Div(
            [
                html.Code("orderflow-replay YOUR_TICKS.csv", id="chart-command"),
                dmc.Button("Copy", id="chart-do-copy", size="compact-sm", variant="default"),
            ],
            className="of-command",
        ),
        html.P(
            [
                "Or look at a ",
                html.A("simulated instrument", href="/instruments/"),
                ", or let a crowd make the trades in the ",
                html.A("herd game", href="/herd/"),
                ".",
            ],
            className="of-note",
        ),
        html.P(
            [
                "Time and sales, exchange trades and generic CSV files are recognised by themselves. ",
                html.A("All routes and formats", href="/docs"),
                ".",
            ],
            className="of-note",
        ),
    ]


def goto_dialog() -> Component:
    """A field for a date or time; from when to when there are trades stands below it."""
    return dmc.Modal(
        id="chart-goto",
        title="Go to a date",
        size="sm",
        children=[
            dmc.TextInput(
                id="chart-goto-time",
                label="Date and time",
                placeholder="2026-03-02 14:30",
                size="md",
                autoComplete="off",
                debounce=True,  # so Enter sends the text with itself
                **data(autofocus=""),
            ),
            html.P(id="chart-goto-range", className="of-note", role="status"),
            dmc.Button("Go", id="chart-goto-go"),
        ],
    )


def alert_dialog() -> Component:
    """A new alert at a price; more kinds are on the page of the tickers."""
    conditions = [("crossing", "crosses"), ("greater", "is above"), ("less", "is below"), ("crossing_up", "crosses up"),
                  ("crossing_down", "crosses down")]  # fmt: skip
    return dmc.Modal(
        id="chart-alert",
        title="New alert",
        size="sm",
        children=[
            dmc.Select(
                id="chart-alert-operator", label="When the price", value="crossing", allowDeselect=False,
                data=[{"value": value, "label": words} for value, words in conditions], comboboxProps={"zIndex": 400},
            ),
            dmc.TextInput(
                id="chart-alert-price", label="Price", value="", autoComplete="off", debounce=True,
                inputProps={"inputMode": "decimal"}, **data(autofocus=""),
            ),
            dmc.TextInput(
                id="chart-alert-note", label="Note", value="", autoComplete="off", inputProps={"maxLength": 500}
            ),
            html.P(
                ["It fires once. Studies, marks and other frequencies are on the page of the ",
                 html.A("tickers", href="/tickers/"), ". Its line can be dragged to another price."],
                className="of-note",
            ),
            dmc.Button("Set alert", id="chart-alert-set", **ONCE),
        ],
    )  # fmt: skip


def help_dialog() -> Component:
    """The keyboard shortcuts, and what the mouse does."""
    return dmc.Modal(
        id="chart-help",
        title="Keyboard and mouse",
        size="lg",
        children=[
            html.Div(help_sections(), className="of-help"),
            html.Div(
                className="of-help-mouse",
                children=[
                    html.H3("Mouse and touch"),
                    html.P("Drag to move, drag an axis to scale it. The wheel or two fingers zoom; with Alt, prices."),
                    html.P("Double-click to fit prices again. Hold a finger to read a cell's numbers."),
                ],
            ),
        ],
    )
