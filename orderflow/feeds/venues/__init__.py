"""The dialects of the exchanges that feeds connect to."""
