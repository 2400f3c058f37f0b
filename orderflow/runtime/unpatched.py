"""What gevent replaces, as it is in the standard library: for threads beside the hub.

gevent's patched locks do not work between greenlets and threads beside the hub: of three greenlets and three threads
that shared one patched `threading.Lock` or `RLock`, some were never woken again (gevent 26.9). Its sockets make a hub
in each thread that uses one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from _thread import LockType
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from gevent import monkey

thread_id: Callable[[], int] = monkey.get_original("_thread", "get_ident")
start_thread: Callable[..., int] = monkey.get_original("_thread", "start_new_thread")
new_queue: Callable[[], Any] = monkey.get_original("queue", "SimpleQueue")
new_socket: Callable[..., socket.socket] = monkey.get_original("socket", "socket")
"""Makes a socket that blocks its thread alone. Not for the hub's thread."""
resolve: Callable[..., list[Any]] = monkey.get_original("socket", "getaddrinfo")
"""`socket.getaddrinfo`, which blocks its thread alone."""
NICE = 5
"""How much lower the priority of a thread that gives way is."""
_get_native_id: Callable[[], int] = monkey.get_original("_thread", "get_native_id")
_new_lock: Callable[[], LockType] = monkey.get_original("_thread", "allocate_lock")
_new_rlock: Callable[[], AbstractContextManager[bool]] = monkey.get_original("_thread", "RLock")


def plain_lock() -> LockType:
    """An operating system lock, patched or not: safe between greenlets and threads, not reentrant.

    Hold it for a few statements only. Never wait, log or do I/O under it: a greenlet that yields while it holds the
    lock stops the whole server as soon as another greenlet acquires it.
    """
    return _new_lock()


def plain_rlock() -> AbstractContextManager[bool]:
    """A reentrant `plain_lock`.

    A thread owns it, so it does not keep two greenlets of one thread apart: never yield under it.
    """
    return _new_rlock()


def give_way() -> None:
    """Lower the priority of the calling thread for good, where the system has priorities of threads (Linux)."""
    if sys.platform == "linux":
        thread = _get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)
