"""The presenter's page after damage to the running game's log: it says so, and goes on when the presenter says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.herd_stage import Room, Stage
from tests.browser.waiting import PATIENCE
from tests.maintenance.stored import flip_line, journal_of
from tests.running import start_server

pytestmark = pytest.mark.browser


def test_the_game_goes_on_from_before_the_damage(browser: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = start_server("--data-dir", str(data))
    Room(server).join(3)
    assert server.stop() == 0
    flip_line(journal_of(data), -1)
    server = start_server("--data-dir", str(data))
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    try:
        stage = Stage(context.new_page(), server.url)
        stage.visit()
        stage.wait_text("herd-trouble", "of this game's log is damaged")
        stage.wait_text("herd-phase", "Frozen")
        stage.page.keyboard.press("Space")  # a frozen game is resumed by it, but not this one
        stage.page.click("#herd-do-recover")
        dialog = stage.dialog("Go on from here?")
        assert "The damaged log is kept" in dialog.inner_text()
        dialog.get_by_role("button", name="Continue").click()
        stage.wait_text("herd-toasts", "The game goes on.")
        stage.page.wait_for_selector("#herd-trouble", state="hidden")
        stage.wait_text("herd-phase", "Open")
        assert server.get("/herd/stats")["participants"] == 2
        assert len(list((data / "herd").glob("*.damaged-1"))) == 1
        assert stage.errors == []
    finally:
        context.close()
        server.stop()
