"""HTTP and sockets of the simulated instruments."""
