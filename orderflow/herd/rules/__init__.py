"""Rules of the herd game: who owns what follows from the events and integer arithmetic alone."""
