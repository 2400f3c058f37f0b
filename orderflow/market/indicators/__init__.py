"""Indicators over candles of any origin: one file each, and the registry that pages and programs read."""
