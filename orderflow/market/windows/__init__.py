"""Any bar of the log: windows of bars, their places among all bars, and the checkpoints from which they are rebuilt."""
