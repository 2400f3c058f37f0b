"""Bars and footprints from ticks: base bars, their updates, time frames, activity bars, history."""
