"""The dialog "Open a file": what is being done with files that were dropped on the chart, their report, its questions.

Pure: from a report to a component tree.
"""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.chart_files_options import option_fields
from layouts.shell import ONCE, aria
from orderflow.formats.summary.counts import GAP
from orderflow.formats.summary.report import FileReport, SymbolReport
from orderflow.formats.summary.text import ids_of, order_of, sides_of
from orderflow.formats.summary.wording import counted, moment, span

TITLE = "Open a file of ticks"
MOST_SYMBOLS = 10
"""Symbols of a file that are described one by one."""
STORES = ("sent", "gone", "job", "base", "shown", "loaded")
"""What the browser has sent, what it no longer wants, the job that is looked at, the columns as they were found, which
job is shown to its end, and the span to go to."""
POLL_MS = 400


def files_dialog(formats: Sequence[str]) -> Component:
    """The dialog, closed. formats: names of the formats."""
    return dmc.Modal(
        id="chart-files",
        title=TITLE,
        size="min(1080px, 96vw)",
        closeOnClickOutside=False,
        className="of-files",
        children=[
            html.Div(
                [
                    html.P(id="chart-files-said", className="of-note", role="status"),
                    dmc.Progress(id="chart-files-bar", value=0, size="sm", **aria(label="Progress")),
                ],
                id="chart-files-work",
                className="of-files-work",
            ),
            html.Div(
                [
                    html.Div(id="chart-files-question"),
                    html.Div(
                        [
                            html.Div(
                                option_fields(formats), className="of-file-options", role="group",
                                **aria(label="How the file is read"),
                            ),
                            dmc.Switch(id="chart-files-all", label="All options", checked=False, size="xs"),
                        ],
                        className="of-file-reading",
                    ),
                    html.Div(id="chart-files-columns"),
                    html.Div(id="chart-files-report"),
                ],
                id="chart-files-found",
                hidden=True,
            ),
            html.Div(
                [
                    html.P(id="chart-files-error", className="of-file-error", role="alert"),
                    dmc.Button("Cancel", id="chart-do-unfile", variant="default"),
                    dmc.Button("Load", id="chart-files-load", disabled=True, **ONCE),
                ],
                className="of-file-buttons",
            ),
        ],
    )  # fmt: skip


def stores() -> list[Component]:
    """What the dialog keeps, and the interval that asks how far a job is."""
    return [
        *(dcc.Store(id=f"chart-files-{name}") for name in STORES),
        dcc.Interval(id="chart-files-interval", interval=POLL_MS, disabled=True),
    ]


def question(found: FileReport) -> list[Component]:
    """Why a file is not read as it is, and what may be wrong with it."""
    alerts = []
    if text := found.refused or found.bad:
        rows = html.Ul([html.Li(row) for row in found.refused_rows]) if found.refused_rows else None
        title = "This cannot be read" if found.refused or found.bad_rows else "Nothing to load"
        alerts.append(_alert("A question about this file" if found.questions else title, [text, rows], "red"))
    if found.warnings:
        alerts.append(_alert("This may be wrong", [html.Ul([html.Li(text) for text in found.warnings])], "yellow"))
    return alerts


def _alert(title: str, parts: Sequence[Component | str | None], colour: str) -> Component:
    return dmc.Alert([part for part in parts if part is not None], title=title, color=colour, variant="light")


def report(found: FileReport, command: str) -> list[Component]:
    """What a file holds. command: the command line that reads it in this way."""
    if found.refused:
        return []
    return [
        html.Div(
            [
                *(
                    [html.Section([html.H3("The first rows, as they are understood"), first_rows(found)])]
                    if found.first
                    else []
                ),
                html.Section([html.H3("The file"), _facts(file_facts(found))]),
                *(
                    html.Section([html.H3(symbol.name), _facts(symbol_facts(symbol))])
                    for symbol in found.symbols[:MOST_SYMBOLS]
                ),
                *([html.P(_others(found), className="of-note")] if len(found.symbols) > MOST_SYMBOLS else []),
                *([bad_rows(found)] if found.bad_rows else []),
            ],
            className="of-file-report",
        ),
        html.Details([html.Summary("The same on the command line"), html.Code(command)], className="of-file-command"),
    ]


