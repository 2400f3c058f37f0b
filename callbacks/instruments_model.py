"""The form of the open instrument's model: which fields it has, what the reader has changed, and sending that.

Only what differs from the spec that the form was made of is sent, through the same function as PUT …/model. Parameters
go as a whole table, as the server keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.instruments_detail import find, read_opened, title
from callbacks.instruments_state import Form, SpecTexts, read, read_ids
from callbacks.toasts import needs_key, refresh, toast
from layouts.instruments_form import CHECK, CHOICE, FIELD, PART, ROW, as_text, described, form, parameters
from orderflow.errors import BadInput, OrderflowError
from orderflow.instruments.model_card import library
from orderflow.instruments.simulation import Simulation
from orderflow.instruments.spec import Spec
from orderflow.web.kit.access import operator_only

if TYPE_CHECKING:
    from orderflow.services import Services

TABLES = ("params", "arrival_params", "flow")
CHOSEN = {"model": ("params",), "arrivals": ("arrival_params",), "book": ("arrival_params", "flow")}
"""Tables of parameters whose fields depend on a choice."""
NUMBERS = ("interval", "initial_price", "correlation")
SEED = re.compile(r"[0-9]{1,19}")

Values = Mapping[str, Any]
"""What the form holds by field: texts, the choices `model` and `arrivals`, the flag `book`."""


def form_of(spec: Spec) -> Form:
    """The form of a spec, as the page keeps it."""
    texts = {**spec.table(), "seed": None if spec.seed is None else str(spec.seed)}
    return Form(spec.id, msgspec.convert(texts, SpecTexts))


def read_number(text: Any) -> Any:
    """The text as a number, also with a decimal comma; None if it is empty; the text itself if it is not a number."""
    if not isinstance(text, str):
        return text
    plain = text.strip().replace("−", "-").replace(",", ".")
    if not plain:
        return None
    try:
        return float(plain)
    except ValueError:
        return text


def read_changes(spec: Mapping[str, Any], values: Values, known: Mapping[str, Any]) -> dict[str, Any]:
    """What of the form differs from the spec it was made of, as PUT …/model takes it."""
    changes: dict[str, Any] = {
        name: values[name] for name in ("model", "arrivals", "book") if name in values and values[name] != spec[name]
    }
    chosen = {name: values.get(name, spec[name]) for name in ("model", "arrivals", "book")}
    for table in TABLES:
        _, params = described(table, known, chosen["model"], chosen["arrivals"], chosen["book"])
        if table == "arrival_params" and chosen["book"]:
            continue
        now = _table(table, params, values)
        kept = all(chosen[name] == spec[name] for name, tables in CHOSEN.items() if tables[-1] == table)
        # what the server keeps of another model would not fit this one, so a new one's table is always sent
        if not kept or now != _differing(spec[table], params):
            changes[table] = now
    return changes | _pace(spec, values)


def _table(table: str, params: Sequence[Mapping[str, Any]], values: Values) -> dict[str, Any]:
    """The parameters of a table that are not at their default."""
    read = {one["name"]: read_number(values.get(f"{table}.{one['name']}")) for one in params}
    defaults = {one["name"]: one["default"] for one in params}
    return {name: value for name, value in read.items() if value is not None and value != defaults[name]}


def _differing(given: Mapping[str, Any], params: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        one["name"]: given[one["name"]] for one in params if given.get(one["name"], one["default"]) != one["default"]
    }


def _pace(spec: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Changes of the fields that every instrument has."""
    changes: dict[str, Any] = {}
    texts = {name: str(values.get(name, as_text(spec[name])) or "").strip() for name in ("name", "group", "seed")}
    if texts["name"] != spec["name"]:
        changes["name"] = texts["name"]
    if texts["group"] != (spec["group"] or ""):
        changes["group"] = texts["group"] or None
    for name in NUMBERS:
        value = read_number(values.get(name, as_text(spec[name])))
        if value != spec[name]:
            changes[name] = value
    if texts["seed"] != (spec["seed"] or ""):
        changes["seed"] = int(texts["seed"]) if SEED.fullmatch(texts["seed"]) else texts["seed"] or None
    return changes


