"""A herd game whose server is started and stopped by hand, on a clock that a test moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from orderflow.herd.live.game import Game, build_game
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from tests.clocks import ManualClock
from tests.herd.play import START


class Server:
    """A game on a data folder, started and stopped by hand. `run` plays batches; no job runs in the background."""

    def __init__(self, folder: Path, workers: Workers, **settings: Any) -> None:
        self.clock = ManualClock(START)
        self.market = Market()
        self._settings = Settings.of(data_dir=folder, **settings)
        self._workers = workers
        self.game = self._make()

    def _make(self) -> Game:
        return build_game(self._settings, self.market, self._workers, self.clock)

    def restart(self, jump: float = 0.0) -> None:
        """Stop, set the clock by `jump` seconds, and start; ten seconds pass."""
        self.game.stop()
        self.clock.advance(10)
        self.clock.jump(jump)
        self.game = self._make()
        if names := self.game._names():
            self.game._recover(names[-1])

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.25)):
            self.clock.advance(0.25)
            self.game.turn()

    def trade(self, pid: str) -> None:
        """A buy that fills."""
        self.game.order(pid, str(uuid4()), "buy", 1)
        self.run(0.25)

    def ticks(self) -> list[int]:
        """ns of HERD's ticks in the market, in their order."""
        self.game._ticks._ingest_queue()
        return self.market.ticks("HERD").ticks.time.tolist()
