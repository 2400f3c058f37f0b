"""How long a browser test waits for what must come. A pass takes no longer for it; a loaded machine needs it."""

PATIENCE = 45_000
"""Milliseconds. Where a limit is what the product promises, a test has its own."""
