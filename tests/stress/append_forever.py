"""Append to a tick log from six callers and print the number of each acknowledged entry, until killed.

python append_forever.py DIRECTORY FIRST [gevent]: entries are numbered from FIRST; caller c appends FIRST + c, + 6, ...
"""

from __future__ import annotations

import os
import sys

if "gevent" in sys.argv:
    from gevent import monkey

    monkey.patch_all()

import numpy as np

from orderflow.market.tick_log import LogEntry
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog

CALLERS = 6
ROOM = 100_000
"""Distance of the ids of two entries: the ids of entry n start at n times this."""


def length(number: int) -> int:
    """Number of NQ ticks of an entry: usually a few, sometimes thousands."""
    return 5000 if number % 50 == 7 else 1 + number % 5


def entry(number: int) -> LogEntry:
    """An entry with NQ ticks, one ES tick and a key: three rows of one transaction."""
    batches = []
    for symbol, n in (("NQ", length(number)), ("ES", 1)):
        ids = number * ROOM + np.arange(n, dtype=np.int64)
        flat = np.ones(n, np.int8)
        batches.append(TickBatch(symbol, ids * 1000, ids % 1000 + 1, ids % 7, flat, flat, ids, 2, 0))
    return LogEntry(batches, str(number), b'{"accepted": %d}' % number)


def main(directory: str, first: int) -> None:
    workers = Workers()
    log = DiskTickLog(directory, workers)

    def call(caller: int) -> None:
        number = first + caller
        while True:
            log.append(entry(number), lambda: None)
            os.write(1, b"%d\n" % number)
            number += CALLERS

    for handle in [workers.spawn(f"caller {caller}", call, caller) for caller in range(CALLERS)]:
        handle.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
