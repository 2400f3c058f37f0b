"""What happened, in words for the event feed. Orders, batches and joins are not told: there are too many."""

from __future__ import annotations

from orderflow.herd.rules.events import Event
from orderflow.herd.rules.money import MICRO
from orderflow.herd.rules.state import State

PHASES = {
    "lobby": "Waiting for the market to open",
    "open": "The market is open",
    "frozen": "The market is frozen",
    "ended": "The game has ended",
}


def caption(event: Event, state: State) -> str | None:
    """The event in words; None when it is not told. state: after the event."""
    kind = event["e"]
    if kind == "phase":
        return "The server came back" if "paused" in event else PHASES[event["phase"]]
    if kind == "news":
        move = f" ({event['move']:+g}%)".replace("-", "−") if event["move"] else ""
        return f"News: {event['text']}{move}"
    if kind == "round":
        return f"Round {event['round']} of {event['of']} {'begins' if event['state'] == 'begin' else 'is over'}"
    if kind == "dividend":
        return f"Each share pays {event['amount'] / MICRO:,.2f}"
    if kind == "bots":
        return f"{event['count']} {event['kind']} bots" if event["count"] != 1 else f"1 {event['kind']} bot"
    if kind == "experiment":
        return "Experiment: half of the phones hide the crowd" if event["on"] else "The experiment is over"
    if kind == "kick":
        person = state.participants[event["p"]]
        return f"{person.nick} was removed" if person.bot is None else None
    if kind == "undo":
        return f"Round {event['round']} was undone"
    return None
