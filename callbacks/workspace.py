"""The workspace's page: which series there are, the candles of each chart, and what its interval brings.

A chart has a number; its components and stores (`layouts.workspace.STORES` says what each holds) are found by it. All
that is a user's own is read for the user of the request. In short:

    visit -> ws-link -> offer -> symbols -> frames -> time frames -> load -> data, known    once for each new series
    ws-interval -> update -> delta, told, state, reload                                     each second, all charts
    older-request -> older -> older                                                         a chart moved to the left
    left -> keep                                                                            a drawing, a moved chart

`visit` is in `workspace_address`, `offer` and `frames` are in `workspace_choices`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks import (
    workspace_address,
    workspace_choices,
    workspace_compare,
    workspace_csv,
    workspace_data,
    workspace_login,
    workspace_study,
    workspace_upload,
)
from callbacks.page import Page
from callbacks.toasts import refresh, sentence
from callbacks.workspace_choices import Offered
from callbacks.workspace_link import Link as Address
from callbacks.workspace_range import linked_view, range_of, shared_view
from callbacks.workspace_series import Reader, chosen_of, indicators_of, reader_of, wanted_of
from callbacks.workspace_state import Field, Kept, Known, Number, Ranged, Request, newest, read, same_charts, view_of
from layouts.shell import Link
from layouts.workspace import COUNTS, TOOLS, empty_note, is_mode, part, turn_words, workspace_page
from layouts.workspace_data import data_id
from layouts.workspace_login import log_in_note
from layouts.workspace_preview import map_id
from layouts.workspace_settings import CHOICES, SLOTS
from orderflow.errors import OrderflowError
from orderflow.formats import names
from orderflow.web.kit.current_user import for_user
from orderflow.web.kit.refusals import note_refused_callback
from orderflow.workspace.views import View

if TYPE_CHECKING:
    from orderflow.services import Services

PARTS = (
    workspace_address,
    workspace_choices,
    workspace_compare,
    workspace_csv,
    workspace_data,
    workspace_login,
    workspace_study,
    workspace_upload,
)
SESSION_OVER = "You are not logged in: nothing is updated."


def page(services: Services, links: list[Link]) -> Component:
    """The page as it is before any series is chosen."""
    settings = services.settings
    return workspace_page(links=links, most=settings.uploads.max, formats=[*settings.formats, *names()])


def count_of(given: Any) -> int:
    """How many charts are shown."""
    return int(given) if given in COUNTS else 1


def no_candles(*, failed: bool = False) -> dict[str, Any]:
    """Says in a chart's store that none come. failed: they can be asked for again."""
    return {"fault": failed, "n": refresh()}


def nothing_new() -> Any:
    """Leaves the page as it is."""
    raise PreventUpdate


def session_over() -> dict[str, list[Any]]:
    """What `update` answers where it needs a login that has ended: each chart's state says so."""
    return {
        name: [SESSION_OVER if name == "state" else no_update] * len(of_charts)
        for name, of_charts in ctx.outputs_grouping.items()
    }


def loaded(
    *, data: Any, known: Any = None, view: Any = no_update, note: Any = no_update, hidden: Any = no_update
) -> dict[str, Any]:
    """What `load` answers. known: None where the chart has no candles. note: said in place of them, unless hidden."""
    return {"data": data, "known": known, "view": view, "note": note, "hidden": hidden}


