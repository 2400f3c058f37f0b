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
    return html.Div(
        html.Table(
            [html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])), html.Tbody(body)],
            className="hd-table",
        ),
        className="hd-scroll",
        tabIndex=0,
        role="region",
        **aria(label="Measures"),
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
    """The richest participants at the end."""
    rows = [
        html.Tr(
            [
                html.Td(str(place)),
                html.Th([one["nick"], *([html.Small(f" {one['bot']} bot")] if one["bot"] else [])], scope="row"),
                html.Td(f"{one['wealth']:,.2f}"),
                html.Td(f"{one['profit']:+,.2f}".replace("-", "−")),
                html.Td(f"{one['shares']:,}"),
            ]
        )
        for place, one in enumerate(leaders, 1)
    ]
    heads = ("", "Name", "Wealth", "Profit", "Shares")
    return html.Div(
        html.Table(
            [html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])), html.Tbody(rows)],
            className="hd-table hd-leaders",
        ),
        className="hd-scroll",
        tabIndex=0,
        role="region",
        **aria(label="The richest at the end"),
    )


METHODS = (
    (
        "Overdispersion",
        "In each window every active participant counts once, as a buyer or a seller by the net quantity traded, so "
        "ten orders of one person are not a herd. X² = Σ(b − np)² / (np(1 − p)) over T windows is compared with "
        "chi-squared with T − 1 degrees of freedom (Pearson 1900). The sentence above uses the exact p-value from "
        "random redistribution of the buyers over the windows. With independent choices a 5% test is wrong in 4 to 7 "
        "of 100 games. The test shows that people acted alike, not why: common news has the same effect.",
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
        "quantities, but a fair coin decides whether each buys or sells (zero intelligence: Gode & Sunder 1993), in "
        "the same market with its limits. The range is from the lowest to the highest value of these games.",
    ),
    (
        "Intervals",
        "Moving block bootstrap (Künsch 1989) over windows or periods; over participants for the Gini "
        "coefficient. With 40 windows a nominal 95% interval contains the true value in about 84 to 90 of 100 games. "
        "For the experiment the interval inverts the permutation test and contains it in 94 to 96.",
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
