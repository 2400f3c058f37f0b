"""Parts of the quiz that change with each question: its head, and the text below the buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.shell import aria

HINT = "Look at the large moves: do they come in bursts? Is any far out of line? Does it return to a level?"
FACTS = (
    "The tell-tales are the stylised facts: fat tails, bursts of volatility, no memory in the returns themselves. "
    "Every instrument's card checks them live."
)


def head(number: int, of: int, right: Sequence[bool]) -> list[Component]:
    """Which question it is, a dot for each, and how many were right. number: from 0."""
    return [
        html.Span(f"Question {number + 1} of {of}", className="ix-quiz-number"),
        html.Span([dot(k, number, right) for k in range(of)], className="ix-quiz-dots", **aria(hidden="true")),
        html.Span(f"{sum(right)} right", className="ix-quiz-score"),
    ]


def dot(k: int, number: int, right: Sequence[bool]) -> Component:
    """One question among the others."""
    if k < len(right):
        return html.I("✓" if right[k] else "✗", className="ix-right-dot" if right[k] else "ix-wrong-dot")
    return html.I(className="ix-now-dot" if k == number else "")


def hint() -> Component:
    """Below a question."""
    return html.P(HINT, className="ix-quiz-hint")


def act(words: str, do: str, *, keys: str = "", focus: bool = False) -> Component:
    """A button that goes on: `do` is "next", "again" or "close"."""
    named: dict[str, Any] = {"data-hotkey": keys} if keys else {}
    return html.Button(
        words,
        id={"type": "instruments-quiz", "do": do},
        type="button",
        className="ix-button" + (" ix-primary" if focus else ""),
        autoFocus=focus,
        **named,
    )


def verdict(answer: Mapping[str, Any]) -> list[Component]:
    """After a guess. answer: of `quiz_step`."""
    kind = "ix-verdict ix-fits" if answer["right"] else "ix-verdict ix-misfit"
    words = f"{'✓ Right' if answer['right'] else '✗ Wrong'}: this is {'real' if answer['real'] else 'fake'}."
    go = act("Next" if answer["prices"] else "See the score", "next", keys="Enter N", focus=True)
    return [
        html.P(words, className=kind),
        html.P(answer["hint"]),
        html.P(f"Source: {answer['source']}", className="ix-source"),
        html.Div([go, html.Small("Enter", className="ix-small")], className="ix-buttons"),
    ]


def score(right: Sequence[bool]) -> list[Component]:
    """After the last question: how many were right, against a coin."""
    count, n = sum(right), len(right)
    chance = max(1, round(100 * sum(comb(n, k) for k in range(count, n + 1)) / 2**n))
    words = f"{judgement(count, n)} Somebody who tosses a coin gets {count} or more right in {chance} % of games."
    return [
        html.P([html.B(f"{count} of {n}"), " right"], className="ix-quiz-total"),
        html.P(words),
        html.P(FACTS, className="ix-small"),
        html.Div([act("Play again", "again", focus=True), act("Close", "close")], className="ix-buttons"),
    ]


def judgement(count: int, n: int) -> str:
    """A score in words."""
    if count >= n - 1:
        return "You know markets when you see them."
    if count >= 0.7 * n:
        return "Better than most: the models are good."
    return "About as good as a coin: that is how good the models are." if count >= 0.4 * n else "The models had you."


def fault(text: str) -> list[Component]:
    """Why there is no quiz."""
    return [html.P(text, className="ix-error"), act("Try again", "again")]
