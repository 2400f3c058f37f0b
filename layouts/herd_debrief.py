"""The debrief of a herd game: what happened in plain words first, then figures and tables with their doubts, then how
it was measured. Made to be read on a screen, shown to a room, and printed.

Pure: from a report (`orderflow.herd.debrief.report`) to a component tree; figures are in `figures/herd.py`, tables in
`herd_tables`.
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
from orderflow.herd.debrief.report_text import clock

Json = dict[str, Any]

PATH = "/herd/debrief/"
TITLE = "Debrief"

FILES = (
    ("ticks.csv", "Ticks", "every fill as a trade of HERD; orderflow-replay plays it again"),
    ("participants.csv", "Participants", "cash, shares, wealth and trades of everybody"),
    ("orders.csv", "Orders", "every order and what became of it"),
    ("events.jsonl", "Event log", "the session itself, one event a line"),
)
"""Files of a session: name below /herd/export/, title, what it is."""

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
                            "Working it out …", id="debrief-busy", className="hd-busy", hidden=True, role="status"
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
        footer=html.Div(["Everything here is worked out from the session's event log."], className="hd-foot"),
        extras=[dcc.Store(id="debrief-theme"), dcc.Store(id="debrief-sink")],
    )


def session_choices(sessions: Sequence[Json]) -> list[dict[str, str]]:
    """Entries of the picker, in the order given: id, and when it was, how many played and traded."""
    return [
        {
            "value": str(one["id"]),
            "label": f"{date(one['started'])}, {one['participants']:,} participants, {one['orders']:,} orders"
            + ("" if one["ended"] else " (not ended)"),
        }
        for one in sessions
    ]


def date(ms: int) -> str:
    """ "21 November 2026, 08:15 UTC" """
    time = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def notice(title: str, *words: str | Component) -> Component:
    """What stands in the place of a report: none yet, not allowed, not found."""
    return html.Section([html.H2(title), html.P(list(words))], className="hd-notice", role="status")


def empty_notice() -> Component:
    """Before the first session."""
    return notice(
        "No game has been played yet",
        "As soon as somebody has joined one, its debrief is here. ",
        html.A("Start a game", href="/herd/"),
        ".",
    )


def debrief_body(report: Json, theme: str = "dark") -> list[Component]:
    """The whole report. theme: of the figures."""
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
    """Which session this is."""
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
            html.H2("The herd game, looked back on", className="hd-title"),
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
    """That the game goes on, and what is left out while it does."""
    notes = []
    if report["state"] == "running":
        notes.append("This game has not ended: these are its numbers up to now. Update asks for the newest.")
    if "needs" in report["baseline"] and report["baseline"]["needs"]:
        notes.append(f"The comparison with coin tossers {report['baseline']['needs']}.")
    if report["taken_back"]:
        notes.append(f"{report['taken_back']:,} events were taken back by the presenter and do not count.")
    return [html.P(" ".join(notes), className="hd-note", role="status")] if notes else []


def talk(report: Json) -> Component:
    """The sentences, first of all."""
    cards = [html.Article([html.H3(one["title"]), html.P(one["text"])], className="hd-card") for one in report["talk"]]
    return html.Section(cards, className="hd-talk", **aria(label="For the talk"))


def _section(title: str, lead: str, *parts: Component | None) -> Component:
    kept = [part for part in parts if part is not None]
    return html.Section([html.H2(title), html.P(lead, className="hd-lead"), *kept], className="hd-section")


def _graph(name: str, figure: figures.Figure, words: str, *, wide: bool = True, tall: bool = False) -> Component:
    """A figure with a sentence for those who do not see it. wide: over the whole page."""
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


def _lacking(entry: Json) -> Component:
    """In the place of a figure: what it would need."""
    return html.P(f"Not shown: this {entry['needs']}.", className="hd-lacking")


def prices(report: Json, theme: str) -> Component:
    """Price against value, and the bubble measures."""
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
        "How far the price went from what a share is worth, and how far it fell again.",
        _graph("price", figures.price_figure(report, theme), f"{words}; dotted lines are rounds and news.", tall=True),
        _graph(
            "periods",
            figures.periods_figure(bubble, theme),
            f"Volume-weighted mean price and value in {bubble['periods']} {kind}: what RAD and RD are taken over.",
        )
        if bubble["rad"]["value"] is not None
        else None,
        measures_table(rows, report["baseline"]),
    )


def herding(report: Json, theme: str) -> Component:
    """The headline test."""
    part = report["herding"]
    found = part["overdispersion"]
    rows = (
        ("Unevenness of buying, X² / (T − 1)", found, "times"),
        ("LSV herding measure", part["lsv"], "percent"),
        ("Bought less sold, of all traded", report["flow"]["imbalance"], "percent"),
    )
    if found["value"] is None:
        figure = _lacking(found)
    else:
        figure = _graph(
            "windows",
            figures.windows_figure(part, report["started"], theme),
            f"Share of buyers among those active in each window of {part['seconds']:g} seconds "
            f"({part['windows']} windows with {part['least']} or more; {part['left_out']} had fewer). "
            "Independent choices stay in the band in 95 of 100 windows.",
        )
    return _section(
        "Did people act alike?",
        "If everybody decided alone, the share of buyers would differ between windows by chance only. A herd makes "
        "some windows nearly all buyers and others nearly all sellers.",
        figure,
        measures_table(rows, report["baseline"]),
    )


def memory(report: Json, theme: str) -> Component:
    """Own against others' orders."""
    part = report["memory"]
    rows = (
        ("Own part", part["own"], "number"),
        ("Others' part", part["others"], "number"),
    )
    if part["own"]["value"] is None:
        figure = _lacking(part["own"])
    else:
        figure = _graph(
            "memory",
            figures.memory_figure(part, theme),
            f"Autocorrelation of the signs of {part['orders']:,} orders, split by whose orders are compared; the table "
            f"has the means of the first {part['near']} lags.",
        )
    return _section(
        "Does buying follow buying?",
        "A purchase is often followed by another one: because the same person goes on, or because others come along.",
        figure,
        measures_table(rows, report["baseline"]),
    )


