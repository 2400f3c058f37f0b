"""An alert from what is sent: the short form of the source system, or the long form with everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from orderflow.errors import BadInput, NotFound, OrderflowError
from orderflow.market.bars.footprint import BarTable, tabulate
from orderflow.market.buffer import Columns
from orderflow.market.frames import SECOND, Frame
from orderflow.market.grid import Grid
from orderflow.market.ports import MarketReader
from orderflow.market.studies.registry import STUDIES, find
from orderflow.market.studies.study import Data, Option
from orderflow.tickers.alerts import fields
from orderflow.tickers.alerts.alert import Alert, Frequency, Kind, Source, State
from orderflow.tickers.alerts.description import number_text
from orderflow.tickers.alerts.fields import wrong
from orderflow.tickers.alerts.footprint_marks import MARKS
from orderflow.tickers.alerts.messages import MOST_FILLED, longest
from orderflow.tickers.alerts.operators.registry import OPERATORS

SHORT = {"above": "greater", "below": "less"}
FIELDS = (
    "ticker",
    "tickers",
    "condition",
    "source",
    "study",
    "column",
    "mark",
    "side",
    "options",
    "operator",
    "price",
    "low",
    "high",
    "amount",
    "percent",
    "value",
    "frequency",
    "cooldown_s",
    "interval",
    "intrabar",
    "expires",
    "note",
    "message",
    "targets",
    "seconds",
)
SOURCE = ("source", "study", "column", "mark", "side", "options", "intrabar", "seconds")
"""Fields that say what an alert looks at."""
EDITABLE = {"note", "message", "expires", "targets"}
"""Fields that can be changed without arming the alert again."""
PRICES = ("price", "low", "high")


@dataclass(frozen=True, slots=True)
class Context:
    """What an alert is checked against. series(ticker): the symbol of a ticker's name, or of a symbol itself; raises
    NotFound. target(id): raises NotFound for one that is not the alert's owner's. now: ns since 1970 UTC."""

    market: MarketReader
    series: Callable[[str], str]
    target: Callable[[str], object]
    now: int


def parse_alert(body: Mapping[str, Any], context: Context, alert_id: str) -> Alert:
    """A new alert. Raises BadInput, naming the field, or NotFound for a ticker or target that is not known."""
    fields.refuse_unknown(body, FIELDS)
    names, symbols = _tickers(body, context)
    source = _source(body)
    frame = _frame(body)
    condition = ""
    if body.get("condition") is not None:
        condition = fields.word(body, "condition", tuple(SHORT))
        body = {**body, "operator": SHORT[condition]}
    operator, values = _operator(body, source, symbols, context)
    alert = Alert(
        alert_id,
        names[0] if len(names) == 1 else ", ".join(names),
        symbols,
        operator,
        values,
        context.now,
        source=source,
        frequency=Frequency(fields.word(body, "frequency", [str(each) for each in Frequency], "once")),
        frame=frame,
        cooldown=int(fields.seconds(body, "cooldown_s", 0, 0) * SECOND),
        intrabar=_intrabar(body, source),
        condition=condition,
    )
    return _with_words(_check_bars(alert), body, context)


def change_alert(alert: Alert, body: Mapping[str, Any], context: Context) -> tuple[Alert, bool]:
    """(the alert with some fields changed, whether it must be armed again). Raises as `parse_alert` does."""
    fields.refuse_unknown(body, FIELDS)
    if body.keys() <= EDITABLE:
        whole = {"note": alert.note, "message": alert.message, "targets": list(alert.targets), **body}
        kept = alert if "expires" in body else replace(alert, expires=None)
        changed = _with_words(kept, whole, context)
        return (changed if "expires" in body else replace(changed, expires=alert.expires)), False
    whole = {**_kept(alert, body), **body}
    if "condition" in body or "operator" in body:
        whole = {name: value for name, value in whole.items() if name in body or name not in ("condition", "operator")}
    if "ticker" in body or "tickers" in body:
        whole = {name: value for name, value in whole.items() if name in body or name not in ("ticker", "tickers")}
    made = parse_alert(whole, replace(context, series=_known_series(alert, context)), alert.id)
    changed = replace(
        made,
        created=alert.created,
        owner=alert.owner,
        arming=alert.arming,
        state=alert.state,
        why=alert.why,
        snoozed=alert.snoozed,
        woken=alert.woken,
        expires=made.expires if "expires" in body else alert.expires,
    )
    words = {name: getattr(alert, name) for name in EDITABLE}
    return changed, alert.state in (State.FIRED, State.EXPIRED) or replace(changed, **words) != alert


def _kept(alert: Alert, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body that makes this alert, without what belongs to a source other than that of the changes."""
    whole, source = sent_form(alert), alert.source
    named = body.get("study", body.get("mark"))
    kind = body.get("source") or ("study" if body.get("study") else "event" if body.get("mark") else source.kind)
    if kind == source.kind and named in (None, source.name):
        return whole
    other = SOURCE if kind in (Kind.PRICE, Kind.STUDY) else (*SOURCE, "operator", "condition")
    return {name: value for name, value in whole.items() if name not in other}


