"""The workspace: up to four linked charts of live klines or of one's own candles, with indicators and signals.

Pure: from values to a component tree. `callbacks.workspace` brings the candles, `assets/kit/plot` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.chart_colours import PAIRS, SCHEMES
from layouts.chart_keys import Shortcut, help_sections, key_actions
from layouts.shell import Link, aria, data, icon, icon_button, page_shell
from layouts.workspace_compare import compare_button, compare_drawer
from layouts.workspace_login import login_menu
from layouts.workspace_settings import settings_drawer
from layouts.workspace_studies import PANES
from layouts.workspace_study import study_button, study_dialog
from layouts.workspace_upload import upload_button, upload_dialog

PATH = "/workspace/"
TITLE = "Workspace"
INTERVAL = 1000
"""ms between two updates."""
OFFERS_INTERVAL = 5000
"""ms between two looks at which series there are."""
CHARTS = 4
MOST_LISTED = 200
"""Series that an open list shows at once; the others are found by typing."""
LOST = (
    "No connection to the server. These are the last candles; the page goes on by itself as soon as the server answers."
)
REVIVED = "ws-interval ws-offers-interval ws-study-run ws-up-send:loading ws-up-send-ticks:loading"
"""What a lost answer may leave disabled, or loading: an upload's button is disabled for a file with a problem."""
MODES = (("live", "Live"), ("custom", "Custom"))
COUNTS = ("1", "2", "4")
STORES = {
    "data": "The whole series, as `Reader.whole` makes it, or why there is none: `load` writes it for the script.",
    "known": "Of `load`'s series its key, version and newest candle (`Known`): `load` and `update` read it.",
    "view": "The range that it shows now (`Ranged`): the script writes it, `address`, `load` and the CSV read it.",
    "jump": "A range that it is to go to (`Ranged`): the comparison writes it for `load`.",
    "reload": "Changes when it is to be loaded again: `update` and the script's *Try again* write it for `load`.",
    "older-request": "The time before which it wants candles (`Request`): the script writes it for `older`.",
    "older": "A page of older candles: `older` writes it for the script.",
    "delta": "The candles that are new or changed: `update` writes it for the script.",
    "told": "As `known`, after the last `delta`: `update` writes and reads it.",
    "linked": "The visit of the address whose time frame it took over: `frames` writes and reads it.",
    "left": "What the reader left on it, drawings or a range (`Kept`): the script writes it for `keep`.",
    "sink": "What the script's functions return, as each callback needs an output: nothing.",
}
"""The stores of each chart, and what they hold. The page's own: `ws-link`, the address it took over last; `ws-offered`,
which series there are; `ws-indicators`, which are switched on."""
TOOLS = (
    ("live", "Go to the newest candles", "L", "live"),
    ("line", "Draw a line", "T", "line"),
    ("rect", "Draw a rectangle", "R", "rect"),
    ("erase", "Erase a drawing", "E", "erase"),
    ("clear", "Clear all drawings", "", "clear"),
    ("png", "Save the chart as a picture", "X", "export"),
)
"""Action of `assets/workspace/page.js`, label, key, icon."""
SHORTCUTS: dict[str, tuple[Shortcut, ...]] = {
    "The chart that was used last": (
        Shortcut(("L", "End"), "The newest candles", "live"),
        Shortcut(("ArrowLeft",), "Back in time (with Shift: a screenful)", "pan", -1),
        Shortcut(("ArrowRight",), "Forward in time (with Shift: a screenful)", "pan", 1),
        Shortcut(("+", "=", "ArrowUp"), "Zoom in", "zoom", 0.8),
        Shortcut(("-", "ArrowDown"), "Zoom out", "zoom", 1.25),
        Shortcut(("A",), "Fit prices to the screen", "auto"),
        Shortcut(("T",), "Trend line", "tool", "line"),
        Shortcut(("R",), "Rectangle", "tool", "rect"),
        Shortcut(("E",), "Erase a drawing", "tool", "erase"),
        Shortcut(("Backspace", "Delete"), "Take back the last drawing", "undo"),
        Shortcut(("Escape",), "Put the tool away", "tool"),
        Shortcut(("X",), "Save as PNG", "png"),
    ),
}
PAGE_KEYS = (
    ("S", "Charts and indicators"),
    ("U", "Upload, and your own data"),
    ("N", "Dark or light"),
    ("?", "This help"),
)


def part(kind: str, index: Any) -> dict[str, Any]:
    """The id of a component of one chart."""
    return {"type": f"ws-{kind}", "index": index}


def workspace_page(
    *, links: Sequence[Link] = (), more: Sequence[Component] = (), most: int = 0, formats: Sequence[str] = ()
) -> Component:
    """The page. more: dialogs of other modules. most: bytes of the largest file that can be uploaded. formats: names of
    the formats of ticks."""
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=_header(),
        main=html.Div(
            [_turns(), *(chart_card(index) for index in range(CHARTS))],
            id="ws-charts",
            className="ws-charts",
            **data(count=1, turn=1),
        ),
        footer=html.Div(
            [html.Span(id="ws-status", role="status"), html.Span("Charts", className="ws-count-words")],
            className="ws-status",
        ),
        extras=[
            settings_drawer(),
            help_dialog(),
            *upload_dialog(most, formats),
            *study_dialog(),
            *compare_drawer(),
            html.Div(
                className="of-banner-over", role="alert", hidden=True,
                **data(stale=LOST, revive=REVIVED),
            ),
            dcc.Download(id="ws-csv-file"),
            dcc.Store(id="ws-config", data=config()),
            dcc.Store(id="ws-indicators", storage_type="local"),
            dcc.Store(id="ws-sink"),
            dcc.Store(id="ws-scheme"),
            dcc.Store(id="ws-offered"),
            *(dcc.Store(id=name) for name in ("ws-search", "ws-link", "ws-address")),
            dcc.Interval(id="ws-interval", interval=INTERVAL),
            dcc.Interval(id="ws-offers-interval", interval=OFFERS_INTERVAL),
            *more,
        ],
    )  # fmt: skip


