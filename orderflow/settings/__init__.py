"""Settings: declaration, loading and parsing."""
