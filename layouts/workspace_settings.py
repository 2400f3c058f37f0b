"""The drawer of the workspace: how charts are drawn, and which indicators they show.

The fields of an indicator are made from its options in the registry. An indicator can be switched on twice where two of
a kind are usual.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import aria, side_drawer
from orderflow.market.indicators.indicator import Indicator
from orderflow.market.indicators.registry import find
from orderflow.market.studies.study import Option

SLOTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ema", {"period": 20}),
    ("ema", {"period": 50}),
    ("sma", {"period": 200}),
    ("vwap", {}),
    ("bollinger", {}),
    ("rsi", {}),
    ("macd", {}),
)
"""The switches: indicator, and options other than its defaults."""
CHOICES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "kind": ("Candles", [("candles", "Candles"), ("line", "Line"), ("heikin", "Heikin-Ashi")]),
    "scale": ("Prices", [("linear", "Linear"), ("log", "Log"), ("percent", "Percent")]),
    "zone": ("Time", [("utc", "UTC"), ("local", "Local time")]),
    "pair": ("Colours", [("blue", "Blue – orange"), ("green", "Green – red")]),
}
"""How charts are drawn, the default first."""


def on_id(slot: int) -> dict[str, Any]:
    """The id of an indicator's switch."""
    return {"type": "ws-on", "slot": slot}


def option_id(slot: int, option: str) -> dict[str, Any]:
    """The id of the field of an indicator's option."""
    return {"type": "ws-option", "slot": slot, "option": option}


def settings_drawer() -> Component:
    """The drawer, closed."""
    return side_drawer(
        id="ws-settings",
        title="Charts and indicators",
        size=340,
        children=html.Div(
            [
                html.Fieldset(
                    [html.Legend("Charts"), *(_choice(name) for name in CHOICES), _volume()], className="of-fieldset"
                ),
                html.Fieldset(
                    [html.Legend("Indicators"), *(_indicator(slot) for slot in range(len(SLOTS)))],
                    className="of-fieldset",
                ),
                html.P(id="ws-settings-error", className="ws-error", role="alert"),
            ],
            className="of-settings",
        ),
    )


def _choice(name: str) -> Component:
    label, choices = CHOICES[name]
    return dmc.Select(
        id=f"ws-opt-{name}", label=label, size="xs", value=choices[0][0], allowDeselect=False, persistence=True,
        data=[{"value": value, "label": words} for value, words in choices],
    )  # fmt: skip


def _volume() -> Component:
    return dmc.Switch(id="ws-opt-volume", label="Volume", checked=True, size="xs", persistence=True)


def _indicator(slot: int) -> Component:
    name, given = SLOTS[slot]
    indicator = find(name)
    fields = [_field(slot, option, given.get(option.name, option.default)) for option in indicator.options]
    return html.Div(
        [
            dmc.Switch(id=on_id(slot), label=_label(slot, indicator), size="xs", checked=False, persistence=True),
            html.Div(fields, className="ws-options"),
        ],
        className="ws-indicator",
        title=indicator.rule,
    )


def _label(slot: int, indicator: Indicator) -> str:
    """Its title; numbered where there are several of it."""
    same = [at for at, (name, _) in enumerate(SLOTS) if name == indicator.name]
    return indicator.title if len(same) == 1 else f"{indicator.title} {same.index(slot) + 1}"


def _field(slot: int, option: Option[Any], value: Any) -> Component:
    words = f"{find(SLOTS[slot][0]).title} {slot + 1}: {option.meaning}"
    if option.choices:
        return dmc.Select(
            id=option_id(slot, option.name), size="xs", value=value, allowDeselect=False, persistence=True,
            data=[{"value": each, "label": label} for each, label in option.choices], **aria(label=words),
        )  # fmt: skip
    decimal = isinstance(option.default, Decimal)
    return dmc.NumberInput(
        id=option_id(slot, option.name), size="xs", value=float(value) if decimal else value,
        min=float(option.least or 0), max=float(option.most or 1000), step=0.1 if decimal else 1,
        allowDecimal=decimal, hideControls=True, debounce=400, persistence=True, **aria(label=words),
    )  # fmt: skip
