"""Settings of the simulated instruments: `[instruments]` in orderflow.toml.

Outside of the toml file they have the names of the source system (`TICKER_COUNT`, `PRICE_UPDATE_INTERVAL` …).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orderflow.settings import parsers
from orderflow.settings.declare import setting


@dataclass(frozen=True)
class InstrumentSettings:
    """The number of simulated instruments, and how their prices move."""

    prefix: str = setting(
        "/api/v1",
        parsers.prefix,
        'a path such as "/api/v1"',
        "Where the calls of simulated instruments are.",
        "API_PREFIX",
        flat="api_prefix",
    )
    count: int = setting(
        10,
        parsers.integer(0, 100_000),
        "0 to 100,000",
        "Simulated instruments, ITEM_00 and so on.",
        "TICKER_COUNT",
        flat="ticker_count",
    )
    model: str = setting(
        "garch", parsers.text, "a model's name", "Price model of simulated instruments.", flat="ticker_model"
    )
    arrivals: str = setting(
        "hawkes",
        parsers.word("hawkes", "poisson"),
        "hawkes or poisson",
        "How their trades arrive.",
        flat="ticker_arrivals",
    )
    seed: int = setting(
        1, parsers.integer(0, 2**63 - 1), "0 to 2^63 - 1", "Seed of all their randomness.", flat="ticker_seed"
    )
    interval: float = setting(
        1.0,
        parsers.number(0.001, 3600.0),
        "0.001 to 3,600 seconds",
        "Seconds between two prices of a simulated instrument.",
        "PRICE_UPDATE_INTERVAL",
        flat="price_update_interval",
    )
    change_range: float = setting(
        1.0,
        parsers.number(0.0, 1e6),
        "0 to 1,000,000",
        "Largest change of one step of the uniform model, up or down.",
        "PRICE_CHANGE_RANGE",
        flat="price_change_range",
    )
    price_min: float = setting(
        50.0,
        parsers.number(0.01, 1e9),
        "0.01 to 1e9",
        "Lowest first price.",
        "INITIAL_PRICE_MIN",
        flat="initial_price_min",
    )
    price_max: float = setting(
        200.0,
        parsers.number(0.01, 1e9),
        "0.01 to 1e9",
        "Highest first price.",
        "INITIAL_PRICE_MAX",
        flat="initial_price_max",
    )
    history: int = setting(
        1000,
        parsers.integer(1, 1_000_000),
        "1 to 1,000,000",
        "Prices kept of each simulated instrument.",
        "MAX_HISTORY_SIZE",
        flat="max_history_size",
    )
    scenario: str | None = setting(
        None,
        parsers.text,
        "a .toml or .json file, or the name of a bundled scenario",
        "Scenario to play on the simulated instruments from the start.",
        flat="scenario",
    )
    simulated: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By id, from the `[simulated.ITEM_00]` tables of orderflow.toml; checked by the simulation."""
