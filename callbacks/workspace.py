"""The workspace's page: which series there are, the candles of each chart, and what its interval brings.

A chart has a number; its components and stores are found by it. All that is a user's own is read for the user of the
request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks import workspace_data, workspace_login, workspace_upload
from callbacks.page import Page
from callbacks.toasts import refresh, sentence
from callbacks.workspace_series import Chosen, Reader, Wanted, wanted_of
from callbacks.workspace_state import Field, Kept, Number, Request, Switched, newest, read
from layouts.shell import Link
from layouts.workspace import TOOLS, empty_note, part, workspace_page
from layouts.workspace_login import log_in_note
from layouts.workspace_settings import CHOICES, SLOTS
from orderflow.errors import OrderflowError
from orderflow.web.kit.current_user import for_user
from orderflow.workspace.klines.live_klines import LiveKlines, Offer
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.views import Views

if TYPE_CHECKING:
    from orderflow.services import Services

USUAL = "1m"
SESSION_OVER = "Your session has ended: log in again."
Option = dict[str, str]


def page(services: Services, links: list[Link]) -> Component:
    """The page as it is before any series is chosen."""
    return workspace_page(links=links, most=services.settings.uploads.max)


def live_symbols(offers: Sequence[Offer]) -> list[Option]:
    """Choices of symbols in the order of the offers, each once: those that come from models are named so."""
    made = {each.symbol: each.simulated for each in offers}
    return [{"value": name, "label": f"{name} · SIMULATED" if made[name] else name} for name in made]


def live_frames(offers: Sequence[Offer], symbol: str) -> list[str]:
    """The time frames of a symbol, in order."""
    return list(dict.fromkeys(frame for each in offers if each.symbol == symbol for frame in each.timeframes))


def usual_symbol(symbols: Sequence[Option], index: int) -> str | None:
    """What a chart shows at first: the charts show different symbols where there are enough."""
    return symbols[min(index, len(symbols) - 1)]["value"] if symbols else None


def chosen_of(mode: Any, symbol: Any, frame: Any, signals: Any) -> Chosen | None:
    """What a chart is to show; None while something is not chosen."""
    if not all(isinstance(each, str) and each for each in (symbol, frame)):
        return None
    try:
        return msgspec.convert({"mode": mode, "symbol": symbol, "timeframe": frame, "signals": signals or None}, Chosen)
    except msgspec.ValidationError:
        return None


def indicators_of(given: Any) -> list[Wanted]:
    """The indicators of the page's store; none of anything else."""
    try:
        return wanted_of([msgspec.to_builtins(each) for each in read(list[Switched], given) or []])
    except OrderflowError:  # of an older version of the page
        return []


def count_of(given: Any) -> int:
    """How many charts are shown."""
    return int(given) if given in ("1", "2", "4") else 1


def nothing_new() -> Any:
    """Leaves the page as it is."""
    raise PreventUpdate


