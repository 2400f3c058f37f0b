"""The live check of the stylised facts: each figure with its band, what theory says, and whether it fits, in words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from layouts.instruments_text import number, short, signed
from layouts.shell import aria
from orderflow.instruments.stylized_facts import LENGTHS

SIGNED = ("memory", "clustering", "leverage")
BOOK = (
    "Its price comes out of an order book, where trades move it too: the model's laws do not hold for it, so they are "
    "not checked."
)


class Place(NamedTuple):
    """Shares of a bar's width: the band from low to high, the value, and the theory where it is near."""

    low: float
    high: float
    at: float
    theory: float | None


def facts(card: Mapping[str, Any], held: int, scenario: str | None) -> list[Component]:
    """The section of a model card. held: prices in the instrument's history; scenario: the name of what plays."""
    found = card["facts"]
    head: list[Component] = [html.H3("Stylised facts, live", className="ix-h")]
    if not found:
        return [*head, html.P(BOOK if card["spec"]["book"] else "There is nothing to check.", className="ix-small")]
    if all(fact["ok"] is None for fact in found):
        return head + _wanting(found)
    names = [html.Th(word, scope="col") for word in ("Fact", "Here", "Band", "Theory", "Verdict")]
    table = html.Table([html.Thead(html.Tr(names)), html.Tbody([line(fact) for fact in found])], className="ix-table")
    return [*head, table, *(html.P(each, className="ix-small") for each in notes(card, held, scenario))]


def warnings(given: Sequence[str]) -> list[Component]:
    """What is allowed, yet odd, about the parameters."""
    return [html.P([html.B("⚠ Note: "), text], className="ix-warning") for text in given]


def figure(name: str, value: float | str | None) -> str:
    """A figure as it is read."""
    if value is None or isinstance(value, str):
        return value or "–"
    if value == 0:
        return "0"
    if name == "volatility":
        return f"{number(100 * value, 1 if value < 0.1 else 0)} %"
    return signed(value, 3) if name in SIGNED else short(value)


def place(fact: Mapping[str, Any]) -> Place:
    """Where a fact's figures lie on its bar."""
    value, low, high, theory = fact["value"], fact["low"], fact["high"], fact["theory"]
    inner = high - low or abs(high) or 1.0
    # a theory far outside the band would press the band into a line; it is said in words beside it
    is_number = isinstance(theory, (int, float)) and math.isfinite(theory)
    near = is_number and low - 2 * inner < theory < high + 2 * inner
    known = [low, high, value, *([theory] if near else [])]
    begin, end = min(known) - 0.15 * inner, max(known) + 0.15 * inner

    def share(x: float) -> float:
        return min(1.0, max(0.0, (x - begin) / (end - begin)))

    return Place(share(low), share(high), share(value), share(theory) if near else None)


def bar(fact: Mapping[str, Any]) -> Component:
    """The band with the value in it, or out of it."""
    at = place(fact)
    parts = [html.I(className="ix-band-ok", style={"left": f"{at.low:.2%}", "width": f"{at.high - at.low:.2%}"})]
    if at.theory is not None:
        parts.append(html.I(className="ix-band-theory", style={"left": f"{at.theory:.2%}"}))
    kind = "ix-band-at" if fact["ok"] else "ix-band-at ix-out"
    return html.Span(
        [*parts, html.I(className=kind, style={"left": f"{at.at:.2%}"})], className="ix-band", **aria(hidden="true")
    )


def line(fact: Mapping[str, Any]) -> Component:
    """One row of the table."""
    name = html.Th([html.Span(fact["title"]), html.Small(fact["doc"])], scope="row")
    if fact["ok"] is None:
        words = fact["text"].replace(f"{fact['title']}: ", "")
        return html.Tr([name, html.Td(words, colSpan=4)], className="ix-silent")
    key = fact["name"]
    band = html.Small(f"{figure(key, fact['low'])} to {figure(key, fact['high'])}")
    verdict = ("✓ fits", "ix-fits") if fact["ok"] else ("✗ does not fit", "ix-misfit")
    return html.Tr(
        [
            name,
            html.Td(figure(key, fact["value"]), className="ix-num"),
            html.Td([bar(fact), band], className="ix-band-cell"),
            html.Td(figure(key, fact["theory"]), className="ix-theory"),
            html.Td(verdict[0], className=verdict[1]),
        ]
    )


def notes(card: Mapping[str, Any], held: int, scenario: str | None) -> list[str]:
    """Sentences about what the figures are of."""
    said = []
    looked = next((length for length in LENGTHS if length < held), 0)
    if looked:
        said.append(
            f"Measured on the last {looked} returns. The band, shaded, holds 99 % of the model's own runs of this "
            "length; the bar is the value here, dots are the theory of an endless sample."
        )
    if looked and card["steps"] < looked:
        said.append(f"The last change was {number(card['steps'])} steps ago: older prices are still among these.")
    if scenario:
        said.append(f"The scenario “{scenario}” plays: what it does to the prices is not the model's.")
    if any(fact["ok"] is False for fact in card["facts"]) and not scenario and card["steps"] >= looked:
        said.append("Now and then one of seven is outside by chance: in about 7 % of the looks.")
    return said


def _wanting(found: Sequence[Mapping[str, Any]]) -> list[Component]:
    """The message while there are too few returns."""
    sentence = found[0]["text"].partition(": ")[2]
    count = re.match(r"needs (\d+) returns, there are (\d+)", sentence)
    parts: list[Component] = [html.P(f"The check {sentence}.", className="ix-too-few")]
    if count:
        parts.append(
            html.Progress(max=count[1], value=count[2], className="ix-progress", **aria(label="Returns so far"))
        )
    titles = ", ".join(fact["title"].lower().replace("(hill)", "(Hill)") for fact in found)
    return [*parts, html.P(f"Then here: {titles}.", className="ix-small")]
