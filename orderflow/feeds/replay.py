"""The feed "replay the sample": paces a recording into the engine of the same process, without HTTP.

To show something at once, all but the last part of the recording is ingested without waiting (the warm start). The rest
follows at the market's pace or a multiple of it. Starting again first clears the feed's own symbol, and no other.

The recording is held in memory, so this is for small samples; the replay client streams files of any size.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from orderflow.errors import BadInput, Busy, NotFound
from orderflow.feeds.pacing import Pacer
from orderflow.formats import open_ticks
from orderflow.formats.samples import SAMPLES, find_sample, sample_path
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Handle, Workers

WARM_START = 30.0
"""Minutes at the end of the recording that are paced."""

_BATCH = 2_000
_LAP_REST = 5.0
_RUNNING = ("loading", "replaying")


class Sink(Protocol):
    """The part of the engine that a feed uses."""

    def ingest(self, batches: Sequence[TickBatch], key: str | None = None) -> object: ...

    def reset(self, symbol: str | None = None) -> None: ...


class SampleReplay:
    """Replays one recording into `market`; it can be started again and again.

    path: the file; None uses the bundled sample `sample`. velocity: market seconds per second, or `MAX` to not wait.
    warm_start: the last this many minutes are paced and all before is ingested at once; None paces everything. symbol:
    the symbol of the ticks. repeat: start again a few seconds after the end. Nothing runs before `start`.
    """

    def __init__(
        self,
        market: Sink,
        workers: Workers,
        path: str | Path | None = None,
        velocity: float = 10.0,
        *,
        sample: str = SAMPLES[0].name,
        warm_start: float | None = WARM_START,
        symbol: str | None = None,
        repeat: bool = False,
    ) -> None:
        self._market = market
        self._workers = workers
        self._path = path
        self._sample = find_sample(sample)
        self._velocity = _checked(velocity)
        self._warm = warm_start
        self._symbol = symbol or (self._sample.symbol if path is None else f"{Path(path).name.split('.')[0]}-SAMPLE")
        self._repeat = repeat
        self._job: Handle | None = None
        self._pacer: Pacer | None = None
        self._state = "stopped"
        self._error: str | None = None
        self._started = False
        self._sent = 0
        self._total = 0
        self._at: int | None = None

    def start(self, velocity: float | None = None) -> None:
        """Start the replay. If it is running it goes on, at the new velocity if one is given.

        Raises BadInput if the velocity is not above 0.
        """
        if velocity is not None:
            self._velocity = _checked(velocity)
            if self._pacer is not None:
                self._pacer.set_velocity(velocity)
        if self._state in _RUNNING and self._job is not None and self._job.alive():
            return
        self._started = True
        self._state, self._error, self._sent, self._at = "loading", None, 0, None
        self._job = self._workers.spawn("replay of the sample", self._live)

    def stop(self, timeout: float = 2.0) -> None:
        """Stop the replay; the ticks stay. Does nothing if it is not running."""
        if self._job is None:
            return
        self._job.cancel()
        self._job.join(timeout)

    def status(self) -> dict[str, Any] | None:
        """The status, ready for JSON; None before the first start.

        state: loading, replaying, done, stopped or failed (with `error`). sent, total: ticks. time: epoch ms of the
        last tick. velocity: a number or "max". lag: seconds behind schedule.
        """
        if not self._started:
            return None
        return {
            "state": self._state,
            "symbol": self._symbol,
            "title": self._sample.title if self._path is None else Path(self._path).name,
            "velocity": "max" if math.isinf(self._velocity) else self._velocity,
            "sent": self._sent,
            "total": self._total,
            "time": None if self._at is None else self._at // 1_000_000,
            "lag": round(self._pacer.lag, 3) if self._pacer is not None else 0.0,
            "error": self._error,
        }

    def _live(self) -> None:
        """The job: replay laps until the end or until cancelled."""
        state = "stopped"
        try:
            ended = self._lap()
            while ended and self._repeat and not self._workers.wait(_LAP_REST):
                ended = self._lap()
            if ended and not self._repeat:
                state = "done"
        except Exception as error:  # any error: report it in the status, then to the workers
            state, self._error = "failed", str(error) or type(error).__name__
            raise
        finally:
            self._pacer = None
            self._state = state  # the last thing: whoever sees it may start the replay again

    def _lap(self) -> bool:
        """Replay the recording once; False if cancelled."""
        batch = self._workers.run(self._read)
        self._total, self._sent = len(batch), 0
        self._empty()
        self._state = "replaying"
        warm = 0
        if self._warm is not None:
            warm = int(np.searchsorted(batch.time, int(batch.time.max()) - int(self._warm * 60e9)))
        for begin in range(0, warm, _BATCH):
            if not self._send(batch.take(slice(begin, min(begin + _BATCH, warm)))) or self._workers.wait(0):
                return False
        self._pacer = Pacer(self._velocity, most=_BATCH, sleep=self._workers.wait)
        rest = batch.take(slice(warm, None))
        for part in self._pacer.slices(rest.time):
            if not self._send(rest.take(part)) or self._workers.wait(0):
                return False
        return self._sent == self._total

    def _read(self) -> TickBatch:
        path = sample_path(self._sample.name) if self._path is None else Path(self._path)
        with open_ticks(path, symbol=self._symbol, chunk_rows=1_000_000) as reader:
            batches = [batch for chunk in reader for batch in chunk.batches if len(batch)]
        if not batches:
            raise BadInput(f"{path.name} holds no trades")
        if len(batches) > 1:
            raise BadInput(f"{path.name} is too large for a sample; use orderflow-replay")
        batch = batches[0]
        return batch.take(np.argsort(batch.time, kind="stable"))

    def _empty(self) -> None:
        with contextlib.suppress(NotFound):  # the symbol does not exist yet
            self._market.reset(self._symbol)

    def _send(self, batch: TickBatch) -> bool:
        """Ingest a batch, and retry while the engine is busy; False if cancelled."""
        while True:
            try:
                self._market.ingest([batch])
            except Busy as busy:
                if self._workers.wait(busy.retry_after):
                    return False
                continue
            self._sent += len(batch)
            self._at = int(batch.time[-1])
            return True


def _checked(velocity: float) -> float:
    if not velocity > 0:
        raise BadInput(f"velocity: {velocity} is not above 0")
    return float(velocity)
