"""Care of a data directory from outside the server: verify, repair, backup and restore."""