def _others(found: FileReport) -> str:
    others = found.symbols[MOST_SYMBOLS:]
    return f"And {len(others):,} more symbols with {sum(symbol.ticks for symbol in others):,} ticks."


def first_rows(found: FileReport) -> Component:
    """A table of the first ticks."""
    heads = ("Time (UTC)", "Price", "Size", "Side", "Id")
    rows = [(tick.time, tick.price, tick.size, f"{tick.side} ({tick.rule})", tick.id) for tick in found.first]
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th(name) for name in heads])),
            html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in rows]),
        ],
        className="of-file-table",
    )
    return html.Div(table, className="of-file-scroll", tabIndex=0, role="group", **aria(label="The first rows"))


Facts = list[tuple[str, str]]


def file_facts(found: FileReport) -> Facts:
    """(what, value) of the whole file."""
    good = f"{found.rows:,}" + (f", {found.bad_rows:,} of them bad" if found.bad_rows else "")
    facts = [
        ("Files" if len(found.parts) > 1 else "File", ", ".join(found.parts)),
        ("Format", f"{found.format}, {found.recognised}"),
        ("Note", found.note),
        ("Rows", good),
        ("No trades", f"{counted(found.no_trades)}; skipped" if found.no_trades else ""),
        *((f"{number:,}", words) for words, number in found.counts.items()),
        *(("Assumed", text) for text in found.assumed),
    ]
    return [(name, value) for name, value in facts if value]


def symbol_facts(symbol: SymbolReport) -> Facts:
    """(what, value) of one symbol."""
    without = symbol.ticks - symbol.ids
    ids = ids_of(symbol) or ("none is shared" if symbol.ids else "")
    gaps = [f"{moment(gap.begin)} → {moment(gap.end)} ({span(gap.seconds)})" for gap in symbol.gaps]
    facts = [
        ("Ticks", f"{symbol.ticks:,}"),
        ("Span", f"{moment(symbol.first)} to {moment(symbol.last)}"),
        ("", f"{span((symbol.last - symbol.first) / 1e9)} of market time"),
        ("Order", order_of(symbol)),
        ("Prices", f"{symbol.low} to {symbol.high}, {symbol.price_decimals} decimals"),
        ("Sizes", f"{symbol.size_decimals} decimals"),
        ("Sides", sides_of(symbol)),
        ("Trade ids", f"{without:,} ticks have none" if without else "every tick has one"),
        ("", ids),
        *(("" if number else "Missing ids", line) for number, line in enumerate(symbol.missing_lines)),
        ("Gaps", f"{symbol.gap_count:,} of {GAP:.0f} s or more"),
        *(("", gap) for gap in gaps),
    ]
    return [(name, value) for name, value in facts if value]


def bad_rows(found: FileReport) -> Component:
    """What the bad rows have in common, and the first of them."""
    more = found.bad_rows - found.named_rows
    return html.Section(
        [
            html.H3(f"{found.bad_rows:,} bad rows, which are left out"),
            html.Ul([html.Li(text) for text in found.common]),
            html.Details(
                [
                    html.Summary("The first of them"),
                    html.Ul([html.Li(error) for error in found.errors]),
                    *([html.P(f"… and {more:,} more", className="of-note")] if more > 0 else []),
                ]
            ),
        ]
    )


def _facts(facts: Facts) -> Component:
    return html.Dl([part for name, value in facts for part in (html.Dt(name), html.Dd(value))], className="of-facts")


def load_label(found: FileReport) -> str:
    """The words of the button."""
    return f"Load {found.ticks:,} tick{'' if found.ticks == 1 else 's'}" if found.loadable else "Load"
