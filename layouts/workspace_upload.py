"""The workspace's dialog for one's own files: choose or drop one, look at it, store it; and what is stored already.

The steps of the dialog are all in the tree; `data-step` of its box says which is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.shell import ONCE, aria, data, icon, icon_button
from layouts.workspace_preview import KINDS
from orderflow.workspace.uploads.options import DATES, DELIMITERS, ENCODINGS, MARKS

SMALL: dict[str, Any] = {"size": "xs"}
ABOVE = {"zIndex": 310}
"""Of what opens over the dialog."""
NOT_SENT = "was not sent: the server cannot be reached, or the file cannot be read."
"""Of a file, as the page's script says it."""
TABS = (("file", "Upload a file"), ("mine", "Your data"))
MODES = (("replace", "Replace what is there"), ("append", "Append to what is there"))
WORDS = {
    "ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year", "dot": "1.5 (dot)",
    "comma": "1,5 (comma)", "semicolon": "; (semicolon)", "tab": "tab", "bar": "| (bar)",
}  # fmt: skip
READING = ("format", "tz", "dates", "decimal", "delimiter", "encoding", "skip", "member")
"""How a file is read, each a field `ws-up-NAME`; empty where it is found out."""
NOT_TICKS = ("decimal", "delimiter", "encoding")
"""Those that are always found out in a file of ticks."""


def upload_button() -> Component:
    """The button in the page's header."""
    return icon_button("ws-open-upload", "upload", "Upload your own data", keys="U", **data(hotkey="U"))


def upload_dialog(most: int, formats: Sequence[str]) -> list[Component]:
    """The dialog, closed, and its stores. most: bytes of the largest file. formats: names of the formats of ticks."""
    return [
        dmc.Modal(
            id="ws-upload",
            title="Your own data",
            size="min(1080px, 100%)",
            opened=False,
            zIndex=300,
            keepMounted=True,
            transitionProps={"duration": 0},
            className="ws-dialog",
            closeButtonProps=aria(label="Close"),
            children=_tabs(most, formats),
        ),
        html.Div("Drop the file to look at it", className="ws-drop", **aria(hidden="true")),
        dcc.Store(id="ws-up-file"),
        dcc.Store(id="ws-up-shown"),
        dcc.Store(id="ws-up-stored"),
        dcc.Store(id="ws-up-asked"),
        dcc.Store(id="ws-up-go"),
        dcc.Store(id="ws-up-go-ticks"),
    ]


def _tabs(most: int, formats: Sequence[str]) -> Component:
    return dmc.Tabs(
        [
            dmc.TabsList([dmc.TabsTab(words, value=name) for name, words in TABS]),
            dmc.TabsPanel(
                html.Div(
                    [
                        _choose(),
                        _sending(),
                        _look(formats),
                        html.Div(id="ws-up-done", className="ws-step", **data(of="done")),
                    ],
                    id="ws-up-box", className="ws-up", **data(step="choose", most=most, lost=NOT_SENT),
                ),
                value="file",
            ),
            dmc.TabsPanel(
                [
                    html.P(id="ws-mine-note", className="ws-up-note", role="status"),
                    html.Div(id="ws-mine", className="ws-mine"),
                ],
                value="mine",
            ),
        ],
        id="ws-up-tabs",
        value="file",
    )  # fmt: skip


def _choose() -> Component:
    return html.Div(
        [
            html.Div(id="ws-up-fault", className="ws-fault", role="alert"),
            html.Div(
                [
                    icon("upload"),
                    html.P("Drop a file anywhere on this page, or"),
                    html.Div(
                        [
                            dmc.Button("Choose a file …", id="ws-up-pick", size="sm"),
                            dmc.Button("Try again", id="ws-up-again", size="sm", variant="default",
                                       style={"display": "none"}),
                        ],
                        className="ws-up-row ws-up-middle",
                    ),
                    html.P(
                        "Candles, signals or ticks as CSV, plain, zipped or gzipped. Nothing is stored before you have "
                        "seen how it is read.",
                        className="ws-up-note",
                    ),
                ],
                className="ws-up-place",
            ),
        ],
        className="ws-step",
        **data(of="choose"),
    )  # fmt: skip


def _sending() -> Component:
    return html.Div(
        [
            html.P(id="ws-up-sent", role="status"),
            dmc.Progress(id="ws-up-bar", value=0, size="lg", **aria(label="Sent")),
            dmc.Button("Cancel", id="ws-up-cancel", size="sm", variant="default"),
        ],
        className="ws-step",
        **data(of="sending"),
    )


