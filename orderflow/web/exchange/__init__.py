"""HTTP and sockets of the simulated exchange."""
