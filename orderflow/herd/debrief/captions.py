"""Captions of events for the event feed. Orders, batches and joins have none, because there are too many."""

from __future__ import annotations

from orderflow.herd.rules import events
from orderflow.herd.rules.money import MICRO
from orderflow.herd.rules.state import State

PHASES = {
    "lobby": "Waiting for the market to open",
    "open": "The market is open",
    "frozen": "The market is frozen",
    "ended": "The game has ended",
}


def caption(event: events.Event, state: State) -> str | None:
    """The caption of an event; None if it has none. state: after the event."""
    match event:
        case events.PhaseChanged():
            return "The server came back" if event.paused else PHASES[event.phase]
        case events.NewsPublished():
            move = f" ({event.move:+g}%)".replace("-", "−") if event.move else ""
            return f"News: {event.text}{move}"
        case events.RoundChanged():
            return f"Round {event.number} of {event.of} {'begins' if event.state == 'begin' else 'is over'}"
        case events.DividendPaid():
            return f"Each share pays {event.amount / MICRO:,.2f}"
        case events.BotsSet():
            return f"{event.count} {event.kind} bots" if event.count != 1 else f"1 {event.kind} bot"
        case events.ExperimentSet():
            return "Experiment: half of the phones hide the crowd" if event.on else "The experiment is over"
        case events.ParticipantKicked():
            person = state.participants[event.participant]
            return f"{person.nick} was removed" if person.bot is None else None
        case events.IdleRemoved():
            return f"{len(event.participants):,} who never traded were removed"
        case events.CodeChanged():
            return "Joining needs the code on the screen" if event.required else "Joining needs no code any more"
        case events.RoundUndone():
            return f"Round {event.number} was undone"
        case _:
            return None
