"""The peer of `herd.py`: a FastAPI broadcaster that calls `send_json` for one client after the other, every 250 ms.

It sends the game's messages with a random walk as the price, as the system did that the herd game replaces. It needs
fastapi and uvicorn[standard], prints its address and serves `/ws` until it is stopped.
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

INTERVAL = 0.25
clients: list[WebSocket] = []


async def broadcast() -> None:
    price, version = 100.0, int(time.time() * 1000)
    due = time.monotonic()
    while True:
        due += INTERVAL
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        price = round(max(1.0, price * (1 + random.uniform(-0.001, 0.001))), 4)
        version += 1
        message = {"type": "delta", "version": version, "price": price, "time": int(time.time() * 1000)}
        message["meter"] = round(random.random(), 2)
        for client in list(clients):
            try:
                await client.send_json(message)
            except (RuntimeError, WebSocketDisconnect):  # the client has disconnected
                clients.remove(client)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(broadcast())
    yield
    task.cancel()


async def listen(socket: WebSocket) -> None:
    await socket.accept()
    clients.append(socket)
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        if socket in clients:
            clients.remove(socket)


app = FastAPI(lifespan=lifespan)
app.add_api_websocket_route("/ws", listen)

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(f"the peer is at http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
