"""Parts of the dialog of one instrument that are updated while it is open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.instruments_text import arrow, clock, number, percent, price, signed
from orderflow.instruments.instrument import Instrument


def change_text(shown: float, initial: float) -> str:
    """The change since the start in full: "▲ +1.20 (+0.95 %) since start at 126.31"."""
    share = shown / initial - 1.0
    return f"{arrow(share)} {signed(shown - initial, 2)} ({percent(share)}) since start at {price(initial)}"


def marks(instrument: Instrument) -> list[Component]:
    """Halted or failed, the latter with its reason."""
    found: list[Component] = []
    if instrument.halted:
        found.append(html.B("Halted", className="ix-halted"))
    if instrument.failure is not None:
        found.append(html.B(f"Failed: {instrument.failure}", className="ix-failed"))
    return found


def quote(given: Mapping[str, float] | None) -> list[Component]:
    """Bid, ask and spread of an order book; empty without one."""
    if given is None:
        return []
    sides = (("Bid", "bid", "ix-bid"), ("Ask", "ask", "ix-ask"))
    return [
        *(
            html.Span(
                [html.Small(name), html.B(price(given[key])), html.Small(f"× {number(given[f'{key}_size'])}")],
                className=f"ix-side {kind}",
            )
            for name, key, kind in sides
        ),
        html.Span([html.Small("Spread"), html.B(price(given["ask"] - given["bid"]))], className="ix-side"),
    ]


def readout(hover: Any, initial: float | None) -> str:
    """What the crosshair is at: time, price and change since the start; empty while it is nowhere.

    hover: `hoverData` of the graph, from the browser.
    """
    try:
        point = hover["points"][0]
        value, at = float(point["y"]), point["x"]
        ms = float(at) if isinstance(at, (int, float)) else datetime.fromisoformat(f"{at}+00:00").timestamp() * 1000
        words = f"{clock(ms)} UTC · {price(value)}"
    except (TypeError, KeyError, IndexError, ValueError, OverflowError):
        return ""
    share = value / initial - 1.0 if initial else None
    return words if share is None else f"{words} · {arrow(share)} {percent(share)}"
