"""The running herd game: one writer of the event log, its journal, and what clients are sent."""
