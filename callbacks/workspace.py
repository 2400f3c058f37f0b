"""The workspace's page: which series there are, the candles of each chart, and what its interval brings.

A chart has a number; its components and stores are found by it. All that is a user's own is read for the user of the
request.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from callbacks.workspace_series import Chosen, Reader, chosen_of, indicators_of, reader_of, wanted_of
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


def linked_view(link: Address | None, known: Known | None, chosen: Chosen, index: int) -> View | None:
    """The range of the page's address, where it is of this series and was not shown yet."""
    if link is None or (known is not None and known.link == link.n) or link.mode != chosen.mode:
        return None
    series = link.series(index)
    if (series.symbol, series.frame) not in ((chosen.symbol, chosen.timeframe), (chosen.symbol, None)):
        return None
    found: View | None = read(View, link.view(index))
    return found


def shared_view(views: Sequence[Any], charts: Sequence[Chosen | None], index: int) -> View | None:
    """The times of the first other chart that shows its series. views: what the charts' stores have. charts: what they
    are to show."""
    for at, (ranged, chosen) in enumerate(zip(views, charts, strict=False)):
        found = view_of(read(Ranged, ranged), chosen.key) if chosen is not None and at != index else None
        if found is not None:
            return found
    return None


def count_of(given: Any) -> int:
    """How many charts are shown."""
    return int(given) if given in COUNTS else 1


def no_candles(*, failed: bool = False) -> dict[str, Any]:
    """Says in a chart's store that none come. failed: they can be asked for again."""
    return {"fault": failed, "n": refresh()}


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

    reader = partial(reader_of, services)

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
        Output(part("view", MATCH), "data"),
        Output(part("note", MATCH), "children"),
        Output(part("note", MATCH), "hidden"),
        Input("ws-mode", "value"),
        Input(part("symbol", MATCH), "value"),
        Input(part("timeframe", MATCH), "value"),
        Input(part("signals", MATCH), "value"),
        Input("ws-indicators", "data"),
        Input("ws-count", "value"),
        Input(part("reload", MATCH), "data"),
        Input(part("jump", MATCH), "data"),
        State(part("data", MATCH), "id"),
        State(part("known", MATCH), "data"),
        State(part("view", MATCH), "data"),
        State("ws-link", "data"),
        State("ws-offered", "data"),
        *(
            State(part(kind, ALL), name)
            for kind, name in (("symbol", "value"), ("timeframe", "value"), ("view", "data"))
        ),
    )
    @for_user(lambda: (no_candles(), None, no_update, log_in_note(ctx.inputs.get("ws-mode.value")), False))
    def load(user: str, mode: Any, symbol: Any, frame: Any, signals: Any, *given: Any) -> Any:
        indicators, count, _reload, jump, id_, known, shown, linked, offered, symbols, frames, views = given
        same_charts(symbols, frames, views)
        number, has, link = read(Number, id_), read(Known, known), read(Address, linked)
        if number is None or (ctx.triggered_id == "ws-count" and (has or number.index >= count_of(count))):
            raise PreventUpdate
        if number.index >= count_of(count):
            return no_update, None, no_update, no_update, no_update  # loaded when it is shown
        chosen = chosen_of(mode, symbol, frame, signals)
        if chosen is None:  # and before it is known which series there are, nothing is said
            waits = read(Offered, offered) is None or (bool(symbol) and is_mode(mode))
            return no_update if waits else no_candles(), None, no_update, empty_note(mode), waits
        jumped = isinstance(ctx.triggered_id, dict) and ctx.triggered_id.get("type") == "ws-jump"
        wish = view_of(read(Ranged, jump), chosen.key) if jumped else None
        asked = wish or linked_view(link, has, chosen, number.index)
        now = view_of(read(Ranged, shown), chosen.key) if has and has.key == chosen.key else None
        charts = [chosen_of(mode, *each, None) for each in zip(symbols, frames, strict=True)]
        others = shared_view(views, charts[: count_of(count)], number.index)
        first = next(iter(charts), None) if number.index else None

        def found_of(source: Reader) -> tuple[dict[str, Any], View | None]:
            range_ = asked
            if asked is None and now is None:  # new on this chart: it shows the time of the others
                range_ = others or (source.left_view(first) if first else None)  # which come at the same time
                range_ = range_ and msgspec.structs.replace(range_, y=None)
            if wish is None and (number.index or asked is None):
                range_ = source.held_view(chosen, range_)
            return source.whole(chosen, indicators_of(indicators), range_ or now), range_

        try:
            found, asked = run(found_of, reader(user))
        except OrderflowError as error:
            ranged = {"key": chosen.key, "range": msgspec.to_builtins(asked or View())}
            return no_candles(failed=True), None, ranged, sentence(error), False
        if now is not None and asked is None:
            found["view"] = None  # it is there already
        time = found["bars"]["time"]
        last = time[-1] if time else 0
        known = {"key": found["key"], "version": found["version"], "last": last, "link": link.n if link else 0}
        return found, known, no_update, empty_note(mode), bool(time)

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
            note_refused_callback(error)
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
        known, told, states = kept
        same_charts(symbols, frames, known, told, states, *ctx.outputs_list)
        source, wanted = reader(user), indicators_of(given)

        def one(index: int) -> tuple[Any, Any, Any, Any]:
            chosen, has = chosen_of(mode, symbols[index], frames[index], None), newest(known[index], told[index])
            if index >= count_of(count) or chosen is None or has is None or has.key != chosen.key:
                return (no_update,) * 4
            try:
                said = source.state(chosen)
                version = source.version(chosen)
                replaced = version[0] != has.version[0]  # in another window, by a script, or a gap was filled
                new = None if replaced or version == has.version else source.newer(chosen, wanted, has.last)
            except OrderflowError as error:
                return no_update, no_update, sentence(error), no_update
            state = no_update if said == states[index] else said
            tells = {**msgspec.to_builtins(has), "version": version}
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
        return choices, turn if turn in choices else "1", turn_words(len(choices))

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
