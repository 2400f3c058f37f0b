"""Where alerts are sent: the list of delivery targets, the dialog that makes or changes one, and the one that removes.

Secrets go into the form and never come back: of a target that is changed, its empty secret fields keep what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import ONCE, aria, data
from layouts.tickers_alerts import moment
from orderflow.tickers.delivery.delivery import OPERATOR, StoredDelivery
from orderflow.tickers.delivery.fields import Field
from orderflow.tickers.delivery.kinds import Kind

ACTIONS = ("pause", "resume", "test", "edit", "remove")
"""What the buttons of a target do."""
STATES = {"ok": "works", "retrying": "tried again", "failing": "failing", "paused": "paused"}
DELIVERED = {"pending": "waits", "delivered": "delivered", "failed": "failed", "cancelled": "cancelled"}
NO_LOGIN = "Targets are shown to their owner: log in, or open this page once with ?key=… at the end of its address."
NONE = "None yet. Alerts are shown on every page; a target gets them by webhook, e-mail or messenger too."
KEPT = "Stored and not shown. Leave it empty to keep it."


def targets_panel() -> Component:
    """The panel: a heading, a button that adds, the list, and the answer to the last test."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Deliveries"),
                    html.A("CSV", href="/delivery/deliveries?format=csv&limit=1000", className="tk-link"),
                ],
                className="tk-panel-head",
            ),
            html.Div(id="tickers-targets"),
            html.P("Sending a test …", id="tickers-target-waits", className="tk-note", hidden=True, role="status"),
            html.P(id="tickers-target-tested", className="tk-note", role="status"),
            html.Div(
                dmc.Button("Add a target …", id="tickers-target-add", size="sm", variant="default"),
                className="tk-buttons tk-actions",
            ),
        ],
        className="tk-panel",
        **aria(label="Deliveries"),
    )


def no_targets() -> list[Component]:
    """In place of the list, for a reader without login and key."""
    return [html.P(NO_LOGIN, className="tk-note")]


def target_rows(
    targets: Sequence[Mapping[str, Any]], last: Mapping[int, StoredDelivery], reader: str
) -> list[Component]:
    """A row for each target, as `Delivery.show` describes it. last: the newest delivery by the target's id. reader: the
    owner of what the reader makes."""
    if not targets:
        return [html.P(NONE, className="tk-note")]
    return [_row(target, last.get(target["id"]), reader) for target in targets]


def _row(target: Mapping[str, Any], last: StoredDelivery | None, reader: str) -> Component:
    name, where = target["name"], " · ".join(target["config"].values())
    facts = [f"{target['kind']}{f': {where}' if where else ''}", _last_text(last)]
    if target["owner"] != reader:
        facts.append("of the operator" if target["owner"] == OPERATOR else "of a user")
    if target["state"] in ("retrying", "failing") and target["failing_since"]:
        facts.append(f"takes nothing since {moment(target['failing_since'])}: {target['error']}")
    if target["dropped"]:
        facts.append(f"{target['dropped']:,} were not sent: too many were waiting")
    change = ("Pause", "pause") if target["active"] else ("Resume", "resume")
    buttons = [change, ("Send a test", "test"), ("Edit", "edit"), ("Delete", "remove")]
    return html.Div(
        [
            html.Div(
                [
                    html.B(name),
                    html.Span(STATES[target["state"]], className="tk-alert-state", **data(state=target["state"])),
                ]
            ),
            *(html.P(fact, className="tk-note") for fact in facts),
            html.Div([_button(words, action, target["id"], name) for words, action in buttons], className="tk-actions"),
        ],
        className="tk-alert",
    )


def _last_text(last: StoredDelivery | None) -> str:
    if last is None:
        return "nothing was sent to it yet"
    tried = "" if last.attempts < 2 else f", {last.attempts} attempts"
    why = f": {last.error}" if last.error and last.state == "failed" else ""
    return f"last: {DELIVERED[last.state]} {moment(last.finished or last.created)}{tried}{why}"


