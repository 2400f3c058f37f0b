"""Alerts on the crypto tickers' page: the form, and what the buttons of an alert do.

All goes through `Alerts`, as `POST /alerts` does, which checks what is sent and names the field that is wrong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State, dcc, no_update
from dash.development.base_component import Component

from callbacks.toasts import needs_owner, owner_text, pressed, refresh, sentence, toast
from layouts.tickers_alerts import (
    ACTIONS,
    alert_rows,
    rehearsal_text,
    target_choices,
    value_labels,
)
from orderflow.errors import NotFound, OrderflowError
from orderflow.market.ports import MarketReader
from orderflow.storage.records.target_store import OPERATOR, StoredTarget, TargetStore
from orderflow.tickers.alerts.alert import Alert
from orderflow.tickers.alerts.alert import State as AlertState
from orderflow.tickers.alerts.operators.registry import OPERATORS
from orderflow.tickers.alerts.parsing import sent_form, value_names
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.tickers import Tickers
from orderflow.web.kit.refusals import note_refused_callback
from orderflow.web.kit.scope import Scope, for_owner, maybe, reading_scope

if TYPE_CHECKING:
    from orderflow.services import Services

Values = Mapping[str, Any]
INTERVAL = 1000
"""ms between two looks at the lists."""
NAMES = {
    "Tickers": "Ticker or symbol",
    "Low": "From",
    "High": "To",
    "Frequency": "How often",
    "Interval": "Bars",
    "Cooldown_s": "Pause after it",
    "Expires": "Ends",
    "Targets": "Send it to",
}
"""Fields of an alert that the form calls something else."""
TRIED = 1_000
MOST_NAMES = 500
SNOOZE = timedelta(hours=1)
FORM = {
    "tickers": ("tickers-alert-tickers", "value"),
    "operator": ("tickers-alert-operator", "value"),
    "value": ("tickers-alert-value", "value"),
    "high": ("tickers-alert-high", "value"),
    "source": ("tickers-alert-source", "value"),
    "frequency": ("tickers-alert-frequency", "value"),
    "interval": ("tickers-alert-interval", "value"),
    "cooldown": ("tickers-alert-cooldown", "value"),
    "intrabar": ("tickers-alert-intrabar", "checked"),
    "expires": ("tickers-alert-expires", "value"),
    "note": ("tickers-alert-note", "value"),
    "message": ("tickers-alert-message", "value"),
    "targets": ("tickers-alert-targets", "value"),
}
"""Component and property of the form's fields."""
CLEARED: Values = {"note": "", "message": "", "targets": [], "expires": None, "frequency": "once", "cooldown_s": 0}
"""What fields of an edited alert stand for that are empty."""


def extras() -> list[Component]:
    """The stores and the interval of this part of the page."""
    return [
        dcc.Interval(id="tickers-alerts-interval", interval=INTERVAL),
        dcc.Store(id="tickers-alerts-seen"),
        dcc.Store(id="tickers-alerts-refresh"),
        dcc.Store(id="tickers-alert-edited"),
    ]


def dynamic() -> list[Component]:
    """What callbacks put into the page: alerts with their buttons."""
    active = Alert("a", "BTC", ("sim:BTC",), "greater", (Fraction(1),), 0)
    return list(alert_rows([active, replace(active, snoozed=1), replace(active, state=AlertState.FIRED)]))


def body_of(form: Values) -> dict[str, Any]:
    """The body of POST /alerts that a form stands for. What was left at its default or does not apply is left out."""
    source, _, name = _text(form.get("source")).partition(":")
    body: dict[str, Any] = {"tickers": _words(form.get("tickers"))}
    if source == "event":
        body["mark"] = name
    elif source == "study":
        study, _, column = name.partition(".")
        body |= {"study": study, "column": column}
    elif source in ("feed_stale", "delivery_failing"):
        body["source"] = source
    if source in ("price", "study", ""):
        body |= _condition(form, short=source != "study")
    if source in ("event", "study"):
        body["intrabar"] = form.get("intrabar") is True
    given = {name: _text(form.get(name)) for name in ("frequency", "interval", "note", "message")}
    body |= {name: text for name, text in given.items() if text}
    if cooldown := _text(form.get("cooldown")).strip():
        body["cooldown_s"] = _plain(cooldown)
    if expires := _text(form.get("expires")).strip():
        body["expires"] = expires.replace(" ", "T") + "Z"
    if targets := _words(form.get("targets")):
        body["targets"] = targets
    return body


def _condition(form: Values, *, short: bool) -> dict[str, Any]:
    operator = _text(form.get("operator"))
    first, second = _plain(_text(form.get("value"))), _plain(_text(form.get("high")))
    if operator in ("above", "below"):
        if short:
            return {"condition": operator, "price": first}
        operator = {"above": "greater", "below": "less"}[operator]
    names = names_of(operator)
    return {"operator": operator, **dict(zip(names, (first, second), strict=False))}


