"""The moving parts of the herd game's big screen as values of its components' properties. Pure: the same state gives
the same values; a callback sends those that the page does not have. The crowd's part is in `herd_crowd`.

Parts that change together are one property, because Dash notifies all components five times per changed component.
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
"""ms between two refreshes of a presenter's page and of a viewer's."""


@dataclass(frozen=True, slots=True)
class ScreenState:
    """What a page may see of the game at one moment. Times in ms; amounts in currency.

    zero: where the chart begins; way: of the price lately; moved: whether the price ever differed from the first;
    rounds: whether there ever was one; bots: of all kinds; trouble: what is damaged or cannot be stored, ""
    if nothing; stopped: whether the game stands still because of damage.
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
    trouble: str = ""
    stopped: bool = False


def screen(state: ScreenState) -> dict[str, Any]:
    """Every property that moves with the game, as "id.property": its value."""
    return {
        **_stage(state),
        **_top(state),
        **_meter(state),
        **_toolbar(state),
        "herd-session.children": f"Session {state.session}",
        "herd-interval.interval": FAST if state.presenter else SLOW,
    }


def scene(state: ScreenState) -> str:
    """What the room should see: "join" (nobody there, or the lobby), "play" or "over"."""
    if state.phase == "ended":
        return "over"
    if state.phase == "lobby":
        return "join"
    return "play" if state.count or state.bots or state.moved else "join"


def announcement(state: ScreenState) -> str:
    """What is read aloud when it changes: the phase and the round; prices and news would never let it be silent."""
    return " ".join(part for part in (PHASES[state.phase][1], f"{_round(state)}." if state.round else "") if part)


def _stage(state: ScreenState) -> dict[str, Any]:
    fresh = state.news is not None and state.now - state.news["time"] < NEWS_MS
    return {
        "herd-stage.data-scene": scene(state),
        "herd-stage.data-phase": state.phase,
        "herd-stage.data-access": "presenter" if state.presenter else "viewer",
        "herd-stage.data-experiment": str(state.experiment).lower(),
        "herd-picture.data-way": state.way,
        "herd-news.children": state.news["text"] if state.news and fresh else "",
        "herd-news.hidden": not fresh,
        "herd-hero.hidden": scene(state) != "join",
        "herd-over.hidden": scene(state) != "over",
        "herd-announce.children": announcement(state),
        "herd-trouble.hidden": not state.trouble,
        "herd-trouble-words.children": state.trouble,
        "herd-do-recover.hidden": not (state.stopped and state.presenter),
    }


def _top(state: ScreenState) -> dict[str, Any]:
    change = state.price - state.start
    way = text.way(change, 0.005)
    share = text.signed(100 * change / state.start if state.start else 0.0, lambda value: text.number(value, 1))
    left = _left(state)
    return {
        "herd-quote.children": [
            element("Span", text.price(state.price), id="herd-price", className="hg-price"),
            element(
                "Span",
                f"{text.arrow(way)} {text.signed(change, text.price)} ({share} %)",
                id="herd-change",
                className="hg-change",
                **data(way=way),
            ),
        ],
        "herd-phase.children": PHASES[state.phase][0],
        "herd-round.children": _round(state),
        "herd-clock.children": "" if left is None else text.span(math.ceil(left)),
        "herd-clock.hidden": left is None,
        "herd-clock.data-soon": str(left is not None and left <= 10).lower(),
    }


def _round(state: ScreenState) -> str:
    if state.round is None:
        return ""
    return f"Round {state.round['round']}" + (f" of {state.round['of']}" if state.round.get("of") else "")


def _left(state: ScreenState) -> float | None:
    """Seconds of the round that are left; None without a limit."""
    if state.round is None or state.phase == "ended":
        return None
    ends, left = state.round.get("ends"), state.round.get("left")
    rest = ends - state.now if ends is not None else left
    return None if rest is None else max(0.0, rest / 1000)


def _meter(state: ScreenState) -> dict[str, Any]:
    share = 0.5 if state.meter is None else state.meter
    known = state.meter is not None
    parts = (share, 1 - share) if known else (None, None)
    buyers, sellers = (text.NONE if part is None else f"{text.percent(part)} %" for part in parts)
    batch = f"Last batch: ▲ {state.buys}  ▼ {state.sells}" if state.buys or state.sells else ""
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


def _toolbar(state: ScreenState) -> dict[str, Any]:
    ended, running = state.phase == "ended", state.round is not None
    return {
        "herd-tools.hidden": not state.presenter,
        "herd-viewer.hidden": state.presenter,
        "herd-toggle-words.children": PHASES[state.phase][2],
        **{f"herd-do-{name}.disabled": ended for name in ("news", "round", "bots", "experiment", "end")},
        "herd-do-lobby.disabled": ended or state.phase == "lobby",
        "herd-do-undo.disabled": ended or not (running or state.rounds),
        "herd-do-experiment.aria-pressed": str(state.experiment).lower(),
        "herd-round-idle.hidden": running,
        "herd-round-running.hidden": not running,
        "herd-send-round.hidden": running,
        "herd-help-game.hidden": not state.presenter,
    }
