"""The page of the crypto tickers: cards or a table of prices, alerts beside them, and a dialog with the history.

Pure: from values to a component tree. What moves comes with the answers to the page's interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.figures.tickers import history_figure, spark_figure
from layouts.instruments_grid import THEME
from layouts.instruments_text import UNKNOWN
from layouts.shell import ONCE, Link, aria, data, icon_button, page_shell
from layouts.tickers_alerts import alerts_column
from layouts.tickers_holes import holes_panel
from layouts.tickers_targets import target_dialogs, targets_panel
from layouts.tickers_text import age_text, change_text, direction, price_text, state_text
from orderflow.tickers.delivery.kinds import Kind
from orderflow.tickers.quotes import Point, Quote

PATH = "/tickers/"
TITLE = "Crypto tickers"
INTERVAL = 1000
"""ms between two updates, at most where nothing else keeps the machine busy."""
PAUSE = 850
"""ms from the end of an update to the next one: its answer and its drawing take the rest."""
SPARK = 100
"""Points of a card's line."""
RANGES = (
    ("2s:100", "Last 100 points"),
    ("1min:60", "1 hour"),
    ("1min:1440", "1 day"),
    ("1min:10000", "7 days"),
)
"""Ranges of the history: step and number of points, words."""
LOST = (
    "No connection to the server. These are the last prices; the page goes on by itself as soon as the server answers."
)
KEYS = (
    ("A", "Add a ticker"),
    ("L", "New alert"),
    ("V", "Cards or table"),
    ("Tab, Enter", "From card to card; open its history"),
    ("Esc", "Close a dialog"),
    ("M", "Sound on or off"),
    ("N", "Dark or light"),
    ("?", "This help"),
)


def up_or_down(field: str) -> dict[str, str]:
    """Classes of a cell, by the field of its row that says the direction."""
    return {"tk-up": f"params.data.{field} === 'up'", "tk-down": f"params.data.{field} === 'down'"}


COLUMNS: list[dict[str, Any]] = [
    {"field": "ticker", "headerName": "Ticker", "minWidth": 90, "flex": 2, "rowDrag": False},
    {"field": "price", "headerName": "Price", "minWidth": 110, "flex": 2, "type": "rightAligned"},
    {
        "field": "hour",
        "headerName": "1 h",
        "minWidth": 100,
        "flex": 2,
        "type": "rightAligned",
        "cellClassRules": up_or_down("dirHour"),
    },
    {
        "field": "day",
        "headerName": "24 h",
        "minWidth": 100,
        "flex": 2,
        "type": "rightAligned",
        "cellClassRules": up_or_down("dir"),
    },
    {"field": "source", "headerName": "Source", "minWidth": 110, "flex": 2},
    {"field": "series", "headerName": "Series", "minWidth": 130, "flex": 2},
    {"field": "state", "headerName": "State", "minWidth": 160, "flex": 4, "tooltipField": "state"},
]


def tickers_page(
    *,
    kinds: Sequence[Kind],
    links: Sequence[Link] = (),
    symbols: Sequence[str] = (),
    more: Sequence[Component] = (),
    hint: str = "",
) -> Component:
    """The page. kinds: of delivery targets. symbols: names that an alert can be made for. more: the page's stores.
    hint: about the feeds."""
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=_header(),
        main=html.Div(
            [
                html.Div([_toolbar(), _prices(), holes_panel()], className="tk-left"),
                alerts_column(symbols, [targets_panel()]),
            ],
            id="tickers-page",
            className="tk",
        ),
        footer=html.Div(
            [html.Span(hint), html.Span(id="tickers-feeds", role="status")], className="tk-status"
        ),
        extras=[
            history_dialog(),
            help_dialog(),
            *target_dialogs(kinds),
            dmc.NotificationContainer(id="tickers-toasts", position="bottom-left", zIndex=500),
            html.Div(className="of-banner-over", role="alert", hidden=True,
                     **data(stale=LOST, revive="tickers-interval")),
            dcc.Interval(id="tickers-interval", interval=PAUSE),
            *more,
        ],
    )  # fmt: skip


def _header() -> Component:
    return html.Div(
        [
            dmc.Button("Browser notifications …", id="notices-permit", variant="subtle", color="gray",
                       size="compact-sm", className="tk-permit"),
            icon_button("tickers-mute", "sound", "Sound of alerts on or off", keys="M", pressed=False,
                        **data(mute="", hotkey="M")),
            icon_button("tickers-theme", "theme", "Dark or light", keys="N",
                        **data(theme_toggle="", hotkey="N")),
            icon_button("tickers-open-help", "help", "Keyboard and states", keys="?", **data(hotkey="?")),
        ],
        className="tk-header",
    )  # fmt: skip


