"""The debrief of a herd game: sentences first, then figures and tables with their uncertainty, then the methods. For
reading on a screen, for showing to a room, and for printing.

Pure functions from a report (`orderflow.herd.debrief.report`) to a component tree. Figures are in `figures/herd.py`,
tables in `herd_tables`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.figures import herd as figures
from layouts.herd_tables import leaders_table, measures_table, method
from layouts.shell import Link, aria, icon_button, page_shell
from orderflow.herd.debrief.report_text import clock, percent

Json = dict[str, Any]

PATH = "/herd/debrief/"
TITLE = "Debrief"

FILES = (
    ("ticks.csv", "Ticks", "every fill as a trade of HERD; orderflow-replay plays it again"),
    ("participants.csv", "Participants", "cash, shares, wealth and trades of every participant"),
    ("orders.csv", "Orders", "every order and its outcome"),
    ("events.jsonl", "Event log", "the whole session, one event per line"),
)
"""Files of a session: name below /herd/export/, title, description."""

GRAPH: Any = {"displayModeBar": False, "responsive": True, "showTips": False}
TALL, LOW = 380, 300
"""Heights of figures, px."""


def debrief_page(*, links: Sequence[Link] = ()) -> Component:
    """The page before a session is chosen."""
    theme: Json = {"data-theme-toggle": "debrief-theme", "data-hotkey": "T"}
    paper: Json = {"data-paper": json.dumps(figures.colour_pairs())}
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=html.Div(
            [
                icon_button("debrief-theme-button", "theme", "Dark or light", keys="T", **theme),
                dmc.Button("Print", id="debrief-print", size="compact-sm", variant="default"),
            ],
            className="hd-controls",
        ),
        main=html.Div(
            [
                html.Div(
                    [
                        dmc.Select(
                            id="debrief-session",
                            name="session",
                            data=[],
                            placeholder="Session",
                            allowDeselect=False,
                            comboboxProps={"withinPortal": True},
                            className="hd-session",
                            **aria(label="Session"),
                        ),
                        dmc.Button("Update", id="debrief-update", size="sm", variant="default"),
                        html.Span(
                            "Computing the report …", id="debrief-busy", className="hd-busy", hidden=True, role="status"
                        ),
                    ],
                    className="hd-bar",
                ),
                html.Main(id="debrief-body", className="hd-body"),
            ],
            id="debrief",
            className="hd",
            **paper,
        ),
        footer=html.Div(["All of this is computed from the event log of the session."], className="hd-foot"),
        extras=[dcc.Store(id="debrief-theme"), dcc.Store(id="debrief-sink")],
    )


def session_choices(sessions: Sequence[Json]) -> list[dict[str, str]]:
    """Entries of the select, in the given order: id; date, participants and orders as the label."""
    return [
        {
            "value": str(one["id"]),
            "label": f"{date(one['started'])}, {one['participants']:,} participants, {one['orders']:,} orders"
            + ("" if one["ended"] else " (not ended)")
            + (" (its log is damaged)" if one.get("damaged") else ""),
        }
        for one in sessions
    ]


def date(ms: int) -> str:
    """ "21 November 2026, 08:15 UTC" """
    time = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def notice(title: str, *words: str | Component) -> Component:
    """A notice in place of a report."""
    return html.Section([html.H2(title), html.P(list(words))], className="hd-notice", role="status")


def empty_notice() -> Component:
    """The notice before the first session."""
    return notice(
        "No game has been played yet",
        "The debrief appears here as soon as somebody has joined a game. ",
        html.A("Start a game", href="/herd/"),
        ".",
    )


def debrief_body(report: Json, theme: str = "dark") -> list[Component]:
    """The whole report. theme: "dark" or "light", for the figures."""
    parts = [
        head(report),
        *running(report),
        talk(report),
        prices(report, theme),
        herding(report, theme),
        memory(report, theme),
        experiment(report, theme),
        wealth(report, theme),
        method(report),
        files(report),
    ]
    return parts


def head(report: Json) -> Component:
    """Title, key facts of the session, and links."""
    who = f"{report['people']:,} people" + (f" and {report['bots']:,} bots" if report["bots"] else "")
    facts = (
        (date(report["started"]), "began"),
        (clock(report["seconds"]), "minutes"),
        (who, "joined"),
        (f"{report['traded']:,}", "of them traded" if report["about"] == "people" else "bots traded"),
        (f"{report['filled']:,}", "of {:,} orders filled".format(report["orders"])),
        (f"{report['volume']:,}", "shares traded"),
    )
    address = f"?session={quote(report['session'])}"
    return html.Header(
        [
            html.H2("Herd game debrief", className="hd-title"),
            html.Dl([html.Div([html.Dt(words), html.Dd(value)]) for value, words in facts], className="hd-facts"),
            html.P(
                [
                    html.A("Replay on the big screen", href=f"/herd/replay/{address}", className="hd-replay"),
                    html.A("Back to the game", href="/herd/"),
                    html.A("The crowd's footprint", href="/chart/?symbol=HERD"),
                ],
                className="hd-links",
            ),
        ],
        className="hd-head",
    )


def running(report: Json) -> list[Component]:
    """Notes: the game still runs, the baseline is missing, events were undone."""
    notes = []
    if report["state"] == "running":
        notes.append("This game has not ended; these are the numbers so far. Press Update for new ones.")
    if "needs" in report["baseline"] and report["baseline"]["needs"]:
        notes.append(f"The comparison with random traders {report['baseline']['needs']}.")
    if report["taken_back"]:
        notes.append(f"{report['taken_back']:,} events were undone by the presenter and do not count.")
    return [html.P(" ".join(notes), className="hd-note", role="status")] if notes else []


def talk(report: Json) -> Component:
    """The sentences for the talk."""
    cards = [html.Article([html.H3(one["title"]), html.P(one["text"])], className="hd-card") for one in report["talk"]]
    return html.Section(cards, className="hd-talk", **aria(label="For the talk"))


def _section(title: str, lead: str, *parts: Component | None) -> Component:
    kept = [part for part in parts if part is not None]
    return html.Section([html.H2(title), html.P(lead, className="hd-lead"), *kept], className="hd-section")


def _graph(name: str, figure: figures.Figure, words: str, *, wide: bool = True, tall: bool = False) -> Component:
    """A figure with a caption. wide: as wide as the page, else half of it."""
    return html.Figure(
        [
            dcc.Graph(
                id=f"debrief-{name}",
                figure=figure,
                config=GRAPH,
                className="hd-graph",
                style={"height": f"{TALL if tall else LOW}px"},
            ),
            html.Figcaption(words),
        ],
        className=f"hd-figure{'' if wide else ' hd-half'}",
    )


def _missing(entry: Json) -> Component:
    """In place of a figure: what is missing for it."""
    return html.P(f"Not shown: this {entry['needs']}.", className="hd-lacking")


def prices(report: Json, theme: str) -> Component:
    """Price and fundamental value, and the bubble measures."""
    bubble = report["bubble"]
    words = "Price after every batch" + (", with the fundamental value (dashed)" if report["price"]["value"] else "")
    rows = (
        ("Rise from the start to the peak", bubble["rise"], "percent"),
        ("Fall from the peak to the lowest after it", bubble["fall"], "percent"),
        ("Relative absolute deviation (RAD)", bubble["rad"], "percent"),
        ("Relative deviation (RD)", bubble["rd"], "percent"),
    )
    kind = "rounds" if bubble["rounds"] else "slices of time"
    return _section(
        "Price and value",
        "How far the price deviated from the fundamental value, and how far it fell after its peak.",
        _graph("price", figures.price_figure(report, theme), f"{words}; dotted lines are rounds and news.", tall=True),
        _graph(
            "periods",
            figures.periods_figure(bubble, theme),
            f"Volume-weighted mean price and value in {bubble['periods']} {kind}, the basis of RAD and RD.",
        )
        if bubble["rad"]["value"] is not None
        else None,
        measures_table(rows, report["baseline"]),
    )


def herding(report: Json, theme: str) -> Component:
    """The test for herding, and how unevenly people bought."""
    part = report["herding"]
    test, found = part["following"], part["overdispersion"]
    rows = (
        ("Overdispersion of buying, X² / (T − 1)", found, "times"),
        ("LSV herding measure", part["lsv"], "percent"),
        ("Imbalance: (bought − sold) / traded", report["flow"]["imbalance"], "percent"),
    )
    if found["value"] is None:
        figure = _missing(found)
    else:
        figure = _graph(
            "windows",
            figures.windows_figure(part, report["started"], theme),
            f"Share of buyers among those active in each window of {part['seconds']:g} seconds "
            f"({part['windows']} windows with {part['least']} or more; {part['left_out']} had fewer). "
            "If everybody had bought with this share's probability all along, 95 of 100 windows would be in the band. "
            "Cash or shares that run out, the price and news take windows out of it too.",
        )
    return _section(
        "Did people follow each other?",
        "The test asks whether somebody buys more often when the others have just bought than when they have just "
        "sold. Everybody keeps their own leaning, and only orders count that could have been a buy or a sell.",
        measures_table((("Buys after the others bought, less after they sold", test, "points"),), None),
        html.P(_tested(test), className="hd-lead"),
        figure,
        measures_table(rows, report["baseline"]),
    )


def _tested(test: Json) -> str:
    """What the test for herding rests on, and the orders after news."""
    words = ""
    if test["value"] is not None:
        words = (
            f"{test['choices']:,} free choices in {test['blocks']:,} blocks of one person's orders within a minute, "
            f"{test['mixed']:,} of them with both a buy and a sell; p is the share of {test['draws']:,} rearrangements "
            f"with as large a value. 4 of 5 games like this would show a difference of "
            f"{test['least'] * 100:.1f} points. "
        )
    news = test["news"]
    if news["orders"]:
        return (
            f"{words}The {news['orders']:,} orders in the {news['seconds']:g} seconds after news are a stratum of "
            f"their own and take no part: {percent(news['bought'])} of them were buys."
        )
    return f"{words}No order came in the {news['seconds']:g} seconds after news, which would not take part."


def memory(report: Json, theme: str) -> Component:
    """Autocorrelation of order signs, own and others'."""
    part = report["memory"]
    rows = (
        ("Own part", part["own"], "number"),
        ("Others' part", part["others"], "number"),
    )
    if part["own"]["value"] is None:
        figure = _missing(part["own"])
    else:
        figure = _graph(
            "memory",
            figures.memory_figure(part, theme),
            f"Autocorrelation of the signs of {part['orders']:,} orders, split into pairs of the same participant "
            f"and of different ones. The table has the means over the first {part['near']} lags.",
        )
    return _section(
        "Does buying follow buying?",
        "A buy is often followed by another: by the same person, or by others who follow.",
        figure,
        measures_table(rows, report["baseline"]),
    )


