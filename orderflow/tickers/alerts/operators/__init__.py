"""Operators of alerts, one file each, listed in `registry`. `operator` has what they share."""