def _toolbar() -> Component:
    """Add a ticker at the left; cards or table at the right."""
    return html.Div(
        [
            html.Div(
                [
                    dmc.TextInput(
                        id="tickers-name", placeholder="Add: SOL, LTCUSDT, BTCEUR=kraken:BTC/EUR", size="sm",
                        value="", debounce=True, className="tk-name", autoComplete="off", spellCheck=False,
                        inputProps=aria(label="Ticker to add"), **data(hotkey="A"),
                    ),
                    dmc.Button("Add", id="tickers-add", size="sm", variant="default", **ONCE),
                ],
                className="tk-add",
            ),
            html.P(id="tickers-add-fault", className="tk-fault", role="alert"),
            dmc.SegmentedControl(
                id="tickers-view", data=[{"value": "cards", "label": "Cards"}, {"value": "table", "label": "Table"}],
                value="cards", size="xs", persistence=True, className="tk-view",
            ),
            html.Button(id="tickers-view-key", hidden=False, className="of-visually-hidden", tabIndex=-1,
                        children="Cards or table", **data(hotkey="V")),
        ],
        className="tk-bar",
    )  # fmt: skip


def _prices() -> Component:
    return html.Div(
        [
            html.Section(id="tickers-cards", className="tk-cards", **aria(label="Prices")),
            html.Section(_grid(), id="tickers-table", className="tk-table", hidden=True, **aria(label="Prices")),
            html.Section(
                [
                    html.H2("No tickers"),
                    html.P("Add one above: a name such as BTC, or a pair such as LTCUSDT."),
                ],
                id="tickers-none",
                className="tk-empty",
                hidden=True,
            ),
        ]
    )


def _grid() -> Component:
    return dag.AgGrid(
        id="tickers-grid",
        columnDefs=COLUMNS,
        rowData=[],
        getRowId="params.data.ticker",
        className="tk-grid",
        style={"height": None, "width": "100%"},
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True},
        dashGridOptions={
            "theme": {"function": THEME},
            "domLayout": "autoHeight",
            "rowHeight": 40,
            "animateRows": False,
            "suppressNoRowsOverlay": True,
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
        },
    )


def cards(quotes: Sequence[Quote], histories: Sequence[Sequence[Point]], now: int) -> list[Component]:
    """A card for each ticker, with its line. now: ns UTC."""
    return [card(quote, points, now) for quote, points in zip(quotes, histories, strict=True)]


def card(quote: Quote, points: Sequence[Point], now: int) -> Component:
    """One card: a button over all of it opens the history; the small buttons move and remove it."""
    name = quote.ticker
    return html.Article(
        [
            html.Div(now_of(quote, now), id={"type": "ticker-now", "ticker": name}, className="tk-now"),
            dcc.Graph(
                id={"type": "ticker-spark", "ticker": name},
                figure=spark_figure([point.time / 1e6 for point in points], [point.price for point in points]),
                config={"staticPlot": True, "displayModeBar": False},
                responsive=True,
                className="tk-spark",
                style={"height": 56},
            ),
            html.Button(
                html.Span(f"Open the history of {name}", className="of-visually-hidden"),
                id={"type": "ticker-open", "ticker": name},
                type="button",
                className="tk-open",
            ),
            html.Div(
                [
                    _small("←", "left", name, f"Move {name} forward"),
                    _small("→", "right", name, f"Move {name} back"),
                    _small("✕", "remove", name, f"Remove {name}; its prices and alerts stay"),
                ],
                className="tk-small",
            ),
        ],
        className="tk-card",
        **aria(label=name),
    )


def _small(mark: str, action: str, name: str, words: str) -> Component:
    return html.Button(
        html.Span(mark, **aria(hidden="true")),
        id={"type": f"ticker-{action}", "ticker": name},
        type="button",
        title=words,
        className="tk-small-button",
        **aria(label=words),
    )


