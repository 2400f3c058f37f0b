"""What moves on the herd game's big screen, as values of its components' properties. Pure: the same look, the same
values; a callback sends those that differ from what the page has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import herd_text as text
from layouts.herd_controls import data
from layouts.herd_dialogs import kicks
from layouts.herd_keys import key_help
from layouts.shell import aria

STATISTICS = (
    ("connected", "Connected"),
    ("participants", "Joined"),
    ("active", "Active"),
    ("trades", "Trades"),
    ("orders", "Orders"),
    ("rejected", "Rejected"),
    ("net_position", "Net position"),
    ("imbalance", "Imbalance"),
    ("max_shares", "Most shares"),
    ("min_cash", "Least cash"),
    ("median_cash", "Median cash"),
    ("max_cash", "Most cash"),
    ("median_wealth", "Median wealth"),
    ("gini", "Gini of wealth"),
)
"""Keys of the game's statistics and their names on the screen, in the order shown."""

PHASES = {
    "lobby": ("Lobby", "The market opens soon.", "Start"),
    "open": ("Open", "The market is open.", "Freeze"),
    "frozen": ("Frozen", "The market is frozen.", "Resume"),
    "ended": ("Ended", "The game is over.", "New game"),
}
"""By phase: its name, the sentence that is read aloud, what the toolbar's first button would do."""
SIGNS = {
    **{"news": "⚡", "round": "◷", "dividend": "+", "phase": "●", "join": "→", "kick": "✕", "bots": "⚙", "undo": "↶"},
    "experiment": "⚖",
}
PLACES = ("hero", "card", "whole")
"""Where the way in is shown: instead of the chart, beside it, on the whole screen."""
FEED = 30
LEADERS = 10
NEWS_MS = 15_000
"""How long a headline stands over the chart."""
FAST, SLOW = 250, 1_000
"""ms between two looks of a presenter's page and of a viewer's."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a page may see of the game at one moment. Times in ms; amounts in currency.

    zero: where the chart begins; way: of the price lately; url, code: "" where they are kept from this page; moved:
    whether the price ever differed from the first; rounds: whether there ever was one; bots: of all kinds.
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
    url: str
    code: str
    stats: dict[str, Any]
    leaders: Sequence[dict[str, Any]]
    feed: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Children that are only made when `data`, which they show, has changed."""

    data: Any
    make: Callable[[], list[Component]]


def screen(look: Look) -> dict[str, Any]:
    """Every moving property as "id.property": its value, or Rows."""
    return {
        **_stage(look),
        **_top(look),
        **_meter(look),
        **_join(look),
        **{f"herd-stat-{key}.children": text.statistic(key, look.stats.get(key)) for key, _ in STATISTICS},
        **_lists(look),
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
        "herd-price.children": text.price(look.price),
        "herd-change.children": f"{text.arrow(way)} {text.signed(change, text.price)} ({share} %)",
        "herd-change.data-way": way,
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
    share = look.meter
    known = share is not None
    batch = f"Last batch: ▲ {look.buys}  ▼ {look.sells}" if look.buys or look.sells else ""
    return {
        "herd-meter.data-known": str(known).lower(),
        "herd-meter-bar.style": {"width": f"{100 * (0.5 if share is None else share):.1f}%"},
        "herd-meter-buy.children": f"Buyers {text.NONE if share is None else text.percent(share) + ' %'}",
        "herd-meter-sell.children": f"{text.NONE if share is None else text.percent(1 - share) + ' %'} Sellers",
        "herd-meter-batch.children": batch,
    }


def _join(look: Look) -> dict[str, Any]:
    url = text.address(look.url, look.code)
    joined = look.stats.get("participants", look.count)
    count = f"{text.number(joined)} joined · {text.number(look.stats.get('connected', 0))} connected"
    soon = look.phase == "lobby" and joined
    values: dict[str, Any] = {"herd-hero-title.children": "Scan to join: we begin soon" if soon else "Scan to join"}
    for place in PLACES:
        values |= {
            f"herd-url-{place}.children": url,
            f"herd-url-{place}.style": {"--letters": max(8, len(url))},
            f"herd-code-{place}.children": f"Code {look.code}" if look.code else "",
            f"herd-count-{place}.children": count,
            f"herd-qr-{place}.src": f"/herd/qr.svg?v={look.code}" if look.code else None,
        }
    return values


def _lists(look: Look) -> dict[str, Any]:
    leaders, feed = look.leaders[:LEADERS], list(reversed(look.feed))[:FEED]
    return {
        "herd-leaders.children": Rows(
            [look.presenter, *leaders], lambda: [_leader(i, row, look.presenter) for i, row in enumerate(leaders)]
        ),
        "herd-leaders-none.hidden": bool(leaders),
        "herd-feed.children": Rows([look.zero, *feed], lambda: [_event(entry, look.zero) for entry in feed]),
        "herd-feed-none.hidden": bool(feed),
    }


def _leader(index: int, row: dict[str, Any], presenter: bool) -> Component:
    profit = round(row["profit"])
    way = text.way(profit)
    parts = [
        html.Span(str(index + 1), className="hg-rank"),
        html.Span(row["nick"], className="hg-nick"),
        html.Span("bot" if row["bot"] else "", className="hg-bot"),
        html.Span(text.money(row["wealth"]), className="hg-wealth"),
        html.Span(f"{text.arrow(way)} {text.signed(profit, text.money)}", className="hg-profit", **data(way=way)),
    ]
    if not presenter:
        return html.Li(html.Span(parts, className="hg-leader"))
    title = f"Kick {row['nick']} …"
    return html.Li(html.Button(parts, type="button", className="hg-leader", title=title, **kicks(row)))


def _event(entry: dict[str, Any], zero: int) -> Component:
    return html.Li(
        [
            html.Time(text.NONE if entry["t"] < zero else text.span((entry["t"] - zero) / 1000)),
            html.Span(SIGNS.get(entry["kind"], "·"), className="hg-sign", **aria(hidden="true")),
            html.Span(entry["text"], className="hg-text"),
        ],
        key=f"{entry['t']} {entry['text']}",
        **data(kind=entry["kind"]),
    )


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
        "herd-help-body.children": Rows(look.presenter, lambda: key_help(look.presenter)),
    }
