"""The script that sends files: as they are, with a progress by bytes, and with the server's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.running import RunningServer

pytestmark = pytest.mark.browser

SEND = """(rows) => new Promise((end) => {
  const lines = ["timestamp,open,high,low,close,volume"];
  for (let row = 0; row < rows; row++) lines.push(`${1704067200 + 60 * row},10.5,11,10,10.75,100`);
  const file = new File([lines.join("\\n")], "my file.csv"), seen = [];
  const progress = (sent, size) => seen.push([sent, size]);
  const on = { progress, end: (status, answer) => end({ status, answer, seen }) };
  globalThis.orderflow.kit.upload.send("/data/upload/ohlcv", file, on);
})"""


def test_a_file_is_sent_as_it_is_with_its_progress(server: RunningServer, visit: Callable[..., Any]) -> None:
    page = visit(f"{server.url}/docs", expect=("404", "422"))  # an icon that it has not, and the refusal below
    page.evaluate((ROOT / "assets" / "kit" / "upload.js").read_text("utf-8"))
    found = page.evaluate(SEND, 50_000)
    assert (found["status"], found["answer"]["name"], found["answer"]["rows"]) == (201, "my file", 50_000)
    sent = [done for done, _ in found["seen"]]
    assert sent == sorted(sent)
    assert {size for _, size in found["seen"]} == {sent[-1]}
    bad = page.evaluate(SEND, 0)
    assert (bad["status"], "no rows" in bad["answer"]["detail"]) == (422, True)
