"""Money as whole micro-units (10^-6 of the currency), so that sums are exact. Formatting is left to others."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

MICRO = 1_000_000
"""Micro-units in one unit of the currency."""

CENT = 10_000
"""Micro-units in 0.01, the step of the prices that leave the game as ticks."""

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)
"""The context of all decimal arithmetic of the game: 60 digits on every platform, independent of the thread's own."""


def micro(amount: Decimal | float | str | int) -> int:
    """An amount of currency in micro-units, rounded to the nearest. A float counts as the decimal that it prints as."""
    value = amount if isinstance(amount, Decimal) else Decimal(str(amount))
    return int(EXACT.to_integral_value(EXACT.multiply(value, MICRO)))


def units(amount: int) -> float:
    """Micro-units as a float of the currency, for display."""
    return amount / MICRO


def cents(price: int) -> int:
    """A price in micro-units as cents, rounded half up, at least 1."""
    return max(1, (price + CENT // 2) // CENT)
