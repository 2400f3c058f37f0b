"""The dialogs of the instruments' page: one instrument with its model card, restart, scenarios, the quiz, help.

They are Mantine's modals, which keep the focus and give it back. All are in the page's tree from the start, so that
callbacks find what they fill; in the document they are while they are open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.figures.instruments import price_figure, quiz_figure
from layouts.instruments_text import span
from layouts.shell import ONCE, aria

DIALOGS = ("detail", "restart", "scenario", "quiz", "help")
"""Names of the dialogs: ids `instruments-dialog-…`."""

CARD_INTERVAL = 2000
"""ms between two refreshes of the model card of the open instrument."""

KEYS = (
    ("/", "Search"),
    ("← → ↑ ↓", "From instrument to instrument"),
    ("Enter", "Open the instrument"),
    ("Esc", "Close a dialog; empty the search"),
    ("P", "Pause or go on"),
    ("+", "Faster"),
    ("-", "Slower"),
    ("S", "Scenarios"),
    ("Q", "Real or fake?"),
    ("1 R", "In the quiz: real"),
    ("2 F", "In the quiz: fake"),
    ("N", "Dark or light"),
    ("?", "This help"),
)
"""Keys of the page as the help lists them: keys, words."""

MARKS = (
    ("▲ ▼", "change since the instrument's start, with its sign; ■ for none"),
    ("σ", "how much the price moves in a minute: the root of the squared changes in the row's window, for one minute"),
    ("Dashed line", "the price at the start"),
    ("Halted", "a scenario has stopped the trading of it"),
    ("Failed", "its model has left the range of prices that can be kept; the row says why when it is opened"),
)
"""What the marks on a row mean, for the help."""


def data(**values: str) -> dict[str, Any]:
    """`data-…` attributes for a component, as `aria` makes the others."""
    return {f"data-{name}": value for name, value in values.items()}


def button(words: Any, id: Any, *, keys: str = "", kind: str = "default", title: str = "", **more: Any) -> Component:
    """A button. keys: that press it, separated by spaces; kind: Mantine's variant; title: a tooltip."""
    named: dict[str, Any] = data(hotkey=keys) if keys else {}
    if title:
        named["buttonProps"] = {"title": title}
    return dmc.Button(words, id=id, variant=kind, size="compact-md", **named, **more)


def dialog(name: str, title: str, size: str, children: Sequence[Component], *, keep: bool = False) -> Component:
    """A modal of the page, closed. keep: its parts stay in the document while it is closed, where they cost a little
    with every update of the page."""
    return dmc.Modal(
        id=f"instruments-dialog-{name}",
        title=html.Span(title, id=f"instruments-title-{name}"),
        size=size,
        opened=False,
        keepMounted=keep,
        zIndex=300,
        transitionProps={"duration": 0},
        className=f"ix-dialog ix-dialog-{name}",
        closeButtonProps=aria(label="Close"),
        children=list(children),
    )


def detail() -> Component:
    """One instrument: price and chart at the left, the model card at the right."""
    return dialog(
        "detail",
        "Instrument",
        "min(1360px, 96vw)",
        [
            html.Div(
                [
                    html.Section([now(), plot(), html.Div(id="instruments-facts", className="ix-facts")],
                                 className="ix-left", **aria(label="Prices")),
                    html.Section(card(), className="ix-right", **aria(label="Model card")),
                ],
                className="ix-detail",
            )
        ],
        keep=True,  # points that are on their way when it closes must find their graph
    )  # fmt: skip


def now() -> Component:
    """Price, change, marks, and the quote of an order book."""
    return html.Div(
        [
            html.Div(
                [
                    html.Span("–", id="instruments-price", className="ix-big"),
                    html.Span(id="instruments-change", className="ix-change"),
                    html.Span(id="instruments-marks", className="ix-marks"),
                    html.A("Order flow →", id="instruments-flow", href="/chart/", className="ix-flow"),
                ],
                className="ix-now",
            ),
            html.Div(id="instruments-quote", className="ix-quote", hidden=True),
        ]
    )


def plot() -> Component:
    """The price chart: Plotly's own crosshair and zoom; the line below reads the crosshair."""
    return html.Div(
        [
            html.Div(
                dcc.Graph(
                    id="instruments-graph",
                    figure=price_figure([], [], None),
                    config={"displayModeBar": False, "doubleClick": "reset+autosize", "showTips": False},
                    responsive=True,
                    clear_on_unhover=True,
                    className="ix-plot",
                ),
                id="instruments-plot",
                className="ix-plot-frame",
                tabIndex=0,
                role="application",
                **aria(label="Price chart. The arrow keys move the crosshair along the prices."),
            ),
            html.Div(
                [
                    html.Span(id="instruments-readout", className="ix-readout", role="status"),
                    html.Span("Live", id="instruments-line", className="ix-line ix-live-text"),
                ],
                className="ix-under",
            ),
        ]
    )


def card() -> list[Component]:
    """The form of the model, and the buttons that act on it."""
    return [
        html.Div(id="instruments-warnings"),
        html.Div(id="instruments-card", className="ix-form"),
        html.P(id="instruments-form-message", className="ix-error", role="alert"),
        html.Div(
            [
                button("Apply", "instruments-apply", kind="filled", disabled=True, **ONCE),
                button("Discard", "instruments-discard", disabled=True),
                dmc.Menu(
                    [
                        dmc.MenuTarget(
                            button("Take all changes back", "instruments-back", kind="subtle", color="gray")
                        ),
                        dmc.MenuDropdown(
                            dmc.MenuItem("Really? It begins anew", id="instruments-back-sure", color="red")
                        ),
                    ],
                    position="top-end",
                    zIndex=400,
                ),
            ],
            className="ix-buttons ix-sticky",
        ),
        dcc.Interval(id="instruments-card-interval", interval=CARD_INTERVAL, max_intervals=0),
    ]


