"""The workspace's dialog about signals: computes a study in a thread of its own, and gives it as CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.toasts import pressed, refresh, sentence
from callbacks.workspace_series import Chosen, Reader, chosen_of, reader_of
from callbacks.workspace_state import same_charts
from layouts.workspace import part
from layouts.workspace_study import horizon_choices, study_body
from orderflow.errors import BadInput, NotFound, OrderflowError
from orderflow.market.ports import MarketReader
from orderflow.market.signal import NEUTRAL
from orderflow.web.kit.callback_values import whole
from orderflow.web.kit.current_user import for_user
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.signals.joined import path_in_market, path_of
from orderflow.workspace.signals.report import horizon_name, outcomes_csv, summary_csv
from orderflow.workspace.signals.study import DAY, HOUR, Study, read_horizons, study_signals
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.uploads.timeframes import step_of

if TYPE_CHECKING:
    from orderflow.services import Services

T = TypeVar("T")
MS = 10**6
CANDLES = (1, 3, 5, 15, 60)
"""Horizons at first, in candles."""
LOG_IN = "Log in to study signals."
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What to study. horizons: ns. ticks: on ticks of the symbol, not on the candles shown."""

    chosen: Chosen
    horizons: tuple[int, ...]
    ticks: bool
    exits: bool


def usual_horizons(timeframe: str) -> str:
    """The horizons at first, for candles of a time frame."""
    try:
        step = step_of(timeframe)
    except (BadInput, KeyError, ValueError):
        step = None
    steps = [HOUR, DAY, 7 * DAY, 30 * DAY] if step is None else [count * step * MS for count in CANDLES]
    return ", ".join(horizon_name(each) for each in steps)


def horizons_of(text: Any) -> tuple[int, ...]:
    """The horizons (ns) of a field, each once, ascending. Raises BadInput."""
    words = str(text or "")
    if len(words) > LONGEST:
        raise BadInput(f"horizons: {LONGEST} characters are the most")
    return read_horizons(words)


def ticks_of(market: MarketReader, live: LiveKlines, chosen: Chosen) -> str:
    """The symbol of the ticks that are held for a series. Raises NotFound."""
    for symbol in (chosen.symbol, live.ticks_of(chosen.symbol)):
        if market.revision(symbol):
            return symbol
    raise NotFound(f"there are no ticks of {chosen.symbol[:60]!r}: take the candles")


def study_of(reader: Reader, market: MarketReader, live: LiveKlines, asked: Asked) -> Study:
    """Compute a study. Raises BadInput, NotFound, Conflict."""
    signals, longest = reader.signal_rows(asked.chosen), max(asked.horizons)
    if not signals:
        raise BadInput("choose signals for the chart first")
    sided = [signal for signal in signals if signal.side != NEUTRAL] or signals
    chosen = asked.chosen
    if asked.ticks:
        path = path_in_market(market, ticks_of(market, live, chosen), sided, longest)
    else:
        path = path_of(
            lambda *span: reader.klines(chosen, *span), chosen.symbol, chosen.timeframe, sided, longest
        )  # fmt: skip
    return study_signals(signals, path, asked.horizons, exits=asked.exits)


def what_text(asked: Asked) -> str:
    """Which signals are studied on which prices."""
    chosen = asked.chosen
    prices = f"ticks of {chosen.symbol}" if asked.ticks else f"candles of {chosen.symbol} {chosen.timeframe}"
    return f"Signals {chosen.signals} on {prices}."


