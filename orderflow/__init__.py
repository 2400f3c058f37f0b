"""Order flow: every trade is a tick, every instrument a stream of ticks, every page a view on streams.

In a notebook, without a server:

    from orderflow import read_ticks, candles, footprint, study

These names are loaded on first use: a server must patch the standard library for gevent before pandas is imported, and
`python -m orderflow` imports this file first.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orderflow.notebook import candles as candles
    from orderflow.notebook import footprint as footprint
    from orderflow.notebook import read_ticks as read_ticks
    from orderflow.notebook import study as study

__version__ = "0.1.0"
__all__ = ["__version__", "candles", "footprint", "read_ticks", "study"]


def __getattr__(name: str) -> Any:
    if name in ("candles", "footprint", "read_ticks", "study"):
        return getattr(importlib.import_module("orderflow.notebook"), name)
    raise AttributeError(f"module 'orderflow' has no attribute {name!r}")
