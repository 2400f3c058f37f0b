"""Property tests of the studies compare with slow oracles: a busy machine must not fail them by the clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("studies", deadline=None)
settings.load_profile("studies")
