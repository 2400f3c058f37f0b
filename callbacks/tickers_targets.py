"""Delivery targets on the crypto tickers' page: the list, the form, the test message.

All goes through `Delivery`, as the routes under /delivery do. What is wrong is shown at its field.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, no_update
from dash.development.base_component import Component

from callbacks.toasts import needs_owner, owner_text, pressed, refresh, sentence, toast
from layouts.tickers_alerts import deleted_row
from layouts.tickers_targets import answer_text, no_targets, target_fields, target_rows
from orderflow.errors import BadInput, Conflict, OrderflowError
from orderflow.storage.records.target_store import OPERATOR
from orderflow.tickers.delivery.delivery import MOST_KEPT, MOST_KEPT_OF_A_USER, Delivery
from orderflow.web.kit.callback_values import whole
from orderflow.web.kit.refusals import note_refused_callback
from orderflow.web.kit.scope import Scope, for_owner, maybe

if TYPE_CHECKING:
    from orderflow.services import Services

INTERVAL = 5000
"""ms between two looks at the list."""
COMMON = ("kind", "name")
KEPT = f"of 30 days the newest {MOST_KEPT_OF_A_USER:,} to a user are kept, {MOST_KEPT:,} to the operator"
STORES = ("tickers-targets-seen", "tickers-targets-refresh", "tickers-target-edited", "tickers-target-removed")
"""Number of the list that is shown; a new value asks at once; ids of the target in the form and of that to remove."""
Faults = Mapping[str, str]


def extras() -> list[Component]:
    """The stores and the interval of this part of the page."""
    return [dcc.Interval(id="tickers-targets-interval", interval=INTERVAL), *(dcc.Store(id=name) for name in STORES)]


def dynamic(delivery: Delivery) -> list[Component]:
    """What callbacks put into the page: targets with their buttons, and the fields of all kinds."""
    shown = {
        "id": 1,
        "name": "a",
        "kind": "webhook",
        "owner": OPERATOR,
        "config": {},
        "secrets": [],
        "state": "ok",
        "error": "",
        "dropped": 0,
    }
    rows = [{**shown, "active": active, "failing_since": None} for active in (True, False)]
    return [
        *target_rows(rows, {}, OPERATOR),
        *(part for kind in delivery.kinds.values() for part in target_fields(kind)),
    ]


def body_of(kind: Any, name: Any, fields: Mapping[str, Any], *, edited: bool) -> dict[str, Any]:
    """The body of POST or PATCH /delivery/targets that a form stands for: without what is left empty, and without the
    kind if a target is changed."""
    body: dict[str, Any] = {"name": name if isinstance(name, str) else ""}
    if not edited:
        body["kind"] = kind
    return body | {field: value for field, value in fields.items() if isinstance(value, str) and value}


def faults_of(error: OrderflowError, fields: Sequence[str]) -> dict[str, str]:
    """What is wrong, by field; "" for what belongs to none of the form's fields."""
    if isinstance(error, Conflict):
        return {"name": sentence(error)}
    found: dict[str, str] = {}
    for each in error.errors if isinstance(error, BadInput) else ():
        field = each.field if each.field in (*COMMON, *fields) else ""
        found.setdefault(field or "", f"{each.reason[:1].upper()}{each.reason[1:]}.")
    return found or {"": sentence(error)}


def save(
    delivery: Delivery, scope: Scope, kind: Any, name: Any, fields: Mapping[str, Any], edited: int | None
) -> Faults:
    """Add the form's target, or change the one that is edited; what is wrong by field, nothing if it is done."""
    body = body_of(kind, name, fields, edited=edited is not None)
    try:
        if edited is None:
            delivery.add(body, scope.makes or OPERATOR)
        else:
            stored = delivery.get(edited, scope.sees)
            emptied = {field: None for field in fields if field in stored.config and field not in body}
            delivery.change(edited, {**emptied, **body}, scope.sees)
    except OrderflowError as error:
        return faults_of(error, list(fields))
    return {}


def act(delivery: Delivery, scope: Scope, action: str, target: int) -> str:
    """Pause, resume or remove a target; what went wrong as a sentence, "" if nothing did."""
    try:
        if action == "remove":
            delivery.remove(target, scope.sees)
        else:
            delivery.change(target, {"active": action == "resume"}, scope.sees)
    except OrderflowError as error:
        return sentence(error)
    return ""


def deliver_test(delivery: Delivery, scope: Scope, target: int) -> str:
    """Send a test message; how it went as a sentence."""
    try:
        return answer_text(delivery.get(target, scope.sees).name, delivery.test(target, scope.sees))
    except OrderflowError as error:
        return sentence(error)


