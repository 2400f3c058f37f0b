"""The inventory of everything that a user can do on the pages; each row names the browser test that covers it.

When a page is rewritten its rows stay and their tests are rewritten. A new action is a new row.
"""

from __future__ import annotations

from tests.browser.inventory.account import ACCOUNT
from tests.browser.inventory.chart import CHART
from tests.browser.inventory.debrief import DEBRIEF, REPLAY
from tests.browser.inventory.herd_hands import HANDS
from tests.browser.inventory.herd_room import ROOM
from tests.browser.inventory.instruments import INSTRUMENTS
from tests.browser.inventory.play import COMMON, PLAY
from tests.browser.inventory.row import Action
from tests.browser.inventory.tickers import TICKERS
from tests.browser.inventory.workspace import WORKSPACE

ACTIONS: tuple[Action, ...] = (
    *HANDS,
    *ROOM,
    *REPLAY,
    *DEBRIEF,
    *INSTRUMENTS,
    *CHART,
    *PLAY,
    *TICKERS,
    *ACCOUNT,
    *WORKSPACE,
    *COMMON,
)

UNTESTED: tuple[Action, ...] = tuple(row for row in ACTIONS if not row.test)
"""Rows without a test."""
