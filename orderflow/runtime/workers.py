"""The only place where threads and greenlets start and stop.

The server runs on gevent: one thread, one greenlet a socket. Computing or waiting for the disk in a greenlet stops all
of them, so such work goes through `Workers` to real operating system threads while the caller waits in its own way: a
greenlet yields, a thread blocks. The same calls work without gevent (tests, notebooks).

gevent's patched locks do not work between greenlets and threads (see `orderflow.runtime.unpatched`). Guard state that
both sides use with `plain_lock()` and wait with an `Event`, or guard it with a `Workers.lock()`.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Generic, Protocol, TypeVar

import gevent
from gevent import monkey
from gevent.event import Event as GreenletEvent
from gevent.threadpool import ThreadPool

from orderflow.errors import Conflict
from orderflow.runtime.shared_lock import SharedRLock
from orderflow.runtime.shares import CLIENT, Shares
from orderflow.runtime.unpatched import new_queue, start_thread, thread_id
from orderflow.runtime.unpatched import plain_lock as plain_lock
from orderflow.runtime.unpatched import plain_rlock as plain_rlock

T = TypeVar("T")

log = logging.getLogger(__name__)


class _ThreadWaiter:
    """Blocks one thread until `wake` is called, once, from any thread."""

    def __init__(self) -> None:
        self._lock = plain_lock()
        self._lock.acquire()
        self.wake = self._lock.release

    def wait(self, timeout: float | None) -> bool:
        return self._lock.acquire(timeout=-1 if timeout is None else min(max(0.0, timeout), threading.TIMEOUT_MAX))


class _GreenletWaiter:
    """Blocks one greenlet; the hub's other greenlets go on."""

    def __init__(self, home: _HubThread) -> None:
        self._home = home
        self._event = GreenletEvent()

    def wake(self) -> None:
        if self._home.is_here():
            self._event.set()
        else:
            self._home.hub.loop.run_callback_threadsafe(self._event.set)

    def wait(self, timeout: float | None) -> bool:
        return bool(self._event.wait(timeout))


class _HubThread:
    """The thread that created the workers; under gevent, the thread of the hub."""

    def __init__(self) -> None:
        self.patched: bool = monkey.is_module_patched("threading")
        self.hub: Any = gevent.get_hub() if self.patched else None
        self._thread = thread_id()

    def is_here(self) -> bool:
        return thread_id() == self._thread

    def waiter(self) -> _GreenletWaiter | _ThreadWaiter:
        return _GreenletWaiter(self) if self.patched and self.is_here() else _ThreadWaiter()