def rows(delivery: Delivery, scope: Scope, seen: Any) -> tuple[Any, int]:
    """(rows of the targets, number of what is shown); no_update for what is as it was at `seen`, that number."""
    targets = delivery.shown(scope.sees)
    last = delivery.outbox.newest([target["id"] for target in targets])
    deleted = delivery.deleted(scope.sees)
    number = zlib.crc32(repr((targets, sorted(last.items()), deleted)).encode())
    if number == seen:
        return no_update, number
    return [*target_rows(targets, last, scope.makes or OPERATOR), *deleted_row(deleted, KEPT)], number


def number_of(given: Any) -> int | None:
    """The id of a target that a browser sent; None if it is none."""
    return whole(given, 10**9 - 1)


def register(app: Dash, services: Services) -> None:
    """Bind the callbacks of this part of the page."""
    delivery, run = services.part(Delivery), services.workers.run

    @app.callback(
        Output("tickers-targets", "children"),
        Output("tickers-targets-seen", "data"),
        Input("tickers-targets-interval", "n_intervals"),
        Input("tickers-targets-refresh", "data"),
        State("tickers-targets-seen", "data"),
        running=[(Output("tickers-targets-interval", "disabled"), True, False)],
    )
    def show_rows(_number: Any, _refresh: Any, seen: Any) -> tuple[Any, Any]:
        scope = maybe()
        return (no_targets(), None) if scope is None else run(rows, delivery, scope, seen)

    @app.callback(
        Output("tickers-target-fields", "children"),
        Input("tickers-target-kind", "value"),
        Input("tickers-target-edited", "data"),
        prevent_initial_call=True,
    )
    def show_fields(name: Any, edited: Any) -> Any:
        target = number_of((edited or {}).get("target")) if isinstance(edited, dict) else None
        kind = delivery.kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            return no_update
        scope = maybe()
        stored = None if target is None or scope is None else _shown(run, delivery, scope, target)
        return target_fields(kind, stored if stored and stored["kind"] == name else None)

    _opening(app, services, delivery)
    _saving(app, delivery)
    _buttons(app, services, delivery)


def _shown(run: Callable[..., Any], delivery: Delivery, scope: Scope, target: int) -> dict[str, Any] | None:
    try:
        shown: dict[str, Any] = run(lambda: delivery.show(delivery.get(target, scope.sees)))
        return shown
    except OrderflowError as error:  # removed meanwhile
        note_refused_callback(error)
        return None


