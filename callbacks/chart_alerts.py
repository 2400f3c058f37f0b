"""Alerts on the chart: a new one at a price, those of the symbol as lines, and a line that was dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.toasts import owner_text, refresh, sentence, toast
from orderflow.errors import OrderflowError
from orderflow.tickers.alerts.alert import Kind
from orderflow.tickers.alerts.alert import State as AlertState
from orderflow.tickers.alerts.description import condition_text
from orderflow.tickers.alerts.operators.registry import OPERATORS
from orderflow.tickers.alerts.parsing import value_names
from orderflow.tickers.alerts.service import Alerts
from orderflow.web.kit.callback_values import whole
from orderflow.web.kit.scope import Scope, for_owner, maybe, reading_scope

if TYPE_CHECKING:
    from orderflow.services import Services

MOST = 50
"""Alerts whose lines a chart shows: the newest of its symbol."""


def lines(alerts: Alerts, scope: Scope | None, symbol: str) -> list[dict[str, Any]]:
    """The lines of a symbol's alerts on its price: id (of the alert, ":", number of the value), price, words."""
    found: list[dict[str, Any]] = []
    there = [] if scope is None else alerts.alerts(str(AlertState.ACTIVE), scope.sees)
    of_prices = (alert for alert in there if alert.source.kind is Kind.PRICE and symbol in alert.symbols)
    for alert in [alert for alert in of_prices if not OPERATORS[alert.operator].moved][-MOST:]:
        words = condition_text(alert)
        found += [
            {"id": f"{alert.id}:{number}", "price": float(value), "words": words}
            for number, value in enumerate(alert.values)
        ]
    return found


def move(alerts: Alerts, scope: Scope, dragged: Any) -> None:
    """Give an alert the price to which its line was dragged. Raises OrderflowError."""
    given = dragged if isinstance(dragged, dict) else {}
    alert_id, _, number = str(given.get("id")).partition(":")
    names = value_names(alerts.get(alert_id, scope.sees))
    price, at = given.get("price"), whole(number, len(names) - 1)
    if at is not None and isinstance(price, int | float):
        alerts.change(alert_id, {names[at]: str(price)}, scope.sees)


def set_alert(alerts: Alerts, scope: Scope, at: Any, operator: Any, price: Any, note: Any) -> str | None:
    """Make an alert on the symbol of `at`; what is wrong as a sentence, None if nothing is."""
    symbol = at.get("symbol") if isinstance(at, dict) else None
    try:
        alerts.create({"ticker": symbol, "operator": operator, "price": price, "note": note or ""}, scope.makes)
    except OrderflowError as error:
        return sentence(error)
    return None


def register(app: Dash, services: Services) -> None:
    """Bind the callbacks to the app."""
    alerts = services.part(Alerts)

    @app.callback(
        Output("chart-alerts", "data"),
        Input("chart-alerts-interval", "n_intervals"),
        Input("chart-series", "data"),
        State("chart-alerts", "data"),
        running=[(Output("chart-alerts-interval", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def show(_intervals: Any, series: Any, shown: Any) -> Any:
        symbol = str(series.get("symbol")) if isinstance(series, dict) else ""
        found = {"symbol": symbol, "lines": services.workers.run(lines, alerts, maybe(reading_scope), symbol)}
        if found == shown or (shown is None and not found["lines"]):
            raise PreventUpdate
        return found

    app.clientside_callback(
        ClientsideFunction("chart", "alerts"),
        Output("chart-sink", "data", allow_duplicate=True),
        Input("chart-alerts", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("chart-alert", "opened"),
        Output("chart-alert-price", "value"),
        Output("chart-alert-price", "error"),
        Output("chart-alert", "title"),
        Input("chart-alert-at", "data"),
        prevent_initial_call=True,
    )
    def ask(at: Any) -> tuple[Any, ...]:
        if not isinstance(at, dict):
            raise PreventUpdate
        return True, str(at.get("price")), None, f"New alert on {at.get('symbol')}"

    @app.callback(
        Output("chart-alert-price", "error", allow_duplicate=True),
        Output("chart-alert", "opened", allow_duplicate=True),
        Output("chart-alerts-interval", "n_intervals"),
        Input("chart-alert-set", "n_clicks"),
        Input("chart-alert-price", "n_submit"),
        State("chart-alert-at", "data"),
        State("chart-alert-operator", "value"),
        State("chart-alert-price", "value"),
        State("chart-alert-note", "value"),
        prevent_initial_call=True,
    )
    @for_owner(lambda: (owner_text(), no_update, no_update))
    def make(
        scope: Scope, _clicks: Any, _submits: Any, at: Any, operator: Any, price: Any, note: Any
    ) -> tuple[Any, ...]:
        fault = set_alert(alerts, scope, at, operator, price, note)
        return (fault, no_update, no_update) if fault else (None, False, 0)

    @app.callback(
        Output("chart-alerts", "data", allow_duplicate=True),
        Output("chart-toasts", "sendNotifications"),
        Input("chart-alert-moved", "data"),
        State("chart-series", "data"),
        prevent_initial_call=True,
    )
    @for_owner(lambda: (no_update, no_update))
    def moved(scope: Scope, dragged: Any, series: Any) -> tuple[Any, Any]:
        symbol = str(series.get("symbol")) if isinstance(series, dict) else ""
        note: Any = no_update
        try:
            move(alerts, scope, dragged)
        except OrderflowError as error:  # the line goes back to the alert's price
            note = toast(f"The line stays where it was: {sentence(error)}", bad=True)
        return {"symbol": symbol, "lines": lines(alerts, scope, symbol), "at": refresh()}, note
