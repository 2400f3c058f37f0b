"""Threads, greenlets, locks, clocks and the bus: what everything else runs on. Knows nothing of markets."""
