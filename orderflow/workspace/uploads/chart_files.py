"""Files of ticks that were dropped on the chart: looked at, changed in how they are read, and loaded into the market.

The files stay on the server's disk for an hour since they were last used, within a quota; they are removed when they
are loaded, on request, and at the next start. Reports and loads are jobs in threads of their own, which pages poll.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from orderflow.errors import BadInput, Conflict, NotFound, OrderflowError
from orderflow.formats.own import Own
from orderflow.formats.summary.report import FileReport, report
from orderflow.runtime.workers import Workers, plain_lock
from orderflow.workspace.uploads.load_ticks import Loaded, Market, Stopped, Waits, load_ticks
from orderflow.workspace.uploads.slots import Slots
from orderflow.workspace.uploads.spool import Held, Incoming, Spool

OWNER = "chart"
"""Whose these files are: the operator's, who alone may load ticks."""
MOST_FILES = 31
"""Files that wait at a time."""
QUOTA = 4
"""All files that wait have at most so many times the bytes of the largest upload."""
MOST_JOBS = 64
State = Literal["running", "done", "failed", "stopped"]


@dataclass(slots=True)
class Job:
    """A report or a load of files. share: of the bytes that are read. error: why it failed. options: how the files are
    read. report, loaded: the result; a load has the report that it is of."""

    kind: Literal["report", "load"]
    files: tuple[Held, ...]
    options: Mapping[str, Any]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    state: State = "running"
    share: float = 0.0
    error: str = ""
    report: FileReport | None = None
    loaded: Loaded = field(default_factory=Loaded)
    unwanted: bool = False

    def watch(self, share: float) -> None:
        """Note how far it is. Raises Stopped if nobody wants it any more."""
        self.share = max(self.share, share)
        if self.unwanted:
            raise Stopped("stopped")


class ChartFiles:
    """All files and jobs. own: formats of orderflow.toml."""

    def __init__(self, market: Market, workers: Workers, slots: Slots, spool: Spool, own: Own, most_bytes: int) -> None:
        self.spool = spool
        self.most_bytes = most_bytes
        self._market = market
        self._workers = workers
        self._slots = slots
        self._own = own
        self._lock = plain_lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def begin(self, client: str = "") -> Incoming:
        """A new file to be written, from the address `client`. Raises Busy, StorageFailed."""
        return self.spool.begin(OWNER, client)

    def files(self, ids: Sequence[str]) -> tuple[Held, ...]:
        """Files that wait, in this order. Raises NotFound, BadInput for none or too many."""
        if not 0 < len(ids) <= MOST_FILES:
            raise BadInput(f"name 1 to {MOST_FILES} files")
        return tuple(self.spool.get(OWNER, each) for each in ids)

    def report(self, ids: Sequence[str], options: Mapping[str, Any]) -> FileReport:
        """The report of files, read one after the other. Raises NotFound, BadInput, Busy."""
        files = self.files(ids)
        with self.spool.using(files):
            return self._slots.run(OWNER, lambda: self._report(files, options, lambda share: None))

    def start_report(self, ids: Sequence[str], options: Mapping[str, Any]) -> Job:
        """Begin to make the report of files; an unfinished one of them is stopped.

        Raises NotFound, BadInput, Conflict while they are being loaded.
        """
        job = Job("report", self.files(ids), dict(options))
        others = self._of(job.files, "running")
        if any(other.kind == "load" for other in others):
            raise Conflict("the file is being loaded: wait, or cancel")
        for other in others:
            other.unwanted = True
        return self._start(job)

    def start_load(self, job_id: str) -> Job:
        """Begin to load the files of a report, as it has understood them, or of a load that failed.

        Their load that is under way or done is returned: a second click changes nothing.

        Raises NotFound, BadInput if the report says that they cannot be loaded.
        """
        reported = self.job(job_id)
        if reported.report is None or not reported.report.loadable:
            raise BadInput("these files cannot be loaded as they are understood")
        for other in self._of(reported.files, "running", "done"):
            if other.kind == "load":
                return other
        files = self.files([held.id for held in reported.files])
        return self._start(Job("load", files, reported.options, report=reported.report))

    def job(self, job_id: str) -> Job:
        """A job. Raises NotFound."""
        with self._lock:
            found = self._jobs.get(job_id)
        if found is None:
            raise NotFound("the server knows no such file any more: open it again")
        return found

    def drop(self, ids: Sequence[str]) -> None:
        """Stop what is done with files, and remove them. What was loaded stays. Files that are gone are none."""
        for held in self._known(ids):
            for job in self._of((held,), "running"):
                job.unwanted = True
            self.spool.drop(held)

    def stop(self) -> None:
        """Stop all jobs and remove all files."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.unwanted = True
        self.spool.stop()

    def _known(self, ids: Sequence[str]) -> Iterator[Held]:
        for each in ids:
            try:
                yield self.spool.get(OWNER, each)
            except NotFound:
                continue

    def _of(self, files: Sequence[Held], *states: State) -> list[Job]:
        """The jobs of any of these files that are in one of these states."""
        ids = {held.id for held in files}
        with self._lock:
            jobs = list(self._jobs.values())
        return [job for job in jobs if job.state in states and ids & {held.id for held in job.files}]

    def _start(self, job: Job) -> Job:
        with self._lock:
            self._jobs[job.id] = job
            for old in [each for each in self._jobs.values() if each.state != "running"]:
                if len(self._jobs) <= MOST_JOBS:
                    break
                del self._jobs[old.id]
        self._workers.spawn(f"{job.kind} of files", self._run, job)
        return job

    def _run(self, job: Job) -> None:
        with _ended(job), self.spool.using(job.files):
            self._slots.run(OWNER, lambda: self._work(job))

    def _work(self, job: Job) -> None:
        job.watch(0.0)
        if job.kind == "report":
            job.report = self._report(job.files, job.options, job.watch)
            return

        def sleep(seconds: float) -> bool:
            return self._workers.wait(seconds) or job.unwanted

        options = {**job.options, "formats": self._own}
        load_ticks(self._market, [held.path for held in job.files], options, Waits(job.watch, sleep), job.loaded)
        for held in job.files:
            self.spool.drop(held)

    def _report(
        self, files: Sequence[Held], options: Mapping[str, Any], watch: Callable[[float], object]
    ) -> FileReport:
        return report([held.path for held in files], {**options, "formats": self._own}, watch)


@contextmanager
def _ended(job: Job) -> Iterator[None]:
    """Say how a job ended. An error that is no sentence for the user is raised, to be counted."""
    try:
        yield
        job.state = "done"
    except Stopped:
        job.state = "stopped"
    except OrderflowError as error:
        job.error, job.state = str(error), "failed"
    except BaseException:
        job.error, job.state = "the server could not do it: its log says why", "failed"
        raise
