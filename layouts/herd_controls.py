"""The presenter's controls of the herd game: the toolbar, and the dialogs it opens.

Dialogs are the browser's own: they keep the focus inside, close with Escape, and stay on top in full screen. What a
button does is in its `data-do` attribute; `assets/herd/control.js` acts on it, and the keys are in `keys.js`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import aria, icon

BOTS = (
    ("zero", "Zero intelligence", "buy and sell at random, within what they own"),
    ("trend", "Trend followers", "buy what has risen, sell what has fallen"),
    (
        "fundamental",
        "Fundamental traders",
        "buy below the fundamental value (without one: the first price), sell above",
    ),
)
"""Kinds of bots: name in the game, title, what they do."""

EXPORTS = (
    ("ticks.csv", "Ticks (CSV)", "every fill as a trade of HERD, as the chart's tools read it"),
    ("participants.csv", "Participants (CSV)", "cash, shares, wealth and trades of everybody"),
    ("orders.csv", "Orders (CSV)", "every order and what became of it"),
    ("events.jsonl", "Event log (JSONL)", "the session itself: it can be replayed from this file alone"),
)
"""Files of a session: name below /herd/export/, title, what it is."""

ROUNDS = (
    ("plain", "Rounds of a length"),
    ("value", "With a fundamental value"),
    ("ssw", "Smith, Suchanek and Williams 1988: dividends by chance, a value that falls to nothing"),
)
"""Kinds of rounds: value of the choice, title."""

NEWS = (
    ("Takeover rumour", 15),
    ("Profit warning", -20),
    ("Regulator opens an inquiry", -10),
    ("Rumour denied", 0),
)
"""Headlines to begin with: text, percent."""


def data(**values: str) -> dict[str, Any]:
    """`data-…` attributes for a component, as `aria` makes the others."""
    return {f"data-{name}": value for name, value in values.items()}


def button(words: str, do: str, key: str = "", *, kind: str = "", id: str | None = None) -> Component:
    """A button of the toolbar or a dialog. do: what it does; key: its keyboard key, shown on it; kind: of the look."""
    named: dict[str, Any] = {"id": id} if id else {}
    return html.Button(
        [html.Span(words, className="hg-button-words"), *([html.Kbd(key, **aria(hidden="true"))] if key else [])],
        type="button",
        className=f"hg-button {kind}".strip(),
        **data(do=do),
        **(aria(keyshortcuts=key) if key else {}),
        **named,
    )


def screen_buttons() -> Component:
    """In the header, for everybody: what changes the screen and not the game."""
    return html.Div(
        [
            _round_button("QR", "qr", "QR code on the whole screen", "Q", icon("qr")),
            _round_button("Window", "window", "Time shown: all, five minutes, one minute", "W", icon("window")),
            _round_button("Full", "full", "Full screen", "F", icon("full")),
            _round_button("Theme", "theme", "Dark or light", "T", icon("theme")),
            _round_button("Help", "help", "Keyboard", "?", icon("help")),
        ],
        className="hg-screen",
    )


def _round_button(name: str, do: str, words: str, key: str, drawn: Component) -> Component:
    return html.Button(
        drawn,
        type="button",
        className="hg-icon-button",
        title=f"{words} ({key})",
        **data(do=do, name=name),
        **aria(label=words, keyshortcuts=key),
    )


def toolbar() -> Component:
    """The presenter's controls; the page of a viewer keeps them hidden and says why."""
    return html.Div(
        [
            html.Div(
                [
                    button("Start", "toggle", "Space", kind="hg-primary", id="herd-do-toggle"),
                    button("News", "news", "N"),
                    button("Rounds", "round", "R", id="herd-do-round"),
                    button("Bots", "bots", "B"),
                    button("Experiment", "experiment", "X", id="herd-do-experiment"),
                    button("People", "people", "K"),
                    button("Undo round", "undo", "U", id="herd-do-undo"),
                    button("Lobby", "lobby", "H", id="herd-do-lobby"),
                    button("End", "end", "E", kind="hg-danger", id="herd-do-end"),
                    button("Reset", "reset", "Z", kind="hg-danger"),
                    button("Export", "export", "S"),
                    _leave("Debrief", "/herd/debrief/", "D"),
                    _leave("Order flow of the crowd", "/chart?symbol=HERD", "O"),
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
        [html.Span(words, className="hg-button-words"), html.Kbd(key, **aria(hidden="true"))],
        href=href,
        target="_blank",
        className="hg-button hg-leave",
        **aria(keyshortcuts=key),
    )


def dialogs() -> list[Component]:
    """Every dialog of the page, closed."""
    return [
        _dialog("news", "News", _news(), "Publish"),
        _dialog("round", "Rounds", _rounds(), "Start rounds"),
        _dialog("bots", "Bots", _bots(), "Set"),
        _dialog("people", "People", _people(), None),
        _dialog("export", "Export", _exports(), None),
        _dialog("confirm", "Sure?", [html.P(id="herd-confirm-text")], "Yes", danger=True),
        _dialog("help", "Keyboard", [html.Div(id="herd-help-body", className="hg-help")], None),
        _whole_code(),
    ]


def _dialog(
    name: str,
    title: str,
    body: Sequence[Component],
    yes: str | None,
    more: Sequence[Component] = (),
    *,
    danger: bool = False,
) -> Component:
    """A dialog `herd-dialog-<name>`. yes: words of the button that sends it; None: there is nothing to send."""
    close = html.Button(
        "Cancel" if yes else "Close",
        type="button",
        className="hg-button",
        **data(do="close"),
        id=f"herd-close-{name}",
    )
    send = html.Button(
        yes or "OK",
        type="submit",
        className="hg-button " + ("hg-danger" if danger else "hg-primary"),
        id=f"herd-send-{name}",
        hidden=yes is None,
    )
    return html.Dialog(
        html.Form(
            [
                html.H2(title, id=f"herd-title-{name}"),
                *body,
                html.P(id=f"herd-fault-{name}", className="hg-fault", role="alert", hidden=True),
                html.Div([*more, html.Span(className="hg-gap"), close, send], className="hg-dialog-buttons"),
            ],
            id=f"herd-form-{name}",
            method="dialog",
            **data(form=name),
        ),
        id=f"herd-dialog-{name}",
        className="hg-dialog",
        **aria(labelledby=f"herd-title-{name}"),
    )


def _news() -> list[Component]:
    ready = [
        html.Button(
            f"{text} {percent:+d} %".replace("-", "−") if percent else text,
            type="button",
            className="hg-chip",
            **data(do="headline", text=text, move=str(percent)),
        )
        for text, percent in NEWS
    ]
    return [
        dmc.TextInput(id="herd-news-text", label="Headline", placeholder="What has happened?", size="md"),
        html.Div(ready, className="hg-chips"),
        _number("herd-news-move", "Move of the price, %", "0: only a headline", 0, -95, 1000, 1),
    ]


def _rounds() -> list[Component]:
    fields = [
        html.Div(
            dmc.RadioGroup(
                html.Div(
                    [dmc.Radio(label=words, value=kind, size="md") for kind, words in ROUNDS], className="hg-kinds"
                ),
                label="Kind",
                value=ROUNDS[0][0],
            ),
            id="herd-round-kind",
        ),
        html.Div(
            [
                _number("herd-round-rounds", "Rounds", "", 3, 1, 100, 1),
                _number("herd-round-seconds", "Seconds each", "", 60, 5, 3600, 5),
            ],
            className="hg-fields",
        ),
        html.Div(
            [
                _number("herd-round-fundamental", "Fundamental value", "shown on the chart", 100, 0.01, 1_000_000, 1),
                _number(
                    "herd-round-dividend", "Dividend a share", "paid at each round's end; 0: none", 0, 0, 1_000, 0.01
                ),
            ],
            id="herd-round-value",
            className="hg-fields",
        ),
        html.P(
            "At each round's end a share pays 0, 8, 28 or 60 parts by chance, 24 on average. It is worth what is still "
            "to come: from the first price down, by the same amount a round, to nothing after the last. Everybody can "
            "work it out, and yet the price mostly rises far above it.",
            id="herd-round-ssw",
            className="hg-note",
        ),
    ]
    running = [
        html.P("A round is running."),
        html.Div(
            [
                button("End it, begin the next", "roundNext", kind="hg-primary"),
                button("Stop the rounds", "roundStop", kind="hg-danger"),
            ],
            className="hg-dialog-buttons",
        ),
    ]
    return [html.Div(fields, className="hg-if-idle"), html.Div(running, className="hg-if-running")]


def _bots() -> list[Component]:
    rows = [_number(f"herd-bots-{kind}", title, words, 0, 0, 200, 1) for kind, title, words in BOTS]
    return [
        html.P("How many of each kind trade along. They are marked on the leaderboard.", className="hg-note"),
        *rows,
    ]


def _people() -> list[Component]:
    return [
        dmc.TextInput(id="herd-people-find", label="Find", placeholder="Name or number", size="md"),
        html.Div(id="herd-people-list", className="hg-people", tabIndex=0, **aria(label="People")),
        html.P(
            "Kicked: out of the game, the portfolio with it. The same person may join again.",
            className="hg-note",
        ),
    ]


def _exports() -> list[Component]:
    return [
        html.Ul(
            [
                html.Li([html.A(title, href=f"/herd/export/{name}", download=name), html.Span(words)])
                for name, title, words in EXPORTS
            ],
            className="hg-exports",
        )
    ]


def _whole_code() -> Component:
    return html.Dialog(
        [
            html.Div(
                html.Img(alt="QR code of the address to join", className="hg-qr-image", **data(join="qr")),
                className="hg-qr hg-qr-whole",
            ),
            html.Div(
                [
                    html.H2("Scan to join", id="herd-title-qr"),
                    html.P(className="hg-url", **data(join="url")),
                    html.P(className="hg-code", **data(join="code")),
                    html.P(className="hg-count", **data(join="count")),
                    button("Close", "close", "Q"),
                ],
                className="hg-hero-words",
            ),
        ],
        id="herd-dialog-qr",
        className="hg-dialog hg-dialog-qr",
        **aria(labelledby="herd-title-qr"),
    )


def _number(id: str, label: str, description: str, value: float, low: float, high: float, step: float) -> Component:
    return dmc.NumberInput(
        id=id, label=label, description=description or None, value=value, min=low, max=high, step=step, size="md",
        clampBehavior="blur",
    )  # fmt: skip
