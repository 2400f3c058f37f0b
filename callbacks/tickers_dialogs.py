"""What opens and closes on the crypto tickers' page: the history of a ticker, the help, the table."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote as quoted

import msgspec
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, no_update

from callbacks.toasts import pressed
from orderflow.errors import NotFound
from orderflow.tickers.tickers import Tickers

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Opened(msgspec.Struct):
    """The ticker whose history is open (None: none), and how many were opened before."""

    ticker: str | None = None
    turn: Count = 0


def read_state(kind: type[Any], given: Any) -> Any:
    """The state that a browser sent; None if it is not of that kind."""
    try:
        return msgspec.convert(given, kind)
    except (msgspec.ValidationError, RecursionError):
        return None


def opened_history(tickers: Tickers, name: str, turn: int) -> tuple[Any, ...]:
    """(state, whether the dialog is open, its title, its two links) of a ticker's history. Raises NotFound."""
    ticker = tickers.get(name)
    series = quoted(ticker.series)
    chart, csv = f"/chart/?symbol={series}", f"/api/v1/ticks/{series}?format=csv"
    return {"ticker": ticker.name, "turn": turn}, True, ticker.name, chart, csv


def register(app: Dash, each: dict[str, Any], tickers: Tickers) -> None:
    """Bind the callbacks. each: the buttons that open a history, as a pattern."""

    @app.callback(
        Output("tickers-open", "data"),
        Output("tickers-dialog-history", "opened"),
        Output("tickers-history-title", "children"),
        Output("tickers-flow", "href"),
        Output("tickers-csv", "href"),
        Input(each, "n_clicks"),
        Input("tickers-grid", "selectedRows"),
        State("tickers-open", "data"),
        prevent_initial_call=True,
    )
    def open_history(clicks: Any, rows: Any, opened: Any) -> tuple[Any, ...]:
        name = _chosen(ctx.triggered_id, clicks, rows)
        if name is None:
            return (no_update,) * 5
        try:
            return opened_history(tickers, name, (read_state(Opened, opened) or Opened()).turn + 1)
        except NotFound:  # removed meanwhile
            return (no_update,) * 5

    @app.callback(
        Output("tickers-open", "data", allow_duplicate=True),
        Input("tickers-dialog-history", "opened"),
        State("tickers-open", "data"),
        prevent_initial_call=True,
    )
    def closed(open_: Any, opened: Any) -> Any:
        kept = read_state(Opened, opened) or Opened()
        return no_update if open_ or kept.ticker is None else {"ticker": None, "turn": kept.turn}

    @app.callback(
        Output("tickers-dialog-help", "opened"), Input("tickers-open-help", "n_clicks"), prevent_initial_call=True
    )
    def open_help(_clicks: Any) -> bool:
        return True

    @app.callback(
        Output("tickers-dialog-history", "opened", allow_duplicate=True),
        Output("tickers-alert-tickers", "value", allow_duplicate=True),
        Output("tickers-alert-value", "value", allow_duplicate=True),
        Input("tickers-history-alert", "n_clicks"),
        State("tickers-open", "data"),
        State("tickers-history-price", "children"),
        prevent_initial_call=True,
    )
    def begin_alert(_clicks: Any, opened: Any, price: Any) -> tuple[Any, ...]:
        name = (read_state(Opened, opened) or Opened()).ticker
        if name is None:
            return (no_update,) * 3
        return False, [name], str(price).replace(",", "") if price else ""

    app.clientside_callback(
        ClientsideFunction("kit", "permit"), Output("notices-permit", "children"), Input("notices-permit", "n_clicks")
    )

    @app.callback(
        Output("tickers-view", "value"),
        Input("tickers-view-key", "n_clicks"),
        State("tickers-view", "value"),
        prevent_initial_call=True,
    )
    def other_view(_clicks: Any, view: Any) -> str:
        return "cards" if view == "table" else "table"


def _chosen(trigger: Any, clicks: Any, rows: Any) -> str | None:
    """The ticker of a card that was clicked, or of a row that was selected."""
    if button := pressed([clicks]):
        return button.get("ticker")
    if trigger == "tickers-grid" and isinstance(rows, list) and rows and isinstance(rows[0], dict):
        return str(rows[0].get("ticker"))
    return None