def _opening(app: Dash, services: Services, delivery: Delivery) -> None:
    @app.callback(
        Output("tickers-dialog-target", "opened"),
        Output("tickers-target-edited", "data"),
        Output("tickers-target-kind", "value"),
        Output("tickers-target-kind", "disabled"),
        Output("tickers-target-name", "value"),
        Output("tickers-target-title", "children"),
        Output("tickers-target-save", "children"),
        Output("tickers-toasts", "sendNotifications", allow_duplicate=True),
        Input("tickers-target-add", "n_clicks"),
        Input({"type": "target-edit", "target": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def open_form(_add: Any, edits: Any) -> tuple[Any, ...]:
        scope = maybe()
        if scope is None:
            return (*(no_update,) * 7, needs_owner())
        if ctx.triggered_id == "tickers-target-add":
            kind = next(iter(delivery.kinds))
            return True, {"turn": refresh()}, kind, False, "", "New target", "Add the target", no_update
        target = number_of(pressed([edits]).get("target"))
        stored = None if target is None else _shown(services.workers.run, delivery, scope, target)
        if stored is None:
            return (no_update,) * 8
        edited = {"turn": refresh(), "target": target}
        return True, edited, stored["kind"], True, stored["name"], "Change the target", "Save", no_update

    @app.callback(
        Output("tickers-dialog-target", "opened", allow_duplicate=True),
        Input("tickers-target-cancel", "n_clicks"),
        prevent_initial_call=True,
    )
    def close_form(_clicks: Any) -> bool:
        return False


def _saving(app: Dash, delivery: Delivery) -> None:
    nothing = no_update

    @app.callback(
        output={
            "opened": Output("tickers-dialog-target", "opened", allow_duplicate=True),
            "kind": Output("tickers-target-kind", "error"),
            "name": Output("tickers-target-name", "error"),
            "fields": Output({"type": "target-field", "field": ALL}, "error"),
            "fault": Output("tickers-target-fault", "children"),
            "toast": Output("tickers-toasts", "sendNotifications", allow_duplicate=True),
            "refresh": Output("tickers-targets-refresh", "data", allow_duplicate=True),
        },
        inputs={"clicks": Input("tickers-target-save", "n_clicks"), "turn": Input("tickers-target-edited", "data")},
        state={
            "kind": State("tickers-target-kind", "value"),
            "name": State("tickers-target-name", "value"),
            "values": State({"type": "target-field", "field": ALL}, "value"),
        },
        prevent_initial_call=True,
    )
    @for_owner(lambda: _saved({"": owner_text()}, _fields()))
    def save_target(scope: Scope, clicks: Any, turn: Any, kind: Any, name: Any, values: Any) -> dict[str, Any]:
        fields = _fields()
        if ctx.triggered_id != "tickers-target-save":  # the form was opened: what was wrong before is not any more
            return {**_saved({}, fields), "opened": nothing, "toast": nothing, "refresh": nothing}
        given = dict(zip(fields, values if isinstance(values, list) else [], strict=False))
        edited = number_of(turn.get("target")) if isinstance(turn, dict) else None
        return _saved(save(delivery, scope, kind, name, given, edited), fields)


def _fields() -> list[str]:
    """The fields whose inputs the form has."""
    return [str(part["id"].get("field")) for part in ctx.outputs_grouping["fields"]]


def _saved(faults: Faults, fields: Sequence[str]) -> dict[str, Any]:
    """The answer to a form. fields: those whose inputs are shown."""
    done = not faults
    return {
        "opened": False if done else no_update,
        "kind": faults.get("kind", ""),
        "name": faults.get("name", ""),
        "fields": [faults.get(field, "") for field in fields],
        "fault": faults.get("", ""),
        "toast": toast("The target is stored. Send a test to see that it works.") if done else no_update,
        "refresh": refresh() if done else no_update,
    }


def _buttons(app: Dash, services: Services, delivery: Delivery) -> None:
    each = {
        action: Input({"type": f"target-{action}", "target": ALL}, "n_clicks")
        for action in ("pause", "resume", "test", "remove")
    }

    @app.callback(
        Output("tickers-target-tested", "children"),
        Output("tickers-targets-refresh", "data", allow_duplicate=True),
        each["test"],
        running=[(Output("tickers-target-waits", "hidden"), False, True)],
        prevent_initial_call=True,
    )
    @for_owner(lambda: (owner_text(), no_update))
    def send_test(scope: Scope, clicks: Any) -> tuple[Any, Any]:
        target = number_of(pressed([clicks]).get("target"))
        return (no_update, no_update) if target is None else (deliver_test(delivery, scope, target), refresh())

    @app.callback(
        Output("tickers-toasts", "sendNotifications", allow_duplicate=True),
        Output("tickers-targets-refresh", "data", allow_duplicate=True),
        each["pause"],
        each["resume"],
        prevent_initial_call=True,
    )
    @for_owner(lambda: (needs_owner(), no_update))
    def pause(scope: Scope, *clicks: Any) -> tuple[Any, Any]:
        button = pressed(clicks)
        target, action = number_of(button.get("target")), button.get("type", "").removeprefix("target-")
        if target is None or action not in ("pause", "resume"):
            return no_update, no_update
        fault = act(delivery, scope, action, target)
        return (toast(fault, bad=True) if fault else no_update), refresh()

    @app.callback(
        Output("tickers-dialog-target-remove", "opened"),
        Output("tickers-target-remove-title", "children"),
        Output("tickers-target-removed", "data"),
        each["remove"],
        prevent_initial_call=True,
    )
    @for_owner(lambda: (no_update, no_update, no_update))
    def ask(scope: Scope, clicks: Any) -> tuple[Any, Any, Any]:
        target = number_of(pressed([clicks]).get("target"))
        stored = None if target is None else _shown(services.workers.run, delivery, scope, target)
        if stored is None:
            return no_update, no_update, no_update
        return True, f"Delete {stored['name']}?", target

    @app.callback(
        Output("tickers-dialog-target-remove", "opened", allow_duplicate=True),
        Output("tickers-toasts", "sendNotifications", allow_duplicate=True),
        Output("tickers-targets-refresh", "data", allow_duplicate=True),
        Input("tickers-target-remove", "n_clicks"),
        Input("tickers-target-keep", "n_clicks"),
        State("tickers-target-removed", "data"),
        prevent_initial_call=True,
    )
    @for_owner(lambda: (no_update, needs_owner(), no_update))
    def remove(scope: Scope, _clicks: Any, _kept: Any, given: Any) -> tuple[Any, Any, Any]:
        target = number_of(given)
        if ctx.triggered_id != "tickers-target-remove" or target is None:
            return False, no_update, no_update
        fault = act(delivery, scope, "remove", target)
        return False, (toast(fault, bad=True) if fault else no_update), refresh()
