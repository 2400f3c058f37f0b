"""The lists of alerts and of what has fired on the crypto tickers' page."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, no_update

from layouts.tickers_alerts import (
    alert_rows,
    event_rows,
    no_login,
    no_login_events,
    none_found,
    search_text,
)
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.alerts.store import MOST_EVENTS, MOST_EVENTS_OF_A_USER
from orderflow.tickers.notices import Notices
from orderflow.web.kit.scope import Scope, maybe, reading_scope

if TYPE_CHECKING:
    from orderflow.services import Services

SHOWN = 50
"""Newest events in the list."""
ROWS = 50
"""Alerts on a page of their list: each has four buttons, and there may be 10,000 of them."""
MOST_FIND = 200
"""Characters of the words to find."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What the page shows of alerts. rows: of one page of them. count: of all, in words. pages: of those that were
    found. few: all are on one page, so there is nothing to find or turn. number: of all this. An answer without rows
    sets no number: the rows of an earlier one, which may come after its asking, are then replaced by the next look."""

    rows: Any
    events: Any
    count: Any
    pages: Any
    few: Any
    number: Any


def lists(alerts: Alerts, notices: Notices, scope: Scope | None, seen: Any, find: str = "", page: int = 1) -> Lists:
    """The alerts with all words of `find` that are on a page, and the newest events; no_update for each field if
    all is as it was at `seen`, its number."""
    if scope is None:
        return Lists(no_login(), no_login_events(), "", 1, True, 0)
    there = alerts.alerts(owner=scope.sees)[::-1]
    words = find.lower().split()
    found = [each for each in there if all(word in search_text(each) for word in words)] if words else there
    pages = max(1, -(-len(found) // ROWS))
    first = (min(max(page, 1), pages) - 1) * ROWS
    shown = found[first : first + ROWS]
    events = [event for _, event in alerts.events(owner=scope.sees, limit=SHOWN)]
    new = {event.id for event in notices.open(scope.sees)}
    deleted = alerts.deleted(scope.sees)
    what = (shown, len(there), len(found), find, [event.id for event in events], sorted(new), deleted)
    number = zlib.crc32(repr(what).encode())
    if number == seen:
        return Lists(*(no_update,) * 6)
    count = f"{len(found):,} of {len(there):,}" if words else f"{len(there):,}" if there else ""
    rows = none_found(find) if words and not found else alert_rows(shown, scope.makes)
    few = len(there) <= ROWS and not words
    fired = event_rows([(event, event.id not in new) for event in events], deleted, kept_text(scope.sees))
    return Lists(rows, fired, count, pages, few, number)


def kept_text(owner: str | None) -> str:
    """How much of the history is kept. owner: of the rows, None for those of all."""
    if owner is None:
        return f"the newest {MOST_EVENTS:,} of the operator and {MOST_EVENTS_OF_A_USER:,} of each user are kept"
    return f"the newest {MOST_EVENTS_OF_A_USER if owner else MOST_EVENTS:,} are kept"


def register(app: Dash, services: Services, alerts: Alerts) -> None:
    """Bind the callbacks of this part of the page."""
    notices = services.part(Notices)

    @app.callback(
        Output("tickers-alerts", "children"),
        Output("tickers-events", "children"),
        Output("tickers-alert-count", "children"),
        Output("tickers-alert-page", "total"),
        Output("tickers-alert-pages", "hidden"),
        Output("tickers-alerts-seen", "data"),
        Input("tickers-alerts-interval", "n_intervals"),
        Input("tickers-alerts-refresh", "data"),
        Input("tickers-alert-find", "value"),
        Input("tickers-alert-page", "value"),
        State("tickers-alerts-seen", "data"),
        running=[(Output("tickers-alerts-interval", "disabled"), True, False)],
    )
    def show_lists(_number: Any, _refresh: Any, find: Any, page: Any, seen: Any) -> tuple[Any, ...]:
        number = page if isinstance(page, int) and not isinstance(page, bool) else 1
        words = (find if isinstance(find, str) else "")[:MOST_FIND]
        shown = services.workers.run(lists, alerts, notices, maybe(reading_scope), seen, words, number)
        return tuple(getattr(shown, each.name) for each in fields(shown))

    @app.callback(
        Output("tickers-alert-page", "value"),
        Input("tickers-alert-find", "value"),
        prevent_initial_call=True,
    )
    def first_page(_find: Any) -> int:
        return 1
