"""What a page says while nothing can be stored, or when stored data is damaged: one text for all pages.

The chart says it in its foot, the presenter's page beside its controls, all other pages in the shell's banner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from layouts.shell import PROBLEMS, PROBLEMS_POLL
from orderflow.market.tick_log import DamagedPart

if TYPE_CHECKING:
    from orderflow.services import Services

MOST_NAMED = 3
"""Damaged parts that are named."""


def storage_note(problems: Sequence[str], parts: Sequence[DamagedPart]) -> str:
    """Why nothing can be stored, and what of the stored data cannot be read, a sentence each; empty if all is well."""
    return " ".join([*(f"{problem}." for problem in problems), damage_note(parts)]).strip()


def first_sentences(problems: Sequence[str]) -> list[str]:
    """Problems without the advice that follows them, for the page's foot; its tooltip has all."""
    return [problem.partition(". ")[0] for problem in problems]


def damage_note(parts: Sequence[DamagedPart]) -> str:
    """What of the stored data cannot be read, and what to do; empty if nothing is damaged."""
    if not parts:
        return ""
    texts = [part.text if part.what != "session" else f"a herd game ({part.name})" for part in parts]
    more = f" and {len(texts) - MOST_NAMED:,} more" if len(texts) > MOST_NAMED else ""
    return f"Damaged on disk and left out: {', '.join(texts[:MOST_NAMED])}{more}. `orderflow doctor --data` says more."


def banner(services: Services, shown: str | None) -> tuple[str, str, bool]:
    """(text, all of it with the advice, whether there is none) of a page's banner. Raises PreventUpdate if it stays."""
    problems, damaged = services.problems(), services.damage()
    text = storage_note(first_sentences(problems), damaged)
    if text == (shown or ""):
        raise PreventUpdate
    return text, storage_note(problems, damaged), not text


def register(app: Dash, services: Services) -> None:
    """Bind the banner of all pages that have one."""

    @app.callback(
        Output(PROBLEMS, "children"),
        Output(PROBLEMS, "title"),
        Output(PROBLEMS, "hidden"),
        Input(PROBLEMS_POLL, "n_intervals"),
        State(PROBLEMS, "children"),
    )
    def poll_problems(_intervals: int | None, shown: str | None) -> Any:
        return banner(services, shown)
