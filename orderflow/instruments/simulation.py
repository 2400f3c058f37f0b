"""Run all simulated instruments: scheduling, speed and scenario; their trades go to the market.

One job works through a queue of absolute deadlines, so a late step does not delay the next one and nothing drifts. The
instruments' phases are spread over their intervals, so that a thousand of them make an even load. If the machine falls
behind by a whole second, the missed steps are skipped and counted. Prices do not depend on any of this: they depend on
the seed and the number of steps only.

Times come from a `Timeline`, so they are in order. If the wall clock jumps, all of them move with it, those of the
ticks in the market too: simulated ticks are not on disk, and a chart with a hole of a year helps nobody.
"""

from __future__ import annotations

import heapq
import json
import logging
import time
from collections.abc import Mapping
from math import gcd
from typing import Any

from orderflow.errors import BadInput, BadSetting, FieldError, NotFound, OrderflowError
from orderflow.instruments.instrument import Instrument, Listener, seed_of
from orderflow.instruments.rng import CommonNoise, child_seed
from orderflow.instruments.scenario import CALM, Player, Scenario
from orderflow.instruments.scenarios import open_scenario
from orderflow.instruments.spec import Spec, specs
from orderflow.instruments.trade_delivery import TradeDelivery
from orderflow.market.market import Market
from orderflow.market.tick_log import TickLog
from orderflow.runtime.clock import JUMP, Clock, Timeline
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings

SLOWEST, FASTEST = 0.1, 100.0
"""Range of the speed: seconds of model time per second."""
MIN_PAUSE = 0.005
"""Shortest pause between two checks of the queue; steps that become due in the meantime are made together."""
SLICE = 0.002
"""Seconds of work after which the job yields."""
MAX_LAG = 1.0
"""Seconds of delay after which steps are skipped."""
FLUSH_SECONDS = 0.25
"""Seconds between two deliveries of trades to the market."""
DEPENDENT_FIELDS = {"model": "params", "arrivals": "arrival_params", "book": "flow"}
"""Fields of a spec whose change resets another field to its defaults."""
EDITS_KEY = "simulated"
"""Key under which the page's changes are stored beside the ticks."""

log = logging.getLogger(__name__)


