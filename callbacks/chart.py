"""The chart's page on the wire: the poll that brings changed bars, the symbols to choose from, the links of the
export menu, the sample's button. The settings' callbacks are in `chart_settings`.

Everything that the reader does on the chart itself happens in the browser (`assets/chart`); this module binds it. The
poll answers with what changed since the revision that the page says it holds, and with nothing when nothing did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks import chart_alerts, chart_files, chart_goto, chart_settings
from callbacks.chart_settings import plain_options
from callbacks.history import older
from callbacks.page import Page
from callbacks.problems import first_sentences, storage_note
from layouts.chart import chart_page
from layouts.chart_settings import FIELDS, SWITCHES
from layouts.chart_statistics import figures
from layouts.shell import Link
from orderflow.errors import NotFound, OrderflowError
from orderflow.feeds.replay import SampleReplay
from orderflow.formats import names
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.frames import TIME_FRAMES, Frame
from orderflow.market.ports import MarketReader
from orderflow.market.studies.options import StudyOptions
from orderflow.market.ticks import is_simulated
from orderflow.settings.settings import Settings
from orderflow.web.kit.access import operator_only

if TYPE_CHECKING:
    from orderflow.services import Services

MAX_SYMBOLS = 5_000
MAX_OTHERS = 12
"""Symbols to name where there is none of the wanted name."""
NEEDS_KEY = "This server needs its key for that: open the address with ?key=… that it printed at its start."

BUTTONS = (
    *("live", "auto", "tool-line", "tool-rect", "tool-erase", "clear", "goto", "settings", "help", "png"),
    *("alert", "menu", "copy", "sample", "file", "file-empty", "unfile"),
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
        exact="initial_window_minutes" in settings.sources,
        formats=[*settings.formats, *names()],
    )


@dataclass(frozen=True, slots=True)
class PollState:
    """What the page holds and wants, as its poll says it.

    epoch: of the bars that it holds. revision: of those bars, 0: none. symbol: None is the most recently active one.
    frame: "" is the settings' one. rows: ticks a row, 0: the server chooses. marks: the definitions by which those bars
    are marked, None: the usual ones.
    profile: of which bars it shows a volume profile; fresh: it has no marks of that profile yet.
    """

    epoch: str | None = None
    revision: int = 0
    symbol: str | None = None
    frame: str = ""
    rows: int = 0
    marks: dict[str, Any] | None = None
    profile: ProfileSpan | None = None
    fresh: bool = False

    @staticmethod
    def parse(given: object) -> PollState:
        """The state that the browser sent; a field that makes no sense counts as not given."""
        state = given if isinstance(given, dict) else {}
        epoch, symbol, frame, marks = (state.get(name) for name in ("epoch", "symbol", "frame", "marks"))
        return PollState(
            epoch=epoch if isinstance(epoch, str) else None,
            revision=_whole(state.get("revision"), 2**53),
            symbol=symbol if isinstance(symbol, str) and symbol else None,
            frame=frame if isinstance(frame, str) else "",
            rows=_whole(state.get("rows"), 1_000_000),
            marks=plain_options(marks),
            profile=_span(state.get("profile")),
            fresh=state.get("fresh") is True,
        )

    def request(self, marks: dict[str, Any] | None) -> dict[str, Any]:
        """What the page wants, for the answer to repeat. marks: the definitions by which bars are to be marked."""
        return {"symbol": self.symbol, "frame": self.frame, "rows": self.rows, "marks": marks}


def _span(given: object) -> ProfileSpan | None:
    span = given if isinstance(given, dict) else {}
    start, end = (_whole(span.get(name), 2**43) for name in ("start", "end"))
    return ProfileSpan(start, end or None, span.get("session") is True) if start else None


def _whole(value: object, most: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else 0


def refresh(market: MarketReader, settings: Settings, state: object, chosen: object = None) -> dict[str, Any] | None:
    """What the page needs to catch up, or None when it is up to date.

    state: the fields of `PollState`, as the page keeps them. chosen: definitions of `chart_settings.define`; bars that
    the page holds by other ones are all sent anew. The answer is `MarketReader.changed`'s, with what was asked for in
    `request`, the automatic row size in `auto` and `figures` as `stats`, and without bars `others`, symbols that have
    some; when it cannot be had, `error` says why and nothing else is there.
    """
    given = PollState.parse(state)
    marks = plain_options(chosen)
    revision = given.revision if given.marks == marks else 0
    try:
        frame, options = Frame.parse(given.frame or settings.candle_interval), StudyOptions.parse(marks)
        answer = market.changed(given.symbol, frame, revision, given.epoch, given.rows, options, given.profile)
    except OrderflowError as error:
        return {"request": given.request(marks), "error": str(error)}
    same = answer["rev"] == revision and answer["epoch"] == given.epoch and not answer["bars"]
    same = same and not answer["stats"].get("pending")  # the page says how many ticks wait to be put in order
    if same and not (given.fresh and given.profile):
        return None
    others = {} if answer["rev"] else {"others": [info.symbol for info in market.symbols()[:MAX_OTHERS]]}
    stats = figures(answer["stats"], answer.get("pd"))
    auto = automatic_rows(market, answer, frame)
    return {"request": given.request(marks), "auto": auto, **others, **answer, "stats": stats}


def automatic_rows(market: MarketReader, answer: Mapping[str, Any], frame: Frame) -> int:
    """The row size that the server chooses for the symbol of an answer; 0 while that has no bars."""
    try:
        return market.row_size(answer["symbol"], frame) if answer["rev"] else 0
    except NotFound:  # reset meanwhile
        return 0


Choice = str | dict[str, str]


def symbol_names(market: MarketReader, shown: list[Choice] | None) -> list[Choice] | None:
    """Choices of the symbol picker, sorted, the simulated feed's last; None when they are the ones `shown`."""
    found = sorted((is_simulated(info.symbol), info.symbol) for info in market.symbols(MAX_SYMBOLS))
    made: list[Choice] = [{"value": name, "label": f"{name} SIMULATED"} if sim else name for sim, name in found]
    return None if made == shown else made