def edited(changes: Mapping[str, Any], spec: Mapping[str, Any], name: str) -> bool:
    """Whether a field is among the changes."""
    table, _, key = name.partition(".")
    if not key:
        return table in changes
    return table in changes and changes[table].get(key) != spec[table].get(key)


def apply_changes(
    services: Services, key: str, changes: Mapping[str, Any], names: Sequence[str]
) -> tuple[list[str], str, Spec | None]:
    """(error of each field of `names`, other errors, the new spec): the spec is None when something was refused."""
    try:
        return [""] * len(names), "", services.part(Simulation).edit(key, changes)
    except BadInput as error:
        found = {one.field or "": one.reason for one in error.errors}
    except OrderflowError as error:
        return [""] * len(names), f"{error}.", None
    loose = "; ".join(f"{field} {reason}" for field, reason in found.items() if field not in names)
    marked = "Not changed: see what is marked." if any(name in found for name in names) else ""
    return [found.get(name, "") for name in names], loose or marked, None


def gather(given: Sequence[Any]) -> tuple[list[str], Values] | None:
    """(names of the text fields, values of the whole form); None when the browser sent no form.

    given: values and ids of the text fields, values and ids of the choices, flags of the boxes.
    """
    texts, text_ids, choices, choice_ids, boxes = given
    names, chosen = read_ids(text_ids), read_ids(choice_ids)
    if not names or chosen is None or set(chosen) != {"model", "arrivals"} or len(names) != len(texts):
        return None
    if not all(isinstance(each, str) for each in (*choices, *(text for text in texts if text is not None))):
        return None
    values = {**dict(zip(names, texts, strict=True)), **dict(zip(chosen, choices, strict=True))}
    return names, {**values, "book": bool(boxes and boxes[0])}


def register(app: Dash, services: Services) -> None:
    """Bind the form's callbacks to the app."""
    known = library()
    _register_form(app, services.part(Simulation), known)
    _register_fields(app, known)
    _register_apply(app, services, known)


def _texts(kind: type[Input] | type[State]) -> list[Any]:
    """All values of the form as inputs or states, in the order of `gather`; ids are always states."""
    return [
        kind({"type": FIELD, "name": ALL}, "value"),
        State({"type": FIELD, "name": ALL}, "id"),
        kind({"type": CHOICE, "name": ALL}, "value"),
        State({"type": CHOICE, "name": ALL}, "id"),
        kind({"type": CHECK, "name": ALL}, "checked"),
    ]


