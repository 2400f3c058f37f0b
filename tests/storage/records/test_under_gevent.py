from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("under_gevent.py")


@pytest.mark.parametrize("server", [False, True], ids=["file", "server"])
def test_greenlets_share_the_records_and_the_hub_goes_on(
    tmp_path: Path, request: pytest.FixtureRequest, server: bool
) -> None:
    urls = [request.getfixturevalue("postgresql")] if server else []
    command = [sys.executable, "-m", "tests.storage.records.under_gevent", str(tmp_path), *urls]
    said = subprocess.run(
        command, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[3], check=False
    )
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    # it may turn 500 times during the slow calls, and if it stood still not once
    assert found.pop("turns") > 20
    assert found == {"problem": "", "tickers": 40, "in the hub": False, "waits in C": True, "left": []}
