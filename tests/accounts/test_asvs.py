"""The tests that docs/security-asvs.md names are there."""

from __future__ import annotations

import re

from tests.conftest import ROOT


def test_every_test_that_the_table_names_exists() -> None:
    text = (ROOT / "docs" / "security-asvs.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text))
    missing = [
        f"{path}::{name}" for path, name in sorted(named) if f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []
    assert len(named) >= 30
