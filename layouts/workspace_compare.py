"""The workspace's drawer with a venue's klines beside those made of the ticks that came from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from layouts.shell import aria, side_drawer
from orderflow.market.decimals import unit_floats
from orderflow.workspace.klines.differences import COMPARED, Differences

MOST_ROWS = 200
WORDS = {"taker_buy_volume": "takers' volume"}
RULE = (
    "Compared are prices, volume and takers' volume of closed candles for which there are ticks from beginning to end, "
    "exactly. The number of trades is not: a tick may stand for several fills, which the venue counts one by one."
)


def compare_button(id_: Any) -> Component:
    """Says the comparison of a chart and opens the drawer; hidden where there is only one side."""
    words = aria(label="The venue's candles beside those of its ticks")
    return html.Span(
        dmc.Button("", variant="default", size="compact-xs", id=id_, **words),
        id={**id_, "type": "ws-compare-of"},
        hidden=True,
    )


def compare_drawer() -> list[Component]:
    """The drawer, closed, and its store."""
    return [
        side_drawer(
            id="ws-compare",
            title="Venue and ticks",
            size=520,
            children=html.Div(
                [
                    html.P(id="ws-compare-what", className="ws-study-what", role="status"),
                    html.Div(id="ws-compare-rows", className="ws-study-table"),
                    html.P(RULE, className="ws-study-rule"),
                ]
            ),
        ),
        dcc.Store(id="ws-compare-chart"),
    ]


def short_text(found: Differences) -> str:
    """The comparison in a few words."""
    if not found.compared:
        return "Ticks: nothing to compare yet"
    apart = found.compared - found.equal
    return f"Ticks: {apart:,} of {found.compared:,} differ" if apart else f"Ticks: all {found.compared:,} equal"


def long_text(found: Differences, pair: str, frame: str) -> str:
    """The comparison with its numbers."""
    if not found.compared:
        return (
            f"Nothing to compare yet: there is no closed candle of {pair} {frame} with ticks of {found.symbol} from "
            "its beginning to its end."
        )
    apart = found.compared - found.equal
    text = f"The newest {found.compared:,} candles of {pair} {frame} and of the ticks of {found.symbol}: "
    text += f"{found.equal:,} equal, {apart:,} differ."
    if len(found.missing):
        text += f" {len(found.missing):,} of them have no ticks."
    price, size = largest(found)
    return text + (f" The largest difference is {price} in a price and {size} in a volume." if price or size else "")


def largest(found: Differences) -> tuple[str, str]:
    """The largest difference of a price and of a volume, where both sides have a candle; "" for none."""
    both = found.venue.closed & found.ticks.closed
    if not both.any():
        return "", ""
    price, size = (
        max(int(np.abs(getattr(found.venue, name) - getattr(found.ticks, name))[both].max()) for name in names)
        for names in (COMPARED[:4], COMPARED[4:])
    )
    return _number(price, found.venue.price_decimals), _number(size, found.venue.size_decimals)


def difference_table(found: Differences) -> list[Component]:
    """The newest candles that differ: a click on the time shows it in the chart."""
    count = len(found.time)
    if not count:
        return []
    rows = [_row(found, at) for at in range(count - 1, max(-1, count - 1 - MOST_ROWS), -1)]
    heads = [html.Th(head, scope="col") for head in ("Time (UTC)", "What", "Venue", "Ticks")]
    more = [html.P(f"These are the newest {MOST_ROWS:,} of them.", className="ws-study-what")] * (count > MOST_ROWS)
    return [html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)]), *more]


def _row(found: Differences, at: int) -> Component:
    time = int(found.time[at])
    text = f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    button = html.Button(text, id={"type": "ws-compare-at", "time": time}, type="button", className="ws-compare-at")
    return html.Tr([html.Td(button), *(html.Td(cell) for cell in _sides(found, at))])


def _sides(found: Differences, at: int) -> tuple[str, str, str]:
    """What differs, the venue's value and that of the ticks."""
    venue, ticks = found.venue, found.ticks
    if not (venue.closed[at] and ticks.closed[at]):
        there, missing = "there", "missing"
        return "the candle", there if venue.closed[at] else missing, there if ticks.closed[at] else missing
    names = [name for name in COMPARED if getattr(venue, name)[at] != getattr(ticks, name)[at]]
    places = [venue.price_decimals if name in COMPARED[:4] else venue.size_decimals for name in names]
    values = [
        ", ".join(_number(int(getattr(side, name)[at]), decimals) for name, decimals in zip(names, places, strict=True))
        for side in (venue, ticks)
    ]
    return ", ".join(WORDS.get(name, name) for name in names), values[0], values[1]


def _number(units: int, decimals: int) -> str:
    return f"{unit_floats(np.array([units], np.int64), decimals)[0]:.12g}" if units else "0"
