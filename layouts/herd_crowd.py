"""What the herd game's big screen tells of the crowd: the way in, the leaders, the events, the statistics.

Pure, as values of its components' properties. The style sheet writes what stands in `data-name`, `data-rank` and
`data-sign`: each component costs the page time whenever another one changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from layouts import herd_text as text
from layouts.herd_controls import data, element
from layouts.herd_dialogs import BOTS, kicks

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
PLACES = ("hero", "card", "whole")
"""Where the way in is shown: instead of the chart, beside it, on the whole screen."""
OBSTACLES = {
    "loopback": "Phones cannot reach this address: the server listens on this machine only. Start it with --lan, or set"
    " public_url, and they can join.",
    "network": "Phones cannot reach this address: this machine has no address in a network. Connect it to the phones'"
    " network, or set public_url.",
    "public_url": "Phones cannot reach this address: public_url names this machine only. Set it to an address that they"
    " can open, or leave it out and start the server with --lan.",
}
"""What is said beside an address that phones cannot open, by the reason."""
FEED = 30
LEADERS = 10

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a page may see of the crowd at one moment. Times in ms; amounts in currency.

    zero: where the chart begins; url, code: "" where they are kept from this page; waiting: in the lobby; bots: their
    number by kind; stats: numbers by the keys of STATISTICS; leaders: highest profit first; feed: oldest first;
    obstacle: a key of OBSTACLES, "" if phones can open the url; guarded: joining needs the code by
    the presenter's will.
    """

    presenter: bool
    zero: int
    url: str
    code: str
    waiting: bool
    bots: Mapping[str, int]
    stats: Json
    leaders: Sequence[Json]
    feed: Sequence[Json]
    obstacle: str = ""
    guarded: bool = False


def crowd(seen: Crowd) -> Json:
    """Every property that tells of the crowd, as "id.property": its value."""
    leaders, feed = seen.leaders[:LEADERS], list(reversed(seen.feed))[:FEED]
    return {
        **_join(seen),
        "herd-stats.children": statistics(seen.stats),
        "herd-do-bots.data-fill": json.dumps({f"herd-bots-{kind}": seen.bots.get(kind, 0) for kind, _, _ in BOTS}),
        "herd-leaders.children": [_leader(i, row, seen.presenter) for i, row in enumerate(leaders)],
        "herd-leaders-none.hidden": bool(leaders),
        "herd-feed.children": [_event(entry, seen.zero) for entry in feed],
        "herd-feed-none.hidden": bool(feed),
        **(_crowding(seen) if seen.presenter else {}),
    }


def statistics(stats: Json) -> list[Json]:
    """Each figure with its name; "–" for those that are not known."""
    return [
        element(
            "Div",
            text.statistic(key, stats.get(key)),
            id=f"herd-stat-{key}",
            className="hg-stat",
            **data(name=name),
        )
        for key, name in STATISTICS
    ]


def _join(seen: Crowd) -> Json:
    url = text.address(seen.url, seen.code)
    joined = seen.stats.get("participants", 0)
    count = f"{text.number(joined)} joined · {text.number(seen.stats.get('connected', 0))} connected"
    soon = seen.waiting and joined
    values: Json = {"herd-hero-title.children": "Scan to join: we begin soon" if soon else "Scan to join"}
    for place in PLACES:
        values |= {
            f"herd-url-{place}.children": url,
            f"herd-url-{place}.style": {"--letters": max(8, len(url))},
            f"herd-code-{place}.children": f"Code {seen.code}" if seen.code else "",
            f"herd-count-{place}.children": count,
            f"herd-obstacle-{place}.children": OBSTACLES.get(seen.obstacle, ""),
            f"herd-obstacle-{place}.hidden": not seen.obstacle,
            f"herd-qr-{place}.src": f"/herd/qr.svg?v={seen.code}" if seen.code else None,
        }
    return values


def _crowding(seen: Crowd) -> Json:
    """Who takes places without playing, and the buttons against it."""
    idle, joined, address = (seen.stats.get(key, 0) for key in ("idle", "joined_1min", "joined_1min_address"))
    told = [
        f"{text.number(joined)} joined in the last minute, {text.number(address)} of them from one address"
        " (a hall has one for all its phones).",
        f"{text.number(idle)} never sent an order and have no page open.",
        "Who is removed may join again" + (", with the code on the screen." if seen.guarded else "."),
    ]
    return {
        "herd-crowding.children": " ".join(told),
        "herd-code-words.children": "Let everybody join" if seen.guarded else "Require a new code",
        "herd-clear-words.children": f"Remove {text.number(idle)} without an order",
        "herd-do-clear.disabled": not idle,
    }


def _leader(index: int, row: Json, presenter: bool) -> Json:
    profit = round(row["profit"])
    way = text.way(profit)
    parts = [
        element("Span", row["nick"], className="hg-nick"),
        *([element("Span", "bot", className="hg-bot")] if row["bot"] else []),
        element("Span", text.money(row["wealth"]), className="hg-wealth"),
        element("Span", f"{text.arrow(way)} {text.signed(profit, text.money)}", className="hg-profit", **data(way=way)),
    ]
    shown = {"className": "hg-leader", **data(rank=str(index + 1))}
    if not presenter:
        return element("Li", [element("Span", parts, **shown)])
    title = f"Kick {row['nick']} …"
    return element("Li", [element("Button", parts, type="button", title=title, **shown, **kicks(row))])


def _event(entry: Json, zero: int) -> Json:
    return element(
        "Li",
        [
            element("Time", text.NONE if entry["t"] < zero else text.span((entry["t"] - zero) / 1000)),
            element("Span", entry["text"], className="hg-text"),
        ],
        key=f"{entry['t']} {entry['text']}",
        **data(kind=entry["kind"], sign=text.SIGNS.get(entry["kind"], "·")),
    )
