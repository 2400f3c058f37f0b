"""The alerts beside the prices: the form, those that wait, those that have fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import ONCE, aria, data
from orderflow.market.frames import TIME_FRAMES
from orderflow.market.studies.registry import find
from orderflow.tickers.alerts.alert import Alert, AlertEvent, Frequency, Kind, State
from orderflow.tickers.alerts.description import condition_text, inside
from orderflow.tickers.alerts.footprint_marks import MARKS
from orderflow.tickers.alerts.operators.registry import OPERATORS
from orderflow.tickers.alerts.parsing import study_columns

FREQUENCIES = {
    Frequency.ONCE: "Once",
    Frequency.BAR: "Once per bar",
    Frequency.CLOSE: "Once per bar, at its close",
    Frequency.EVERY: "Every time",
}
STATES = {State.ACTIVE: "waits", State.PAUSED: "paused", State.FIRED: "fired", State.EXPIRED: "expired"}
VALUES = ("value", "high")
"""Ids of the two fields for numbers: `tickers-alert-value`, `-high`."""
LABELS = {"price": "Price", "low": "From", "high": "To", "amount": "Amount", "percent": "Percent", "value": "Value"}
SECONDS = 1e9


ACTIVITY = ("ticks:100", "volume:100", "range:20", "delta:50")
"""Bars of activity that the form suggests; any other size can be written."""
ACTIONS = ("pause", "resume", "snooze", "wake", "delete")
"""What the buttons of an alert do, besides editing it."""


def sources() -> list[dict[str, Any]]:
    """What an alert can look at, for a dmc.Select: a value is "price", "event:absorption", "study:cvd.close", …"""
    return [
        {"group": "Every trade", "items": [{"value": "price", "label": "Price"}]},
        {
            "group": "Bars: footprint",
            "items": [{"value": f"event:{name}", "label": mark.title} for name, mark in MARKS.items()],
        },
        {
            "group": "Bars: studies",
            "items": [
                {"value": f"study:{name}.{column}", "label": f"{find(name).title}: {column}"}
                for name, columns in study_columns().items()
                for column in columns
            ],
        },
        {
            "group": "The plumbing",
            "items": [
                {"value": "feed_stale", "label": "No trades come"},
                {"value": "delivery_failing", "label": "A delivery fails"},
            ],
        },
    ]


def bars() -> list[dict[str, Any]]:
    """The bars that the form suggests, for a dmc.Autocomplete."""
    return [
        {"group": "Time", "items": list(TIME_FRAMES)},
        {"group": "Trades, volume, range, delta: with any number", "items": list(ACTIVITY)},
    ]


def alerts_column(symbols: Sequence[str], below: Sequence[Component] = ()) -> Component:
    """The column. symbols: names that an alert can be made for. below: further panels."""
    return html.Aside(
        [
            html.Section([html.H2("New alert"), _form(symbols)], className="tk-panel", **aria(label="New alert")),
            html.Section(
                [
                    html.Div(
                        [html.H2("Current Alerts"), html.Span(id="tickers-alert-count")], className="tk-panel-head"
                    ),
                    html.Div(
                        [
                            dmc.TextInput(
                                id="tickers-alert-find", placeholder="Find: ticker, condition, note, state", size="xs",
                                value="", debounce=300, autoComplete="off", spellCheck=False,
                                inputProps=aria(label="Find alerts"),
                            ),
                            html.Nav(
                                # its arrows have no names for screen readers
                                dmc.Pagination(
                                    id="tickers-alert-page", total=1, value=1, size="xs", withControls=False
                                ),
                                **aria(label="Pages of alerts"),
                            ),
                        ],
                        id="tickers-alert-pages",
                        className="tk-pages",
                        hidden=True,
                    ),
                    html.Div(id="tickers-alerts"),
                ],
                className="tk-panel",
                **aria(label="Current Alerts"),
            ),
            html.Section(
                [
                    html.Div(
                        [
                            html.H2("Fired"),
                            html.A("CSV", href="/alerts/events?format=csv&limit=10000", className="tk-link"),
                        ],
                        className="tk-panel-head",
                    ),
                    html.Div(id="tickers-events", **aria(live="off")),
                ],
                className="tk-panel",
                **aria(label="Fired alerts"),
            ),
            *below,
        ],
        className="tk-right",
    )  # fmt: skip


def _form(symbols: Sequence[str]) -> Component:
    names = list(symbols)
    small: dict[str, Any] = {"size": "sm"}
    return html.Div(
        [
            dmc.TagsInput(
                id="tickers-alert-tickers", label="Ticker or symbol", data=names, value=names[:1], maxTags=50,
                placeholder="Add one", className="tk-wide", **small, **data(hotkey="L"),
            ),
            dmc.Select(
                id="tickers-alert-operator", label="Condition", value="greater", allowDeselect=False,
                data=[{"value": "above", "label": "Above (once)"}, {"value": "below", "label": "Below (once)"},
                      *({"value": name, "label": each.title.capitalize()} for name, each in OPERATORS.items())],
                checkIconPosition="right", **small,
            ),
            dmc.TextInput(
                id="tickers-alert-value", label="Price", value="", inputProps={"inputMode": "decimal"},
                debounce=True, autoComplete="off", **small,
            ),
            html.Div(
                dmc.TextInput(id="tickers-alert-high", label="To", value="", inputProps={"inputMode": "decimal"},
                              debounce=True, autoComplete="off", **small),
                id="tickers-alert-high-field", hidden=True,
            ),
            html.Details([html.Summary("More"), _more()], className="tk-wide tk-more"),
            html.P(id="tickers-alert-fault", className="tk-fault tk-wide", role="alert"),
            html.Div(
                [
                    dmc.Button("Set alert", id="tickers-alert-set", size="sm", **ONCE),
                    dmc.Button("Would it have fired?", id="tickers-alert-try", size="sm", variant="default"),
                    dmc.Button("Cancel", id="tickers-alert-cancel", size="sm", variant="subtle", color="gray",
                               style={"display": "none"}),
                ],
                className="tk-wide tk-buttons",
            ),
            html.P(id="tickers-alert-tried", className="tk-note tk-wide", role="status"),
        ],
        className="tk-form",
    )  # fmt: skip


def _more() -> Component:
    small: dict[str, Any] = {"size": "sm"}
    return html.Div(
        [
            dmc.Select(id="tickers-alert-source", label="Looks at", data=sources(), value="price",
                       allowDeselect=False, searchable=True, **small),
            dmc.Select(id="tickers-alert-frequency", label="How often", value=Frequency.ONCE, allowDeselect=False,
                       data=[{"value": str(value), "label": words} for value, words in FREQUENCIES.items()], **small),
            dmc.Autocomplete(id="tickers-alert-interval", label="Bars", value="1min", data=bars(),
                             **small),
            dmc.TextInput(id="tickers-alert-cooldown", label="Pause after it, seconds", value="",
                          inputProps={"inputMode": "decimal"}, **small),
            dmc.Switch(id="tickers-alert-intrabar", label="Also while the bar forms (may differ in a replay)",
                       checked=False, className="tk-wide"),
            dmc.DateTimePicker(id="tickers-alert-expires", label="Ends (UTC)", clearable=True,
                               valueFormat="YYYY-MM-DD HH:mm", className="tk-wide", **small),
            dmc.TextInput(id="tickers-alert-note", label="Note", value="", inputProps={"maxLength": 500},
                          className="tk-wide", **small),
            dmc.Textarea(
                id="tickers-alert-message", label="Message", value="", autosize=True, minRows=1, maxRows=5,
                description="May have {{ticker}} {{price}} {{time}} {{interval}} {{note}}", className="tk-wide",
                **small,
            ),
            html.Div(
                dmc.MultiSelect(id="tickers-alert-targets", label="Send it to", data=[], value=[], **small,
                                description="Every page tells it anyway. Add targets under Deliveries."),
                className="tk-wide",
            ),
        ],
        className="tk-form",
    )  # fmt: skip


def value_labels(operator: str) -> tuple[str, str | None]:
    """Labels of the two fields for numbers; None hides the second one."""
    names = OPERATORS[operator].values if operator in OPERATORS else ("price",)
    first = LABELS[names[0]] if names else ""
    return first, LABELS[names[1]] if len(names) > 1 else None


def no_login() -> list[Component]:
    """In place of the alerts, for a reader without login and key."""
    link = html.A("Log in", href="/account/", className="tk-link")
    return [html.P([link, " to see and set alerts of your own."], className="tk-note")]


def no_login_events() -> list[Component]:
    """In place of the fired alerts, for a reader without login and key."""
    return [html.P("What has fired is shown to its owner.", className="tk-note")]


def alert_rows(alerts: Sequence[Alert], reader: str = "") -> list[Component]:
    """Some alerts, in this order. reader: the owner of what the reader makes."""
    if not alerts:
        return [html.P("None yet. Set one above, or on a price of the order flow chart.", className="tk-note")]
    return [_alert_row(alert, reader) for alert in alerts]


def none_found(find: str) -> list[Component]:
    """In place of the alerts, where there are some, but none with these words."""
    return [html.P(f"No alert has “{find[:60]}”.", className="tk-note")]


def search_text(alert: Alert) -> str:
    """What an alert is found by, in lower case."""
    words = (alert.ticker, *alert.symbols, condition_text(alert), STATES[alert.state], alert.note)
    return " ".join(words).lower()


def _alert_row(alert: Alert, reader: str) -> Component:
    name, details = f"{alert.ticker} {inside(condition_text(alert))}", [FREQUENCIES[alert.frequency].lower()]
    if alert.owner != reader:
        details.append("of a user" if alert.owner else "of the operator")
    if alert.expires is not None:
        details.append(f"until {moment(alert.expires)}")
    if alert.snoozed is not None:
        details.append(f"snoozed until {moment(alert.snoozed)}")
    if alert.note:
        details.append(alert.note)
    again = alert.state in (State.FIRED, State.EXPIRED)
    buttons = [
        _action("Re-arm" if again else "Resume", "resume", alert.id, name) if alert.state is not State.ACTIVE
        else _action("Pause", "pause", alert.id, name),
        *([] if alert.state is not State.ACTIVE
          else [_action("Snooze 1 h", "snooze", alert.id, name)] if alert.snoozed is None
          else [_action("Wake", "wake", alert.id, name)]),
        _action("Edit", "edit", alert.id, name),
        _action("Delete", "delete", alert.id, name),
    ]  # fmt: skip
    state = STATES[alert.state] + (f": {alert.why}" if alert.why else "")
    return html.Div(
        [
            html.Div([html.B(name), html.Span(state, className="tk-alert-state", **data(state=alert.state))]),
            html.P(" · ".join(details), className="tk-note"),
            html.Div(buttons, className="tk-actions"),
        ],
        className="tk-alert",
    )


def _action(words: str, action: str, alert: str, name: str) -> Component:
    return html.Button(
        words,
        id={"type": f"alert-{action}", "alert": alert},
        type="button",
        className="tk-action",
        **aria(label=f"{words}: {name}"),
    )


def deleted_row(count: int, kept: str) -> list[Component]:
    """How many older rows than those that are kept were deleted; nothing for none. kept: those, in words."""
    if not count:
        return []
    text = f"{count:,} older {'one was' if count == 1 else 'ones were'} deleted since the server's start: {kept}."
    return [html.P(text, className="tk-note")]


def event_rows(events: Sequence[tuple[AlertEvent, bool]], deleted: int = 0, kept: str = "") -> list[Component]:
    """(event, whether it is acknowledged), the newest first. deleted, kept: see `deleted_row`."""
    if not events:
        return [html.P("Nothing has fired yet.", className="tk-note"), *deleted_row(deleted, kept)]
    rows: list[Component] = [
        html.Div(
            [
                html.Div([html.B(event.message), html.Span(moment(event.time), className="tk-note")]),
                html.P(" · ".join(facts), className="tk-note") if (facts := _facts(event)) else None,
            ],
            className="tk-event",
            **data(new="" if seen else "true"),
        )
        for event, seen in events
    ]
    return [*rows, *deleted_row(deleted, kept)]


def _facts(event: AlertEvent) -> list[str]:
    facts = [f"{event.late_s:,.0f} s late"] if event.late_s >= 1 else []
    return [*facts, "found inside a bar: may differ in a replay"] if event.may_differ else facts


def rehearsal_text(times: Sequence[int], ticks: int) -> str:
    """Whether an alert would have fired: times (ns UTC) of its events over so many ticks."""
    if not ticks:
        return "There are no trades to try it on yet."
    if not times:
        return f"It would not have fired in the {ticks:,} trades that are held."
    when = ", ".join(moment(time) for time in times[-3:])
    count = "once" if len(times) == 1 else f"{len(times)} times"
    return f"In the {ticks:,} trades that are held it would have fired {count}; last: {when}."


def moment(time: int) -> str:
    """A time (ns UTC) as text."""
    return f"{datetime.fromtimestamp(time // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def target_choices(targets: Mapping[str, str]) -> list[dict[str, str]]:
    """Delivery targets for a dmc.MultiSelect: name by id."""
    return [{"value": id, "label": name} for id, name in targets.items()]


__all__ = ["Kind", "alert_rows", "alerts_column", "event_rows", "moment", "rehearsal_text", "value_labels"]