class Simulation:
    """All simulated instruments, made by `build_simulation`; nothing runs before `start`.

    All methods must be called on the hub, unless stated otherwise.
    """

    def __init__(self, settings: Settings, market: Market, ticks: TickLog, workers: Workers, clock: Clock) -> None:
        """Raises BadSetting for invalid instruments."""
        self._settings = settings
        self._market = market
        self._ticks = ticks
        self._workers = workers
        self._clock = clock
        self._time = Timeline(clock)
        self._base = {spec.id: spec for spec in specs(settings)}
        self._specs = dict(self._base)
        self._edits: dict[str, dict[str, Any]] = {}
        self._instruments: dict[str, Instrument] = {}
        self._delivery = TradeDelivery(self._instruments, market, workers, self._time)
        self._queue: list[tuple[float, int, str]] = []
        self._turn: dict[str, int] = {}
        self._groups: dict[str, CommonNoise] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._player: Player | None = None
        self._scenario: Scenario | None = None
        self._model_time = 0.0
        self._begun = 0.0
        self._still = 0
        self._since = time.monotonic()
        self.seed = settings.instruments.seed
        self.speed = 1.0
        self.running = False
        self.skipped = 0
        self.steps = 0
        self.revision = 0
        self.lag = 0.0

    # life

    def start(self) -> None:
        """Create and start the instruments, with the scenario of the settings. Raises BadSetting, StorageFailed."""
        stored = self._ticks.get_meta(EDITS_KEY)
        if stored:
            self._edits = json.loads(stored)
        for key in self._market.reserve(self._base):
            log.warning("%s holds ticks that were sent before: simulated ticks are dropped until a reset", key)
        self._build()
        if self._settings.instruments.scenario is not None:
            try:
                self.play(open_scenario(self._settings.instruments.scenario, [*self.ids(), *self.groups()]))
            except OrderflowError as error:
                raise BadSetting(f"scenario: {str(error).removeprefix('scenario ')}") from error
        self.running = True
        self._since = time.monotonic()
        self._schedule()
        self._workers.spawn("simulation", self._run)
        self._workers.every(FLUSH_SECONDS, "trades of the simulation", self.flush)

    def flush(self) -> None:
        """Deliver the trades since the last delivery to the market, and follow a jump of the wall clock."""
        if abs(jump := self._time.ahead()) >= JUMP:
            self._shift(jump)
        self._delivery.flush()

    def listen(self, listener: Listener) -> None:
        """Call `listener(instrument)` after every new price."""
        self._listeners = (*self._listeners, listener)

    # reading

    def ids(self) -> list[str]:
        """The ids of all instruments, in their order."""
        return list(self._instruments)

    def all(self) -> list[Instrument]:
        """All instruments, in their order."""
        return list(self._instruments.values())

    def get(self, key: str) -> Instrument:
        """Return the instrument. Raises NotFound with the message of the original system."""
        found = self._instruments.get(key)
        if found is None:
            raise NotFound(f"Ticker {key} not found")
        return found

    @property
    def model_time(self) -> float:
        """Seconds of model time since the start, without pauses."""
        passed = (time.monotonic() - self._since) * self.speed if self.running and not self._still else 0.0
        return self._model_time + passed

    @property
    def playing(self) -> str | None:
        """The name of the scenario that is played."""
        return None if self._scenario is None or self._player is None else self._scenario.name

    def status(self) -> dict[str, Any]:
        """The status, ready for JSON."""
        player = self._player
        return {
            "running": self.running,
            "speed": self.speed,
            "seed": self.seed,
            "instruments": len(self._instruments),
            "halted": sum(each.halted for each in self._instruments.values()),
            "failed": sum(each.failure is not None for each in self._instruments.values()),
            "steps": self.steps,
            "trades": sum(each.trades for each in self._instruments.values()),
            "skipped": self.skipped,
            "lag_ms": round(self.lag * 1000, 1),
            "time": round(self.model_time, 3),
            "scenario": self.playing,
            "scenario_time": None if player is None else round(self.model_time - self._begun, 3),
        }

    # changing

    def pause(self) -> None:
        """Pause all instruments; nothing is lost."""
        self._model_time = self.model_time
        self.running = False

    def resume(self) -> None:
        """Continue after a pause."""
        if not self.running:
            self._since = time.monotonic()
            self.running = True
            self._schedule()

    def set_speed(self, speed: float) -> None:
        """Set the speed in model seconds per second. Raises BadInput."""
        if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not SLOWEST <= speed <= FASTEST:
            reason = f"must be a number from {SLOWEST:g} to {FASTEST:g}"
            raise BadInput(f"speed {reason}", [FieldError(None, "speed", reason)])
        self._model_time, self._since = self.model_time, time.monotonic()
        self.speed = float(speed)
        self._schedule()

    def restart(self, seed: int | None = None) -> None:
        """Restart all instruments, with another common seed if one is given; their ticks are deleted.

        Raises BadInput for an invalid seed.
        """
        if seed is not None:
            if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
                reason = "must be a whole number from 0 to 2^63 - 1"
                raise BadInput(f"seed {reason}", [FieldError(None, "seed", reason)])
            self.seed = seed
        self._still += 1  # or its trades would be deleted together with the old ticks
        self._model_time = 0.0
        try:
            self._build()
            self.play(self._scenario)
            for key in self._instruments:
                self._forget(key)
        finally:
            self._still -= 1
            self._since = time.monotonic()
            self._schedule()

    def read_scenario(self, data: bytes, name: str) -> Scenario:
        """Parse a scenario of these instruments in a worker thread: of 2 MB it takes seconds. Raises BadInput."""
        return self._workers.run(Scenario.parse, data, name, [*self.ids(), *self.groups()])

    def edit(self, key: str, changes: Mapping[str, Any]) -> Spec:
        """Change an instrument's model, parameters, seed or pace; the change is stored over restarts of the server.

        A new seed or initial price restarts the instrument; after any other change it continues from its current price.
        An empty table reverts all changes. Raises NotFound, BadInput naming the field, StorageFailed.
        """
        old = self.get(key)
        spec = old.spec.changed(changes) if changes else self._base[key]
        again = not changes or "seed" in changes or "initial_price" in changes
        self._make(spec)  # report errors before anything is stored
        kept = {**self._edits.get(key, {}), **changes}
        for head, tail in DEPENDENT_FIELDS.items():
            if getattr(spec, head) != getattr(old.spec, head):  # what was stored for another model no longer fits
                kept[tail] = dict(getattr(spec, tail))
        edits = {**self._edits, key: kept}
        if not changes:
            edits.pop(key)
        self._keep(edits)
        self._specs[key] = spec
        old = self.get(key)  # it continued in the meantime
        age = old.age + old.steps * old.spec.interval
        fresh = self._make(spec if again else spec.changed({"initial_price": max(old.shown, 0.01)}), age)
        fresh.spec = spec
        fresh.origin = old.origin + old.steps * old.spec.interval
        if not again:
            fresh.initial_price, fresh.created, fresh.history = old.initial_price, old.created, old.history
        self._instruments[key] = fresh
        if again:
            self._turn[key] = self._turn.get(key, 0) + 1  # paused until its old ticks are deleted
            self._forget(key)
        self._enqueue(key)
        return spec

    def play(self, scenario: Scenario | None) -> None:
        """Start a scenario now, at its second 0; None ends the current one.

        It is counted in each instrument's own steps, so it gives the same path at any speed.
        """
        self._scenario = scenario
        self._begun = self.model_time
        for each in self._instruments.values():
            each.origin = -each.steps * each.spec.interval
        self._player = None if scenario is None else scenario.player(self.ids(), self.groups())

    def groups(self) -> dict[str, list[str]]:
        """The ids in each group of correlated instruments."""
        found: dict[str, list[str]] = {}
        for key, each in self._instruments.items():
            if each.spec.group is not None:
                found.setdefault(each.spec.group, []).append(key)
        return found

    # inside

    def _build(self) -> None:
        self._groups = {}
        self._specs = dict(self._base)
        for key, spec in self._base.items():
            try:
                self._specs[key] = spec.changed(self._edits.get(key, {}))
            except BadInput as error:
                log.warning("the stored changes of %s no longer fit and are ignored: %s", key, error)
        self._instruments.update({key: self._make(spec) for key, spec in self._specs.items()})

    def _make(self, spec: Spec, age: float = 0.0) -> Instrument:
        """Create an instrument. age: seconds of model time of its group when it joins."""
        group, span, begin = None, 1, 0
        if spec.group is not None:
            group = self._groups.setdefault(spec.group, CommonNoise(child_seed(self.seed, "group", spec.group)))
            span = self._span(spec)
            begin = round(age / spec.interval * span)
        settings = self._settings
        made = Instrument(
            0.0,
            spec,
            seed_of(self.seed, spec),
            bounds=(settings.instruments.price_min, settings.instruments.price_max),
            history=settings.instruments.history,
            now=self._time.now(),
            group=group,
            span=span,
            begin=begin,
        )
        made.age = age
        self._mark(made)
        return made

    def _mark(self, instrument: Instrument) -> None:
        self.revision += 1
        instrument.revision = self.revision

    def _span(self, spec: Spec) -> int:
        """Group steps (of the greatest common divisor of its members' intervals, in ms) in one step of this member."""
        members = [round(s.interval * 1000) for s in self._specs.values() if s.group == spec.group]
        own = round(spec.interval * 1000)
        return max(1, own // max(1, gcd(own, *members)))

    def _shift(self, ns: int) -> None:
        """Move all times by `ns`. Yields."""
        self._time.begin(self._time.now() + ns)
        for each in self._instruments.values():
            each.shift(ns)
        self._delivery.shift(ns)

    def _forget(self, key: str) -> None:
        if self._market.revision(key):
            self._workers.run(self._market.reset, key)

    def _keep(self, edits: dict[str, dict[str, Any]]) -> None:
        self._workers.run_writer(self._ticks.set_meta, EDITS_KEY, json.dumps(edits).encode())
        self._edits = edits

    def _schedule(self) -> None:
        """Schedule the next deadline of all instruments from now, with phases spread over the intervals."""
        self._queue = []
        count = max(1, len(self._instruments))
        for number, key in enumerate(self._instruments):
            self._enqueue(key, (number + 1) / count)

    def _enqueue(self, key: str, phase: float = 1.0) -> None:
        turn = self._turn[key] = self._turn.get(key, 0) + 1  # the old entries of the queue are void
        wall = self._instruments[key].spec.interval / self.speed
        heapq.heappush(self._queue, (time.monotonic() + wall * phase, turn, key))

    def _run(self) -> None:
        """The job: sleep until something is due, and work in slices."""
        while True:
            if not self.running or self._still or not self._queue:
                pause = 0.05
            else:
                pause = max(MIN_PAUSE, min(0.05, self._queue[0][0] - time.monotonic()))
            if self._workers.wait(pause):
                return
            while self._due():
                self._work(time.monotonic() + SLICE)
                if self._due() and self._workers.wait(0):
                    return

    def _due(self) -> bool:
        """Whether a step is due."""
        return self.running and not self._still and bool(self._queue) and self._queue[0][0] <= time.monotonic()

    def _work(self, until: float) -> None:
        """Make the steps that are due, for one slice of time."""
        queue, instruments, turns, listeners = self._queue, self._instruments, self._turn, self._listeners
        clock = time.monotonic
        at = clock()
        stamp = self._time.now()
        due = at
        while queue and queue is self._queue and (due := queue[0][0]) <= at < until:
            turn, key = queue[0][1:]
            instrument = instruments.get(key)
            if instrument is None or turns[key] != turn:
                heapq.heappop(queue)
                continue
            wall = instrument.spec.interval / self.speed
            following = due + wall
            if at - due > MAX_LAG:
                missed = int((at - due) / wall)
                self.skipped += missed
                following += missed * wall
            heapq.heapreplace(queue, (following, turn, key))
            effects = CALM
            if self._player is not None:
                begin = instrument.origin + instrument.steps * instrument.spec.interval
                effects = self._player.effects(key, begin, begin + instrument.spec.interval)
            if instrument.step(stamp, wall, effects):
                self._mark(instrument)
                for listener in listeners:
                    listener(instrument)
            self.steps += 1
            at = clock()
        self.lag = max(0.0, at - due) if queue else 0.0


def build_simulation(settings: Settings, market: Market, ticks: TickLog, workers: Workers, clock: Clock) -> Simulation:
    """Build the simulated instruments of the settings. Raises BadSetting."""
    return Simulation(settings, market, ticks, workers, clock)
