"""Sessions in a process that gevent has patched, where tabs are greenlets."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.worker_threads import not_patched, run_under_gevent


@not_patched
@pytest.mark.slow
def test_sessions_work_between_greenlets() -> None:
    run_under_gevent(str(ROOT / "tests" / "accounts" / "test_sessions.py"))
