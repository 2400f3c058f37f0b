"""What the upkeep of accounts removes, and when."""

from __future__ import annotations

import pytest

from orderflow.accounts.product import build_accounts
from orderflow.errors import Unauthorized
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.records import Records
from tests.accounts.conftest import ANN, HERE
from tests.clocks import ManualClock

DAY = 86_400.0


def test_a_clock_that_is_ahead_for_some_hours_ends_no_session(
    records: Records, workers: Workers, clock: ManualClock
) -> None:
    accounts, upkeep = build_accounts(Settings.of(ephemeral=True), records, workers, clock)
    upkeep.start()
    accounts.register(ANN, HERE)
    grant = accounts.login(ANN, HERE)
    clock.jump(400 * DAY)
    with pytest.raises(Unauthorized):
        accounts.sessions.refresh(grant.refresh)
    upkeep.sweep()
    clock.jump(-400 * DAY)
    grant = accounts.sessions.refresh(grant.refresh)
    clock.jump(400 * DAY)
    for _ in range(2):
        upkeep.sweep()
        clock.advance(DAY)
    clock.jump(-402 * DAY)
    with pytest.raises(Unauthorized):
        accounts.sessions.refresh(grant.refresh)
