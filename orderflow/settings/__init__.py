"""Settings: defaults, names, types, bounds and meaning, and the parsers of their text."""
