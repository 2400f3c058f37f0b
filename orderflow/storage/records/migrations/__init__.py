"""Alembic's scripts: `env.py` and one file a version in `versions/`."""
