"""The status line at the foot of the instruments' page, and the texts about the running scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from layouts.instruments_text import number, span, speed

EXPLAINED = "Skipped: steps left out because the machine could not keep up. Lag: how late the newest step was."


def figures(status: Mapping[str, Any], may: bool) -> str:
    """One text, as it changes with every update. status: of the simulation. may: whether the reader may change it."""
    shown = [
        f"{number(status['instruments'])} instruments",
        f"{number(status['halted'])} halted" if status["halted"] else "",
        f"{number(status['failed'])} failed" if status["failed"] else "",
        f"{number(status['steps'])} steps",
        f"{number(status['trades'])} trades",
        f"{number(status['skipped'])} skipped",
        f"lag {number(status['lag_ms'], 1)} ms",
        f"model time {span(status['time'])}",
        f"speed {speed(status['speed'])}",
        f"seed {status['seed']}",
        "" if may else "view only: the key is needed to change things",
    ]
    return "  ·  ".join(filter(None, shown))


class Playing(NamedTuple):
    """The texts about the scenario: on the button that opens the dialog, and in the dialog."""

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
