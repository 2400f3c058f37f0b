"""The chart's dialog "Go to a date": reads what is typed, and says from when to when there are trades."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from orderflow.errors import OrderflowError
from orderflow.market.ports import MarketReader

if TYPE_CHECKING:
    from orderflow.services import Services

FORMS = "2026-03-02 14:30, 2026-03-02 or 14:30"


def zone_of(name: object) -> tzinfo:
    """The IANA time zone of a name; UTC if there is none."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def read_time(text: str, zone: tzinfo, newest: datetime) -> tuple[datetime, timedelta] | None:
    """(the begin of what a text names, how long that is), or None if it is neither a date nor a time.

    A date without a time is a day; a time without a date is on the day of `newest`. zone: of a text without one.
    """
    words = text.strip()
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        try:
            found = datetime.combine(newest.astimezone(zone), time.fromisoformat(words if ":" in words else ""))
        except ValueError:
            return None
    span = timedelta(0) if ":" in words else timedelta(days=1)
    return found if found.tzinfo else found.replace(tzinfo=zone), span


def trades_of(market: MarketReader, series: object) -> tuple[datetime, datetime, tzinfo] | None:
    """(time of the first trade of the shown symbol, time of its last, the page's zone); None without trades."""
    given = series if isinstance(series, dict) else {}
    try:
        info = market.info(str(given.get("symbol")))
    except OrderflowError:
        return None
    first, last = (datetime.fromtimestamp(ns // 10**6 / 1000, UTC) for ns in (info.first, info.last))
    return first, last, zone_of(given.get("zone"))


def range_text(first: datetime, last: datetime, zone: tzinfo) -> str:
    """From when to when there are trades, in words."""
    a, b = (f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" for at in (first, last))
    return f"The trades are from {a} to {b} ({zone})."


def texts(market: MarketReader, opened: object, series: object) -> tuple[Any, Any]:
    """(from when to when there are trades, the error) of a dialog that opens or closes; no_update where it stays.

    An error goes when the dialog closes: while it is open, this answer may come after one that has an error.
    """
    if not opened:
        return no_update, None
    trades = trades_of(market, series)
    return "There are no trades." if trades is None else range_text(*trades), no_update


def go_to(market: MarketReader, series: object, text: object) -> tuple[int | None, str | None]:
    """(the time that a text names, ms UTC, None), or (None, why there is nothing to go to).

    series: {"symbol", "frame", "zone"}, as the page shows it.
    """
    trades = trades_of(market, series)
    if trades is None:
        return None, "There are no trades."
    first, last, zone = trades
    try:
        found = read_time(str(text or ""), zone, last)
        if found is None:
            return None, f"Not a date: write {FORMS}. {range_text(first, last, zone)}"
        begin, span = found
        if begin > last or begin + span < first:
            return None, range_text(first, last, zone)
        return int(max(begin, first).timestamp() * 1000), None
    except OverflowError:
        return None, range_text(first, last, zone)


def register(app: Dash, services: Services) -> None:
    """Bind the dialog's callbacks to the app."""
    market = services.market

    @app.callback(
        Output("chart-goto-range", "children"),
        Output("chart-goto-time", "error"),
        Input("chart-goto", "opened"),
        State("chart-series", "data"),
        prevent_initial_call=True,
    )
    def say_range(opened: bool | None, series: dict[str, Any] | None) -> tuple[Any, Any]:
        return texts(market, opened, series)

    @app.callback(
        Output("chart-goto-chosen", "data"),
        Output("chart-goto-time", "error", allow_duplicate=True),
        Output("chart-goto-range", "children", allow_duplicate=True),
        Output("chart-goto", "opened"),
        Input("chart-goto-time", "n_submit"),
        Input("chart-goto-go", "n_clicks"),
        State("chart-goto-time", "value"),
        State("chart-series", "data"),
        prevent_initial_call=True,
    )
    def choose_time(_submit: int | None, _clicks: int | None, text: str | None, series: dict[str, Any] | None) -> Any:
        at, error = go_to(market, series, text)
        if at is None:
            return no_update, error, "", no_update  # the error says from when to when
        return {"time": at}, None, no_update, False

    app.clientside_callback(
        ClientsideFunction("chart", "go"),
        Output("chart-sink", "data", allow_duplicate=True),
        Input("chart-goto-chosen", "data"),
        prevent_initial_call=True,
    )