def now_of(quote: Quote, now: int) -> list[Component]:
    """What moves on a card. now: ns UTC."""
    age = None if quote.time is None else max(0.0, (now - quote.time) / 1e9)
    changes = [("1 h", quote.change_1h), ("24 h", quote.change_24h)]
    return [
        html.Div(
            [
                html.H2(quote.ticker, className="tk-ticker"),
                html.Span(quote.source, className="tk-source", **data(state=quote.state)),
            ],
            className="tk-head",
        ),
        html.P(price_text(quote.price), className="tk-price"),
        html.Dl(
            [
                html.Div([html.Dt(words), html.Dd(change_text(share), **data(dir=direction(share)))])
                for words, share in changes
            ],
            className="tk-changes",
        ),
        html.P(state_text(quote.state, age, quote.reason), className="tk-state", **data(state=quote.state)),
    ]


def table_row(quote: Quote, now: int) -> dict[str, Any]:
    """A row of the table. now: ns UTC."""
    age = None if quote.time is None else max(0.0, (now - quote.time) / 1e9)
    return {
        "ticker": quote.ticker,
        "price": price_text(quote.price),
        "hour": change_text(quote.change_1h),
        "day": change_text(quote.change_24h),
        "dir": direction(quote.change_24h),
        "dirHour": direction(quote.change_1h),
        "source": quote.source,
        "series": quote.series,
        "state": state_text(quote.state, age, quote.reason),
    }


def history_dialog() -> Component:
    """The history of one ticker: price, range, chart, links."""
    return dmc.Modal(
        id="tickers-dialog-history",
        title=html.Span("History", id="tickers-history-title"),
        size="min(1100px, 96vw)",
        opened=False,
        keepMounted=True,  # points that are on their way when it closes must find their graph
        zIndex=300,
        transitionProps={"duration": 0},
        className="tk-dialog",
        closeButtonProps=aria(label="Close"),
        children=[
            html.Div(
                [
                    html.Span("–", id="tickers-history-price", className="tk-price"),
                    html.Span(id="tickers-history-state", className="tk-state"),
                    dmc.SegmentedControl(
                        id="tickers-range",
                        data=[{"value": value, "label": words} for value, words in RANGES],
                        value=RANGES[0][0],
                        size="xs",
                        className="tk-ranges",
                    ),
                ],
                className="tk-history-bar",
            ),
            dcc.Graph(
                id="tickers-graph",
                figure=history_figure([], []),
                config={"displayModeBar": False, "doubleClick": "reset+autosize", "showTips": False},
                responsive=True,
                className="tk-graph",
                style={"height": "min(52vh, 460px)"},
            ),
            html.P(id="tickers-history-note", className="tk-note", role="status"),
            html.Div(
                [
                    html.A("Order flow →", id="tickers-flow", href="/chart/", className="tk-link"),
                    html.A("CSV of its trades", id="tickers-csv", href="/api/v1/ticks/", className="tk-link"),
                    dmc.Button("New alert …", id="tickers-history-alert", size="compact-sm", variant="default"),
                ],
                className="tk-history-links",
            ),
        ],
    )


def help_dialog() -> Component:
    """Keys, and what the states mean."""
    states = (
        ("Simulated", "made by this server's own models; no market has these prices"),
        ("Connecting", "for the first time"),
        ("Live", "trades come in"),
        ("Stale", "the connection stands, but no message has come for longer than usual"),
        ("Reconnecting", "the connection was lost; it is tried again"),
        ("Backfilling", "trades of the time without a connection are fetched"),
        ("Offline", "the feed does not run or cannot be reached; the reason is beside it"),
        (UNKNOWN, "not known: no trade tells it"),
    )
    return dmc.Modal(
        id="tickers-dialog-help",
        title="Keyboard and states",
        size=560,
        opened=False,
        zIndex=300,
        transitionProps={"duration": 0},
        closeButtonProps=aria(label="Close"),
        children=[
            html.Dl([html.Div([html.Dt(html.Kbd(key)), html.Dd(words)]) for key, words in KEYS], className="tk-help"),
            html.H3("States"),
            html.Dl([html.Div([html.Dt(word), html.Dd(words)]) for word, words in states], className="tk-help"),
            html.P("Changes over 1 h and 24 h are shown once there are trades from that long ago."),
        ],
    )


def feeds_text(feeds: Sequence[tuple[str, str, str]]) -> str:
    """(title, state, reason) of each feed as one line."""
    words = [f"{title}: {state}{f' ({reason})' if reason else ''}" for title, state, reason in feeds]
    return " · ".join(words)


__all__ = ["PATH", "RANGES", "age_text", "card", "cards", "feeds_text", "now_of", "table_row", "tickers_page"]
