"""The dialogs of the herd game's big screen: news, rounds, bots, people, files, questions, the help, the QR code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.herd_controls import button, data, obstacle
from layouts.herd_keys import key_help
from layouts.herd_text import money
from layouts.shell import aria

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

CONFIRMATIONS = {
    "undo": (
        "Undo the last round?",
        "Portfolios and the price go back to where they were when it began.",
        "Undo round",
        "The last round is undone.",
    ),
    "lobby": (
        "Back to the lobby?",
        "Nobody can trade until you start.",
        "To the lobby",
        "Everybody waits in the lobby.",
    ),
    "end": (
        "End the game?",
        "Nobody can trade any more; the debrief is ready. This cannot be undone.",
        "End the game",
        "The game has ended.",
    ),
    "recover": (
        "Go on from here?",
        "The game continues as it stands on the screen. What came after that is lost to it. The damaged log is kept, "
        "and whoever joined in the lost part joins anew.",
        "Continue",
        "The game goes on.",
    ),
    "reset": (
        "Reset everything?",
        "A new game begins under the same code, and everybody joins it anew. The game so far is kept.",
        "Reset",
        "A new game.",
    ),
}
"""Actions that need a confirmation: title, explanation, label of the button, message afterwards."""

KICKED = "Out of the game, with the whole portfolio. Joining again stays possible."


def dialogs() -> list[Component]:
    """Every dialog of the page, closed."""
    return [
        _dialog("news", "News", _news(), "Publish"),
        _dialog("round", "Rounds", _rounds(), "Start rounds"),
        _dialog("bots", "Bots", _bots(), "Set"),
        _dialog("people", "People", _people(), None),
        _dialog("export", "Export", _exports(), None),
        *(_question(name, title, text, yes) for name, (title, text, yes, _) in CONFIRMATIONS.items()),
        _question("kick", html.Span("Kick?", id="herd-kick-title"), KICKED, "Kick"),
        _dialog("help", "Keyboard", [html.Div(key_help(), className="hg-help")], None),
        _whole_code(),
    ]


def _dialog(name: str, title: Any, body: Sequence[Component], yes: str | None, *, danger: bool = False) -> Component:
    """A dialog `herd-dialog-<name>`. yes: words of the button that sends it; None: there is nothing to send."""
    focus = data(autofocus="") if danger else {}
    close = html.Button(
        "Cancel" if yes else "Close",
        id=f"herd-close-{name}",
        type="button",
        className="hg-button",
        **data(closes=f"herd-dialog-{name}"),
        **focus,
    )
    kind = "hg-danger" if danger else "hg-primary"
    send = html.Button(yes, id=f"herd-send-{name}", type="button", className=f"hg-button {kind}") if yes else None
    return _modal(
        name,
        title,
        [
            *body,
            html.P(id=f"herd-fault-{name}", className="hg-fault", role="alert"),
            dcc.Store(id=f"herd-opening-{name}"),
            html.Div([html.Span(className="hg-gap"), close, send], className="hg-dialog-buttons"),
        ],
    )


def _modal(name: str, title: Any, children: Sequence[Component], **more: Any) -> Component:
    options: dict[str, Any] = {"size": 560, "centered": True, "className": "hg-dialog"} | more
    return dmc.Modal(
        html.Div(children, className="hg-dialog-body"),
        id=f"herd-dialog-{name}",
        title=title,
        withCloseButton=False,
        transitionProps={"duration": 0},
        **options,
    )


def _question(name: str, title: Any, text: str, yes: str) -> Component:
    return _dialog(name, title, [html.P(text)], yes, danger=True)


def _news() -> list[Component]:
    ready = [
        html.Button(
            f"{text} {percent:+d} %".replace("-", "−") if percent else text,
            type="button",
            className="hg-chip",
            **data(fill=json.dumps({"herd-news-text": text, "herd-news-move": percent}), focus="herd-send-news"),
        )
        for text, percent in NEWS
    ]
    return [
        dmc.TextInput(
            id="herd-news-text", label="Headline", placeholder="What has happened?", size="md", value="",
            debounce=True,  # so Enter sends the text with itself
            **data(autofocus=""),
        ),
        html.Div(ready, className="hg-chips"),
        _number("herd-news-move", "Move of the price, %", "0: only a headline", 0, -95, 1000, 1),
    ]  # fmt: skip


def _rounds() -> list[Component]:
    choices = html.Div([dmc.Radio(label=words, value=kind, size="md") for kind, words in ROUNDS], className="hg-kinds")
    fields = [
        dmc.RadioGroup(choices, id="herd-round-kind", label="Kind", value=ROUNDS[0][0]),
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
            hidden=True,
        ),
        html.P(
            "At each round's end a share pays 0, 8, 28 or 60 parts by chance, 24 on average. It is worth what is still "
            "to come: from the first price down, by the same amount a round, to nothing after the last. Everybody can "
            "work it out, and yet the price mostly rises far above it.",
            id="herd-round-ssw",
            className="hg-note",
            hidden=True,
        ),
    ]
    running = [
        html.P("A round is running."),
        html.Div(
            [
                button("herd-round-next", "End it, begin the next", kind="hg-primary"),
                button("herd-round-stop", "Stop the rounds", kind="hg-danger"),
            ],
            className="hg-dialog-buttons",
        ),
    ]
    return [
        html.Div(fields, id="herd-round-idle", className="hg-dialog-part"),
        html.Div(running, id="herd-round-running", className="hg-dialog-part", hidden=True),
    ]


def _bots() -> list[Component]:
    return [
        html.P("How many of each kind trade along. They are marked on the leaderboard.", className="hg-note"),
        *(_number(f"herd-bots-{kind}", title, words, 0, 0, 200, 1) for kind, title, words in BOTS),
    ]


def _people() -> list[Component]:
    return [
        dmc.TextInput(
            id="herd-people-find", label="Find", placeholder="Name or number", size="md", value="",
            **data(autofocus=""),
        ),
        html.Div(id="herd-people-list", className="hg-people", tabIndex=0, **aria(label="People")),
        html.P(
            "Kicked: out of the game, the portfolio with it. The same person may join again.",
            className="hg-note",
        ),
        html.P(id="herd-crowding", className="hg-note"),
        html.Div(
            [
                button("herd-do-code", "", words_id="herd-code-words"),
                button("herd-do-clear", "", words_id="herd-clear-words"),
            ],
            className="hg-dialog-buttons",
        ),
    ]  # fmt: skip


def people_rows(rows: Sequence[dict[str, Any]], total: int, find: str) -> list[Component]:
    """The list of people. rows: of `Game.people`; total: how many were found; find: what was looked for."""
    shown: list[Component] = [_person(row) for row in rows]
    if not rows:
        shown = [html.P("Nobody of that name." if find.strip() else "Nobody has joined yet.", className="hg-none")]
    if total > len(rows):
        shown.append(html.P(f"{total - len(rows)} more: look for a name.", className="hg-none"))
    return shown


def _person(row: dict[str, Any]) -> Component:
    bot = html.Small("bot", className="hg-bot") if row["bot"] else None
    kick = html.Button(
        "Kick", type="button", className="hg-button hg-danger", **kicks(row), **aria(label=f"Kick {row['nick']}")
    )
    return html.Div(
        [
            html.Span([row["nick"], " ", bot], className="hg-nick"),
            html.Span(money(row["wealth"]), className="hg-wealth"),
            kick,
        ],
        className="hg-person",
        key=row["participant"],
    )


def kicks(row: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a button that asks whether to kick a participant. row: participant and nick."""
    return data(request=json.dumps({"participant": row["participant"], "nick": row["nick"]}))


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
    return _modal(
        "qr",
        "Scan to join",
        [
            html.Div(
                html.Img(id="herd-qr-whole", alt="QR code of the address to join", className="hg-qr-image"),
                className="hg-qr hg-qr-whole",
            ),
            html.Div(
                [
                    html.P(id="herd-url-whole", className="hg-url"),
                    html.P(id="herd-code-whole", className="hg-code"),
                    obstacle("whole"),
                    html.P(id="herd-count-whole", className="hg-count"),
                    button("herd-close-qr", "Close", "Q", closes="herd-dialog-qr"),
                ],
                className="hg-hero-words",
            ),
        ],
        className="hg-dialog hg-dialog-qr",
        fullScreen=True,
    )


def _number(id: str, label: str, description: str, value: float, low: float, high: float, step: float) -> Component:
    return dmc.NumberInput(
        id=id, label=label, description=description or None, value=value, min=low, max=high, step=step, size="md",
        clampBehavior="blur", debounce=True,
    )  # fmt: skip