def _known_series(alert: Alert, context: Context) -> Callable[[str], str]:
    """An alert keeps its symbols, whatever its ticker stands for now."""
    known = dict(zip(alert.names, alert.symbols, strict=True))
    return lambda name: known[name] if name in known else context.series(name)


def sent_form(alert: Alert) -> dict[str, Any]:
    """The body that makes this alert, without times."""
    source = alert.source
    body: dict[str, Any] = {
        "tickers": list(alert.names),
        "frequency": str(alert.frequency),
        "cooldown_s": number_text(Fraction(alert.cooldown, SECOND)),
        "interval": alert.frame.name,
        "note": alert.note,
        "message": alert.message,
        "targets": list(alert.targets),
        "source": str(source.kind),
    }
    if source.kind is Kind.STUDY:
        body |= {"study": source.name, "column": source.column, "intrabar": alert.intrabar}
    elif source.kind is Kind.EVENT:
        body |= {"mark": source.name, "intrabar": alert.intrabar} | ({"side": source.column} if source.column else {})
    if source.kind in (Kind.STUDY, Kind.EVENT):
        body["options"] = dict(source.options)
    elif source.kind is Kind.FEED:
        body["seconds"] = source.seconds
    if alert.condition:
        body["condition"] = alert.condition
    elif alert.operator:
        body["operator"] = alert.operator
    return body | {name: number_text(value) for name, value in zip(value_names(alert), alert.values, strict=True)}


def value_names(alert: Alert) -> tuple[str, ...]:
    """The fields of the alert's values."""
    return OPERATORS[alert.operator].values if alert.operator else ()


def _with_words(alert: Alert, body: Mapping[str, Any], context: Context) -> Alert:
    targets = fields.words(body, "targets", 20)
    for target in targets:
        try:
            context.target(target)
        except NotFound as error:
            raise wrong("targets", str(error)) from error
    expires = fields.moment(body, "expires", context.now)
    note, message = fields.text(body, "note", 500), fields.template(body, "message")
    if longest(message, note) > MOST_FILLED:
        raise wrong("message", f"could have more than {MOST_FILLED:,} characters with what it names: name less in it")
    return replace(alert, note=note, message=message, targets=targets, expires=expires or alert.expires)


def _tickers(body: Mapping[str, Any], context: Context) -> tuple[list[str], tuple[str, ...]]:
    if body.get("ticker") is not None and body.get("tickers") is not None:
        raise wrong("tickers", "is given beside ticker: give one of them")
    field = "tickers" if body.get("tickers") is not None else "ticker"
    given = body.get(field)
    if field == "ticker":
        given = [given] if isinstance(given, str) and given else []
    names = fields.words({field: given}, field, fields.MOST_SYMBOLS)
    if not names:
        raise wrong(field, "is missing")
    symbols = []
    for name in names:
        try:
            symbols.append(context.series(name))
        except NotFound as error:
            raise wrong(field, str(error)) from error
    return list(names), tuple(dict.fromkeys(symbols))


def _source(body: Mapping[str, Any]) -> Source:
    guess = "study" if body.get("study") is not None else "event" if body.get("mark") is not None else "price"
    kind = Kind(fields.word(body, "source", [str(kind) for kind in Kind], guess))
    if kind is Kind.STUDY:
        return _study(body)
    if kind is Kind.EVENT:
        name = fields.word(body, "mark", tuple(MARKS))
        side = fields.word(body, "side", (*MARKS[name].sides, ""), "")
        return Source(kind, name, side, _options(body, MARKS[name].options))
    if kind is Kind.FEED:
        return Source(kind, seconds=int(fields.seconds(body, "seconds", 60, 1)))
    return Source(kind)