def config() -> dict[str, Any]:
    """What the page's script needs to know."""
    return {
        "path": PATH,
        "charts": CHARTS,
        "panes": list(PANES),
        "colours": {"schemes": SCHEMES, "pairs": PAIRS},
        "keys": key_actions(SHORTCUTS),
    }


def _header() -> Component:
    return html.Div(
        [
            dmc.SegmentedControl(
                id="ws-mode", value="live", size="xs", persistence=True,
                data=[{"value": value, "label": label} for value, label in MODES],
                **aria(label="Live klines, or your own candles"),
            ),
            dmc.SegmentedControl(
                id="ws-count", value="1", size="xs", persistence=True, className="ws-count",
                data=[{"value": n, "label": n} for n in COUNTS],
                **aria(label="Number of charts"),
            ),
            html.Div([_tool(*tool) for tool in TOOLS], className="ws-tools"),
            dmc.Button(
                [icon("settings"), html.Span("Indicators")], id="ws-open-settings", variant="default",
                size="compact-xs", className="ws-open-settings", **aria(label="Indicators"), **data(hotkey="S"),
            ),
            upload_button(),
            icon_button("ws-theme", "theme", "Dark or light", keys="N", **data(theme_toggle="ws-scheme", hotkey="N")),
            icon_button("ws-open-help", "help", "Keyboard", keys="?", **data(hotkey="?")),
            login_menu(),
        ],
        className="ws-header",
    )  # fmt: skip


def _tool(action: str, label: str, keys: str, icon: str) -> Component:
    tool = {"pressed": False, **data(tool=action)} if action in ("line", "rect", "erase") else {}
    return icon_button(f"ws-do-{action}", icon, label, keys=keys, **tool)


def _turns() -> Component:
    """Which of several charts a phone shows."""
    choice = dmc.SegmentedControl(id="ws-turn", value="1", size="xs", data=["1"], **aria(label="The chart shown"))
    return html.Div([html.Span("Chart"), choice, html.Span(id="ws-turn-words")], className="ws-turns")


def turn_words(count: int) -> str:
    """What a phone says of several charts."""
    return f"of {count}, one at a time"


def chart_card(index: int) -> Component:
    """One chart with its choices."""
    return html.Section(
        [
            html.Div(
                [
                    dmc.Select(
                        id=part("symbol", index), data=[], size="xs", searchable=True, allowDeselect=False,
                        limit=MOST_LISTED, nothingFoundMessage="No such series", placeholder="Symbol",
                        className="ws-symbol", persistence=True, **aria(label=f"Symbol of chart {index + 1}"),
                    ),
                    dmc.Select(
                        id=part("timeframe", index), data=[], size="xs", allowDeselect=False, className="ws-frame",
                        persistence=True, placeholder="Time", **aria(label=f"Time frame of chart {index + 1}"),
                    ),
                    dmc.Select(
                        id=part("signals", index), data=[], size="xs", clearable=True, searchable=True,
                        placeholder="Signals", className="ws-signals", persistence=True,
                        **aria(label=f"Signals of chart {index + 1}"),
                    ),
                    study_button(part("study", index)),
                    compare_button(part("compare", index)),
                    dmc.Button(
                        "CSV", id=part("csv", index), variant="default", size="compact-xs",
                        **aria(label=f"Save the candles of chart {index + 1} as CSV"),
                    ),
                    html.Span(id=part("state", index), className="ws-state", role="status"),
                ],
                className="ws-bar",
            ),
            html.Div(
                [
                    html.Span("Loading …", id=part("words", index)),
                    dmc.Button("Try again", id=part("retry", index), variant="default", size="compact-sm"),
                ],
                id=part("busy", index), className="ws-busy", role="status", **data(state="loading"),
            ),
            html.Div(html.Div(id=f"ws-plot-{index}"), id=part("plot", index), className="ws-plot", **aria(busy="true")),
            html.Div(id=part("note", index), className="ws-note", role="status", hidden=True),
            html.Div(id=part("row", index), className="ws-row", role="status", hidden=True),
            *(dcc.Store(id=part(name, index)) for name in STORES),
        ],
        className="ws-card",
        **aria(label=f"Chart {index + 1}"),
        **data(index=index),
    )  # fmt: skip


def help_dialog() -> Component:
    """The keys."""
    page = {"Page": [Shortcut((key,), words, "") for key, words in PAGE_KEYS]}
    return dmc.Modal(
        id="ws-dialog-help",
        title="Keyboard",
        size="lg",
        transitionProps={"duration": 0},
        children=html.Div(help_sections({**SHORTCUTS, **page}), className="of-help"),
    )


def is_mode(given: Any) -> bool:
    """Whether it is a mode of the page, and not anything else that a request may hold."""
    return given in [value for value, _ in MODES]


def empty_note(mode: str) -> list[Component]:
    """What a chart says while there is no series for it."""
    if not is_mode(mode):
        return [html.H2("Unknown mode"), html.P(f"{str(mode)[:40]!r} is not known: choose Live or Custom.")]
    if mode == "custom":
        return [
            html.H2("No candles of your own yet"),
            html.P("Drop a file of candles or signals on this page, or press U."),
        ]
    return [
        html.H2("No klines"),
        html.P(["Name a pair in ", html.Code("KLINES=BTCUSDT:1m"), ", or let ticks come in."]),
    ]