def session_over() -> Any:
    """The state of each chart, where an update needs a login that has ended."""
    same: list[list[Any]] = [[no_update] * len(of_charts) for of_charts in ctx.outputs_list]
    same[2] = [SESSION_OVER] * len(same[2])
    return tuple(same)


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    run = services.workers.run

    def reader(user: str) -> Reader:
        return Reader(services.part(LiveKlines), services.part(Library), services.part(Views), user)

    def choices(user: str, mode: Any) -> tuple[list[Option], dict[str, list[str]], list[str]]:
        """(symbols, time frames by symbol, names of signals)."""
        series, sets = services.part(Library).listed(user)
        signals = [each.name for each in sets]
        if mode != "custom":
            offers = services.part(LiveKlines).offers()
            symbols = live_symbols(offers)
            return symbols, {each["value"]: live_frames(offers, each["value"]) for each in symbols}, signals
        frames: dict[str, list[str]] = {}
        for each in series:
            frames.setdefault(each.key.name, []).append(each.key.timeframe)
        return [{"value": name, "label": name} for name in frames], frames, signals

    @app.callback(
        Output(part("symbol", ALL), "data"),
        Output(part("symbol", ALL), "value"),
        Output(part("signals", ALL), "data"),
        Output("ws-frames", "data"),
        Input("ws-offers-interval", "n_intervals"),
        Input("ws-mode", "value"),
        State(part("symbol", ALL), "data"),
        State(part("symbol", ALL), "value"),
        State(part("signals", ALL), "data"),
        State("ws-frames", "data"),
        running=[(Output("ws-offers-interval", "disabled"), True, False)],
    )
    @for_user(nothing_new)
    def offer(
        user: str, _n: Any, mode: Any, data: list[Any], values: list[Any], signals: list[Any], frames: Any
    ) -> Any:
        symbols, by_symbol, sets = run(choices, user, mode)
        names = {each["value"] for each in symbols}
        new = [value if str(value) in names else usual_symbol(symbols, index) for index, value in enumerate(values)]
        answer = [symbols] * len(values), new, [sets] * len(values), by_symbol
        if answer == (data, values, signals, frames):
            raise PreventUpdate
        return answer

    @app.callback(
        Output(part("timeframe", MATCH), "data"),
        Output(part("timeframe", MATCH), "value"),
        Input(part("symbol", MATCH), "value"),
        Input("ws-frames", "data"),
        State(part("timeframe", MATCH), "data"),
        State(part("timeframe", MATCH), "value"),
        prevent_initial_call=True,
    )
    def frames(symbol: Any, by_symbol: Any, data: Any, value: Any) -> Any:
        known = read(dict[str, list[str]], by_symbol) or {}
        if symbol and str(symbol) not in known:  # just stored: the next look at the offers has its time frames
            raise PreventUpdate
        names = known.get(str(symbol), [])
        new = value if str(value) in names else USUAL if USUAL in names else next(iter(names), None)
        if (names, new) == (data, value):
            raise PreventUpdate
        return names, new

    @app.callback(
        Output("ws-indicators", "data"),
        Output("ws-settings-error", "children"),
        *(Input({"type": "ws-on", "slot": slot}, "checked") for slot in range(len(SLOTS))),
        Input({"type": "ws-option", "slot": ALL, "option": ALL}, "value"),
        State({"type": "ws-option", "slot": ALL, "option": ALL}, "id"),
    )
    def indicators(*given: Any) -> Any:
        *on, values, ids = given
        options: list[dict[str, Any]] = [{} for _ in SLOTS]
        for id_, value in zip(ids, values, strict=False):
            field = read(Field, id_)
            if field is not None and value not in (None, ""):
                options[field.slot][field.option] = value
        wanted = [{"name": name, "options": options[slot]} for slot, (name, _) in enumerate(SLOTS) if on[slot]]
        try:
            wanted_of(wanted)
        except OrderflowError as error:
            return no_update, sentence(error)
        return wanted, ""

    shown = (
        State("ws-mode", "value"),
        State(part("symbol", MATCH), "value"),
        State(part("timeframe", MATCH), "value"),
        State(part("signals", MATCH), "value"),
        State("ws-indicators", "data"),
    )

    @app.callback(
        Output(part("data", MATCH), "data"),
        Output(part("known", MATCH), "data"),
        Output(part("note", MATCH), "children"),
        Output(part("note", MATCH), "hidden"),
        Input("ws-mode", "value"),
        Input(part("symbol", MATCH), "value"),
        Input(part("timeframe", MATCH), "value"),
        Input(part("signals", MATCH), "value"),
        Input("ws-indicators", "data"),
        Input("ws-count", "value"),
        Input(part("reload", MATCH), "data"),
        State(part("data", MATCH), "id"),
        State(part("known", MATCH), "data"),
        State("ws-frames", "data"),
    )
    @for_user(lambda: (no_update, None, log_in_note(ctx.inputs.get("ws-mode.value")), False))
    def load(user: str, mode: Any, symbol: Any, frame: Any, signals: Any, *given: Any) -> Any:
        indicators, count, _reload, id_, known, offered = given
        number = read(Number, id_)
        if number is None or number.index >= count_of(count) or (ctx.triggered_id == "ws-count" and known):
            raise PreventUpdate
        chosen = chosen_of(mode, symbol, frame, signals)
        if chosen is None:  # and before it is known which series there are, nothing is said
            return no_update, None, empty_note(mode), bool(symbol) or offered is None
        try:
            found = run(reader(user).whole, chosen, indicators_of(indicators))
        except OrderflowError as error:
            return no_update, None, sentence(error), False
        time = found["bars"]["time"]
        known = {"key": found["key"], "version": found["version"], "last": time[-1] if time else 0}
        return found, known, empty_note(mode), bool(time)

    @app.callback(
        Output(part("older", MATCH), "data"),
        Input(part("older-request", MATCH), "data"),
        *shown,
        prevent_initial_call=True,
    )
    @for_user(lambda: no_update)
    def older(user: str, request: Any, mode: Any, symbol: Any, frame: Any, signals: Any, given: Any) -> Any:
        wish, chosen = read(Request, request), chosen_of(mode, symbol, frame, signals)
        if wish is None or chosen is None or wish.key != chosen.key:
            raise PreventUpdate
        try:
            return run(reader(user).older, chosen, indicators_of(given), wish.before)
        except OrderflowError as error:  # the series is gone: the next look at the offers says so
            raise PreventUpdate from error

    @app.callback(
        Output(part("delta", ALL), "data"),
        Output(part("told", ALL), "data"),
        Output(part("state", ALL), "children"),
        Output(part("reload", ALL), "data"),
        Input("ws-interval", "n_intervals"),
        State("ws-count", "value"),
        State("ws-mode", "value"),
        State(part("symbol", ALL), "value"),
        State(part("timeframe", ALL), "value"),
        State("ws-indicators", "data"),
        State(part("known", ALL), "data"),
        State(part("told", ALL), "data"),
        State(part("state", ALL), "children"),
        running=[(Output("ws-interval", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    @for_user(session_over)
    def update(user: str, _n: Any, count: Any, mode: Any, symbols: Any, frames: Any, given: Any, *kept: Any) -> Any:
        source, wanted = reader(user), indicators_of(given)
        known, told, states = kept

        def one(index: int) -> tuple[Any, Any, Any, Any]:
            chosen, has = chosen_of(mode, symbols[index], frames[index], None), newest(known[index], told[index])
            if index >= count_of(count) or chosen is None or has is None or has.key != chosen.key:
                return (no_update,) * 4
            try:
                said = source.state(chosen)
                version = source.version(chosen)
                replaced = mode == "custom" and version[0] != has.version[0]  # in another window, or by a script
                new = None if replaced or version == has.version else source.newer(chosen, wanted, has.last)
            except OrderflowError as error:
                return no_update, no_update, sentence(error), no_update
            state = no_update if said == states[index] else said
            tells = {"key": has.key, "version": version, "last": has.last}
            if new is None:
                return (no_update, tells, state, refresh()) if replaced else (no_update, no_update, state, no_update)
            return new, {**tells, "last": (new["bars"]["time"] or [has.last])[-1]}, state, no_update

        rows = run(lambda: [one(index) for index in range(len(symbols))])
        if all(value is no_update for row in rows for value in row):
            raise PreventUpdate
        return tuple(map(list, zip(*rows, strict=True)))

    @app.callback(
        Output(part("row", MATCH), "children"),
        Output(part("row", MATCH), "hidden"),
        Input(part("left", MATCH), "data"),
        prevent_initial_call=True,
    )
    @for_user(lambda: (no_update, no_update))
    def keep(user: str, given: Any) -> Any:
        left = read(Kept, given)
        if left is None:
            raise PreventUpdate
        try:
            run(reader(user).keep, left.key, left.left)
        except OrderflowError as error:
            return f"Not kept: {sentence(error)}", False
        raise PreventUpdate

    @app.callback(Output("ws-settings", "opened"), Input("ws-open-settings", "n_clicks"),
                  State("ws-settings", "opened"), prevent_initial_call=True)  # fmt: skip
    def open_settings(_clicks: Any, opened: Any) -> bool:
        return not opened

    @app.callback(Output("ws-dialog-help", "opened"), Input("ws-open-help", "n_clicks"), prevent_initial_call=True)
    def open_help(_clicks: Any) -> bool:
        return True

    for part_of_page in (workspace_data, workspace_login, workspace_upload):
        part_of_page.register(app, services)
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    """Bind the functions of `assets/workspace/page.js`."""

    def function(name: str) -> ClientsideFunction:
        return ClientsideFunction("workspace", name)

    app.clientside_callback(function("boot"), Output("ws-sink", "data"), Input("ws-config", "data"))
    for name in ("data", "older", "delta"):
        app.clientside_callback(
            function(name),
            Output(part("sink", MATCH), "data", allow_duplicate=name != "data"),
            Input(part(name, MATCH), "data"),
            State(part(name, MATCH), "id"),
            prevent_initial_call=True,
        )
    fields = [Input(f"ws-opt-{name}", "value") for name in CHOICES]
    for name, inputs in (
        ("choose", [*fields, Input("ws-opt-volume", "checked")]),
        ("arrange", [Input("ws-count", "value")]),
    ):
        app.clientside_callback(
            function(name), Output("ws-sink", "data", allow_duplicate=True), *inputs,
            prevent_initial_call="initial_duplicate",
        )  # fmt: skip
    for name, inputs in (
        ("recolour", [Input("ws-scheme", "data")]),
        ("press", [Input(f"ws-do-{tool}", "n_clicks") for tool, *_ in TOOLS]),
    ):
        app.clientside_callback(
            function(name), Output("ws-sink", "data", allow_duplicate=True), *inputs, prevent_initial_call=True
        )


PAGE = Page(
    "/workspace/",
    "Workspace",
    page,
    register,
    scripts=("kit", "kit/plot", "workspace"),
    styles=("page.css", "kit/plot", "workspace.css", "workspace_upload.css"),
)