def _button(words: str, action: str, target: int, name: str) -> Component:
    return html.Button(
        words,
        id={"type": f"target-{action}", "target": target},
        type="button",
        className="tk-action",
        **aria(label=f"{words}: {name}"),
    )


def answer_text(name: str, answer: Mapping[str, Any]) -> str:
    """The answer to a test as a sentence."""
    status = f" with status {answer['status']}" if answer["status"] is not None else ""
    if answer["delivered"]:
        return f"{name} took the test message{status} after {answer['took_ms']:,} ms."
    return f"{name} did not take the test message: {answer['error']} (after {answer['took_ms']:,} ms)."


def target_dialogs(kinds: Sequence[Kind]) -> list[Component]:
    """The dialog with the form, and the one that asks before a target is removed; both closed."""
    return [_form(kinds), _question()]


def _form(kinds: Sequence[Kind]) -> Component:
    small: dict[str, Any] = {"size": "sm"}
    return dmc.Modal(
        id="tickers-dialog-target",
        title=html.Span("New target", id="tickers-target-title"),
        size=460,
        opened=False,
        zIndex=300,
        keepMounted=True,
        transitionProps={"duration": 0},
        className="tk-dialog",
        closeButtonProps=aria(label="Close"),
        children=html.Div(
            [
                dmc.Select(
                    id="tickers-target-kind", label="Kind", value=kinds[0].name, allowDeselect=False,
                    data=[_choice(kind) for kind in kinds], className="tk-wide",
                    comboboxProps={"zIndex": 310}, **small,
                ),
                dmc.TextInput(
                    id="tickers-target-name", label="Name", value="", className="tk-wide", autoComplete="off",
                    inputProps={"maxLength": 100}, withAsterisk=True, **small,
                ),
                html.Div(target_fields(kinds[0]), id="tickers-target-fields", className="tk-wide tk-fields"),
                html.P(id="tickers-target-fault", className="tk-fault tk-wide", role="alert"),
                html.Div(
                    [
                        dmc.Button("Add the target", id="tickers-target-save", size="sm", **ONCE),
                        dmc.Button("Cancel", id="tickers-target-cancel", size="sm", variant="subtle", color="gray"),
                    ],
                    className="tk-wide tk-buttons",
                ),
            ],
            className="tk-form",
        ),
    )  # fmt: skip


def _choice(kind: Kind) -> dict[str, Any]:
    label = f"{kind.label} ({kind.missing})" if kind.missing else kind.label
    return {"value": kind.name, "label": label, "disabled": bool(kind.missing)}


def target_fields(kind: Kind, stored: Mapping[str, Any] | None = None) -> list[Component]:
    """The inputs of a kind. stored: the target that is changed, as `Delivery.show` describes it."""
    return [_field(field, stored) for field in kind.fields]


def _field(field: Field, stored: Mapping[str, Any] | None) -> Component:
    kept = stored is not None and field.name in stored["secrets"]
    hidden = field.secret and field.name != "url"
    value = "" if stored is None or field.secret else stored["config"].get(field.name, "")
    make = dmc.PasswordInput if hidden else dmc.TextInput
    return make(
        id={"type": "target-field", "field": field.name},
        label="URL" if field.name == "url" else field.name.capitalize(),
        description=KEPT if kept else field.doc,
        placeholder=field.default,
        value=value,
        withAsterisk=field.required and not kept,
        autoComplete="new-password" if hidden else "off",
        size="sm",
    )


def _question() -> Component:
    return dmc.Modal(
        id="tickers-dialog-target-remove",
        title=html.Span("Delete?", id="tickers-target-remove-title"),
        size=420,
        opened=False,
        zIndex=300,
        transitionProps={"duration": 0},
        className="tk-dialog",
        closeButtonProps=aria(label="Close"),
        children=[
            html.P("What waits for it is cancelled. Alerts that name it stay, and no longer send to it."),
            html.Div(
                [
                    dmc.Button("Delete the target", id="tickers-target-remove", size="sm", color="red"),
                    dmc.Button("Cancel", id="tickers-target-keep", size="sm", variant="default"),
                ],
                className="tk-buttons",
            ),
        ],
    )