def experiment(report: Json, theme: str) -> Component:
    """The randomised experiment."""
    part = report["experiment"]
    lead = (
        "Phones were split by chance into those that show the crowd's buying and those that do not. What counts was "
        "laid down beforehand: the share of a participant's orders that go with the majority of all others in the "
        "5 seconds before."
    )
    if part["value"] is None:
        return _section("The experiment", lead, _lacking(part))
    see, blind = part["groups"]["see"], part["groups"]["blind"]
    facts = (
        f"{see['people']} who saw and {blind['people']} who did not count, each with {part['least']} or more orders at "
        f"times when others traded ({see['few'] + blind['few']} had fewer). Each mark is one participant, the line is "
        f"the group's mean. p is exact: the share of {part['shuffles']:,} shufflings of who saw that give as large a "
        "difference; the interval is that of the same test."
    )
    return _section(
        "The experiment",
        lead,
        _graph("experiment", figures.experiment_figure(part, theme), facts),
        measures_table((("Difference, seeing less not seeing", part, "points"),), None),
    )


def wealth(report: Json, theme: str) -> Component:
    """Who ended with what."""
    part = report["wealth"]
    if part["gini"]["value"] is None:
        return _section("Wealth", "How unequal everybody became.", _lacking(part["gini"]))
    middle = part["median"]
    lead = (
        f"Everybody began with {part['start']:,.0f}. At the last price, half ended with more than "
        f"{middle['wealth']:,.0f}. Half had more than {middle['cash']:,.0f} in cash, and half more than "
        f"{middle['shares']:,.0f} shares."
    )
    return _section(
        "Wealth",
        lead,
        html.Div(
            [
                _graph(
                    "wealth",
                    figures.wealth_figure(part, theme),
                    "How many participants ended with how much.",
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
    """The session as files."""
    address = f"?session={quote(report['session'])}"
    entries = [
        html.Li([html.A(title, href=f"/herd/export/{name}{address}", download=""), html.Span(f" {words}")])
        for name, title, words in FILES
    ]
    return html.Section([html.H2("Files"), html.Ul(entries)], className="hd-section hd-files")