def _look(formats: Sequence[str]) -> Component:
    return html.Div(
        [
            html.Div(_what(), className="ws-up-row"),
            html.P(
                [
                    "Ticks go to the market that everybody sees here, and open in ",
                    html.A("the chart", href="/chart/", className="ws-link"),
                    ": they make candles of every time frame. A file dropped there can be read in more ways.",
                ],
                className="ws-up-note ws-of-ticks",
            ),
            html.Details(
                [
                    html.Summary("How the file is read"),
                    html.Div([_reading(name, formats) for name in READING], className="ws-up-row"),
                ],
                id="ws-up-reading",
                open=False,
            ),
            html.Div(id="ws-up-facts", role="status"),
            html.Div(id="ws-up-problem", className="ws-fault", role="alert"),
            html.Div(
                dmc.Checkbox(id="ws-up-skip-rows", label="Leave out the refused rows, and store the others", size="xs"),
                id="ws-up-skip-place",
                hidden=True,
            ),
            html.Div(id="ws-up-preview", className="ws-up-preview"),
            html.Div(
                [
                    dmc.Button("Upload", id="ws-up-send", size="sm", className="ws-not-ticks", **ONCE),
                    dmc.Button("Upload the ticks", id="ws-up-send-ticks", size="sm", className="ws-of-ticks", **ONCE),
                    dmc.Button("Another file", id="ws-up-other", size="sm", variant="default"),
                    html.Span(id="ws-up-refused", className="ws-fault", role="alert"),
                ],
                className="ws-up-row ws-up-foot",
            ),
        ],
        className="ws-step",
        **data(of="look"),
    )


def _what() -> list[Component]:
    return [
        dmc.SegmentedControl(
            id="ws-up-kind", value="ohlcv", size="xs",
            data=[{"value": value, "label": label} for value, label in KINDS.items()], **aria(label="What the file is"),
        ),
        dmc.TextInput(
            id="ws-up-name", label="Name", value="", autoComplete="off", inputProps={"maxLength": 100}, **SMALL
        ),
        dmc.TextInput(
            id="ws-up-frame", label="Time frame", value="", autoComplete="off", className="ws-short ws-of-candles",
            **SMALL,
        ),
        dmc.Select(
            id="ws-up-mode", label="If the name is taken", value="replace", allowDeselect=False,
            data=_options(MODES), comboboxProps=ABOVE, className="ws-not-ticks",
            **SMALL,
        ),
    ]  # fmt: skip


def _reading(name: str, formats: Sequence[str]) -> Component:
    common: dict[str, Any] = {"id": f"ws-up-{name}", "comboboxProps": ABOVE, "clearable": True, **SMALL}
    if name == "format":
        return dmc.Select(
            label="Format", placeholder="found", data=list(formats), searchable=True,
            nothingFoundMessage="No such format", className="ws-of-ticks", **common,
        )  # fmt: skip
    if name == "tz":
        return dmc.Select(
            label="Zone of times without one", placeholder="UTC", data=zones(), searchable=True, limit=100,
            nothingFoundMessage="No such zone", **common,
        )  # fmt: skip
    if name == "skip":
        return dmc.NumberInput(
            id="ws-up-skip", label="Lines above the header", min=0, max=100, value="", placeholder="found",
            allowDecimal=False, debounce=400, className="ws-lines", **SMALL,
        )  # fmt: skip
    if name == "member":
        field = dmc.Select(label="File in the archive", data=[], **common)
        return html.Div(field, id="ws-up-member-place", hidden=True)
    label, choices = {
        "dates": ("Order of dates", DATES),
        "decimal": ("Decimal mark", MARKS),
        "delimiter": ("Delimiter", tuple(DELIMITERS)),
        "encoding": ("Encoding", ENCODINGS),
    }[name]
    return dmc.Select(
        label=label,
        placeholder="found",
        className="ws-not-ticks" if name in NOT_TICKS else "",
        data=_options([(choice, _word(name, choice)) for choice in choices]),
        **common,
    )


def _word(name: str, choice: str) -> str:
    return ", (comma)" if (name, choice) == ("delimiter", "comma") else WORDS.get(choice, choice)


def _options(choices: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in choices]


@cache
def zones() -> list[str]:
    """The names of time zones, UTC first."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]
