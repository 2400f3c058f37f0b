"""The gaps in the trades of the feeds, below the prices."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from layouts.tickers_alerts import moment
from layouts.tickers_text import age_text

Gap = tuple[str, int, int, int | None, str]
"""Series, times of the trades around it (ns UTC), number of missing trades if it is known, reason."""


def holes_panel() -> Component:
    """The list, closed and without rows; hidden until there are some."""
    return html.Details(
        [
            html.Summary("Gaps in the trades", id="tickers-holes-title"),
            html.P("The venue did not serve these trades again, so volumes and alerts lack them.", className="tk-note"),
            html.Div(id="tickers-holes"),
        ],
        id="tickers-holes-panel",
        className="tk-holes tk-more",
        hidden=True,
    )


def hole_rows(holes: Sequence[Gap]) -> list[Component]:
    """A row for each gap, the newest first."""
    return [html.P(_words(*hole), className="tk-note") for hole in holes]


def _words(series: str, begun: int, ended: int, missing: int | None, reason: str) -> str:
    many = "an unknown number of" if missing is None else f"{missing:,}"
    trades = "trade" if missing == 1 else "trades"
    return f"{series}: {many} {trades} missing in {age_text((ended - begun) / 1e9)} from {moment(begun)} on: {reason}"


def holes_title(count: int) -> str:
    """The words of the closed list."""
    return f"Gaps in the trades: {count}"
