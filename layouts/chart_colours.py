"""The colours of the chart's canvas, for the page's store: those of the figures, and what only the canvas draws.

Buyers are blue and sellers orange, which the common colour-vision deficiencies keep apart; green and red are there for
those used to them. Colour never stands alone: bid is left and ask is right, deltas have signs, rising candles are
hollow, imbalances are bold with an arrow.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from layouts.figures.palette import DARK, FONT, LIGHT

_DARK = {"strongCell": "#ffffff", "neutral": "#64748b", "draw": "#ffd166", "cross": "#94a3b8", "tagText": "#f1f5f9"}
_LIGHT = {"strongCell": "#05080d", "neutral": "#94a3b8", "draw": "#b45309", "cross": "#64748b", "tagText": "#ffffff"}
_COMMON = {"font": FONT, "tag": "#334155"}

SCHEMES: dict[str, dict[str, Any]] = {
    "dark": {**asdict(DARK), **_COMMON, **_DARK, "name": "dark", "heat": 0.66},
    "light": {**asdict(LIGHT), **_COMMON, **_LIGHT, "name": "light", "heat": 0.6},
}
"""The canvas's colours by scheme. heat: opacity of the fullest cell."""
PAIRS: dict[str, dict[str, dict[str, str]]] = {
    "blue": {"dark": {}, "light": {}},
    "green": {"dark": {"buy": "#26a69a", "sell": "#ef5350"}, "light": {"buy": "#0d9488", "sell": "#dc2626"}},
}
"""Colours of the two sides by the reader's choice and scheme; empty: those of the scheme."""
