"""Settings of the simulated exchange: `[exchange]` in orderflow.toml."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.settings import parsers
from orderflow.settings.declare import setting


@dataclass(frozen=True)
class ExchangeSettings:
    """What the simulated exchange plays."""

    recording: str | None = setting(
        None, parsers.text, "a file", "Recorded frames that the simulated exchange plays, instead of the market."
    )
    velocity: float = setting(1.0, parsers.velocity, 'a number above 0, or "max"', "Speed at which it plays them.")
