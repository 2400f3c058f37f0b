"""A venue's klines beside those of its ticks on the workspace's page, where a symbol has both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.toasts import pressed, refresh, sentence
from callbacks.workspace_series import Chosen, chosen_of
from callbacks.workspace_state import same_charts
from layouts.workspace import part
from layouts.workspace_compare import difference_table, long_text, short_text
from orderflow.errors import OrderflowError
from orderflow.market.ports import MarketReader
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.web.kit.callback_values import whole
from orderflow.web.kit.current_user import for_user
from orderflow.workspace.klines.differences import Differences, differences
from orderflow.workspace.klines.live_klines import LiveKlines

if TYPE_CHECKING:
    from orderflow.services import Services

NEWEST = 500
"""Candles of which a chart says how many differ; the drawer has ten times as many."""
AROUND = 40
"""Candles on each side of the one that a click shows."""


def pair_of(live: LiveKlines, market: MarketReader, chosen: Chosen | None) -> str | None:
    """The venue's pair of a chart of which there are ticks, else None."""
    if chosen is None or chosen.mode != "live":
        return None
    pair = chosen.symbol.removeprefix(live.ticks_of(""))
    return pair if market.revision(live.ticks_of(pair)) else None


def said(live: LiveKlines, market: MarketReader, chosen: Chosen | None) -> str:
    """The comparison of a chart in a few words, "" where there is none."""
    pair = pair_of(live, market, chosen)
    if pair is None or chosen is None:
        return ""
    try:
        return short_text(differences(live, pair, chosen.timeframe, NEWEST))
    except OrderflowError:  # the venue's are not kept
        return ""


def compared(live: LiveKlines, market: MarketReader, chosen: Chosen | None) -> tuple[Differences, str]:
    """(the comparison of a chart, the pair). Raises NotFound, BadInput, PreventUpdate for a chart without both."""
    pair = pair_of(live, market, chosen)
    if pair is None or chosen is None:
        raise PreventUpdate
    return differences(live, pair, chosen.timeframe, 10 * NEWEST), pair


def around(chosen: Chosen, time: int) -> dict[str, int]:
    """The range (ms) that shows a candle with those beside it."""
    side = AROUND * TIMEFRAMES[chosen.timeframe].ms
    return {"from": time - side, "to": time + side}


def register(app: Dash, services: Services) -> None:
    """Bind the callbacks of the comparison to the app."""
    run, live, market = services.workers.run, services.part(LiveKlines), services.market

    def chart(chosen: Any, mode: Any, symbols: Any, frames: Any) -> Chosen | None:
        same_charts(symbols, frames)
        index = whole(chosen.get("index"), len(symbols) - 1) if isinstance(chosen, dict) else None
        return None if index is None else chosen_of(mode, symbols[index], frames[index], None)

    series = (
        State("ws-mode", "value"), State(part("symbol", ALL), "value"), State(part("timeframe", ALL), "value"),
    )  # fmt: skip

    @app.callback(
        Output(part("compare", ALL), "children"),
        Output({**part("compare", ALL), "type": "ws-compare-of"}, "hidden"),
        Input("ws-offers-interval", "n_intervals"),
        Input("ws-mode", "value"),
        Input(part("symbol", ALL), "value"),
        Input(part("timeframe", ALL), "value"),
        State(part("compare", ALL), "children"),
        State("ws-count", "value"),
    )
    @for_user(no_comparison)
    def say(user: str, _n: Any, mode: Any, symbols: Any, frames: Any, shown: Any, count: Any) -> Any:
        same_charts(symbols, frames, shown, *ctx.outputs_list)
        most = int(count) if count in ("1", "2", "4") else 1
        chosen = [
            chosen_of(mode, symbol, frame, None) if at < most else None
            for at, (symbol, frame) in enumerate(zip(symbols, frames, strict=True))
        ]
        words = run(lambda: [said(live, market, each) for each in chosen])
        if words == shown:
            raise PreventUpdate
        return words, [not text for text in words]

    @app.callback(
        Output("ws-compare", "opened"),
        Output("ws-compare-chart", "data"),
        Output("ws-compare-what", "children"),
        Output("ws-compare-rows", "children"),
        Input(part("compare", ALL), "n_clicks"),
        *series,
        prevent_initial_call=True,
    )
    @for_user(no_comparison)
    def show(user: str, clicks: Any, *fields: Any) -> Any:
        index = whole(pressed([clicks]).get("index"))
        if index is None:
            raise PreventUpdate
        shown = {"index": index}
        chosen = chart(shown, *fields)
        try:
            found, pair = run(compared, live, market, chosen)
        except OrderflowError as error:
            return True, shown, sentence(error), []
        return True, shown, long_text(found, pair, chosen.timeframe if chosen else ""), difference_table(found)

    @app.callback(
        Output(part("jump", ALL), "data"),
        Input({"type": "ws-compare-at", "time": ALL}, "n_clicks"),
        State("ws-compare-chart", "data"),
        *series,
        prevent_initial_call=True,
    )
    @for_user(no_comparison)
    def jump(user: str, clicks: Any, shown: Any, *fields: Any) -> Any:
        same_charts(fields[1], ctx.outputs_list)
        time, chosen = whole(pressed([clicks]).get("time")), chart(shown, *fields)
        if time is None or chosen is None or chosen.timeframe not in TIMEFRAMES:
            raise PreventUpdate
        range_ = {"key": chosen.key, "range": around(chosen, time), "n": refresh()}
        return [range_ if at == shown["index"] else no_update for at in range(len(fields[1]))]


def no_comparison() -> Any:
    """Leaves the page as it is."""
    raise PreventUpdate
