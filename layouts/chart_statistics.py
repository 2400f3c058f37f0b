"""The line of statistics at the foot of the chart: its boxes, and the figures in words.

The browser puts the texts into the boxes, as it knows what changes without the server: the rate falls while no ticks
come, and times are in the reader's zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.shell import aria, data

STATISTICS = (
    ("ticks", "Ticks", ""),
    ("candles", "Candles", "bars of the log"),
    ("range", "Range", ""),
    ("rate", "Ticks/s", "over the last 10 seconds"),
    ("last", "Last", "time of the last trade"),
    ("late", "Late", "trades that came after newer ones; they amended their own bars"),
    ("duplicates", "Duplicates", "repetitions: id, time, price and size of a trade in memory or in the log; left out"),
    ("rejected", "Rejected", "rows that are not trades"),
    ("id_conflicts", "Id conflicts", "trades that share an id with another one in memory; all are kept"),
    ("missing_ids", "Missing ids", "trade ids between the first and the last that did not come"),
    ("evicted", "On disk only", "older trades, no longer in memory"),
    ("audit", "Audit", "sealed minutes that were computed a second time and compared"),
    ("sides", "Sides", "how the sides of the trades were found"),
)
"""Figures of the line: key, label, tooltip."""
SIDE_RULES = {
    "flag": "flagged",
    "volumes": "by volumes",
    "quote": "by quote",
    "tick": "by tick rule",
    "none": "unknown",
}
"""How the side of a trade can be found, in the order of `rules` of `SymbolState.stats`."""
SENT = ("ticks", "candles", "counting", "rate", "last")


def statistics() -> Component:
    """The line, empty; the browser writes the figures."""
    parts = [html.I(className=f"of-q-{rule}") for rule in SIDE_RULES]
    strip = html.I(parts, className="of-quality", **aria(hidden="true"))
    boxes = [
        html.Span(
            [html.Span(label), *([strip] if key == "sides" else []), html.B()],
            className="of-stat",
            title=title or None,
            hidden=True,
            **data(key=key),
        )
        for key, label, title in STATISTICS
    ]
    return html.Div(boxes, id="chart-stats", className="of-stats", hidden=True, **aria(label="Statistics"))


def figures(stats: Mapping[str, Any], decimals: int | None) -> dict[str, Any]:
    """What the browser gets of `MarketReader.changed`'s `stats`: the numbers that it uses itself, and with ticks
    texts: by the keys of `STATISTICS`, "" hides a box; bad: keys of those that are wrong; shares: percent of the ticks
    by `SIDE_RULES`. decimals: of a price; None: not known.
    """
    sent = {key: stats[key] for key in SENT if key in stats}
    if not stats.get("ticks"):
        return sent
    sealed, failures = stats["audit"]
    pending = f" ({stats['pending']:,} being put in order)" if stats["pending"] else ""
    rules = shares(stats["rules"])
    texts = {
        "ticks": f"{stats['ticks']:,}",
        "candles": "counting …" if stats["counting"] else f"{stats['candles']:,}",
        "range": "" if decimals is None else f"{stats['low']:.{decimals}f} – {stats['high']:.{decimals}f}",
        "late": f"{stats['late']:,}{pending}",
        **{key: f"{stats[key]:,}" for key in ("duplicates", "rejected")},
        **{key: f"{stats[key]:,}" for key in ("id_conflicts", "missing_ids", "evicted") if stats[key]},
        "audit": f"{failures} wrong" if failures else f"✓ {sealed:,}" if sealed else "–",
        "sides": " · ".join(f"{SIDE_RULES[rule]} {percent(share)}" for rule, share in rules.items() if share),
    }
    bad = [key for key, wrong in (("rejected", stats["rejected"]), ("audit", failures)) if wrong]
    return {**sent, "texts": texts, "bad": bad, "shares": [round(share, 2) for share in rules.values()]}


def shares(rules: Sequence[int]) -> dict[str, float]:
    """Percent of the ticks by each of `SIDE_RULES`. rules: numbers of ticks, in that order."""
    total = sum(rules) or 1
    return {rule: 100 * count / total for rule, count in zip(SIDE_RULES, rules, strict=True)}


def percent(share: float) -> str:
    """A share in percent, rounded, but never to nothing or to all: "<0.1 %", "0.4 %", "90 %", "99.6 %", ">99.9 %"."""
    if 0 < share < 0.1:
        return "<0.1 %"
    if 99.9 < share < 100:
        return ">99.9 %"
    return f"{share:.{1 if 0 < share < 10 or 99 < share < 100 else 0}f} %"
