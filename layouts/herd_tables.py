"""Tables of a debrief: measures with the baseline, the leaderboard, and the methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.shell import aria
from orderflow.herd.debrief.report_text import p_text, percent

Json = dict[str, Any]
Row = tuple[str, Json, str]


def shown(value: float, unit: str) -> str:
    """A measure as text. unit: "times", "percent", "points" (of percent, with a sign) or "number"."""
    if unit == "times":
        return f"{value:.2f}×"
    if unit == "percent":
        return percent(value)
    if unit == "points":
        return f"{value * 100:+.1f} points".replace("-", "−")
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text.replace("-", "−")


def measures_table(rows: Sequence[Row], baseline: Json | None) -> Component:
    """One row per measure: name, value, interval, p-value, and the range of the random games as numbers and as a strip.

    rows: (name, measure of the report, unit). baseline: of the report, None without a comparison.
    """
    games = baseline["games"] if baseline is not None else 0
    known = [entry for _, entry, _ in rows if entry["value"] is not None]
    columns = {
        "interval": any(entry["interval"] for entry in known),
        "p": any(entry["p"] is not None for entry in known),
        "random": games > 0 and any(entry.get("baseline") for entry in known),
    }
    titles = {"interval": "95% interval", "p": "p-value", "random": f"{games} random games"}
    kept = [name for name, there in columns.items() if there]
    heads = ["Measure", "This game", *(titles[name] for name in kept)]
    body = [html.Tr(_cells(name, entry, unit, kept)) for name, entry, unit in rows]
    return _table("Measures", heads, body)


def _table(title: str, heads: Sequence[str], rows: Sequence[Component], name: str = "") -> Component:
    """A table in a region that scrolls sideways. name: a class of its own."""
    return html.Div(
        html.Table(
            [html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])), html.Tbody(list(rows))],
            className=f"hd-table {name}".rstrip(),
        ),
        className="hd-scroll",
        tabIndex=0,
        role="region",
        **aria(label=title),
    )


def _cells(name: str, entry: Json, unit: str, columns: Sequence[str]) -> list[Component]:
    title = html.Th(name, scope="row")
    if entry["value"] is None:
        words = f"{entry['needs'][0].upper()}{entry['needs'][1:]}."
        return [title, html.Td(words, colSpan=1 + len(columns), className="hd-lacking")]
    interval = entry["interval"]
    cells: dict[str, Any] = {
        "interval": f"{shown(interval[0], unit)} to {shown(interval[1], unit)}" if interval else "–",
        "p": p_text(entry["p"]).removeprefix("p = ").removeprefix("p ") or "–",
        "random": _beside(entry, unit) if entry.get("baseline") else "–",
    }
    value = html.Td(shown(entry["value"], unit), className="hd-value")
    return [title, value, *(html.Td(cells[column]) for column in columns)]


def _beside(entry: Json, unit: str) -> list[Component]:
    """The range of the random games as numbers, and as a strip with the value of this game."""
    band = entry["baseline"]
    words = f"{shown(band['low'], unit)} to {shown(band['high'], unit)}"
    marks = [entry["value"], band["low"], band["high"], *(entry["interval"] or [])]
    low, high = min(marks), max(marks)
    room = (high - low) * 0.06 or 1.0

    def at(value: float) -> float:
        return round(100 * (value - low + room) / (high - low + 2 * room), 1)

    strip: list[Component] = [_bar("hd-band", at(band["low"]), at(band["high"]))]
    if entry["interval"]:
        strip.append(_bar("hd-range", at(entry["interval"][0]), at(entry["interval"][1])))
    outside = entry["value"] > band["high"] or entry["value"] < band["low"]
    dot = html.I(className=f"hd-dot{' hd-outside' if outside else ''}", style={"left": f"{at(entry['value'])}%"})
    said = "outside" if outside else "inside"
    return [
        html.Span(f"{words}: this game is {said}"),
        html.Div([*strip, dot], className="hd-strip", **aria(hidden="true")),
    ]


def _bar(name: str, low: float, high: float) -> Component:
    return html.I(className=name, style={"left": f"{low}%", "width": f"{max(0.5, high - low):.1f}%"})


def leaders_table(leaders: Sequence[Json]) -> Component:
    """The participants with the highest profit at the end."""
    rows = [
        html.Tr(
            [
                html.Td(str(place)),
                html.Th([one["nick"], *([html.Small(f" {one['bot']} bot")] if one["bot"] else [])], scope="row"),
                html.Td(f"{one['profit']:+,.2f}".replace("-", "−")),
                html.Td(f"{one['wealth']:,.2f}"),
                html.Td(f"{one['shares']:,}"),
            ]
        )
        for place, one in enumerate(leaders, 1)
    ]
    heads = ("", "Name", "Profit", "Wealth", "Shares")
    return _table("The highest profits at the end", heads, rows, "hd-leaders")


METHODS = (
    (
        "Following (the verdict)",
        "Within blocks of one person's orders in a minute: how much more often they bought after the others had "
        "bought than after they had sold (within estimator). The crowd's direction is that of the others' last 20 "
        "fills, or of all their fills in the 5 seconds before, whichever shows more, which p accounts for; in a slow "
        "game, of the last batch. p is from rearrangements of each person's own choices inside their blocks "
        "(permutation test: Fisher 1935, Pitman 1937; blocks by time as in a case-crossover design: Maclure 1991). A "
        "block has only orders that could all have been buys and could all have been sells. The assumption: inside a "
        "block a person's probability of buying stays the same, whatever it is. In simulated games of 40 independent "
        "people with 60 orders each, the 5% test is wrong in 3 to 7 of 100 games for fair, leaning and mixed crowds, "
        "and in at most 7 where budgets run out or all have a value of their own. It finds following in 20% of orders "
        "in more than 9 of 10 games. The difference is too low where people do follow: 16 points for 20%. A crowd "
        "that goes one way all the time cannot be told from one that leans that way.",
    ),
    (
        "News",
        "News moves everybody without anybody following. Orders in the 10 seconds after it are a stratum of their own "
        "and take no part in the verdict, and no block reaches over news, a round's begin or end, or a closed market.",
    ),
    (
        "Overdispersion",
        "In each window every active participant counts once, as a buyer or a seller by the net quantity traded, so "
        "ten orders of one person are not a herd. X² = Σ(b − np)² / (np(1 − p)) over T windows (Pearson 1900), divided "
        "by T − 1. It says how unevenly people bought, not why, and has no p-value here: the share of buyers also "
        "changes when cash runs out or the price moves. Compare it with the random games.",
    ),
    (
        "LSV",
        "Mean of |b/n − p| − E|b/n − p| (Lakonishok, Shleifer & Vishny 1992). In small windows it underestimates "
        "the true excess, and without herding it is slightly below zero (Frey, Herbst & Walter 2014): compare it "
        "with the random games, not with other studies.",
    ),
    (
        "Order signs",
        "Autocorrelation of buy = +1 and sell = −1 in order of arrival (Lillo & Farmer 2004), each pair counted "
        "as own if both orders are of the same participant, otherwise as others' (Tóth, Palit, Lillo & Farmer 2015).",
    ),
    (
        "Bubble",
        "RAD is the mean of |price − value| over the mean value, RD the same with its sign (Stöckl, Huber & "
        "Kirchler 2010), with the volume-weighted mean price of each period.",
    ),
    (
        "Random games",
        "The same game played again: the same orders at the same times by the same participants for the same "
        "quantities, in the same market with its limits. Each buys with their own share of buys among the orders that "
        "could have been either (zero intelligence: Gode & Sunder 1993, with everybody's own leaning); after news all "
        "buy with the crowd's share then. The assumption: otherwise nobody's leaning changes. The range is from the "
        "lowest to the highest value of these games.",
    ),
    (
        "Intervals",
        "Moving block bootstrap (Künsch 1989) over windows or periods; over participants for the Gini "
        "coefficient; for following, from the spread of the rearrangements. With 40 windows a nominal 95% interval "
        "contains the true value in about 84 to 90 of 100 games. "
        "For the experiment the interval inverts the permutation test and contains it in 94 to 96.",
    ),
    (
        "Profit",
        "Wealth at the last price less what the participant was given, at the price when they joined.",
    ),
    (
        "Participants counted",
        "People. Bots trade in the same market and move its price, but are not counted in these statistics.",
    ),
)
"""Methods: title, and description with sources."""


def method(report: Json) -> Component:
    """The methods of all measures."""
    entries: list[Component] = []
    for title, words in METHODS:
        said = words
        if title == "Participants counted" and report["about"] == "bots":
            said = "This game had no people: all statistics are about its bots."
        entries += [html.Dt(title), html.Dd(said)]
    return html.Section([html.H2("How this was measured"), html.Dl(entries)], className="hd-section hd-method")
