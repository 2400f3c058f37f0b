"""What the presenter's buttons and dialogs of the herd game do: one control of the game each, plain functions.

They do what `POST /herd/control` does, by the same function, `Game.control`, which checks the arguments.
"""

from __future__ import annotations

import math
from typing import Any

from dash import no_update

from orderflow.errors import BadInput, OrderflowError
from orderflow.herd.live.game import Game

TOGGLE = {
    "lobby": ("start", "The market is open."),
    "open": ("freeze", "The market is frozen."),
    "frozen": ("resume", "The market is open again."),
}
"""By phase: what the toolbar's first button does, and what is said when it is done."""
SSW_ROUNDS, USUAL_ROUNDS = 15, 3
NEWS_FIELDS = ("text", "move")
ROUND_FIELDS = ("rounds", "seconds", "fundamental", "dividend")

Values = dict[str, Any]


class Refused(Exception):
    """What the presenter is told instead: `fields`: reason by field; `text`: what belongs to none of them."""

    def __init__(self, text: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.fields = fields or {}


def control(game: Game, action: str, values: Values, fields: tuple[str, ...] = ()) -> None:
    """One control of the game. Raises Refused; fields: those of the dialog, at which an error can be shown."""
    try:
        game.control(action, **values)
    except BadInput as error:
        at = {fault.field: f"It {fault.reason}." for fault in error.errors if fault.field in fields}
        raise Refused("" if at else str(error), {str(name): reason for name, reason in at.items()}) from error
    except OrderflowError as error:
        raise Refused(str(error)) from error


def publish(game: Game, text: object, move: object) -> str:
    """Send a headline; what is said when it is done. Raises Refused."""
    words = words_of(text).strip()
    if not words:
        raise Refused("", {"text": "A headline is missing."})
    control(game, "news", {"text": words, "move": amount(move) or 0}, NEWS_FIELDS)
    return "Published."


def begin_rounds(
    game: Game, kind: object, rounds: object, seconds: object, fundamental: object, dividend: object
) -> str:
    """Begin rounds of a kind of ROUNDS. Raises Refused."""
    values: Values = {"rounds": amount(rounds), "seconds": amount(seconds)}
    if not values["rounds"] or not values["seconds"]:
        raise Refused("How many rounds, and how long is each?")
    if kind == "ssw":
        values["preset"] = "ssw"
    elif kind == "value":
        values["fundamental"] = amount(fundamental)
        if values["fundamental"] is None:
            raise Refused("", {"fundamental": "The fundamental value is missing."})
        if amount(dividend):
            values["dividend"] = amount(dividend)
    control(game, "round", values, ROUND_FIELDS)
    return "The rounds begin."


def set_bots(game: Game, counts: dict[str, object]) -> str:
    """Set the numbers of bots that differ from the present ones. counts: by kind. Raises Refused."""
    present = game.bots
    changed = {kind: amount(count) or 0 for kind, count in counts.items()}
    changed = {kind: count for kind, count in changed.items() if count != present.get(kind, 0)}
    for kind, count in changed.items():
        try:
            control(game, "bots", {"kind": kind, "count": count}, ("count",))
        except Refused as refused:
            at = {kind: refused.fields["count"]} if "count" in refused.fields else {}
            raise Refused(refused.text, at) from refused
    return "The bots are set." if changed else "Nothing has changed."


def toggle(game: Game) -> str | None:
    """Start, freeze or resume; None after the end, when a new game asks first. Raises Refused."""
    if game.phase not in TOGGLE:
        return None
    action, done = TOGGLE[game.phase]
    control(game, action, {})
    return done


def experiment(game: Game) -> str:
    """Begin the experiment, or end it. Raises Refused."""
    on = not game.experiment
    control(game, "experiment", {"on": on})
    return "Half of the phones and this screen see no meter." if on else "Everybody sees the meter again."


def guard(game: Game) -> str:
    """Require a new code for joining, or none any more. Raises Refused."""
    on = not game.guarded
    control(game, "code", {"on": on})
    return f"Joining needs the new code {game.code} now." if on else "Everybody can join without a code."


def remove_idle(game: Game) -> str:
    """Remove those who never sent an order and have no page open. Raises Refused."""
    before = game.count
    control(game, "clear", {})
    return f"{before - game.count:,} are removed."


def words_of(value: object) -> str:
    """The text in a field; "" when it is empty or none."""
    return value if isinstance(value, str) else ""


def amount(value: object) -> float | int | None:
    """The number in a field; None when it is empty or none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else value


def asked_about(request: object) -> tuple[str, str]:
    """(participant, nick) of the store that a button to kick has filled; ("", "") for anything else."""
    given = request if isinstance(request, dict) else {}
    return words_of(given.get("participant")), words_of(given.get("nick"))


def rounds_of_kind(kind: object, rounds: object) -> tuple[bool, bool, Any]:
    """(no value fields, no explanation of SSW, the number of rounds that is usual) for a kind of rounds."""
    usual: Any = SSW_ROUNDS if kind == "ssw" else USUAL_ROUNDS if rounds == SSW_ROUNDS else no_update
    return kind != "value", kind != "ssw", usual
