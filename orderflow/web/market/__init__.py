"""HTTP and sockets of the market: ingest, bars, footprints, ticks, statistics, export."""