def _register_form(app: Dash, simulation: Simulation, known: Mapping[str, Any]) -> None:
    @app.callback(
        Output("instruments-form", "data"),
        Input("instruments-open", "data"),
        Input("instruments-discard", "n_clicks"),
        prevent_initial_call=True,
    )
    def read_spec(given: Any, _discard: Any) -> Any:
        instrument = find(simulation, read_opened(given).id)
        return form_of(instrument.spec).plain() if instrument else None

    # A separate callback: of two calls under way Dash keeps the later response, and a refresh must not undo a discard.
    @app.callback(
        Output("instruments-fresh", "data", allow_duplicate=True),
        Input("instruments-card-interval", "n_intervals"),
        State("instruments-open", "data"),
        State("instruments-form", "data"),
        State("instruments-discard", "disabled"),
        prevent_initial_call=True,
    )
    def refresh_form(_intervals: Any, given: Any, held: Any, clean: bool | None) -> Any:
        instrument = find(simulation, read_opened(given).id)
        form = form_of(instrument.spec).plain() if instrument else None
        if not clean or form is None or held == form:
            raise PreventUpdate  # what is typed stays
        return {"form": form, "sent": False}

    app.clientside_callback(  # when the answer has come: meanwhile something may be typed, or another one be open
        ClientsideFunction("instruments", "fresh"),
        Output("instruments-form", "data", allow_duplicate=True),
        Input("instruments-fresh", "data"),
        State("instruments-open", "data"),
        State("instruments-discard", "disabled"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("instruments-card", "children"),
        Output("instruments-form-message", "children", allow_duplicate=True),
        Output("instruments-title-detail", "children", allow_duplicate=True),
        Input("instruments-form", "data"),
        prevent_initial_call=True,
    )
    def show_form(given: Any) -> Any:
        held = read(Form, given)
        return (form(held.spec.plain(), known), "", title(held.id, held.spec.name)) if held else ([], "", no_update)


def _register_fields(app: Dash, known: Mapping[str, Any]) -> None:
    @app.callback(
        Output({"type": PART, "name": ALL}, "children"),
        Output({"type": ROW, "name": ALL}, "hidden"),
        Input({"type": CHOICE, "name": ALL}, "value"),
        Input({"type": CHECK, "name": ALL}, "checked"),
        State({"type": CHOICE, "name": ALL}, "id"),
        State({"type": PART, "name": ALL}, "id"),
        State("instruments-form", "data"),
        prevent_initial_call=True,
    )
    def choose(values: Any, boxes: Any, ids: Any, part_ids: Any, given: Any) -> Any:
        held, names, tables = read(Form, given), read_ids(ids), read_ids(part_ids)
        tables_of = CHOSEN.get(ctx.triggered_id["name"]) if ctx.triggered_id else None
        if held is None or not names or not tables or not tables_of:
            raise PreventUpdate
        chosen = {**dict(zip(names, values, strict=True)), "book": bool(boxes and boxes[0])}
        now, spec = (str(chosen.get("model")), str(chosen.get("arrivals")), chosen["book"]), held.spec.plain()
        parts = [parameters(table, spec, known, *now) if table in tables_of else no_update for table in tables]
        return parts, [name == "arrivals" and now[2] for name in names]

    @app.callback(
        Output("instruments-apply", "disabled"),
        Output("instruments-discard", "disabled"),
        Output({"type": FIELD, "name": ALL}, "className"),
        *_texts(Input),
        State("instruments-form", "data"),
        prevent_initial_call=True,
    )
    def compare(*given: Any) -> Any:
        found, held = gather(given[:-1]), read(Form, given[-1])
        if found is None or held is None:
            raise PreventUpdate
        names, values = found
        spec = held.spec.plain()
        changes = read_changes(spec, values, known)
        classes = ["ix-field ix-edited" if edited(changes, spec, name) else "ix-field" for name in names]
        return not changes, not changes, classes

    app.clientside_callback(
        ClientsideFunction("instruments", "typed"),
        Output("instruments-discard", "disabled", allow_duplicate=True),
        Input({"type": FIELD, "name": ALL}, "value"),
        prevent_initial_call=True,
    )

    app.clientside_callback(
        ClientsideFunction("kit", "faultless"),
        Output({"type": FIELD, "name": MATCH}, "error", allow_duplicate=True),
        Input({"type": FIELD, "name": MATCH}, "value"),
        prevent_initial_call=True,
    )


def _register_apply(app: Dash, services: Services, known: Mapping[str, Any]) -> None:
    app.clientside_callback(
        ClientsideFunction("kit", "settled"),
        Output("instruments-submit", "data"),
        Input("instruments-apply", "n_clicks"),
        Input({"type": FIELD, "name": ALL}, "n_submit"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output({"type": FIELD, "name": ALL}, "error"),
        Output("instruments-form-message", "children"),
        Output("instruments-fresh", "data"),
        Output("instruments-toasts", "sendNotifications", allow_duplicate=True),
        Output("instruments-refresh", "data", allow_duplicate=True),
        Input("instruments-submit", "data"),
        Input("instruments-back-sure", "n_clicks"),
        *_texts(State),
        State("instruments-form", "data"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (_none_of_fields(), no_update, no_update, needs_key(), no_update))
    def apply(_submit: Any, _back: Any, *given: Any) -> Any:
        found, held = gather(given[:-1]), read(Form, given[-1])
        if found is None or held is None or not any(each["value"] for each in ctx.triggered):
            raise PreventUpdate
        names, values = found
        back = ctx.triggered_id == "instruments-back-sure"
        changes = {} if back else read_changes(held.spec.plain(), values, known)
        if not changes and not back:
            raise PreventUpdate
        errors, message, spec = apply_changes(services, held.id, changes, names)
        if spec is None:
            return errors, message, no_update, no_update, no_update
        words = "As the settings have it; it began anew." if back else "Changed."
        done = toast(f"{spec.id}: {words}")
        return errors, "", {"form": form_of(spec).plain(), "sent": True}, done, refresh()


def _none_of_fields() -> list[Any]:
    """`no_update` for every field that the page has now."""
    return [no_update] * len(ctx.outputs_list[0])
