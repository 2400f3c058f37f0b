"""Notices of fired alerts at the top of every page, until they are acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from dash import dcc, html
from dash.development.base_component import Component

from layouts.shell import aria, data
from orderflow.tickers.alerts.alert import AlertEvent

INTERVAL = 1000
"""ms between two looks."""
SHOWN = 1
"""Notices that are shown, as they take room from the page; further ones are a number."""


def notices() -> list[Component]:
    """The place of the notices, empty. `data-sound` lets the page sound after the reader's first click or key; what is
    new is told by `assets/kit/notify.js`."""
    return [
        html.Div(
            id="notices",
            className="of-notices",
            role="region",
            **aria(live="assertive", label="Fired alerts"),
            **data(news="[]", sound="none:0"),
        ),
        dcc.Interval(id="notices-interval", interval=INTERVAL),
        dcc.Store(id="notices-seen"),
    ]


def notice_rows(events: Sequence[AlertEvent], total: int) -> list[Component]:
    """The newest notices. total: of those that are not acknowledged."""
    rows = [_notice(event) for event in events[:SHOWN]]
    more = total - len(rows)
    if total > 1:
        words = f"Acknowledge all {total:,}"
        rest = [html.Span(f"and {more:,} more")] if more > 0 else []
        button = html.Button(words, id={"type": "notice-ok", "event": "all"}, type="button", className="of-notice-ok")
        rows.append(html.Div([*rest, button], className="of-notice of-notice-more"))
    return rows


def _notice(event: AlertEvent) -> Component:
    late = f", {event.late_s:,.0f} s late" if event.late_s >= 1 else ""
    return html.Div(
        [
            html.Span(className="of-icon of-icon-bell", **aria(hidden="true")),
            html.Span(
                [html.B(event.message), html.Span(f"{_clock(event.time)}{late}", className="of-notice-time")],
                className="of-notice-words",
            ),
            html.A("Alerts", href="/tickers/", className="of-notice-link"),
            html.Button(
                "Acknowledge",
                id={"type": "notice-ok", "event": event.id},
                type="button",
                className="of-notice-ok",
                **aria(label=f"Acknowledge: {event.message}"),
            ),
        ],
        className="of-notice",
    )


def fault_row(words: str) -> Component:
    """Why notices could not be acknowledged, in their place."""
    return html.Div(html.Span(words, className="of-notice-words"), className="of-notice")


def news(events: Sequence[AlertEvent]) -> str:
    """What a browser tells by sound and by its own notifications: JSON of [id, title, text], the oldest first."""
    return json.dumps([[event.id, event.title, event.message] for event in reversed(events)])


def _clock(time: int) -> str:
    return f"{datetime.fromtimestamp(time // 1_000_000_000, UTC):%H:%M:%S} UTC"
