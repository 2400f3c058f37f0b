"""The chart's page on the wire: the poll that brings changed bars, the symbols to choose from, the sample's button.

Everything that the reader does on the chart itself happens in the browser (`assets/chart`); this module binds it. The
poll answers with what changed since the revision that the page says it holds, and with nothing when nothing did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.history import older
from layouts.chart import chart_page
from layouts.chart_settings import FIELDS, SWITCHES
from layouts.shell import Link
from orderflow.errors import OrderflowError
from orderflow.feeds.replay import SampleReplay
from orderflow.market.frames import TIME_FRAMES, Frame
from orderflow.market.market import Market
from orderflow.market.studies.options import StudyOptions
from orderflow.settings.settings import Settings
from orderflow.web.kit.access import operator_only

if TYPE_CHECKING:
    from orderflow.services import Services

MAX_SYMBOLS = 5_000
NEEDS_KEY = "This server needs its key for that: open the address with ?key=… that it printed at its start."

BUTTONS = (
    *("live", "auto", "tool-line", "tool-rect", "tool-erase", "clear", "settings", "theme", "help", "png", "menu"),
    *("copy", "activity", "sample"),
)
"""Buttons that act in the browser: ids `chart-do-…`."""


def page(services: Services, links: list[Link]) -> Component:
    """The page as the settings have it."""
    settings = services.settings
    return chart_page(
        links=links,
        frame=Frame.parse(settings.candle_interval).name,
        frames=TIME_FRAMES,
        refresh_ms=settings.refresh_ms,
        minutes=settings.initial_window_minutes,
    )


def refresh(market: Market, settings: Settings, state: list[Any] | None) -> dict[str, Any] | None:
    """What the page needs to catch up, or None when it is up to date.

    state: [epoch, revision (0: nothing held), first held bar ms, symbol (None: the most recently active), frame, rows
    (0: choose), marks (None: the usual definitions)], as the page keeps it. The answer is `Market.changed`'s, with what
    was asked for in `ask`; when it cannot be had, `error` says why and nothing else is there.
    """
    epoch, revision, _, symbol, frame, rows, marks = _read(state)
    ask = [symbol, frame, rows, marks]
    try:
        parsed = Frame.parse(frame or settings.candle_interval)
        answer = market.changed(symbol, parsed, revision, epoch, rows, StudyOptions.parse(marks))
    except OrderflowError as error:
        return {"ask": ask, "error": str(error)}
    if answer["rev"] == revision and answer["epoch"] == epoch and not answer["bars"]:
        return None
    return {"ask": ask, **answer}


def _read(state: list[Any] | None) -> tuple[Any, ...]:
    """The page's state; what a stranger sends instead counts as nothing held."""
    given = list(state) if isinstance(state, list) else []
    given += [None] * (7 - len(given))
    epoch, revision, first, symbol, frame, rows, marks = given[:7]
    return (
        epoch if isinstance(epoch, str) else None,
        revision if isinstance(revision, int) and revision > 0 else 0,
        first,
        symbol if isinstance(symbol, str) and symbol else None,
        frame if isinstance(frame, str) else "",
        rows if isinstance(rows, int) and 0 <= rows <= 1_000_000 else 0,
        marks if isinstance(marks, dict) else None,
    )


def symbol_names(market: Market, shown: list[str] | None) -> list[str] | None:
    """Names for the symbol picker, sorted; None when they are the ones `shown`."""
    names = sorted(info.symbol for info in market.symbols()[:MAX_SYMBOLS])
    return None if names == shown else names


def start_sample(services: Services) -> str:
    """Start the bundled sample's replay; returns what to tell the reader."""
    try:
        services.part(SampleReplay).start(velocity=services.settings.velocity)
    except OrderflowError as error:
        return str(error)
    return "Starting …"


def sample_note(status: dict[str, Any] | None) -> str:
    """What the sample's replay is doing, in a few words; empty when there is nothing to say."""
    if not status:
        return ""
    if status.get("state") == "failed":
        return f"The sample could not be replayed: {status.get('error')}"
    if status.get("state") == "loading":
        return "Loading …"
    return ""


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    market, settings = services.market, services.settings

    @app.callback(
        Output("chart-delta", "data"),
        Input("chart-interval", "n_intervals"),
        Input("chart-kick", "data"),
        State("chart-state", "data"),
        running=[(Output("chart-interval", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def poll(_intervals: int | None, _kick: int, state: list[Any] | None) -> Any:
        # a first look at a frame aggregates, and a late tick may need the log: neither may hold up the other pages
        answer = services.workers.run(refresh, market, settings, state)
        if answer is None:
            raise PreventUpdate  # an empty 204; `no_update` would cost a body
        return answer

    @app.callback(Output("chart-older", "data"), Input("chart-older-ask", "data"), prevent_initial_call=True)
    def back(asked: list[Any] | None) -> Any:
        answer = services.workers.run(older, market, asked)
        if answer is None:
            raise PreventUpdate
        return answer

    @app.callback(
        Output("chart-symbol", "data"),
        Output("chart-sample-note", "children"),
        Input("chart-slow", "n_intervals"),
        State("chart-symbol", "data"),
        State("chart-sample-note", "children"),
    )
    def look_round(_intervals: int | None, shown: list[str] | None, note: str | None) -> Any:
        names = symbol_names(market, shown)
        said = sample_note(services.part(SampleReplay).status())
        if names is None and said == (note or ""):
            raise PreventUpdate
        return no_update if names is None else names, said

    @app.callback(
        Output("chart-sample-note", "children", allow_duplicate=True),
        Input("chart-do-sample", "n_clicks"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: NEEDS_KEY)
    def sample(_clicks: int | None) -> str:
        return start_sample(services)

    def inside(function: str) -> ClientsideFunction:
        return ClientsideFunction("chart", function)

    app.clientside_callback(
        inside("boot"),
        Output("chart-state", "data"),
        Output("chart-kick", "data"),
        Output("chart-interval", "disabled"),
        Input("chart-config", "data"),
    )
    app.clientside_callback(
        inside("receive"),
        Output("chart-state", "data", allow_duplicate=True),
        Input("chart-delta", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        inside("older"),
        Output("chart-void", "data", allow_duplicate=True),
        Input("chart-older", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        inside("press"),
        Output("chart-void", "data"),
        *(Input(f"chart-do-{name}", "n_clicks") for name in BUTTONS),
        prevent_initial_call=True,
    )
    fields = [Input("chart-symbol", "value"), Input("chart-frame", "value"), Input("chart-rows", "value")]
    fields += [Input("chart-mode", "value"), Input("chart-opt-panes", "value")]
    fields += [Input("chart-activity-kind", "value"), Input("chart-activity-n", "value")]
    fields += [Input(f"chart-opt-{key}", "checked") for key in SWITCHES]
    fields += [Input(f"chart-opt-{key}", "value") for key in FIELDS]
    app.clientside_callback(
        inside("choose"), Output("chart-void", "data", allow_duplicate=True), *fields, prevent_initial_call=True
    )
