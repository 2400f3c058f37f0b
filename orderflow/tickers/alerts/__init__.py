"""Alerts: conditions on the ticks, bars and studies of any symbol, and the events when they are met."""