def _study(body: Mapping[str, Any]) -> Source:
    name = fields.text(body, "study", 100)
    try:
        study = find(name)
    except NotFound as error:
        raise wrong("study", str(error)) from error
    options = _options(body, study.options)
    chosen = dict(options)
    values = {o.name: o.parse(chosen[o.name]) if o.name in chosen else o.default for o in study.options}
    result = study.apply(_sample(), **values)
    if result.per == "price":
        raise wrong("study", f"{name} has no value for a bar")
    column = fields.word(body, "column", tuple(result.columns), next(iter(result.columns)))
    return Source(Kind.STUDY, name, column, options)


def _options(body: Mapping[str, Any], known: Sequence[Option[Any]]) -> tuple[tuple[str, object], ...]:
    given = body.get("options") or {}
    if not isinstance(given, Mapping):
        raise wrong("options", "is not an object")
    by_name = {option.name: option for option in known}
    for name, value in given.items():
        if name not in by_name:
            raise wrong("options", f"{name!r} is not known; there are {', '.join(by_name) or 'none'}")
        try:
            by_name[name].parse(value)
        except BadInput as error:
            raise wrong("options", str(error)) from error
    kept = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return tuple(sorted(kept.items()))


def _frame(body: Mapping[str, Any]) -> Frame:
    name = body.get("interval", "1min")
    try:
        frame = Frame.parse(str(name))
    except BadInput as error:
        raise wrong("interval", str(error)) from error
    return frame


def _check_bars(alert: Alert) -> Alert:
    if not alert.frame.ns and alert.source.kind is Kind.PRICE and alert.frequency is Frequency.BAR:
        why = "late ticks move the bars of activity while they form, so a tick's bar is not known before it has closed"
        raise wrong("interval", f"must be a time frame for a price once_per_bar, because {why}: use once_per_bar_close")
    return alert


def _intrabar(body: Mapping[str, Any], source: Source) -> bool:
    wanted = fields.flag(body, "intrabar")
    if wanted and source.kind not in (Kind.STUDY, Kind.EVENT):
        raise wrong("intrabar", "is for studies and marks: a price is looked at with every tick")
    return wanted


def _operator(
    body: Mapping[str, Any], source: Source, symbols: Sequence[str], context: Context
) -> tuple[str, tuple[Fraction, ...]]:
    if source.kind not in (Kind.PRICE, Kind.STUDY):
        return "", ()
    if body.get("operator") is None and source.kind is Kind.PRICE:
        raise wrong("condition", "is missing: above or below, or an operator in its place")
    operator = OPERATORS[fields.word(body, "operator", tuple(OPERATORS))]
    values = []
    for name in operator.values:
        given = "value" if name == "price" and source.kind is Kind.STUDY and "value" in body else name
        if source.kind is Kind.STUDY or name not in PRICES:
            values.append(fields.number(body, given))
        else:
            values += [_price(body, given, symbol, context) for symbol in symbols][:1]
        if operator.moved is not None and values[-1] <= 0:
            raise wrong(name, "must be above 0")
        if operator.name == "moving_down_percent" and values[-1] >= 100:
            raise wrong(name, "must be below 100")
    if operator.values == ("low", "high") and values[0] >= values[1]:
        raise wrong("high", "must be above low")
    return operator.name, tuple(values)


def _price(body: Mapping[str, Any], field: str, symbol: str, context: Context) -> Fraction:
    grid, lowest = None, None
    try:
        grid = context.market.arrivals(symbol, 0, 0, sides=False).grid
        lowest = Fraction(str(context.market.stats(symbol)["low"]))
    except (OrderflowError, KeyError):
        pass
    return fields.price(body, field, grid, lowest)


def study_columns() -> dict[str, tuple[str, ...]]:
    """The columns that an alert can look at, by study."""
    results = {study.name: study.apply(_sample(), **{o.name: o.default for o in study.options}) for study in STUDIES}
    return {name: tuple(result.columns) for name, result in results.items() if result.per != "price"}


def _sample() -> Data:
    """Two ticks in a bar, to learn what a study yields."""
    time, one = np.array([0, 1], np.int64), np.ones(2, np.int64)
    side = np.array([1, -1], np.int8)
    ticks = Columns(time, one, one, (side + 1).astype(np.int8) | np.int8(4), np.full(2, -1))
    zero = np.zeros(2, np.int64)
    table: BarTable = tabulate("X", "1min", Grid(1, 0, 0), ticks, zero, zero)
    return Data(table, time, one, one, side, zero, 0)
