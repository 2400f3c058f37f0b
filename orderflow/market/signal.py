"""A trading signal: a mark at a time, with a side, and what a file says about it."""

from __future__ import annotations

from dataclasses import dataclass

BUY, NEUTRAL, SELL = 1, 0, -1


@dataclass(frozen=True, slots=True)
class Signal:
    """time: ns since 1970, UTC. side: BUY, NEUTRAL or SELL. type: its word in the file. price, stop, target: exact
    decimal texts, "" where the file has none. label: shown as text, never as markup. color, icon: of the allow-lists of
    `orderflow.workspace.uploads.styles`, or ""."""

    time: int
    side: int
    type: str
    price: str = ""
    label: str = ""
    color: str = ""
    icon: str = ""
    stop: str = ""
    target: str = ""
