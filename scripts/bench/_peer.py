"""The peer of `ingest.py`: Flask with a list of dicts under a lock, nothing on disk.

It runs on the same gevent server as the real one. It checks that the fields exist and converts them to numbers and
times; nothing is exact, deduplicated, ordered or stored.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import threading  # noqa: E402  # after the patch
from datetime import datetime  # noqa: E402
from typing import Any  # noqa: E402

import flask  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

Tick = dict[str, Any]


def application() -> flask.Flask:
    app = flask.Flask("peer")
    ticks: list[Tick] = []
    lock = threading.Lock()

    def tick(row: Tick) -> Tick:
        return {
            "timestamp": datetime.fromisoformat(row["timestamp"]),
            "price": float(row["price"]),
            "size": int(row["size"]),
            "side": str(row["side"]),
        }

    @app.post("/tick")
    def one() -> tuple[Tick, int]:
        parsed = tick(flask.request.get_json())
        with lock:
            ticks.append(parsed)
        return {"accepted": 1}, 202

    @app.post("/ticks")
    def many() -> tuple[Tick, int]:
        parsed = [tick(row) for row in flask.request.get_json()]
        with lock:
            ticks.extend(parsed)
        return {"accepted": len(parsed)}, 202

    return app


if __name__ == "__main__":
    server = WSGIServer(("127.0.0.1", 0), application(), log=None)
    server.start()
    print(f"the peer is at http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
