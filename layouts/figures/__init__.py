"""Plotly figures as plain functions of DataFrames, for a notebook without a server.

from orderflow import read_ticks, candles, footprint
from layouts.figures import footprint_figure

ticks = read_ticks("trades.csv")
footprint_figure(footprint(ticks), candles(ticks)).show()
"""

from __future__ import annotations

from layouts.figures.footprint import footprint_figure

__all__ = ["footprint_figure"]
