"""Analysis of a finished game: columns of the event log, statistics, the report."""
