"""The peer of `instruments.py`: one asyncio task per ticker, and one `json.dumps` per client and price.

It works as the system did that the simulated instruments replace: uniform steps, a deque of history, the `websockets`
library.

    python _peer_instruments.py SLOW FAST

prints its address and serves `/ws/{id}` until it is stopped.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import deque
from datetime import datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

CLIENTS: dict[str, set[ServerConnection]] = {}


async def live(key: str, interval: float) -> None:
    """One ticker."""
    price = random.uniform(50, 200)
    history: deque[dict[str, Any]] = deque(maxlen=1000)
    while True:
        await asyncio.sleep(interval)
        price = max(0.01, round(price + random.uniform(-1, 1), 2))
        now = datetime.now().isoformat()
        history.append({"value": price, "timestamp": now})
        for client in list(CLIENTS[key]):
            data = {"type": "price_update", "data": {"ticker_id": key, "price": price, "timestamp": now}}
            try:
                await client.send(json.dumps(data))
            except Exception:  # the client has disconnected
                CLIENTS[key].discard(client)


async def listen(connection: ServerConnection) -> None:
    assert connection.request is not None
    key = connection.request.path.rsplit("/", 1)[1]
    CLIENTS[key].add(connection)
    await connection.wait_closed()
    CLIENTS[key].discard(connection)


async def main() -> None:
    slow, fast = int(sys.argv[1]), int(sys.argv[2])
    intervals = {f"ITEM_{number:02d}": 1.0 for number in range(slow)}
    intervals |= {f"FAST_{number:03d}": 0.01 for number in range(fast)}
    CLIENTS.update({key: set() for key in intervals})
    async with serve(listen, "127.0.0.1", 0, compression=None) as server:
        print(f"peer http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/", flush=True)
        async with asyncio.TaskGroup() as tasks:
            for key, interval in intervals.items():
                tasks.create_task(live(key, interval))


if __name__ == "__main__":
    asyncio.run(main())
