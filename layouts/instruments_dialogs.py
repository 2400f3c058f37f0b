"""The dialogs of the instruments' page: one instrument with its model card, restart, scenarios, the quiz, help.

They are Mantine's modals, which keep the focus and give it back; all are in the document from the start, so that the
page's script finds what it fills. What a button does is in its `data-do` attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import aria

DIALOGS = ("detail", "restart", "scenario", "quiz", "help")
"""Names of the dialogs: ids `instruments-dialog-…`."""

MARKS = (
    ("▲ ▼", "change since the instrument's start, with its sign; ■ for none"),
    ("σ", "how much the price moves in a minute: the root of the squared changes in the card's window, for one minute"),
    ("Dashed line", "the price at the start"),
    ("Halted", "a scenario has stopped the trading of it"),
    ("Failed", "its model has left the range of prices that can be kept; the card says why when it is opened"),
)
"""What the marks on a card mean, for the help."""


def data(**values: str) -> dict[str, Any]:
    """`data-…` attributes for a component, as `aria` makes the others."""
    return {f"data-{name}": value for name, value in values.items()}


def button(words: str, do: str, *, kind: str = "", id: str | None = None, title: str | None = None) -> Component:
    """A button. do: what it does; kind: of the look."""
    named: dict[str, Any] = {key: value for key, value in (("id", id), ("title", title)) if value}
    return html.Button(words, type="button", className=f"ix-button {kind}".strip(), **data(do=do), **named)


def dialog(name: str, title: str, size: str, children: Sequence[Component]) -> Component:
    """A modal of the page, closed."""
    return dmc.Modal(
        id=f"instruments-dialog-{name}",
        title=html.Span(title, id=f"instruments-title-{name}"),
        size=size,
        opened=False,
        keepMounted=True,
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
                className="ix-detail",
                children=[
                    html.Section(
                        className="ix-left",
                        children=[
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
                            html.Div(
                                [
                                    html.Div(id="instruments-plot", className="ix-plot"),
                                    html.Div(id="instruments-cross", className="ix-cross", hidden=True),
                                    html.P(id="instruments-plot-note", className="ix-plot-note"),
                                ],
                                className="ix-plot-frame",
                                tabIndex=0,
                                role="application",
                                **aria(label="Price chart. The arrow keys move the crosshair along the prices."),
                            ),
                            html.Div(
                                [
                                    html.Span(id="instruments-readout", className="ix-readout", role="status"),
                                    html.Span(id="instruments-line", className="ix-line"),
                                ],
                                className="ix-under",
                            ),
                            html.Div(id="instruments-facts", className="ix-facts"),
                        ],
                        **aria(label="Prices"),
                    ),
                    html.Section(id="instruments-card", className="ix-right", **aria(label="Model card")),
                ],
            )
        ],
    )


def restart() -> Component:
    """Begin anew: asks first, as ticks are forgotten."""
    return dialog(
        "restart",
        "Restart the simulation",
        "460px",
        [
            html.P(
                "All instruments begin anew at their first prices. Their history and their trades are forgotten. "
                "The same seed gives the same prices again."
            ),
            html.Div(id="instruments-seed-host", className="ix-form-row"),
            html.P(id="instruments-restart-error", className="ix-error", role="alert"),
            html.Div(
                [
                    button("Restart", "restart-go", kind="ix-primary", id="instruments-restart-go"),
                    button("Another seed", "restart-dice", title="Put a random number there"),
                    button("Cancel", "close", kind="ix-plain"),
                ],
                className="ix-buttons",
            ),
        ],
    )


def scenarios() -> Component:
    """Play a bundled scenario or one's own."""
    return dialog(
        "scenario",
        "Scenarios",
        "760px",
        [
            html.Div(id="instruments-scenario-now", className="ix-playing", role="status"),
            html.H3("Bundled", className="ix-h"),
            html.Ul(id="instruments-scenario-list", className="ix-scenarios"),
            html.H3("Your own", className="ix-h"),
            html.P(
                "TOML, or JSON of the same shape: events with kind, at (seconds) and instruments. "
                "Kinds: shock, volatility, flash_crash, halt.",
                className="ix-small",
            ),
            html.Div(id="instruments-scenario-own"),
            html.Div(id="instruments-scenario-errors", className="ix-errors", role="alert", hidden=True),
            html.Div(
                [
                    button("Play this", "scenario-own", kind="ix-primary"),
                    button("From a file …", "scenario-file"),
                    button("An example", "scenario-example", kind="ix-plain"),
                ],
                className="ix-buttons",
            ),
        ],
    )


def quiz() -> Component:
    """Is it a market or a model? The questions come from the server, the answers after the guess."""
    return dialog(
        "quiz",
        "Real or fake?",
        "860px",
        [
            html.Div(
                id="instruments-quiz",
                className="ix-quiz",
                children=[
                    html.Div(id="instruments-quiz-head", className="ix-quiz-head"),
                    html.Div(
                        html.Canvas(
                            id="instruments-quiz-chart", role="img", **aria(label="Prices, without their scale")
                        ),
                        className="ix-quiz-chart",
                    ),
                    html.Div(
                        [
                            html.Button(
                                [html.Span("Real"), html.Small("a recorded market"), html.Kbd("1 or R")],
                                type="button",
                                className="ix-guess ix-guess-real",
                                **data(do="quiz-real"),
                            ),
                            html.Button(
                                [html.Span("Fake"), html.Small("made by a model"), html.Kbd("2 or F")],
                                type="button",
                                className="ix-guess ix-guess-fake",
                                **data(do="quiz-fake"),
                            ),
                        ],
                        id="instruments-quiz-guess",
                        className="ix-guesses",
                    ),
                    html.Div(id="instruments-quiz-answer", className="ix-answer", role="status", **aria(live="polite")),
                ],
            )
        ],
    )


def help_dialog() -> Component:
    """Keys, which the script fills in by the table that it acts by, and what the marks mean."""
    marks = [part for name, words in MARKS for part in (html.Dt(name), html.Dd(words))]
    return dialog(
        "help",
        "Keyboard and definitions",
        "620px",
        [
            html.Div(id="instruments-help-keys", className="ix-help-keys"),
            html.H3("On the cards", className="ix-h"),
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
