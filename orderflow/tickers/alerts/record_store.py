"""Alerts in the records, with the deliveries of their events in the same transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orderflow.market.frames import Frame
from orderflow.storage.records.alert_store import AlertChanges, AlertTables
from orderflow.storage.records.delivery_store import Message, Posted, enqueue
from orderflow.storage.records.records import Records
from orderflow.tickers.alerts.alert import Alert, AlertEvent, Frequency, Kind, Source, State, Watch
from orderflow.tickers.alerts.store import (
    MOST_EVENTS,
    MOST_EVENTS_OF_A_USER,
    Changes,
    Mark,
    Position,
    Stored,
)

LONG_AGO = -(2**63)
PLAIN = ("ticker", "operator", "cooldown", "intrabar", "expires", "snoozed", "note", "message", "why", "arming")


class RecordStore:
    """`AlertStore` in the records. targets(alert_id): ids of the targets that its events are sent to."""

    def __init__(self, records: Records, targets: Callable[[str], tuple[str, ...]]) -> None:
        self._tables = AlertTables(records)
        self._targets = targets

    def load(self) -> Stored:
        """See `AlertStore.load`."""
        rows = self._tables.load()
        positions = [_position(row) for row in rows.positions]
        present = {position.symbol: position.generation for position in positions}
        bars: dict[tuple[str, str], set[int]] = defaultdict(set)
        for alert_id, symbol, generation, bar in rows.bars:
            if present.get(symbol) == generation:
                bars[alert_id, symbol].add(bar)
        alerts = {row["id"]: _alert(row) for row in rows.alerts}
        watches: dict[str, list[Watch]] = {alert_id: [] for alert_id in alerts}
        for row in rows.watches:
            alert = alerts[row["alert"]]
            watches[alert.id].append(_watch(alert, row, bars[alert.id, row["symbol"]]))
        ordered = sorted(alerts.values(), key=lambda alert: alert.created)
        return Stored([(alert, watches[alert.id]) for alert in ordered], positions, rows.found)

    def save(self, changes: Changes) -> list[str]:
        """See `AlertStore.save`."""
        whole = [watch for _, watches in changes.alerts for watch in watches]
        mine = {alert.id for alert, _ in changes.alerts} | set(changes.removed)
        posted = {event.id: self._posted(event) for event in reversed(changes.events)}
        return self._tables.save(
            AlertChanges(
                [_alert_row(alert) for alert, _ in changes.alerts],
                [_watch_row(watch) for watch in whole],
                [_watch_row(watch) for watch in changes.watches if watch.alert.id not in mine],
                [_position_row(position) for position in changes.positions],
                [_event_row(event) for event in changes.events],
                changes.removed,
                lambda connection, new: self._deliver(connection, [posted[event] for event in new]),
            )
        )

    def events(
        self, *, after: int | None = None, alert_id: str | None = None, owner: str | None = None, limit: int = 100
    ) -> list[tuple[int, AlertEvent]]:
        """See `AlertStore.events`."""
        return [(row["number"], _event(row)) for row in self._tables.events(after, alert_id, owner, limit)]

    def owners(self) -> set[str]:
        """See `AlertStore.owners`."""
        return self._tables.owners()

    def forget(self, owner: str) -> None:
        """See `AlertStore.forget`."""
        self._tables.forget(owner)

    def prune(self) -> dict[str, int]:
        """See `AlertStore.prune`."""
        return self._tables.prune(MOST_EVENTS, MOST_EVENTS_OF_A_USER)

    def _posted(self, event: AlertEvent) -> Posted:
        targets = [int(target) for target in self._targets(event.alert_id)]
        return Posted(event.id, targets, Message(event.message, f"{event.ticker}: {event.title}"), event.found)

    def _deliver(self, connection: Any, posted: Collection[Posted]) -> None:
        enqueue(connection, [each for each in posted if each.targets])


def _alert_row(alert: Alert) -> dict[str, Any]:
    source = alert.source
    spec = {name: getattr(alert, name) for name in PLAIN} | {
        "symbols": alert.symbols,
        "values": [str(value) for value in alert.values],
        "source": [source.kind, source.name, source.column, _plain(source.options), source.seconds],
        "frequency": alert.frequency,
        "frame": alert.frame.name,
        "targets": alert.targets,
        "condition": alert.condition,
        "woken": alert.woken,
    }
    row = {"id": alert.id, "owner": alert.owner, "state": str(alert.state), "created": alert.created}
    return row | {"spec": json.dumps(spec)}


def _plain(options: tuple[tuple[str, object], ...]) -> list[list[object]]:
    return [[name, str(value) if isinstance(value, Decimal) else value] for name, value in options]


def _alert(row: Any) -> Alert:
    spec = json.loads(row["spec"])
    kind, name, column, options, seconds = spec["source"]
    given = tuple((option, tuple(value) if isinstance(value, list) else value) for option, value in options)
    return Alert(
        id=row["id"],
        owner=row["owner"],
        state=State(row["state"]),
        created=row["created"],
        symbols=tuple(spec["symbols"]),
        values=tuple(map(Fraction, spec["values"])),
        source=Source(Kind(kind), name, column, given, seconds),
        frequency=Frequency(spec["frequency"]),
        frame=Frame.parse(spec["frame"]),
        targets=tuple(spec["targets"]),
        condition=spec["condition"],
        woken=spec.get("woken"),
        **{name: spec[name] for name in PLAIN},
    )


def _watch_row(watch: Watch) -> dict[str, Any]:
    return {
        "alert": watch.alert.id,
        "symbol": watch.symbol,
        "since": watch.since,
        "floor": None if watch.floor == LONG_AGO else watch.floor,
        "reference": None if watch.reference is None else str(watch.reference),
        "last": watch.last,
        "done": watch.done,
    }


def _watch(alert: Alert, row: Any, bars: set[int]) -> Watch:
    floor = LONG_AGO if row["floor"] is None else row["floor"]
    reference = None if row["reference"] is None else Fraction(row["reference"])
    return Watch(alert, row["symbol"], row["since"], floor, reference, row["last"], row["done"], bars)


def _position_row(position: Position) -> dict[str, Any]:
    mark = position.mark
    state = {
        "mark": None if mark is None else [mark.time, mark.price, mark.size, mark.id, mark.nth],
        "before": position.before,
        "closes": position.closes,
        "live": position.live,
        "session": position.session,
        "opened": position.opened,
    }
    row = {"symbol": position.symbol, "generation": position.generation, "ordinal": position.ordinal}
    return row | {"state": json.dumps(state)}


def _position(row: Any) -> Position:
    state = json.loads(row["state"])
    mark = None if state["mark"] is None else Mark(*state["mark"])
    before = None if state["before"] is None else (state["before"][0], state["before"][1])
    return Position(
        row["symbol"],
        row["generation"],
        row["ordinal"],
        mark,
        before,
        state["closes"],
        bool(state["live"]),
        state.get("session", ""),
        state.get("opened", 0),
    )


def _event_row(event: AlertEvent) -> dict[str, Any]:
    row = {field.name: getattr(event, field.name) for field in fields(event)}
    row["alert"], row["late"] = row.pop("alert_id"), round(row.pop("late_s") * 1e9)
    return row | {"title": event.title[:300], "value": event.value[:64]}


def _event(row: Any) -> AlertEvent:
    values = {name: value for name, value in row.items() if name not in ("number", "alert", "late")}
    return AlertEvent(**values, alert_id=row["alert"], late_s=row["late"] / 1e9)
