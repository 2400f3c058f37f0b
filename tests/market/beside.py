"""A background for `Market` that works when a test tells it to, and limits so small that few late ticks are many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orderflow.market import aggregation, buffer, tape
from orderflow.market import market as market_module
from orderflow.market.bars import catch_up
from orderflow.market.bars.catch_up import CatchUp


class Beside:
    """A background that works when it is told to. meanwhile: called in the middle of the work, unless `locked`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.steps: list[Callable[[], bool]] = []
        self.working = False
        self.meanwhile: list[Callable[[], object]] = []
        self.locked: Callable[[], bool] = bool
        run, put_in_order = CatchUp.run, CatchUp.put_in_order

        def interrupted(made: CatchUp) -> None:
            self._interrupt()
            run(made)
            self._interrupt()

        def in_order(made: CatchUp, starts: Any) -> None:
            self._interrupt()
            put_in_order(made, starts)

        patch.setattr(CatchUp, "run", interrupted)
        patch.setattr(CatchUp, "put_in_order", in_order)

    def __call__(self, step: Callable[[], bool]) -> None:
        self.steps.append(step)

    def work(self) -> None:
        """Do what waits."""
        while self.steps:
            step = self.steps.pop()
            self.working = True
            while step():
                pass
            self.working = False

    def _interrupt(self) -> None:
        if self.meanwhile and not self.locked():
            self.meanwhile.pop()()


def shrink(patch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Make every limit of late ticks small."""
    for module, name, value in (
        (buffer, "SEGMENT", 64),
        (buffer, "FIRST_SEGMENT", 16),
        (aggregation, "CHUNK", 16),
        (catch_up, "CHUNK", 16),
        (tape, "CHUNK", 16),
        (tape, "AT_ONCE", 20),
        (aggregation, "AT_ONCE", 20),
        (aggregation, "READ", 50),
        (catch_up, "SORTED", 60),
        (catch_up, "LOOSE", 40),
        (market_module, "EAGER", 100),
    ):
        patch.setattr(module, name, value)
    return patch