def names_of(operator: str) -> tuple[str, ...]:
    """The fields for the numbers of an operator."""
    return OPERATORS[operator].values if operator in OPERATORS else ("price",)


def form_of(alert: Alert) -> dict[str, Any]:
    """The form's values that make this alert."""
    body = sent_form(alert)
    numbers = [body[name] for name in value_names(alert)]
    source = body["source"]
    if source == "event":
        source = f"event:{body['mark']}"
    elif source == "study":
        source = f"study:{body['study']}.{body['column']}"
    expires = None if alert.expires is None else datetime.fromtimestamp(alert.expires // 10**9, UTC)
    return {
        "tickers": body["tickers"],
        "operator": alert.condition or alert.operator or "above",
        "value": numbers[0] if numbers else "",
        "high": numbers[1] if len(numbers) > 1 else "",
        "source": source,
        "frequency": body["frequency"],
        "interval": body["interval"],
        "cooldown": "" if body["cooldown_s"] == "0" else body["cooldown_s"],
        "intrabar": alert.intrabar,
        "expires": None if expires is None else f"{expires:%Y-%m-%d %H:%M:%S}",
        "note": alert.note,
        "message": alert.message,
        "targets": list(alert.targets),
    }


def _plain(text: str) -> str:
    """A number as people write it: "67 250.5", "67,250.5" and "0,16" are read; what is ambiguous stays as it is."""
    words = text.strip().replace("\u00a0", "").replace(" ", "")
    if words.count(",") == 1 and "." not in words and len(words.partition(",")[2]) != 3:
        return words.replace(",", ".")
    return words.replace(",", "") if "." in words.rpartition(",")[2] or words.count(",") > 1 else words


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _words(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def said(error: OrderflowError) -> str:
    """What is wrong as a sentence, which names a field as the form does."""
    field, colon, words = sentence(error).partition(":")
    return NAMES.get(field, field) + colon + words


def save(alerts: Alerts, scope: Scope, form: Values, edited: Any) -> str:
    """Make the form's alert, or change the one that is edited; what is wrong as a sentence, "" if nothing is."""
    try:
        if isinstance(edited, str) and edited:
            body = body_of(form)
            source = "study" if "study" in body else "event" if "mark" in body else "price"
            alerts.change(edited, {**CLEARED, "source": source, **body}, scope.sees)
        else:
            alerts.create(body_of(form), scope.makes)
    except OrderflowError as error:
        return said(error)
    return ""


def rehearse(alerts: Alerts, form: Values) -> str:
    """Whether the form's alert would have fired, as a sentence."""
    try:
        found, ticks = alerts.rehearse({**body_of(form), "targets": []}, None, None, TRIED)
    except OrderflowError as error:
        return said(error)
    return rehearsal_text([each.time for each in found], ticks)


def act(alerts: Alerts, scope: Scope, action: str, alert_id: str, now: int) -> str:
    """Pause, resume, snooze, wake or delete an alert; what went wrong as a sentence, "" if nothing did."""
    until = datetime.fromtimestamp(now // 10**9, UTC) + SNOOZE
    changes: dict[str, dict[str, str | None]] = {
        "pause": {"state": "paused"},
        "resume": {"state": "active"},
        "snooze": {"snooze": until.isoformat()},
        "wake": {"snooze": None},
    }
    try:
        if action == "delete":
            alerts.delete(alert_id, scope.sees)
        else:
            alerts.change(alert_id, changes[action], scope.sees)
    except OrderflowError as error:
        return said(error)
    return ""


def targets_for(alerts: Alerts, targets: TargetStore, scope: Scope | None, edited: Any) -> tuple[StoredTarget, ...]:
    """The targets that the form's alert may have: those of its owner, which is the reader's unless it is edited."""
    if scope is None:
        return ()
    owner = scope.makes
    if isinstance(edited, str) and edited:
        with contextlib.suppress(NotFound):  # deleted meanwhile
            owner = alerts.get(edited, scope.sees).owner
    return targets.list(owner or OPERATOR)


def names(market: MarketReader, tickers: Sequence[str]) -> list[str]:
    """Names that an alert can be made for: tickers, then symbols."""
    return list(dict.fromkeys([*tickers, *(info.symbol for info in market.symbols(MOST_NAMES))]))


def register(app: Dash, services: Services, alerts: Alerts) -> None:
    """Bind the callbacks of this part of the page."""
    targets, tickers = TargetStore(services.records), services.part(Tickers)

    @app.callback(
        Output("tickers-alert-value", "label"),
        Output("tickers-alert-high", "label"),
        Output("tickers-alert-high-field", "hidden"),
        Input("tickers-alert-operator", "value"),
    )
    def label(operator: Any) -> tuple[str, Any, bool]:
        first, second = value_labels(_text(operator))
        return first, second or no_update, second is None

    @app.callback(
        Output("tickers-alert-tickers", "data"),
        Output("tickers-alert-targets", "data"),
        Input("tickers-alerts-refresh", "data"),
        Input("tickers-targets-refresh", "data"),
        Input("tickers-alert-edited", "data"),
    )
    def choices(_refresh: Any, _targets: Any, edited: Any) -> tuple[Any, Any]:
        known = services.workers.run(targets_for, alerts, targets, maybe(), edited)
        shown = [ticker.name for ticker in tickers.all()]
        return names(services.market, shown), target_choices({str(each.id): each.name for each in known})

    state = {name: State(*place) for name, place in FORM.items()}
    _form(app, alerts, state)
    _buttons(app, services, alerts)


def _form(app: Dash, alerts: Alerts, state: dict[str, State]) -> None:
    @app.callback(
        output={
            "fault": Output("tickers-alert-fault", "children"),
            "toast": Output("tickers-toasts", "sendNotifications", allow_duplicate=True),
            "refresh": Output("tickers-alerts-refresh", "data", allow_duplicate=True),
            "edited": Output("tickers-alert-edited", "data", allow_duplicate=True),
            "value": Output("tickers-alert-value", "value", allow_duplicate=True),
        },
        inputs={
            "_clicks": Input("tickers-alert-set", "n_clicks"),
            "_submits": Input("tickers-alert-value", "n_submit"),
        },
        state={"form": state, "edited": State("tickers-alert-edited", "data")},
        prevent_initial_call=True,
    )
    @for_owner(lambda: _answer(owner_text(), no_update))
    def set_alert(scope: Scope, _clicks: Any, _submits: Any, form: Any, edited: Any) -> dict[str, Any]:
        fault = save(alerts, scope, form, edited)
        return _answer(fault, "The alert is changed." if edited else "The alert is set.")

    @app.callback(
        Output("tickers-alert-tried", "children"),
        inputs={"_clicks": Input("tickers-alert-try", "n_clicks")},
        state={"form": state},
        prevent_initial_call=True,
    )
    def try_alert(_clicks: Any, form: Any) -> str:
        return rehearse(alerts, form)


def _answer(fault: str, done: Any) -> dict[str, Any]:
    if fault:
        return {"fault": fault, "toast": no_update, "refresh": no_update, "edited": no_update, "value": no_update}
    return {"fault": "", "toast": toast(done), "refresh": refresh(), "edited": "", "value": ""}


def _buttons(app: Dash, services: Services, alerts: Alerts) -> None:
    each = [Input({"type": f"alert-{action}", "alert": ALL}, "n_clicks") for action in ACTIONS]

    @app.callback(
        Output("tickers-toasts", "sendNotifications", allow_duplicate=True),
        Output("tickers-alerts-refresh", "data", allow_duplicate=True),
        *each,
        prevent_initial_call=True,
    )
    @for_owner(lambda: (needs_owner(), no_update))
    def press(scope: Scope, *clicks: Any) -> tuple[Any, Any]:
        button = pressed(clicks)
        action = button.get("type", "").removeprefix("alert-")
        if action not in ACTIONS:
            return no_update, no_update
        fault = act(alerts, scope, action, button.get("alert", ""), services.clock.now())
        return (toast(fault, bad=True) if fault else no_update), refresh()

    @app.callback(
        output={
            **{name: Output(*place, allow_duplicate=True) for name, place in FORM.items()},
            "edited": Output("tickers-alert-edited", "data", allow_duplicate=True),
        },
        inputs={"clicks": Input({"type": "alert-edit", "alert": ALL}, "n_clicks")},
        prevent_initial_call=True,
    )
    def edit(clicks: Any) -> dict[str, Any]:
        nothing = dict.fromkeys((*FORM, "edited"), no_update)
        if not (button := pressed([clicks])):
            return nothing
        try:
            alert = alerts.get(button.get("alert", ""), reading_scope().sees)
        except OrderflowError as error:  # deleted meanwhile, or somebody else's
            note_refused_callback(error)
            return nothing
        return {**form_of(alert), "edited": alert.id}

    @app.callback(
        Output("tickers-alert-set", "children"),
        Output("tickers-alert-cancel", "style"),
        Input("tickers-alert-edited", "data"),
    )
    def editing(edited: Any) -> tuple[str, dict[str, str]]:
        return ("Change alert", {}) if edited else ("Set alert", {"display": "none"})

    @app.callback(
        Output("tickers-alert-edited", "data"),
        Output("tickers-alert-fault", "children", allow_duplicate=True),
        Input("tickers-alert-cancel", "n_clicks"),
        prevent_initial_call=True,
    )
    def cancel(_clicks: Any) -> tuple[str, str]:
        return "", ""
