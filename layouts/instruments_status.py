"""The line of figures at the foot of the instruments' page, and what is said of the scenario that plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from layouts.instruments_text import number, span, speed

SKIPPED = "Steps left out because the machine could not keep up"


def figures(status: Mapping[str, Any], may: bool) -> list[Component]:
    """status: of the simulation. may: whether the reader may change it."""
    shown = [
        ("instruments", number(status["instruments"])),
        ("halted", number(status["halted"]) if status["halted"] else ""),
        ("failed", number(status["failed"]) if status["failed"] else ""),
        ("steps", number(status["steps"])),
        ("trades", number(status["trades"])),
        ("skipped", number(status["skipped"])),
        ("lag", f"{number(status['lag_ms'], 1)} ms"),
        ("model time", span(status["time"])),
        ("speed", speed(status["speed"])),
        ("seed", str(status["seed"])),
        ("view only", "" if may else "the key is needed to change things"),
    ]
    return [figure(name, text) for name, text in shown if text]


def figure(name: str, text: str) -> Component:
    """One figure with its name."""
    kind = "ix-stat ix-view-only" if name == "view only" else "ix-stat"
    return html.Span([html.Small(name), html.B(text)], className=kind, title=SKIPPED if name == "skipped" else None)


class Playing(NamedTuple):
    """What is said of the scenario: on the button that opens the dialog, and in the dialog."""

    button: str
    line: str


def playing(status: Mapping[str, Any], bundled: Sequence[Mapping[str, Any]]) -> Playing:
    """status: of the simulation. bundled: the scenarios whose length is known, by their title."""
    title, time = status["scenario"], status["scenario_time"]
    if title is None or time is None:
        return Playing("Scenario …", "No scenario plays.")
    known = next((one for one in bundled if one["title"] == title and not one.get("fault")), None)
    over = known is not None and not known["loop"] and time > known["seconds"]
    if over:
        at = "over"
    elif known is not None:
        at = f"{span(time % known['seconds'] if known['loop'] else time)} of {span(known['seconds'])}"
    else:
        at = span(time)
    return Playing(f"{title} · {at}", f"{'Was played' if over else 'Plays'}: {title} · {at}")
