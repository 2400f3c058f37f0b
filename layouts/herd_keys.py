"""The keys of the herd game's big screen: one table for the buttons and for the help."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

GAME = (
    ("Space", "Start, freeze or resume the market"),
    ("N", "News: a headline that may move the price"),
    ("R", "Rounds: begin or stop them"),
    ("B", "Bots: how many of each kind"),
    ("X", "Experiment: hide the meter from half of the phones"),
    ("K", "People: find somebody, kick, make room"),
    ("U", "Undo the last round (asks)"),
    ("H", "Hold everybody in the lobby (asks)"),
    ("E", "End the game (asks)"),
    ("Z", "Reset: a new game from nothing (asks)"),
    ("S", "Save: export the session's files"),
)
"""For the presenter only: key, what it does."""
SCREEN = (
    ("F", "Full screen, without the controls"),
    ("P", "Presentation: hide or show the controls"),
    ("Q", "QR code on the whole screen, and back"),
    ("W", "Time shown: all, five minutes, one minute"),
    ("T", "Dark or light"),
    ("O", "Order flow of the crowd, in a new tab"),
    ("D", "Debrief, in a new tab"),
    ("?", "This help"),
    ("Esc", "Close a dialog; leave the presentation"),
)
"""For everybody."""


def key_help() -> list[Component]:
    """The help; the keys of the game are hidden until the server has said that this is the presenter's page."""
    return [
        html.Section([html.H3("Game"), *(_row(*row) for row in GAME)], id="herd-help-game", hidden=True),
        html.Section([html.H3("Screen"), *(_row(*row) for row in SCREEN)]),
    ]


def _row(key: str, words: str) -> Component:
    return html.Div([html.Span(words), html.Kbd(key)], className="hg-help-row")
