"""Settings of an instrument as text, which is how they are stored with the ticks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from orderflow.market.grid import Grid


def as_text(
    tick_size: Decimal | None, size_step: Decimal | None, session: str | None, negative_prices: bool | None
) -> dict[str, str]:
    """Settings of an instrument as they are stored, without those that are not given."""
    below = None if negative_prices is None else "yes" if negative_prices else "no"
    given = {"tick_size": tick_size, "size_step": size_step, "session": session, "negative_prices": below}
    return {name: str(value) for name, value in given.items() if value is not None}


def initial_grid(settings: Mapping[str, str]) -> Grid:
    """The grid that an instrument's settings define."""
    return Grid.of(
        Decimal(settings["tick_size"]) if "tick_size" in settings else None,
        Decimal(settings["size_step"]) if "size_step" in settings else None,
    )