def start_sample(services: Services) -> str:
    """Start the bundled sample's replay; returns what to tell the reader."""
    try:
        services.part(SampleReplay).start(velocity=services.settings.velocity)
    except OrderflowError as error:
        return str(error)
    return "Starting …"


def export_links(series: object) -> tuple[str, str, str] | None:
    """Addresses of the shown series as CSV (bars, footprint, ticks); None if `series` is not a series.

    series: {"symbol", "frame", "zone"}, as the page shows it.
    """
    given = series if isinstance(series, dict) else {}
    symbol, frame = given.get("symbol"), given.get("frame")
    if not (isinstance(symbol, str) and symbol and isinstance(frame, str) and frame):
        return None
    name, query = quote(symbol, safe=""), urlencode({"frame": frame, "format": "csv"})
    return (
        f"/api/v1/bars/{name}?{query}",
        f"/api/v1/footprint/{name}?{query}",
        f"/api/v1/ticks/{name}?format=csv",
    )


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
    chart_settings.register(app)
    chart_goto.register(app, services)
    chart_alerts.register(app, services)
    chart_files.register(app, services, lambda: symbol_names(market, None))

    @app.callback(
        Output("chart-delta", "data"),
        Input("chart-interval", "n_intervals"),
        Input("chart-refresh", "data"),
        Input("chart-options", "data"),
        State("chart-state", "data"),
        running=[(Output("chart-interval", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def poll(
        _intervals: int | None, _refresh: int, options: dict[str, Any] | None, state: dict[str, Any] | None
    ) -> Any:
        # a first look at a frame aggregates, and a late tick may need the log: neither may hold up the other pages
        answer = services.workers.run(refresh, market, settings, state, options)
        if answer is None:
            raise PreventUpdate  # an empty 204; `no_update` would cost a body
        return answer

    @app.callback(
        Output("chart-older-response", "data"), Input("chart-older-request", "data"), prevent_initial_call=True
    )
    def load_older(request: dict[str, Any] | None) -> Any:
        answer = services.workers.run(older, market, request)
        if answer is None:
            raise PreventUpdate
        return answer

    @app.callback(
        Output("chart-symbol", "data"),
        Output("chart-sample-note", "children"),
        Output("chart-damage", "children"),
        Output("chart-damage", "title"),
        Input("chart-slow", "n_intervals"),
        State("chart-symbol", "data"),
        State("chart-sample-note", "children"),
        State("chart-damage", "children"),
    )
    def poll_symbols(_intervals: int | None, shown: list[Choice] | None, note: str | None, damage: str | None) -> Any:
        names = services.workers.run(symbol_names, market, shown)
        said = sample_note(services.part(SampleReplay).status())
        problems, damaged = services.problems(), services.damage()
        stored = storage_note(first_sentences(problems), damaged)
        if names is None and (said, stored) == (note or "", damage or ""):
            raise PreventUpdate
        return no_update if names is None else names, said, stored, storage_note(problems, damaged)

    @app.callback(
        Output("chart-sample-note", "children", allow_duplicate=True),
        Input("chart-do-sample", "n_clicks"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: NEEDS_KEY)
    def sample(_clicks: int | None) -> str:
        return start_sample(services)

    @app.callback(
        *(Output(f"chart-csv-{name}", "href") for name in ("bars", "footprint", "ticks")),
        Input("chart-series", "data"),
        prevent_initial_call=True,
    )
    def link_exports(series: dict[str, Any] | None) -> tuple[str, str, str]:
        links = export_links(series)
        if links is None:
            raise PreventUpdate
        return links

    def clientside(function: str) -> ClientsideFunction:
        return ClientsideFunction("chart", function)

    app.clientside_callback(
        clientside("boot"),
        Output("chart-state", "data"),
        Output("chart-refresh", "data"),
        Output("chart-interval", "disabled"),
        Output("chart-link", "data"),
        Input("chart-config", "data"),
    )
    for function, into, answer in (
        ("receive", "chart-state", "chart-delta"),
        ("older", "chart-sink", "chart-older-response"),
        ("linked", "chart-sink", "chart-linked"),
        ("recolour", "chart-sink", "chart-scheme"),
    ):
        app.clientside_callback(
            clientside(function),
            Output(into, "data", allow_duplicate=True),
            Input(answer, "data"),
            prevent_initial_call=True,
        )
    app.clientside_callback(
        clientside("press"),
        Output("chart-sink", "data"),
        *(Input(f"chart-do-{name}", "n_clicks") for name in BUTTONS),
        prevent_initial_call=True,
    )
    fields = [Input("chart-symbol", "value"), Input("chart-frame", "value"), Input("chart-rows", "value")]
    fields += [Input("chart-mode", "value"), Input("chart-opt-panes", "value")]
    fields += [Input(f"chart-opt-{key}", "checked") for key in SWITCHES]
    fields += [Input(f"chart-opt-{key}", "value") for key in FIELDS]
    app.clientside_callback(
        clientside("choose"), Output("chart-sink", "data", allow_duplicate=True), *fields, prevent_initial_call=True
    )


PAGE = Page(
    "/chart/",
    "Order flow",
    page,
    register,
    scripts=("kit", "kit/plot", "chart"),
    styles=("page.css", "kit/plot", "chart.css"),
    dynamic=lambda services: chart_files.dynamic(),
)
