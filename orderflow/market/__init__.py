"""The tick engine: aggregates ticks to bars and footprints. Independent of file formats, storage, web and screen."""
