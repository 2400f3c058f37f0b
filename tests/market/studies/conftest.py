"""Hypothesis settings: no deadline, as the oracles are slow on a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("studies", deadline=None)
settings.load_profile("studies")
