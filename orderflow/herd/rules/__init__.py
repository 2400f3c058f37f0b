"""Rules of the herd game: portfolios follow from the events of the log by integer arithmetic alone."""
