"""How the workspace's charts draw indicators: pane, colour, dashes, and the words of their legend.

Colours are of the Okabe-Ito palette, which colour-vision deficiencies keep apart, in shades for both themes; lines of
one indicator differ in their dashes too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orderflow.market.indicators.indicator import Indicator

PANES = ("rsi", "macd")
"""Panes below the prices, from the top."""
COLOURS = ("#d08a00", "#3aa0d8", "#0f9d74", "#c2679a", "#c9591a", "#7c74d6")
DASHES: Mapping[str, Sequence[int]] = {"upper": (5, 3), "lower": (5, 3), "signal": (4, 3)}
MORE_DECIMALS = 2
"""Of a pane's values beyond those of prices."""


def lines_of(indicator: Indicator, number: int, options: Mapping[str, Any], decimals: int) -> list[dict[str, Any]]:
    """The lines of an indicator as `chart.studies` of assets/kit/plot takes them, without values.

    number: of the indicator in the page's list; it chooses the colour. decimals: of the series' prices.
    """
    words, colour = indicator.words(options), COLOURS[number % len(COLOURS)]
    found: list[dict[str, Any]] = []
    for line in indicator.lines:
        label = words if len(indicator.lines) == 1 or not found else indicator.title
        if line.title != indicator.title:
            label += f" {line.title}"
        study: dict[str, Any] = {
            "name": line_name(indicator, number, line.name),
            "label": label,
            "pane": indicator.pane,
            "kind": line.kind,
            "width": 1.5,
            "decimals": 2 if indicator.pane == "rsi" else decimals + MORE_DECIMALS,
            "guides": list(line.rules),
        }
        if line.kind == "line":
            study["colour"] = colour if line.name != "signal" else COLOURS[(number + 1) % len(COLOURS)]
        if line.name in DASHES:
            study["dash"] = list(DASHES[line.name])
        found.append(study)
    return found


def line_name(indicator: Indicator, number: int, line: str) -> str:
    """The name of one line among all studies of a chart."""
    return f"{indicator.name}-{number}-{line}"
