"""The candles that a chart of the workspace shows, with its indicators, as a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.toasts import pressed, sentence
from callbacks.workspace_series import MOST_SHOWN, SHOWN, Chosen, Reader, Wanted, chosen_of, indicators_of, reader_of
from callbacks.workspace_state import Ranged, read, same_charts, view_of
from layouts.workspace import part
from layouts.workspace_studies import lines_of
from orderflow.errors import OrderflowError
from orderflow.web.kit.callback_values import whole
from orderflow.web.kit.current_user import for_user
from orderflow.workspace.klines.sources import LAST
from orderflow.workspace.uploads.rows import candle_csv
from orderflow.workspace.views import View

if TYPE_CHECKING:
    from orderflow.services import Services


def table(reader: Reader, chosen: Chosen, wanted: Sequence[Wanted], view: View | None) -> str:
    """The candles in a range, or the newest ones, with a column for each line of an indicator. Raises NotFound, …"""
    most, end = SHOWN, LAST
    if view is not None and view.since is not None and view.to is not None:
        end = min(LAST, int(view.to) + 1)
        most = len(reader.klines(chosen, max(0, int(view.since)), end, MOST_SHOWN))
    page = reader.page(chosen, wanted, end, most)
    lines = [line for each in wanted for line in lines_of(each.indicator, each.number, each.options, 0)]
    rows = b"".join(candle_csv([page.klines])).decode().splitlines()
    columns = [
        [line["label"], *("" if value != value else f"{value:.10g}" for value in page.values[line["name"]].tolist())]
        for line in lines
    ]
    return "".join(",".join(row) + "\n" for row in zip(rows, *columns, strict=True))


def file_name(chosen: Chosen) -> str:
    """What the file is called."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in f"{chosen.symbol}-{chosen.timeframe}.csv")


def register(app: Dash, services: Services) -> None:
    """Bind the buttons to the app."""

    @app.callback(
        Output("ws-csv-file", "data"),
        Output("ws-status", "children", allow_duplicate=True),
        Input(part("csv", ALL), "n_clicks"),
        State("ws-mode", "value"),
        State("ws-indicators", "data"),
        *(State(part(name, ALL), "value") for name in ("symbol", "timeframe")),
        State(part("view", ALL), "data"),
        prevent_initial_call=True,
    )
    @for_user(nothing)
    def save(user: str, clicks: Any, mode: Any, indicators: Any, symbols: Any, frames: Any, views: Any) -> Any:
        same_charts(symbols, frames, views)
        at = whole(pressed([clicks]).get("index"), len(symbols) - 1)
        if at is None:
            raise PreventUpdate
        chosen = chosen_of(mode, symbols[at], frames[at], None)
        if chosen is None:
            raise PreventUpdate
        view = view_of(read(Ranged, views[at]), chosen.key)
        try:
            text = services.workers.run(table, reader_of(services, user), chosen, indicators_of(indicators), view)
        except OrderflowError as error:
            return None, sentence(error)
        return {"content": text, "filename": file_name(chosen)}, ""


def nothing() -> Any:
    """Leaves the page as it is."""
    raise PreventUpdate