def experiment(report: Json, theme: str) -> Component:
    """The randomised experiment."""
    part = report["experiment"]
    lead = (
        "Participants were assigned at random to phones that show what the crowd buys or hide it. The outcome was "
        "fixed beforehand: the share of a participant's orders that follow the majority of all others in the 5 seconds "
        "before."
    )
    if part["value"] is None:
        return _section("The experiment", lead, _missing(part))
    see, blind = part["groups"]["see"], part["groups"]["blind"]
    facts = (
        f"{see['people']} participants who saw the crowd and {blind['people']} who did not are counted, each with "
        f"{part['least']} or more orders while others traded ({see['few'] + blind['few']} had fewer). Each mark is one "
        f"participant, the line is the group's mean. p is exact: the share of {part['shuffles']:,} random "
        "reassignments with a difference as large. The interval is from the same test."
    )
    return _section(
        "The experiment",
        lead,
        _graph("experiment", figures.experiment_figure(part, theme), facts),
        measures_table((("Difference: see − do not see", part, "points"),), None),
    )


def wealth(report: Json, theme: str) -> Component:
    """Distribution of wealth at the end."""
    part = report["wealth"]
    if part["gini"]["value"] is None:
        return _section("Wealth", "How unequal wealth became.", _missing(part["gini"]))
    middle = part["median"]
    lead = (
        f"{'Everybody' if part['same_start'] else 'The median participant'} began with {part['start']:,.0f}, at the "
        f"price when they joined. At the last price the median wealth is {middle['wealth']:,.0f}, "
        f"the median cash {middle['cash']:,.0f} and the median number of shares {middle['shares']:,.0f}."
    )
    return _section(
        "Wealth",
        lead,
        html.Div(
            [
                _graph(
                    "wealth",
                    figures.wealth_figure(part, theme),
                    "Number of participants by wealth at the end.",
                    wide=False,
                ),
                _graph("lorenz", figures.lorenz_figure(part, theme), "Lorenz curve: share of all wealth.", wide=False),
            ],
            className="hd-pair",
        ),
        measures_table((("Gini coefficient", part["gini"], "number"),), report["baseline"]),
        leaders_table(part["leaders"]),
    )


def files(report: Json) -> Component:
    """Links to the files of the session."""
    address = f"?session={quote(report['session'])}"
    entries = [
        html.Li([html.A(title, href=f"/herd/export/{name}{address}", download=""), html.Span(f" {words}")])
        for name, title, words in FILES
    ]
    return html.Section([html.H2("Files"), html.Ul(entries)], className="hd-section hd-files")