class Event:
    """`threading.Event` between any threads and any greenlets of the home thread. Made by `Workers.event()`."""

    def __init__(self, home: _HubThread) -> None:
        self._home = home
        self._lock = plain_lock()
        self._set = False
        self._waiting: list[_GreenletWaiter | _ThreadWaiter] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._lock:
            self._set = True
            waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.wake()

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds (None: for ever); True when the event was set."""
        with self._lock:
            if self._set:
                return True
            waiter = self._home.waiter()
            self._waiting.append(waiter)
        try:
            return waiter.wait(timeout)
        finally:
            with self._lock:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)


class _Task(Generic[T]):
    """A call queued on an executor, and its result."""

    def __init__(self, fn: Callable[..., T], args: tuple[Any, ...], done: Event) -> None:
        self._fn, self._args, self._done = fn, args, done
        self._error: BaseException | None = None
        self._value: T

    def __call__(self) -> None:
        try:
            self._value = self._fn(*self._args)
        except BaseException as error:  # the caller gets it, whatever it is
            self._error = error
        finally:
            self._done.set()

    def result(self) -> T:
        self._done.wait()
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # or task, error and frames with all that was read hold one another
        return self._value


class _Executor:
    """Real threads that run the tasks of one queue in order."""

    def __init__(self, home: _HubThread, name: str, threads: int) -> None:
        self._queue = new_queue()
        self._idents: set[int] = set()
        self._ends = [Event(home) for _ in range(threads)]
        self._threads = ThreadPool(threads) if home.patched else None
        for number, end in enumerate(self._ends):
            if self._threads is not None:
                self._threads.spawn(self._work, end)
            else:
                threading.Thread(target=self._work, args=(end,), name=f"{name}-{number}", daemon=True).start()

    def is_here(self) -> bool:
        return thread_id() in self._idents

    def put(self, task: Callable[[], object]) -> None:
        self._queue.put(task)

    def _work(self, end: Event) -> None:
        self._idents.add(thread_id())
        while (task := self._queue.get()) is not None:
            task()
            del task  # or its arguments live until the next one comes
        end.set()

    def stop(self, deadline: float) -> bool:
        """Finish the queue and end the threads; True when they ended before the deadline."""
        for _ in self._ends:
            self._queue.put(None)
        return all(end.wait(max(0.0, deadline - time.monotonic())) for end in self._ends)


class Handle(Protocol):
    """A running job."""

    name: str

    def alive(self) -> bool:
        """False once it has ended."""

    def cancel(self) -> None:
        """Ask it to end: `Workers.wait` in the job returns True, a periodic job does not run again."""

    def join(self, timeout: float | None = None) -> bool:
        """Wait for its end; True when it has ended."""


class _Job:
    def __init__(self, name: str, home: _HubThread) -> None:
        self.name = name
        self.cancelled = Event(home)
        self.ended = Event(home)
        self.greenlet: Any = None

    def alive(self) -> bool:
        return not self.ended.is_set()

    def cancel(self) -> None:
        self.cancelled.set()

    def join(self, timeout: float | None = None) -> bool:
        return self.ended.wait(timeout)


class Workers:
    """A thread pool for long work, one writer thread, one reader thread, and background jobs.

    threads: size of the pool. Create it in the thread that runs the hub. Work in the pool or the writer must not wait
    for a greenlet that waits for that work.
    """

    def __init__(self, threads: int = 4) -> None:
        self._home = _HubThread()
        self._lock = plain_lock()
        self._stopping = Event(self._home)
        self._jobs: set[_Job] = set()
        self._errors: dict[str, int] = {}
        self._current: ContextVar[_Job | None] = ContextVar("job", default=None)
        self._pool = _Executor(self._home, "orderflow-pool", threads)
        self._shares = Shares(max(1, threads // 2), GreenletEvent)
        self._writer = _Executor(self._home, "orderflow-writer", 1)
        self._reader = _Executor(self._home, "orderflow-reader", 1)

    def event(self) -> Event:
        """A new event, not set."""
        return Event(self._home)

    def lock(self) -> SharedRLock:
        """A new lock that threads and greenlets may share, reentrant."""
        return SharedRLock(plain_lock(), gevent.getcurrent, self._home.waiter)

    def run(self, fn: Callable[..., T], *args: Any) -> T:
        """Run `fn(*args)` in a thread of the pool and return its result or raise its error.

        Inside a worker thread it runs there. A client (`shares.CLIENT`) has at most half of the threads at a time.

        Raises Conflict once the workers are stopping.
        """
        if self._pool.is_here() or self._writer.is_here():
            return fn(*args)
        client = CLIENT.get()
        if client and self._home.patched and self._home.is_here():
            with self._shares.take(client):
                return self._put(self._pool, fn, args).result()
        return self._put(self._pool, fn, args).result()

    def run_io(self, fn: Callable[..., T], *args: Any) -> T:
        """Run blocking I/O off the event loop, on the reader thread; outside the hub's thread it runs here.

        Unlike `run` it never waits for the pool, so it may be called under a lock that all threads of the pool wait
        for.
        """
        if not (self._home.patched and self._home.is_here()):
            return fn(*args)
        return self._put(self._reader, fn, args).result()

    def run_writer(self, fn: Callable[..., T], *args: Any) -> T:
        """Run `fn(*args)` on the writer thread, after what is queued there, and return its result or raise its error.

        Raises Conflict once the workers are stopping.
        """
        if self._writer.is_here():
            return fn(*args)
        return self._put(self._writer, fn, args).result()

    def in_writer(self) -> bool:
        """Whether the caller is the writer thread."""
        return self._writer.is_here()

    def post_writer(self, name: str, fn: Callable[[], object]) -> None:
        """Queue `fn` for the writer thread and return at once; an error is noted under `name`."""
        self._put(self._writer, self._guard, (name, fn))

    def _put(self, executor: _Executor, fn: Callable[..., T], args: tuple[Any, ...]) -> _Task[T]:
        task = _Task(fn, args, self.event())
        with self._lock:
            if self._stopping.is_set():
                raise Conflict("the server is stopping")
            executor.put(task)
        return task

    def spawn(self, name: str, fn: Callable[..., object], *args: Any) -> Handle:
        """Start `fn(*args)` beside the caller: a greenlet of the hub under gevent, else a daemon thread.

        It should pause with `wait` and end when that answers True. An error ends it and is noted.
        """
        job = _Job(name, self._home)
        with self._lock:
            if self._stopping.is_set():
                raise Conflict("the server is stopping")
            self._jobs.add(job)
        if not self._home.patched:
            threading.Thread(target=self._live, args=(job, fn, args), name=name, daemon=True).start()
        elif self._home.is_here():
            self._start_greenlet(job, fn, args)
        else:
            self._home.hub.loop.run_callback_threadsafe(self._start_greenlet, job, fn, args)
        return job

    def spawn_thread(self, name: str, fn: Callable[..., object], *args: Any) -> Handle:
        """Start `fn(*args)` in a thread of its own, under gevent too: for what waits for a network or computes long.

        As with `spawn` it should pause with `wait` and end when that answers True. An error ends it and is noted.
        """
        job = _Job(name, self._home)
        with self._lock:
            if self._stopping.is_set():
                raise Conflict("the server is stopping")
            self._jobs.add(job)
        start_thread(self._live, (job, fn, args))
        return job

    def every(self, seconds: float, name: str, fn: Callable[[], object]) -> Handle:
        """Call `fn` every so many seconds, first after that time. A call that is missed is left out.

        An error in it is noted and does not end it.
        """
        if not (0 < seconds < math.inf):
            raise ValueError(f"{name}: every {seconds} seconds is not a period")
        return self.spawn(name, self._repeat, seconds, name, fn)

    def wait(self, seconds: float) -> bool:
        """Sleep. Returns True at once when the calling job is cancelled or the workers are stopping."""
        job = self._current.get()
        return (self._stopping if job is None else job.cancelled).wait(seconds)

    def note(self, name: str, error: BaseException) -> None:
        """Count an error of the background; the first of its kind is logged with its traceback."""
        kind = f"{name}: {type(error).__name__}"
        with self._lock:
            count = self._errors[kind] = self._errors.get(kind, 0) + 1
        if count == 1:
            log.error("%s failed; further failures like this one are only counted", name, exc_info=error)

    def errors(self) -> dict[str, int]:
        """How often which job failed, by "job: kind of error"."""
        with self._lock:
            return dict(self._errors)

    def stop(self, timeout: float = 5.0) -> list[str]:
        """End all jobs, finish the queues, end the threads. Returns the names of what did not end in time.

        Jobs are asked first; under gevent, jobs that do not end are killed after half of `timeout` seconds.
        """
        begin = time.monotonic()
        with self._lock:
            again = self._stopping.is_set()
            self._stopping.set()
            jobs = [job for job in self._jobs if job is not self._current.get()]
        if again:
            return []
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.join(max(0.0, begin + timeout / 2 - time.monotonic()))
        gevent.killall([job.greenlet for job in jobs if job.alive() and job.greenlet is not None], block=False)
        for job in jobs:
            job.join(max(0.0, min(timeout / 4, begin + timeout - time.monotonic())) if job.greenlet else 0.0)
        left = [job.name for job in jobs if job.alive()]
        executors = {"pool": self._pool, "writer": self._writer, "reader": self._reader}
        left += [name for name, each in executors.items() if not each.stop(begin + timeout)]
        if left:
            log.warning("still running after %.1f s: %s", timeout, ", ".join(left))
        return left

    def _guard(self, name: str, fn: Callable[..., object], *args: Any) -> None:
        try:
            fn(*args)
        except Exception as error:  # a background job has no caller to raise to
            if not (isinstance(error, Conflict) and self._stopping.is_set()):  # it asked for work at the end
                self.note(name, error)

    def _repeat(self, seconds: float, name: str, fn: Callable[[], object]) -> None:
        due = time.monotonic() + seconds
        while not self.wait(max(0.0, due - time.monotonic())):
            self._guard(name, fn)
            due = max(due + seconds, time.monotonic())

    def _start_greenlet(self, job: _Job, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        job.greenlet = gevent.spawn(self._live, job, fn, args)

    def _live(self, job: _Job, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._current.set(job)
        CLIENT.set("")
        with contextlib.suppress(gevent.GreenletExit):
            try:
                if not job.cancelled.is_set():
                    self._guard(job.name, fn, *args)
            finally:
                with self._lock:
                    self._jobs.discard(job)
                job.ended.set()
