"""The fields of the dialog "Open a file": one for each option of reading, by the table that the command line has too.

The option `columns` has no field of its own: each column has a list of roles.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import aria, data
from orderflow.formats.options import COLUMN_ROLES, FILE_OPTIONS, OPTIONS
from orderflow.formats.parsing.times import TIME_UNITS
from orderflow.formats.summary.columns import ColumnReport

OPTION, ROW, ROLE = "chart-file-option", "chart-file-row", "chart-file-role"
"""Types of the ids of a field, of what stands around it, and of a column's list of roles."""
ALWAYS = ("symbol", "tz")
"""Options that are shown without being asked for."""
NONE = "–"
LABELS: Mapping[str, str] = {
    "format": "Format",
    "tz": "Time zone",
    "symbol": "Symbol",
    "side": "Sides that are not given",
    "member": "File in the archive",
    "no_header": "First line",
    "skip_lines": "Lines before the table",
    "time_format": "How times are written",
    "time_unit": "Times are counted in",
    "date_order": "Order of dates",
    "price_scale": "Prices are divided by",
    "side_words": "Words of the sides",
    "side_of": "The side is that of",
    "negative_prices": "Prices of 0 and below",
    "snap_floats": "0.30000000000000004",
    "max_bad": "Bad rows allowed",
}
"""What the fields are called; one for each option but `columns`."""
_YES_NO = {"negative_prices": ("are trades", "are no trades"), "snap_floats": ("is 0.3", "is as it is written")}
_UNITS = {"net": "net: .NET ticks", "us1899": "µs since 1899-12-30", "days1899": "days since 1899-12-30"}
_ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}
_SIDE = {"auto": "inferred: volumes, quotes, tick rule", "flag": "unknown"}
_SIDE_OF = {"aggressor": "the aggressor (taker)", "maker": "the maker"}
_PLACEHOLDERS = {"symbol": "that of the file", "member": "all", "max_bad": "5%", "skip_lines": "found out"}
Choices = Sequence[tuple[str, str]]


def option_id(name: str) -> dict[str, str]:
    """The id of an option's field."""
    return {"type": OPTION, "name": name}


def option_fields(formats: Sequence[str]) -> list[Component]:
    """A field for each option but `columns`. formats: names of the formats."""
    return [
        html.Div(_field(name, formats), id={"type": ROW, "name": name}, className=row_class(name, (), {}))
        for name in FILE_OPTIONS
        if name in LABELS
    ]


def row_class(name: str, asked: Collection[str], given: Mapping[str, Any]) -> str:
    """The class of a field: whether it is shown without "All options", and whether the file asks for it."""
    shown = name in ALWAYS or name in asked or bool(given.get(name))
    return " ".join(["of-file-option", *(["is-shown"] if shown else []), *(["is-asked"] if name in asked else [])])


def _field(name: str, formats: Sequence[str]) -> Component:
    choices = _choices(name, formats)
    common: dict[str, Any] = {"id": option_id(name), "label": LABELS[name], "size": "xs", "value": ""}
    if choices is None:
        return dmc.TextInput(
            **common, placeholder=_placeholder(name), debounce=True, autoComplete="off", inputProps={"maxLength": 500}
        )
    return dmc.Select(
        **{**common, "value": None},
        data=[{"value": value, "label": label} for value, label in choices],
        placeholder=_placeholder(name),
        clearable=True,
        searchable=len(choices) > 8,
        limit=100,
        comboboxProps={"zIndex": 400},
    )


def _placeholder(name: str) -> str:
    if name == "tz":
        return "UTC, where times have none"
    if name in ("time_format", "side_words"):
        return OPTIONS[name].help.replace("%%", "%").rpartition(": ")[2]
    return _PLACEHOLDERS.get(name, "found out")


def _choices(name: str, formats: Sequence[str]) -> Choices | None:
    """(value, words) of an option with a fixed set of values; None for a text."""
    if name == "format":
        return [(each, each) for each in formats]
    if name == "tz":
        return [(zone, zone) for zone in ("UTC", *sorted(available_timezones() - {"UTC"}))]
    if name == "time_unit":
        return [(unit, _UNITS.get(unit, unit)) for unit in TIME_UNITS]
    if name == "price_scale":
        return [(str(10**k), f"{10**k:,}") for k in range(1, 13)]
    if name == "no_header":
        return [("yes", "is data, not names")]
    if name in _YES_NO:
        return [(value, words) for value, words in zip(("yes", "no"), _YES_NO[name], strict=True)]
    tables = {"date_order": _ORDERS, "side": _SIDE, "side_of": _SIDE_OF}
    return list(tables[name].items()) if name in tables else None


def column_table(columns: Sequence[ColumnReport], roles: Mapping[str, str]) -> Component:
    """The columns of a file with their first cells, and a list of roles for each. roles: by reference."""
    if not columns:
        return html.Div()
    named = any(column.name for column in columns)
    heads = [html.Th(column.name if named else f"column {column.reference}", title=column.name) for column in columns]
    lists = [html.Td(_role_list(column, roles.get(column.reference, ""))) for column in columns]
    depth = max(len(column.cells) for column in columns)
    rows = [
        html.Tr([html.Td(column.cells[k] if k < len(column.cells) else "") for column in columns]) for k in range(depth)
    ]
    return html.Div(
        html.Table([html.Thead([html.Tr(heads), html.Tr(lists)]), html.Tbody(rows)], className="of-file-table"),
        className="of-file-scroll",
        tabIndex=0,
        role="group",
        **aria(label="Columns of the file and what they are"),
    )


def _role_list(column: ColumnReport, role: str) -> Component:
    known = ["", *COLUMN_ROLES, *([role] if role and role not in COLUMN_ROLES else [])]
    return dmc.Select(
        id={"type": ROLE, "column": column.reference},
        data=[{"value": each or NONE, "label": each.replace("_", " ") or NONE} for each in known],
        value=role or NONE,
        size="xs",
        w=118,
        allowDeselect=False,
        comboboxProps={"zIndex": 400},
        **aria(label=f"What column {column.name or column.reference} is"),
        **data(role=role or "none"),
    )
