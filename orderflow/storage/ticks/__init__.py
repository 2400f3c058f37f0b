"""The tick log on disk: codec, index, group commit."""
