"""Actions of the presenter by name: validates the arguments and calls the session.

Also ends rounds when their time is up and begins the next ones. Access control is left to the web layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from orderflow.errors import BadInput, Conflict, FieldError
from orderflow.herd.live.session import Session
from orderflow.herd.rules import rounds

Args = dict[str, Any]

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "start": (),
    "lobby": (),
    "freeze": (),
    "resume": (),
    "news": ("text", "move"),
    "round": ("rounds", "seconds", "fundamental", "preset", "dividend", "stop"),
    "bots": ("kind", "count"),
    "experiment": ("on",),
    "undo": (),
    "kick": ("participant",),
    "clear": (),
    "code": ("on",),
    "recover": (),
    "reset": (),
    "end": (),
}
"""Every action and the arguments it takes."""


def check(action: object, args: Args) -> str:
    """The name of the action. Raises BadInput for an unknown action or argument."""
    if not isinstance(action, str) or action not in ARGUMENTS:
        reason = f"must be one of {', '.join(ARGUMENTS)}"
        raise BadInput(f"action {reason}", [FieldError(None, "action", reason)])
    for name in args:
        if name not in ARGUMENTS[action]:
            reason = f"does not belong to {action}, which takes {', '.join(ARGUMENTS[action]) or 'nothing else'}"
            raise BadInput(f"{name[:100]} {reason}", [FieldError(None, name, reason)])
    return action


def act(session: Session, t: int, action: str, args: Args, most: int, idle: Sequence[str] = ()) -> None:
    """Perform an action, except `reset` and a `start` after the end, which replace the session. most: limit of all
    participants; idle: those whom `clear` removes.

    Raises BadInput naming the argument, Conflict if the action is not possible now, NotFound, Busy, StorageFailed.
    """
    if session.state.phase == "ended":
        raise Conflict("the game has ended; start or reset begins a new one")
    if action != "recover":
        session.check_log()
    actions: dict[str, Callable[[], object]] = {
        "start": lambda: session.set_phase(t, "open"),
        "lobby": lambda: session.set_phase(t, "lobby"),
        "freeze": lambda: session.set_phase(t, "frozen"),
        "resume": lambda: session.set_phase(t, "open"),
        "news": lambda: session.news(t, args.get("text"), args.get("move")),
        "round": lambda: _round(session, t, args),
        "bots": lambda: session.set_bots(t, args.get("kind"), args.get("count"), most),
        "experiment": lambda: session.set_experiment(t, args.get("on")),
        "undo": lambda: session.undo(t),
        "kick": lambda: session.kick(t, args.get("participant")),
        "clear": lambda: session.remove_idle(t, idle),
        "code": lambda: session.require_code(t, args.get("on")),
        "recover": lambda: session.mend(t),
        "end": lambda: end_game(session, t),
    }
    actions[action]()


def end_game(session: Session, t: int) -> None:
    """End the running round, then the game."""
    if session.state.round is not None and session.state.round.running:
        session.end_round(t, phase="ended")
    else:
        session.set_phase(t, "ended")


def is_time_up(session: Session, t: int) -> bool:
    """Whether the time of the running round is up."""
    running = session.state.round
    return running is not None and running.running and running.ends is not None and running.ends <= t


def advance_round(session: Session, t: int) -> None:
    """End the running round and begin the next one; after the last one, freeze the market."""
    last = session.state.round
    following = rounds.next_round(last) if last is not None else None
    session.end_round(t, following, "open" if following is not None else "frozen")


def _round(session: Session, t: int, args: Args) -> None:
    given = {name: value for name, value in args.items() if value is not None and name != "stop"}
    stop = args.get("stop", False)
    if not isinstance(stop, bool):
        raise BadInput("stop must be true or false", [FieldError(None, "stop", "must be true or false")])
    last = session.state.round
    if stop:
        session.end_round(t)
    elif last is not None and last.running:
        if given:
            raise Conflict(f"round {last.round} is running; stop it first")
        advance_round(session, t)
    else:
        following = rounds.next_round(last) if last is not None and not given else None
        session.begin_round(t, following or rounds.first_round(session.state.config.price, given))