def restart() -> Component:
    """The dialog that confirms a restart, because it deletes ticks."""
    return dialog(
        "restart",
        "Restart the simulation",
        "460px",
        [
            html.P(
                "All instruments begin anew at their first prices. Their history and their trades are forgotten. "
                "The same seed gives the same prices again."
            ),
            dmc.TextInput(
                id="instruments-seed",
                label="Seed",
                autoComplete="off",
                debounce=True,  # so Enter sends the text with itself
                inputProps={"inputMode": "numeric"},
            ),
            html.Div(
                [
                    button("Restart", "instruments-restart", kind="filled", **ONCE),
                    button("Another seed", "instruments-dice", title="Put a random number there"),
                    button("Cancel", "instruments-cancel", kind="subtle", color="gray"),
                ],
                className="ix-buttons",
            ),
        ],
    )


def scenarios(bundled: Sequence[Mapping[str, Any]]) -> Component:
    """Play a bundled scenario or one's own."""
    listed = [scenario(one) for one in bundled] or [html.Li("None came with this program.", className="ix-small")]
    return dialog(
        "scenario",
        "Scenarios",
        "760px",
        [
            html.Div(
                [
                    html.Span("No scenario plays.", id="instruments-scenario-now"),
                    button("■ Stop", "instruments-stop", disabled=True),
                ],
                className="ix-playing",
                role="status",
            ),
            html.H3("Bundled", className="ix-h"),
            html.Ul(listed, className="ix-scenarios"),
            html.H3("Your own", className="ix-h"),
            html.P(
                "TOML, or JSON of the same shape: events with kind, at (seconds) and instruments. "
                "Kinds: shock, volatility, flash_crash, halt.",
                className="ix-small",
            ),
            dcc.Upload(
                dmc.Textarea(
                    id="instruments-scenario-text",
                    className="ix-code",
                    minRows=8,
                    maxRows=8,
                    autosize=True,
                    spellCheck=False,
                    placeholder='[[events]]\nkind = "shock"\nat = 5\npercent = -4',
                    inputProps=aria(label="Text of your scenario"),
                ),
                id="instruments-scenario-drop",
                disable_click=True,
                className_active="ix-dropping",
            ),
            html.Div(id="instruments-scenario-errors", className="ix-errors", role="alert", hidden=True),
            html.Div(
                [
                    button("Play this", "instruments-play-own", kind="filled", **ONCE),
                    dcc.Upload(
                        button("From a file …", "instruments-file"),
                        id="instruments-scenario-file",
                        accept=".toml,.json,.txt,text/plain,application/json",
                    ),
                    button("An example", "instruments-example", kind="subtle", color="gray"),
                ],
                className="ix-buttons",
            ),
        ],
    )


def scenario(one: Mapping[str, Any]) -> Component:
    """A bundled scenario with a button that plays it; one that cannot be played here says why."""
    fault = one.get("fault")
    length = "" if fault else ("every " if one.get("loop") else "") + span(one["seconds"])
    words = html.P(fault, className="ix-error") if fault else html.P(one["description"])
    play = button(
        "Play",
        {"type": "instruments-play", "name": one["name"]},
        disabled=bool(fault),
        **aria(label=f"Play {one['title']}"),
    )
    return html.Li(
        [html.Div([html.B(one["title"]), html.Small(length), words]), play],
        id={"type": "instruments-scenario", "title": one["title"]},
        className="ix-scenario",
    )


def quiz() -> Component:
    """Is it a market or a model? The questions come from the server, the answers after the guess."""
    return dialog(
        "quiz",
        "Real or fake?",
        "860px",
        [
            html.Div(
                [
                    html.Div(id="instruments-quiz-head", className="ix-quiz-head"),
                    html.Div(
                        dcc.Graph(
                            id="instruments-quiz-graph",
                            figure=quiz_figure([]),
                            config={"staticPlot": True},
                            responsive=True,
                        ),
                        className="ix-quiz-chart",
                        role="img",
                        **aria(label="Prices, without their scale"),
                    ),
                    html.Div(
                        [
                            guess("Real", "a recorded market", "1 or R", "instruments-quiz-real", "1 R"),
                            guess("Fake", "made by a model", "2 or F", "instruments-quiz-fake", "2 F"),
                        ],
                        className="ix-guesses",
                    ),
                    html.Div(id="instruments-quiz-answer", className="ix-answer", role="status", **aria(live="polite")),
                ],
                id="instruments-quiz-page",
                className="ix-quiz",
                **data(state="none"),
            )
        ],
    )


def guess(words: str, small: str, shown: str, id: str, keys: str) -> Component:
    """One of the two large buttons."""
    parts = [html.Span(words), html.Small(small), html.Kbd(shown)]
    return html.Button(parts, id=id, type="button", className="ix-guess", disabled=True, **data(hotkey=keys))


def help_dialog() -> Component:
    """The keys, and what the marks mean."""
    keys = [
        html.Div([html.Span(words), html.Span([html.Kbd(key) for key in names.split()])], className="ix-help-row")
        for names, words in KEYS
    ]
    marks = [part for name, words in MARKS for part in (html.Dt(name), html.Dd(words))]
    return dialog(
        "help",
        "Keyboard and definitions",
        "620px",
        [
            html.Div(keys, id="instruments-help-keys", className="ix-help-keys"),
            html.H3("In the rows", className="ix-h"),
            html.Dl(marks, className="ix-help-marks"),
            html.P(
                [
                    "The same data by program: ",
                    html.A("routes and sockets", href="/docs"),
                    ". Everything here is simulated; no price is of a market.",
                ],
                className="ix-small",
            ),
        ],
    )
