"""The presenter's toolbar of the herd game, and the buttons and notes that everybody has.

What a button does is a callback, or one of the attributes that the scripts act on: `data-opens` and `data-closes` name
a dialog (`assets/herd/page.js`); `data-hotkey`, `data-fullscreen`, `data-present` and `data-theme-toggle` are of the
kit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.shell import ONCE, aria, icon

FLOW, DEBRIEF = "/chart?symbol=HERD", "/herd/debrief/"


def data(**values: str) -> dict[str, Any]:
    """`data-…` attributes for a component: data(theme_toggle="") is {"data-theme-toggle": ""}."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}


def element(kind: str, children: str | list[dict[str, Any]], **properties: Any) -> dict[str, Any]:
    """A component of dash.html as Dash sends it: for what is sent often, as 40 rows take 0.1 ms so, 2 as components."""
    return {"type": kind, "namespace": "dash_html_components", "props": {"children": children, **properties}}


def button(id: str, words: str, key: str = "", *, kind: str = "", words_id: str = "", **attributes: str) -> Component:
    """A button of the toolbar or a dialog. key: presses it, and is shown on it by the style sheet; kind: of the look;
    words_id: of its words where they change; attributes: its `data-…`."""
    keys = data(hotkey=key, key=key) | aria(keyshortcuts=key) if key else {}
    return html.Button(
        html.Span(words, id=words_id) if words_id else words,
        id=id,
        type="button",
        className=f"hg-button {kind}".strip(),
        **keys,
        **data(**attributes),
        **ONCE,
    )


def opener(name: str, words: str, key: str, *, kind: str = "", fill: Mapping[str, Any] | None = None) -> Component:
    """A button that opens the dialog `herd-dialog-<name>`. fill: what it puts into fields, by their ids."""
    filled = {} if fill is None else {"fill": json.dumps(fill)}
    return button(f"herd-do-{name}", words, key, kind=kind, opens=f"herd-dialog-{name}", **filled)


def screen_buttons() -> Component:
    """In the header, for everybody: what changes the screen and not the game."""
    return html.Div(
        [
            _round_button("qr", "QR code on the whole screen", "Q", opens="herd-dialog-qr"),
            _round_button("window", "Time shown: all, five minutes, one minute", "W"),
            _round_button("full", "Full screen", "F", fullscreen=""),
            _round_button("theme", "Dark or light", "T", theme_toggle=""),
            _round_button("help", "Keyboard", "?", opens="herd-dialog-help"),
            # keys without a button to see
            html.Div(
                [
                    html.Button(tabIndex=-1, **data(hotkey="P", present="")),
                    html.A(href=FLOW, target="_blank", tabIndex=-1, **data(hotkey="O")),
                    html.A(href=DEBRIEF, target="_blank", tabIndex=-1, **data(hotkey="D")),
                ],
                className="of-visually-hidden",
                **aria(hidden="true"),
            ),
        ],
        className="hg-screen",
    )


def _round_button(name: str, words: str, key: str, **attributes: str) -> Component:
    return html.Button(
        icon(name),
        id=f"herd-screen-{name}",
        type="button",
        className="hg-icon-button",
        title=f"{words} ({key})",
        **data(hotkey=key, **attributes),
        **aria(label=words, keyshortcuts=key),
    )


def obstacle(place: str) -> Component:
    """Why phones cannot open the address to join, and what to do; hidden where they can."""
    return html.P(id=f"herd-obstacle-{place}", className="hg-obstacle", hidden=True)


def toolbar() -> Component:
    """The presenter's controls; the page of a viewer keeps them hidden and says why."""
    return html.Div(
        [
            html.Div(
                [
                    button("herd-do-toggle", "Start", "Space", kind="hg-primary", words_id="herd-toggle-words"),
                    opener("news", "News", "N"),
                    opener("round", "Rounds", "R"),
                    opener("bots", "Bots", "B"),
                    button("herd-do-experiment", "Experiment", "X"),
                    opener("people", "People", "K", fill={"herd-people-find": ""}),
                    opener("undo", "Undo round", "U"),
                    opener("lobby", "Lobby", "H"),
                    opener("end", "End", "E", kind="hg-danger"),
                    opener("reset", "Reset", "Z", kind="hg-danger"),
                    opener("export", "Export", "S"),
                    _leave("Debrief", DEBRIEF, "D"),
                    _leave("Order flow of the crowd", FLOW, "O"),
                ],
                id="herd-tools",
                className="hg-tools",
                role="toolbar",
                hidden=True,
                **aria(label="Presenter's controls"),
            ),
            html.P(
                [
                    html.B("You are watching. "),
                    "To run the game, open this page with the key that the server printed at its start: ",
                    html.Code("/herd/?key=…"),
                ],
                id="herd-viewer",
                className="hg-viewer",
                hidden=True,
            ),
        ],
        className="hg-controls",
    )


def _leave(words: str, href: str, key: str) -> Component:
    return html.A(
        f"{words} ↗",
        href=href,
        target="_blank",
        className="hg-button",
        **data(key=key),
        **aria(keyshortcuts=key),
    )
