"""kill -9 between the commit of an event and its delivery, and during it: nothing is lost, repeats have the same id."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.delivery import DeliverySettings
from orderflow.storage.records.address import file_address
from orderflow.storage.records.delivery_store import Filter
from orderflow.storage.records.records import Records
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.tickers.delivery.kinds import make_kinds
from tests.tickers.delivery.conftest import Received, Receiver
from tests.tickers.delivery.test_delivery import LIMIT, wait_for

PROGRAM = """
import sys, time
from pathlib import Path
from gevent import monkey; monkey.patch_all()
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.delivery import DeliverySettings
from orderflow.storage.records.address import file_address
from orderflow.storage.records.delivery_store import Message
from orderflow.storage.records.records import Records
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.tickers.delivery.kinds import make_kinds

folder, url, send = sys.argv[1:]
workers = Workers()
records = Records(file_address(Path(folder)), workers)
records.start()
kinds = make_kinds(DeliverySettings(webhook_allow_http=True, webhook_allow_private=True))
delivery = Delivery(records, workers, SystemClock(), kinds)
target = delivery.add({"name": "hook", "kind": "webhook", "url": url}).id
for number in range(5):
    records.write(lambda c: delivery.enqueue(c, f"e{number}", [target], Message(f"text {number}")))
if send == "yes":
    delivery.start()
    delivery.wake()
print("committed", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("sending", [False, True])
def test_a_killed_server_loses_nothing_and_repeats_the_id(
    receive: Callable[..., Receiver], tmp_path: Path, workers: Workers, sending: bool
) -> None:
    begun, killed = threading.Event(), threading.Event()

    def answer(request: Received) -> tuple[int, dict[str, str], bytes]:
        begun.set()
        killed.wait(LIMIT)  # the first process does not live to see an answer
        return 200, {}, b""

    receiver = receive(answer=answer)
    url = f"http://127.0.0.1:{receiver.port}/"
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), url, "yes" if sending else "no"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "committed\n"
        if sending:
            assert begun.wait(LIMIT)
        process.kill()
    killed.set()
    before = len(receiver.got)
    assert before == int(sending)

    records = Records(file_address(tmp_path), workers)
    records.start()
    kinds = make_kinds(DeliverySettings(webhook_allow_http=True, webhook_allow_private=True))
    delivery = Delivery(records, workers, SystemClock(), kinds)
    delivery.start()
    try:
        wait_for(lambda: len(delivery.deliveries(Filter(state="delivered"))) == 5)
    finally:
        delivery.stop()
        workers.stop()
        records.close()
    bodies = [request.body for request in receiver.got]
    assert sorted(bodies[before:]) == [b"text %d" % number for number in range(5)]
    ids = {request.body: request.headers["x-orderflow-id"] for request in receiver.got}
    assert all(ids[request.body] == request.headers["x-orderflow-id"] for request in receiver.got)
    assert len(set(ids.values())) == 5
