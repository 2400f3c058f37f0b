"""The rules of a session from the settings."""

from __future__ import annotations

from decimal import Decimal

from orderflow.herd.rules.events import Config
from orderflow.herd.rules.money import micro
from orderflow.settings.settings import Settings


def config_of(settings: Settings) -> Config:
    """The rules of the next session. Raises BadInput for an amount that is not possible."""
    herd = settings.herd
    return Config(
        price=micro(herd.price),
        impact=f"{Decimal(str(herd.impact)):f}",
        curve=herd.curve,
        cash=micro(herd.cash),
        shares=herd.shares,
        short=herd.short,
        batch_ms=herd.batch_ms,
        max_quantity=herd.max_quantity,
    )
