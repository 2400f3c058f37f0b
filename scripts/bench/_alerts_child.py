"""A process for `tickers.py kills`: it sends ticks that cross the thresholds of one-time alerts, until it is killed.

The first run makes the alerts and a target. Each run goes on where the log ends. With --finish it sends the rest, waits
for the evaluation and prints what is lost or doubled, of events and of deliveries in the outbox.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
from _common import SECOND

from orderflow.errors import NotFound
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.storage.records.delivery_store import DeliveryStore, Filter
from orderflow.storage.records.target_store import OPERATOR, StoredTarget, TargetStore
from orderflow.tickers.alerts.service import Alerts

COUNT = 2_000
"""Alerts: one at each price from 100.01 on."""
SYMBOL = "KILL"
START = 1_790_000_000 * SECOND


def tick(number: int) -> TickBatch:
    """Tick `number`: 100.00, 100.02, 100.01, 100.03, ... so that alert k fires first with tick 2k - 1 or so."""
    level = 10_000 + number // 2 + (number % 2) * 2
    none = np.zeros(1, np.int8)
    one = np.ones(1, np.int64)
    rule = none + np.int8(SideRule.NONE)
    return TickBatch(SYMBOL, one * START + number * 10**6, one * level, one, none, rule, np.full(1, NO_ID), 2, 0)


def send(services: Services, *, pause: float) -> None:
    """Send ticks from the end of the log on."""
    try:
        first = services.market.info(SYMBOL).ticks
    except NotFound:
        first = 0
    print("sending", flush=True)
    for number in range(first, 2 * COUNT + 10):
        services.market.ingest([tick(number)])
        time.sleep(pause)


def make(services: Services) -> None:
    """The alerts and their target, once."""
    alerts = services.part(Alerts)
    services.market.ingest([tick(0)])
    target = StoredTarget(0, OPERATOR, "hook", "webhook", {"url": "https://127.0.0.1:9"}, {}, True, 1)
    made = TargetStore(services.records).add(target, 9)
    for number in range(1, COUNT + 1):
        price = f"{100 + number / 100:.2f}"
        alerts.create({"ticker": SYMBOL, "condition": "above", "price": price, "targets": [str(made.id)]})


def judge(services: Services) -> str:
    """Compare events and deliveries with what must be there."""
    alerts = services.part(Alerts)
    until = time.monotonic() + 60
    while len(found := alerts.events(after=0, limit=10 * COUNT)) < COUNT and time.monotonic() < until:
        time.sleep(0.1)
    values = Counter(event.alert_id for _, event in found)
    wanted = {alert.id: alert.values[0] for alert in alerts.alerts()}
    wrong = sum(Fraction(event.value) != wanted[event.alert_id] + Fraction(1, 100) for _, event in found)
    sent = Counter(row.event for row in DeliveryStore(services.records).list(Filter(limit=10 * COUNT)))
    lost, doubled = len(wanted.keys() - values.keys()), sum(count - 1 for count in values.values())
    unsent = len({event.id for _, event in found} - sent.keys())
    return (
        f"{len(wanted)} alerts, {len(found)} events: {lost} lost, {doubled} doubled, {wrong} at a wrong price; "
        f"deliveries: {unsent} lost, {sum(count - 1 for count in sent.values())} doubled"
    )


def main() -> None:
    folder = Path(sys.argv[1])
    services = build_services(Settings.of(data_dir=folder, ticker_count=0))
    services.start()
    if not services.part(Alerts).alerts():
        make(services)
    finish = "--finish" in sys.argv
    send(services, pause=0.0 if finish else 0.004)
    if finish:
        print(judge(services), flush=True)
    services.stop()


if __name__ == "__main__":
    main()
