"""The model card of one instrument as a form: every parameter with its meaning, unit, range and default.

Fields have pattern-matching ids `{"type": "instruments-field", "name": …}`; parameters are named `params.sigma`,
`arrival_params.rate`, `flow.size` as the server names them in its errors. All texts are kept as typed: the server says
what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.instruments_text import short
from layouts.shell import aria

FIELD, CHOICE, CHECK, PART, ROW = (f"instruments-{kind}" for kind in ("field", "choice", "check", "part", "row"))
"""Types of the ids: a text, a choice, a box to tick, a part whose fields depend on the choices, a choice's row."""

PACE = (
    ("name", "Name", "", "", ""),
    ("interval", "Interval", "s", "Between two prices. 0.001 to 3600", ""),
    (
        "initial_price",
        "Initial price",
        "",
        "Empty: drawn between the settings' bounds. A change begins the instrument anew.",
        "drawn",
    ),
    (
        "seed",
        "Seed",
        "",
        "Of all its randomness. Empty: the child of the common seed that belongs to its id. A change begins it anew.",
        "from the common seed",
    ),
    ("group", "Group", "", "Instruments of one group move together.", "none"),
    (
        "correlation",
        "Correlation",
        "",
        "With its group's common noise; two members correlate as much as the product of theirs. −1 to 1",
        "",
    ),
)
"""Fields that every instrument has: name, title, unit, meaning, placeholder."""


def form(spec: Mapping[str, Any], library: Mapping[str, Any]) -> list[Component]:
    """The form of a spec (`Spec.table`, the seed as text). library: `orderflow.instruments.model_card.library`."""
    return [
        html.H3("Model", className="ix-h"),
        choice("model", "Price model", library["models"], spec["model"]),
        part("params", parameters("params", spec, library, spec["model"], spec["arrivals"], spec["book"])),
        html.H3("Trades", className="ix-h"),
        dmc.Checkbox(
            id={"type": CHECK, "name": "book"},
            label="Order book",
            description="Trades come from an order book with zero-intelligence traders around the model's price: true "
            "aggressor side, and a quote.",
            checked=spec["book"],
            size="sm",
        ),
        choice("arrivals", "Arrivals of trades", library["arrivals"], spec["arrivals"], hidden=spec["book"]),
        part(
            "arrival_params", parameters("arrival_params", spec, library, spec["model"], spec["arrivals"], spec["book"])
        ),
        part("flow", parameters("flow", spec, library, spec["model"], spec["arrivals"], spec["book"])),
        html.H3("Name and pace", className="ix-h"),
        html.Div(
            [
                field(name, title, as_text(spec[name]), unit=unit, doc=doc, placeholder=placeholder)
                for name, title, unit, doc, placeholder in PACE
            ],
            className="ix-part",
        ),
    ]


def parameters(
    table: str, spec: Mapping[str, Any], library: Mapping[str, Any], model: str, law: str, book: bool
) -> list[Component]:
    """The fields of one table of parameters for a choice of model, arrivals and order book.

    table: params, arrival_params or flow. Values are those of the spec where the choice is the spec's, else defaults.
    """
    thing, known = described(table, library, model, law, book)
    chosen = {"params": ("model", model), "arrival_params": ("arrivals", law), "flow": ("book", book)}[table]
    given = spec[table] if spec[chosen[0]] == chosen[1] else {}
    head = [html.P(thing["doc"], className="ix-doc"), html.P(thing["source"], className="ix-source")] if thing else []
    fields = [
        field(
            f"{table}.{one['name']}",
            one["name"],
            as_text(given.get(one["name"], one["default"])),
            unit=one["unit"],
            doc=f"{one['doc']} {allowed(one)}; {short(one['default'])} by default",
        )
        for one in known
    ]
    return [*head, *fields]


def described(
    table: str, library: Mapping[str, Any], model: str, law: str, book: bool
) -> tuple[Mapping[str, Any] | None, Sequence[Mapping[str, Any]]]:
    """(model or law that a table belongs to, its parameters); (None, []) for arrivals that an order book replaces."""
    if table == "flow":
        return None, library["book"] if book else library["flow"]
    if table == "arrival_params" and book:
        return None, []
    things, name = (library["models"], model) if table == "params" else (library["arrivals"], law)
    thing = next((one for one in things if one["name"] == name), None)
    return thing, thing["params"] if thing is not None else []


def part(name: str, children: Sequence[Component]) -> Component:
    """Where the fields of one table of parameters stand."""
    return html.Div(list(children), id={"type": PART, "name": name}, className="ix-part")


def choice(
    name: str, title: str, things: Sequence[Mapping[str, Any]], value: str, *, hidden: bool = False
) -> Component:
    """A model or a law, by its title. hidden: not there for the reader."""
    return html.Div(
        dmc.Select(
            id={"type": CHOICE, "name": name},
            label=title,
            data=[{"value": one["name"], "label": one["title"]} for one in things],
            value=value,
            allowDeselect=False,
            comboboxProps={"zIndex": 400},
        ),
        id={"type": ROW, "name": name},
        hidden=hidden,
    )


def field(name: str, title: str, value: str, *, unit: str = "", doc: str = "", placeholder: str = "") -> Component:
    """A text field with its unit and meaning."""
    label = [title, html.Small(unit, className="ix-unit")] if unit else title
    return dmc.TextInput(
        id={"type": FIELD, "name": name},
        label=label,
        description=doc or None,
        value=value,
        placeholder=placeholder or None,
        autoComplete="off",
        spellCheck=False,
        inputWrapperOrder=["label", "input", "description", "error"],
        inputProps={"name": name, **aria(label=title)},
        className="ix-field",
    )


def allowed(param: Mapping[str, Any]) -> str:
    """The range of a parameter in words: "above 0 to 400"."""
    low = f"above {short(param['low'])}" if param["low_open"] else short(param["low"])
    return f"{low} to {'below ' if param['high_open'] else ''}{short(param['high'])}"


def as_text(value: Any) -> str:
    """A value as a field holds it: empty for none, numbers as short as they are exact."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)
