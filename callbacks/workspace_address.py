"""The workspace's page takes over what its address says, and its address says what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.workspace_link import KINDS, Link, Series, Shown, steps, write
from callbacks.workspace_link import read as read_link
from callbacks.workspace_series import Wanted, chosen_of, indicators_of
from callbacks.workspace_state import Field, Ranged, Visited, Written, read, view_of
from layouts.workspace import CHARTS, COUNTS, part
from layouts.workspace_settings import CHOICES, SLOTS, on_id
from orderflow.market.indicators.registry import find
from orderflow.workspace.views import View

if TYPE_CHECKING:
    from orderflow.services import Services

Slot = tuple[bool, dict[str, Any]]


def slots_of(link: Link) -> list[Slot] | None:
    """Whether each switch of the drawer is on, and its options; None to leave them as they are."""
    if link.indicators is None and not link.whole:
        return None
    found: list[Slot] = [(False, {}) for _ in SLOTS]
    for wanted in link.indicators or []:
        names = [name for name, _ in SLOTS]
        place = next(at for at, name in enumerate(names) if name == wanted["name"] and not found[at][0])
        defaults = {option.name: option.default for option in find(wanted["name"]).options}
        found[place] = True, {**defaults, **wanted["options"]}
    return found


def field_value(slots: list[Slot] | None, id_: Any) -> Any:
    """What the field of an option is to show."""
    field = read(Field, id_)
    if slots is None or field is None or field.option not in slots[field.slot][1]:
        return no_update
    value = slots[field.slot][1][field.option]
    default = next(o.default for o in find(SLOTS[field.slot][0]).options if o.name == field.option)
    return value if isinstance(default, str) else float(value) if "." in str(value) else int(value)


def words(wrong: list[str]) -> str:
    """What of an address is not known, for the foot of the page."""
    return f"The address: {'; '.join(wrong)}." if wrong else ""


def shown_of(
    mode: Any, count: int, choices: dict[str, Any], volume: Any, wanted: list[Wanted], charts: list[Any],
) -> Shown | None:  # fmt: skip
    """What the page shows; None while a chart has not come. charts: (symbol, time frame, signals, Ranged) of each."""
    series, first = [], View()
    for index, (symbol, frame, signals, ranged) in enumerate(charts[:count]):
        chosen = chosen_of(mode, symbol, frame, signals)
        view = view_of(read(Ranged, ranged), chosen.key if chosen else None)
        if chosen is None or view is None:
            return None
        first = first if index else view
        series.append(Series(chosen.symbol, chosen.timeframe, chosen.signals, view.y))
    known = {
        name: str(value) if value in [v for v, _ in CHOICES[name][1]] else CHOICES[name][1][0][0]
        for name, value in choices.items()
    }
    range_ = msgspec.to_builtins(first)
    return Shown(str(mode), count, known, volume is not False, wanted, series, range_)


def register(app: Dash, services: Services) -> None:
    """Bind the callbacks of the address to the app."""
    choices = [f"ws-opt-{name}" for name in KINDS]
    options = {"type": "ws-option", "slot": ALL, "option": ALL}

    @app.callback(
        output={
            "link": Output("ws-link", "data"),
            "wrong": Output("ws-status", "children"),
            "mode": Output("ws-mode", "value"),
            "count": Output("ws-count", "value"),
            "volume": Output("ws-opt-volume", "checked"),
            "choices": [Output(name, "value") for name in choices],
            "on": [Output(on_id(slot), "checked") for slot in range(len(SLOTS))],
            "options": Output(options, "value"),
        },
        inputs={"found": Input("ws-search", "data")},
    )
    def visit(found: Any) -> dict[str, Any]:
        visited = read(Visited, found) or Visited()
        link, wrong = read_link(visited.search)
        link = msgspec.structs.replace(link, n=visited.at)
        slots = slots_of(link)

        def value(given: Any, usual: Any) -> Any:
            return given if given is not None else usual if link.whole else no_update

        return {
            "link": msgspec.to_builtins(link),
            "wrong": words(wrong),
            "mode": value(link.mode, no_update),
            "count": value(link.count, no_update),
            "volume": value(link.volume, True),
            "choices": [value(link.choices.get(name), CHOICES[name][1][0][0]) for name in KINDS],
            "on": [no_update] * len(SLOTS) if slots is None else [on for on, _ in slots],
            "options": [field_value(slots, each["id"]) for each in ctx.outputs_grouping["options"]],
        }

    @app.callback(
        output=Output("ws-address", "data"),
        inputs={
            "mode": Input("ws-mode", "value"),
            "count": Input("ws-count", "value"),
            "volume": Input("ws-opt-volume", "checked"),
            "values": [Input(name, "value") for name in choices],
            "indicators": Input("ws-indicators", "data"),
            "columns": [
                *(Input(part(name, ALL), "value") for name in ("symbol", "timeframe", "signals")),
                Input(part("view", ALL), "data"),
            ],
        },
        state={"before": State("ws-address", "data"), "link": State("ws-link", "data")},
        prevent_initial_call=True,
    )
    def address(
        mode: Any, count: Any, volume: Any, values: Any, indicators: Any, columns: Any, before: Any, link: Any
    ) -> dict[str, Any]:
        charts = list(zip(*columns, strict=False))[:CHARTS]
        number = int(count) if count in COUNTS else 1
        chosen = dict(zip(KINDS, values, strict=False))
        shown = shown_of(mode, number, chosen, volume, indicators_of(indicators), charts)
        if shown is None:
            raise PreventUpdate
        query = write(shown)
        at, known = (read(Link, link) or Link()).n, read(Written, before)
        if known is not None and (query, at) == (known.query, known.at):
            raise PreventUpdate
        return {
            "query": query,
            "step": known is not None and known.at == at and steps(known.query) != steps(query),
            "at": at,
        }

    def function(name: str) -> ClientsideFunction:
        return ClientsideFunction("workspace", name)

    app.clientside_callback(function("visit"), Output("ws-search", "data"), Input("location", "search"))
    app.clientside_callback(
        function("address"), Output("ws-sink", "data", allow_duplicate=True), Input("ws-address", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
