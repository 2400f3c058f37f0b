"""The process that servers are forked from keeps nothing of them."""

from __future__ import annotations

import os
import threading

from tests.running import forge


def test_the_output_of_a_forked_program_ends_with_it() -> None:
    forked = forge().fork(["--version"], dict(os.environ))
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(forked.stdout), daemon=True)
    reader.start()
    assert forked.wait(60) == 0
    reader.join(60)
    assert not reader.is_alive()
    assert said[0].startswith("orderflow ")
    for pipe in (forked.stdout, forked.stderr):
        pipe.close()