def choice(of: type[Input | State]) -> dict[str, Any]:
    """What a chart is to show, as `chosen_of` takes it."""
    return {
        "mode": of("ws-mode", "value"),
        "symbol": of(part("symbol", MATCH), "value"),
        "frame": of(part("timeframe", MATCH), "value"),
        "signals": of(part("signals", MATCH), "value"),
    }


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    run = services.workers.run

    reader = partial(reader_of, services)

    @app.callback(
        output=[Output("ws-indicators", "data"), Output("ws-settings-error", "children")],
        inputs={
            "on": [Input({"type": "ws-on", "slot": slot}, "checked") for slot in range(len(SLOTS))],
            "values": Input({"type": "ws-option", "slot": ALL, "option": ALL}, "value"),
        },
        state={"ids": State({"type": "ws-option", "slot": ALL, "option": ALL}, "id")},
    )
    def indicators(on: Any, values: Any, ids: Any) -> Any:
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

    @app.callback(
        output={
            "data": Output(part("data", MATCH), "data"),
            "known": Output(part("known", MATCH), "data"),
            "view": Output(part("view", MATCH), "data"),
            "note": Output(part("note", MATCH), "children"),
            "hidden": Output(part("note", MATCH), "hidden"),
        },
        inputs={
            "chart": choice(Input),
            "indicators": Input("ws-indicators", "data"),
            "count": Input("ws-count", "value"),
            "reload": Input(part("reload", MATCH), "data"),
            "jump": Input(part("jump", MATCH), "data"),
        },
        state={
            "id_": State(part("data", MATCH), "id"),
            "known": State(part("known", MATCH), "data"),
            "view": State(part("view", MATCH), "data"),
            "link": State("ws-link", "data"),
            "offered": State("ws-offered", "data"),
            "symbols": State(part("symbol", ALL), "value"),
            "frames": State(part("timeframe", ALL), "value"),
            "views": State(part("view", ALL), "data"),
        },
    )
    @for_user(lambda: loaded(data=no_candles(), note=log_in_note(ctx.inputs.get("ws-mode.value")), hidden=False))
    def load(
        user: str, *, chart: Any, indicators: Any, count: Any, reload: Any, jump: Any,
        id_: Any, known: Any, view: Any, link: Any, offered: Any, symbols: Any, frames: Any, views: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """A chart's series, when what it is to show has changed, or it is asked for again (reload, jump).

        Dash holds it back until the callbacks that set its inputs (`visit`, `offer`, `frames`, `indicators`) have
        answered, so a new mode or address loads each chart once. Charts that are loaded together do not have the `view`
        of each other's new series yet: all of them take the times that were left on the first one's.
        """
        same_charts(symbols, frames, views)
        number, has, address = read(Number, id_), read(Known, known), read(Address, link)
        if number is None:
            raise PreventUpdate
        shown = number.index < count_of(count)
        if ctx.triggered_id == "ws-count" and (has or not shown):  # a chart that is hidden keeps its series
            raise PreventUpdate
        if not shown:  # loaded when it is
            return loaded(data=no_update)
        mode, chosen = chart["mode"], chosen_of(**chart)
        if chosen is None:  # and before it is known which series there are, nothing is said
            waits = read(Offered, offered) is None or (bool(chart["symbol"]) and is_mode(mode))
            return loaded(data=no_update if waits else no_candles(), note=empty_note(mode), hidden=waits)

        charts = [chosen_of(mode, *each, None) for each in zip(symbols, frames, strict=True)]
        jumped = isinstance(ctx.triggered_id, dict) and ctx.triggered_id.get("type") == "ws-jump"
        wish = view_of(read(Ranged, jump), chosen.key) if jumped else None
        linked = linked_view(address, has, chosen, number.index)
        now = view_of(read(Ranged, view), chosen.key) if has and has.key == chosen.key else None

        def found_of(source: Reader) -> dict[str, Any]:
            first = charts[0] if number.index and charts else None
            range_ = range_of(
                leads=number.index == 0,
                jump=wish,
                address=linked,
                now=now,
                others=shared_view(views, charts[: count_of(count)], number.index),
                left=lambda: source.left_view(first) if first else None,
                held=lambda asked: source.held_view(chosen, asked) is not None,
            )
            whole = source.whole(chosen, indicators_of(indicators), range_ or now)
            return {**whole, "view": None} if range_ is None and now is not None else whole  # it is there already

        try:
            found = run(found_of, reader(user))
        except OrderflowError as error:
            ranged = {"key": chosen.key, "range": msgspec.to_builtins(wish or linked or View())}
            return loaded(data=no_candles(failed=True), view=ranged, note=sentence(error), hidden=False)
        time = found["bars"]["time"]
        last = time[-1] if time else 0
        has = Known(found["key"], found["version"], last, link=address.n if address else 0)
        return loaded(data=found, known=msgspec.to_builtins(has), note=empty_note(mode), hidden=bool(time))

    @app.callback(
        output=Output(part("older", MATCH), "data"),
        inputs={"request": Input(part("older-request", MATCH), "data")},
        state={"chart": choice(State), "indicators": State("ws-indicators", "data")},
        prevent_initial_call=True,
    )
    @for_user(lambda: no_update)
    def older(user: str, *, request: Any, chart: Any, indicators: Any) -> Any:
        wish, chosen = read(Request, request), chosen_of(**chart)
        if wish is None or chosen is None or wish.key != chosen.key:
            raise PreventUpdate
        try:
            return run(reader(user).older, chosen, indicators_of(indicators), wish.before)
        except OrderflowError as error:  # the series is gone: the next look at the offers says so
            note_refused_callback(error)
            raise PreventUpdate from error

    @app.callback(
        output={
            "delta": Output(part("delta", ALL), "data"),
            "told": Output(part("told", ALL), "data"),
            "state": Output(part("state", ALL), "children"),
            "reload": Output(part("reload", ALL), "data"),
        },
        inputs={"looks": Input("ws-interval", "n_intervals")},
        state={
            "count": State("ws-count", "value"),
            "mode": State("ws-mode", "value"),
            "symbols": State(part("symbol", ALL), "value"),
            "frames": State(part("timeframe", ALL), "value"),
            "indicators": State("ws-indicators", "data"),
            "known": State(part("known", ALL), "data"),
            "told": State(part("told", ALL), "data"),
            "states": State(part("state", ALL), "children"),
        },
        running=[(Output("ws-interval", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    @for_user(session_over)
    def update(
        user: str, *, looks: Any, count: Any, mode: Any, symbols: Any, frames: Any, indicators: Any,
        known: Any, told: Any, states: Any,
    ) -> dict[str, list[Any]]:  # fmt: skip
        same_charts(symbols, frames, known, told, states, *ctx.outputs_grouping.values())
        source, wanted = reader(user), indicators_of(indicators)

        def changes(index: int) -> dict[str, Any]:
            """What is new of a chart, by output."""
            chosen, has = chosen_of(mode, symbols[index], frames[index], None), newest(known[index], told[index])
            if index >= count_of(count) or chosen is None or has is None or has.key != chosen.key:
                return {}
            try:
                said = source.state(chosen)
                version = source.version(chosen)
                replaced = version[0] != has.version[0]  # in another window, by a script, or a gap was filled
                new = None if replaced or version == has.version else source.newer(chosen, wanted, has.last)
            except OrderflowError as error:
                return {"state": sentence(error)}
            found = {} if said == states[index] else {"state": said}
            tells = {**msgspec.to_builtins(has), "version": version}
            if replaced:
                return {**found, "told": tells, "reload": refresh()}
            if new is None:
                return found
            return {**found, "told": {**tells, "last": (new["bars"]["time"] or [has.last])[-1]}, "delta": new}

        charts = run(lambda: [changes(index) for index in range(len(symbols))])
        if not any(charts):
            raise PreventUpdate
        return {name: [of_chart.get(name, no_update) for of_chart in charts] for name in ctx.outputs_grouping}

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

    @app.callback(
        Output(part("state", MATCH), "title"), Input(part("state", MATCH), "children"), prevent_initial_call=True
    )
    def whole_state(said: Any) -> str:
        """The text of a chart's state as its tooltip: beside other charts its end may be cut off."""
        return said if isinstance(said, str) else ""

    for opened, button in (("ws-settings", "ws-open-settings"), ("ws-dialog-help", "ws-open-help")):
        app.clientside_callback(
            ClientsideFunction("kit", "toggle"), Output(opened, "opened"), Input(button, "n_clicks"),
            State(opened, "opened"), prevent_initial_call=True,
        )  # fmt: skip

    @app.callback(
        Output("ws-turn", "data"), Output("ws-turn", "value"), Output("ws-turn-words", "children"),
        Input("ws-count", "value"), State("ws-turn", "value"),
    )  # fmt: skip
    def turns(count: Any, turn: Any) -> Any:
        choices = [str(number + 1) for number in range(count_of(count))]
        return choices, no_update if turn in choices else "1", turn_words(len(choices))  # a later choice stays

    for part_of_page in PARTS:
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
    # each input has its own callback: one of several waits for all that changes them
    for name, source in (
        *(("wait", Input(part(name, MATCH), "value")) for name in ("symbol", "timeframe", "signals")),
        ("retry", Input(part("retry", MATCH), "n_clicks")),
    ):
        app.clientside_callback(
            function(name), Output(part("sink", MATCH), "data", allow_duplicate=True), source,
            State(part("retry", MATCH), "id"), prevent_initial_call=True,
        )  # fmt: skip
    for name, source in (("mode", Input("ws-mode", "value")), ("wait", Input("ws-indicators", "data"))):
        app.clientside_callback(
            function(name), Output("ws-sink", "data", allow_duplicate=True), source, prevent_initial_call=True
        )
    fields = [Input(f"ws-opt-{name}", "value") for name in CHOICES]
    for name, inputs in (
        ("choose", [*fields, Input("ws-opt-volume", "checked")]),
        ("arrange", [Input("ws-count", "value")]),
        ("turn", [Input("ws-turn", "value")]),
    ):
        app.clientside_callback(
            function(name), Output("ws-sink", "data", allow_duplicate=True), *inputs,
            prevent_initial_call="initial_duplicate",
        )  # fmt: skip
    app.clientside_callback(ClientsideFunction("kit", "theme"), Output("ws-scheme", "data"), Input("ws-scheme", "id"))
    for name, inputs in (
        ("recolour", [Input("ws-scheme", "data")]),
        ("press", [Input(f"ws-do-{tool}", "n_clicks") for tool, *_ in TOOLS]),
    ):
        app.clientside_callback(
            function(name), Output("ws-sink", "data", allow_duplicate=True), *inputs, prevent_initial_call=True
        )


def dynamic(services: Services) -> list[Component]:
    """What callbacks put in later: rows of the comparison, buttons of the upload dialog and of one's own data."""
    row = {"kind": "", "name": "", "timeframe": ""}
    ids: list[Any] = [data_id(action, row) for action in ("show", "undo", "delete", "keep", "sure")]
    ids += [map_id(0), {"type": "ws-up-next", "n": 0}, {"type": "ws-compare-at", "time": 0}, "ws-up-undone"]
    return [html.Button(id=id_) for id_ in ids]


PAGE = Page(
    "/workspace/",
    "Workspace",
    page,
    register,
    scripts=("kit", "kit/plot", "workspace"),
    styles=("page.css", "kit/plot", "workspace.css", "workspace_upload.css", "workspace_study.css"),
    dynamic=dynamic,
)