def register(app: Dash, services: Services) -> None:
    """Bind the dialog's callbacks to the app."""
    library, live, market = services.part(Library), services.part(LiveKlines), services.market

    def computed(user: str, asked: Asked, form: Callable[[Study], T]) -> T:
        """What a function makes of a study, beside the hub."""
        source = reader_of(services, user)
        return library.slots.run(user, lambda: form(study_of(source, market, live, asked)))

    def asked_of(fields: Any) -> Asked:
        """What the dialog's fields say. Raises BadInput, PreventUpdate if no chart was chosen."""
        index, mode, symbols, frames, signals, horizons, prices, exits = fields
        same_charts(symbols, frames, signals)
        at = whole(index.get("index"), len(symbols) - 1) if isinstance(index, dict) else None
        if at is None:
            raise PreventUpdate
        chosen = chosen_of(mode, symbols[at], frames[at], signals[at])
        if chosen is None:
            raise BadInput("the chart shows nothing yet")
        return Asked(chosen, horizons_of(horizons), prices == "ticks", exits is True)

    @app.callback(Output({**part("study", ALL), "type": "ws-study-of"}, "hidden"), Input(part("signals", ALL), "value"))
    def offer_study(signals: Any) -> list[bool]:
        if len(signals) != len(ctx.outputs_list):
            raise PreventUpdate
        return [not each for each in signals]

    @app.callback(
        Output("ws-study", "opened"),
        Output("ws-study-chart", "data"),
        Output("ws-study-horizons", "value"),
        Input(part("study", ALL), "n_clicks"),
        State(part("timeframe", ALL), "value"),
        prevent_initial_call=True,
    )
    def open_study(clicks: Any, frames: Any) -> Any:
        index = whole(pressed([clicks]).get("index"), len(frames) - 1)
        if index is None:
            raise PreventUpdate
        return True, {"index": index, "n": refresh()}, usual_horizons(str(frames[index]))

    shown = (
        State("ws-mode", "value"),
        *(State(part(name, ALL), "value") for name in ("symbol", "timeframe", "signals")),
        State("ws-study-horizons", "value"),
    )

    @app.callback(
        Output("ws-study-body", "children"),
        Output("ws-study-what", "children"),
        Output("ws-study-error", "children"),
        Output("ws-study-at", "data"),
        Output("ws-study-at", "value"),
        Input("ws-study-chart", "data"),
        Input("ws-study-run", "n_clicks"),
        Input("ws-study-horizons", "n_submit"),
        Input("ws-study-at", "value"),
        Input("ws-study-prices", "value"),
        Input("ws-study-exits", "checked"),
        *shown,
        State("ws-scheme", "data"),
        running=[(Output("ws-study-busy", "visible"), True, False), (Output("ws-study-run", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    @for_user(lambda: (None, "", LOG_IN, no_update, no_update))
    def show(user: str, chart: Any, _run: Any, _submit: Any, at: Any, prices: Any, exits: Any, *given: Any) -> Any:
        *fields, scheme = given
        try:
            asked = asked_of((chart, *fields, prices, exits))
            study = computed(user, asked, lambda study: study)
        except OrderflowError as error:
            return None, "", sentence(error), no_update, no_update
        horizons = [result.horizon for result in study.results]
        wished = whole(at)
        chosen = wished if wished in horizons else horizons[len(horizons) // 2]
        body = study_body(study, chosen, "light" if scheme == "light" else "dark")
        return body, what_text(asked), "", horizon_choices(study), str(chosen)

    @app.callback(
        Output("ws-study-file", "data"),
        Output("ws-study-error", "children", allow_duplicate=True),
        Input("ws-study-csv", "n_clicks"),
        Input("ws-study-each", "n_clicks"),
        State("ws-study-chart", "data"),
        *shown,
        State("ws-study-prices", "value"),
        State("ws-study-exits", "checked"),
        prevent_initial_call=True,
    )
    @for_user(lambda: (no_update, LOG_IN))
    def save(user: str, _table: Any, _each: Any, *fields: Any) -> Any:
        each = ctx.triggered_id == "ws-study-each"
        try:
            asked = asked_of(fields)
            text = computed(user, asked, outcomes_csv if each else summary_csv).decode()
        except OrderflowError as error:
            return no_update, sentence(error)
        name = f"study-{asked.chosen.signals}-{asked.chosen.symbol}{'-signals' if each else ''}.csv"
        return {"content": text, "filename": "".join(c if c.isalnum() or c in "-_." else "_" for c in name)}, ""
