"""A program: records under gevent, many greenlets at once. Prints what it saw as JSON."""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402
from sqlalchemy import Connection, insert, text  # noqa: E402

from orderflow.runtime.workers import Workers  # noqa: E402
from orderflow.storage.records.address import address_of  # noqa: E402
from orderflow.storage.records.models import TICKERS  # noqa: E402
from orderflow.storage.records.records import Records  # noqa: E402
from orderflow.storage.records.ticker_store import TickerStore  # noqa: E402

TASKS = 40
SLOW = 0.5


def slow(connection: Connection) -> bool:
    """Wait in the database, or in the thread for SQLite. Whether this is the hub's thread."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_sleep({SLOW})"))
    else:
        monkey.get_original("time", "sleep")(SLOW)
    return threading.get_native_id() == HUB


def work(number: int) -> None:
    row = {"name": f"T{number}", "series": "sim:T", "feed": "simulated", "position": number, "added": 1}
    records.write(lambda connection: connection.execute(insert(TICKERS).values(**row)) and None)
    assert number in {int(ticker.name[1:]) for ticker in TickerStore(records).list()}


def count_turns() -> None:
    while True:
        turns.append(time.monotonic())
        gevent.sleep(0.001)


HUB = threading.get_native_id()
turns: list[float] = []
workers = Workers()
records = Records(address_of(Path(sys.argv[1]), database_url=sys.argv[2] if len(sys.argv) > 2 else None), workers)
records.start()
gevent.joinall([gevent.spawn(work, number) for number in range(TASKS)], raise_error=True)
watch = gevent.spawn(count_turns)
calls = [gevent.spawn(call, slow) for call in (*[records.read] * 4, records.write)]
gevent.joinall(calls, raise_error=True)
waiting = sys.modules.get("psycopg.waiting")
found = {
    "problem": records.problem,
    "tickers": len(TickerStore(records).list()),
    "in the hub": any(call.value for call in calls),
    "turns": len(turns),
    "waits in C": waiting is None or waiting.wait is waiting.wait_c,
}
watch.kill()
records.close()
found["left"] = workers.stop()
print(json.dumps(found))
