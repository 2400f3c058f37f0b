"""Routes and sockets of the workspace."""
