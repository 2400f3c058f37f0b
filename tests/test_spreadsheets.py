"""Cells of CSV files that a spreadsheet would take for a formula."""

from __future__ import annotations

import pytest

from orderflow.spreadsheets import escape_formula


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "|x", " =1", "＝1", " ＋1", "－1", "＠x"]
)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "Ann", "1-1", "a=b", "'=1"])
def test_other_text_stays(text: str) -> None:
    assert escape_formula(text) == text
