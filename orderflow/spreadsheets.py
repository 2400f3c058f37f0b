"""Text of users in CSV files, which people open with spreadsheets."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")
"""First characters of what a spreadsheet would compute (OWASP, "CSV Injection"): also in full width."""


def escape_formula(text: str) -> str:
    """The text, with an apostrophe in front if a spreadsheet would read it as a formula, also behind spaces."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
