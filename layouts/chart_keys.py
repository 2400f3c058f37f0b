"""The chart's keyboard shortcuts: one table, from which the help is made and by which the browser acts.

The browser gets the table in the page's store. `assets/chart/controls.js` has what an action does; `assets/kit/keys.js`
decides when a key acts (not while somebody types, not with Ctrl).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component


@dataclass(frozen=True, slots=True)
class Shortcut:
    """keys: as browsers name them, letters upper case. words: for the help. action, argument: what the browser does."""

    keys: tuple[str, ...]
    words: str
    action: str
    argument: str | float | None = None


Table = Mapping[str, Sequence[Shortcut]]
"""Shortcuts by the heading of their group."""

SHORTCUTS: dict[str, tuple[Shortcut, ...]] = {
    "Chart": (
        Shortcut(("1",), "Bid × ask footprint", "mode", "bid_ask"),
        Shortcut(("2",), "Delta footprint", "mode", "delta"),
        Shortcut(("3",), "Volume footprint", "mode", "volume"),
        Shortcut(("4",), "Volume profile of each bar", "mode", "profile"),
        Shortcut(("5",), "Candles", "mode", "candles"),
        Shortcut(("[",), "Shorter time frame", "frame", -1),
        Shortcut(("]",), "Longer time frame", "frame", 1),
        Shortcut(("/",), "Find a symbol", "symbol"),
    ),
    "Move": (
        Shortcut(("L", "End"), "Go live: follow the newest bar", "live"),
        Shortcut(("Home",), "Go to the first bar", "first"),
        Shortcut(("G",), "Go to a date or time", "goto"),
        Shortcut(("ArrowLeft",), "Back in time (with Shift: a screenful)", "pan", -1),
        Shortcut(("ArrowRight",), "Forward in time (with Shift: a screenful)", "pan", 1),
        Shortcut(("+", "=", "ArrowUp"), "Zoom in", "zoom", 0.8),
        Shortcut(("-", "ArrowDown"), "Zoom out", "zoom", 1.25),
        Shortcut(("A",), "Fit prices to the screen", "auto"),
    ),
    "Studies": (
        Shortcut(("V",), "VWAP on or off", "toggle", "vwap"),
        Shortcut(("P",), "Volume profile: visible, session, off", "profile"),
        Shortcut(("I",), "Imbalance marks on or off", "toggle", "imbalance"),
        Shortcut(("Z",), "Stacked zones on or off", "toggle", "stacked"),
        Shortcut(("B",), "Table of bar figures on or off", "pane", "table"),
        Shortcut(("D",), "Delta pane on or off", "pane", "delta"),
        Shortcut(("C",), "Cumulative delta pane on or off", "pane", "cvd"),
    ),
    "Draw": (
        Shortcut(("T",), "Trend line", "tool", "line"),
        Shortcut(("R",), "Rectangle", "tool", "rect"),
        Shortcut(("E",), "Erase a drawing", "tool", "erase"),
        Shortcut(("K",), "New alert at the crosshair's price", "alert"),
        Shortcut(("Backspace", "Delete"), "Take back the last drawing", "undo"),
        Shortcut(("Escape",), "Put the tool away", "escape"),
    ),
    "Page": (
        Shortcut(("O",), "Open a file of ticks", "file"),
        Shortcut(("S",), "Settings", "settings"),
        Shortcut(("N",), "Dark or light", "theme"),
        Shortcut(("X",), "Save as PNG", "png"),
        Shortcut(("?",), "This help", "help"),
    ),
}

NAMES = {
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    "Escape": "Esc",
    "Backspace": "⌫",
    "Delete": "Del",
}
"""How a keyboard labels what browsers call so."""


def key_actions(table: Table = SHORTCUTS) -> dict[str, list[str | float | None]]:
    """[action, argument] of each key, for the browser."""
    shortcuts = [shortcut for group in table.values() for shortcut in group]
    return {key: [shortcut.action, shortcut.argument] for shortcut in shortcuts for key in shortcut.keys}


def help_sections(table: Table = SHORTCUTS) -> list[Component]:
    """A table for the help dialog, a section a group."""
    return [
        html.Section([html.H3(heading), *(_row(shortcut) for shortcut in group)]) for heading, group in table.items()
    ]


def _row(shortcut: Shortcut) -> Component:
    keys = [dmc.Kbd(NAMES.get(key, key)) for key in shortcut.keys]
    return html.Div([html.Span(shortcut.words), html.Span(keys)], className="of-help-row")
