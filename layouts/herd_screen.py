"""What moves on the herd game's big screen, as values of its components' properties. Pure: the same look, the same
values; a callback sends those that differ from what the page has. The crowd's part is in `herd_crowd`.

What moves together is sent together: for each component that changes by itself Dash tells all others five times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from layouts import herd_text as text
from layouts.herd_controls import data, element
from layouts.shell import aria

PHASES = {
    "lobby": ("Lobby", "The market opens soon.", "Start"),
    "open": ("Open", "The market is open.", "Freeze"),
    "frozen": ("Frozen", "The market is frozen.", "Resume"),
    "ended": ("Ended", "The game is over.", "New game"),
}
"""By phase: its name, the sentence that is read aloud, what the toolbar's first button would do."""
NEWS_MS = 15_000
"""How long a headline stands over the chart."""
FAST, SLOW = 250, 1_000
"""ms between two looks of a presenter's page and of a viewer's."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a page may see of the game at one moment. Times in ms; amounts in currency.

    zero: where the chart begins; way: of the price lately; moved: whether the price ever differed from the first;
    rounds: whether there ever was one; bots: of all kinds.
    """

    presenter: bool
    now: int
    session: str
    zero: int
    phase: str
    price: float
    start: float
    way: str
    round: dict[str, Any] | None
    meter: float | None
    buys: int
    sells: int
    news: dict[str, Any] | None
    count: int
    bots: int
    moved: bool
    rounds: bool
    experiment: bool


def screen(look: Look) -> dict[str, Any]:
    """Every property that moves with the game, as "id.property": its value."""
    return {
        **_stage(look),
        **_top(look),
        **_meter(look),
        **_toolbar(look),
        "herd-session.children": f"Session {look.session}",
        "herd-interval.interval": FAST if look.presenter else SLOW,
    }


def scene(look: Look) -> str:
    """What the room should see: "join" (nobody there, or the lobby), "play" or "over"."""
    if look.phase == "ended":
        return "over"
    if look.phase == "lobby":
        return "join"
    return "play" if look.count or look.bots or look.moved else "join"


def announcement(look: Look) -> str:
    """What is read aloud when it changes: the phase and the round; prices and news would never let it be silent."""
    return " ".join(part for part in (PHASES[look.phase][1], f"{_round(look)}." if look.round else "") if part)


def _stage(look: Look) -> dict[str, Any]:
    fresh = look.news is not None and look.now - look.news["time"] < NEWS_MS
    return {
        "herd-stage.data-scene": scene(look),
        "herd-stage.data-phase": look.phase,
        "herd-stage.data-access": "presenter" if look.presenter else "viewer",
        "herd-stage.data-experiment": str(look.experiment).lower(),
        "herd-picture.data-way": look.way,
        "herd-news.children": look.news["text"] if look.news and fresh else "",
        "herd-news.hidden": not fresh,
        "herd-hero.hidden": scene(look) != "join",
        "herd-over.hidden": scene(look) != "over",
        "herd-announce.children": announcement(look),
    }


def _top(look: Look) -> dict[str, Any]:
    change = look.price - look.start
    way = text.way(change, 0.005)
    share = text.signed(100 * change / look.start if look.start else 0.0, lambda value: text.number(value, 1))
    left = _left(look)
    return {
        "herd-quote.children": [
            element("Span", text.price(look.price), id="herd-price", className="hg-price"),
            element(
                "Span",
                f"{text.arrow(way)} {text.signed(change, text.price)} ({share} %)",
                id="herd-change",
                className="hg-change",
                **data(way=way),
            ),
        ],
        "herd-phase.children": PHASES[look.phase][0],
        "herd-round.children": _round(look),
        "herd-clock.children": "" if left is None else text.span(math.ceil(left)),
        "herd-clock.hidden": left is None,
        "herd-clock.data-soon": str(left is not None and left <= 10).lower(),
    }


def _round(look: Look) -> str:
    if look.round is None:
        return ""
    return f"Round {look.round['round']}" + (f" of {look.round['of']}" if look.round.get("of") else "")


def _left(look: Look) -> float | None:
    """Seconds of the round that are left; None without a limit."""
    if look.round is None or look.phase == "ended":
        return None
    ends, left = look.round.get("ends"), look.round.get("left")
    rest = ends - look.now if ends is not None else left
    return None if rest is None else max(0.0, rest / 1000)


def _meter(look: Look) -> dict[str, Any]:
    share = 0.5 if look.meter is None else look.meter
    known = look.meter is not None
    parts = (share, 1 - share) if known else (None, None)
    buyers, sellers = (text.NONE if part is None else f"{text.percent(part)} %" for part in parts)
    batch = f"Last batch: ▲ {look.buys}  ▼ {look.sells}" if look.buys or look.sells else ""
    return {
        "herd-meter.data-known": str(known).lower(),
        "herd-meter-now.children": [
            element(
                "Div",
                [
                    element("Span", f"Buyers {buyers}", id="herd-meter-buy", className="hg-meter-buy"),
                    element("Span", batch, id="herd-meter-batch", className="hg-meter-batch"),
                    element("Span", f"{sellers} Sellers", id="herd-meter-sell", className="hg-meter-sell"),
                ],
                className="hg-meter-words",
            ),
            element("Div", "", className="hg-meter-track", style={"--share": round(share, 3)}, **aria(hidden="true")),
        ],
    }


def _toolbar(look: Look) -> dict[str, Any]:
    ended, running = look.phase == "ended", look.round is not None
    return {
        "herd-tools.hidden": not look.presenter,
        "herd-viewer.hidden": look.presenter,
        "herd-toggle-words.children": PHASES[look.phase][2],
        **{f"herd-do-{name}.disabled": ended for name in ("news", "round", "bots", "experiment", "end")},
        "herd-do-lobby.disabled": ended or look.phase == "lobby",
        "herd-do-undo.disabled": ended or not (running or look.rounds),
        "herd-do-experiment.aria-pressed": str(look.experiment).lower(),
        "herd-round-idle.hidden": running,
        "herd-round-running.hidden": not running,
        "herd-send-round.hidden": running,
        "herd-help-game.hidden": not look.presenter,
    }
