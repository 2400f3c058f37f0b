"""HTTP and sockets of the herd game: joining, orders, control, sessions."""
