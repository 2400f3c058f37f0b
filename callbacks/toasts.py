"""What pages share about a change: the button that was pressed, and the notification about the result."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from dash import ctx, no_update

from orderflow.web.kit.current_user import users_of
from orderflow.web.kit.refusals import note_refused_callback

SHOWN, SHOWN_BAD = 5000, 10_000
"""ms for which a note stays; longer where something went wrong."""
KEY = (
    "This server needs its key for that: open this page once with ?key=… at the end of its address, as the server "
    "printed it at its start."
)


LOG_IN = "Log in first: the account page is in the navigation. Alerts and deliveries belong to a user."


def toast(text: str, *, bad: bool = False) -> list[dict[str, Any]]:
    """A note, for the page's NotificationContainer. bad: something went wrong."""
    return [
        {
            "action": "show",
            "id": secrets.token_hex(4),
            "message": text,
            "color": "red" if bad else "blue",
            "autoClose": SHOWN_BAD if bad else SHOWN,
        }
    ]


def _unasked() -> bool:
    """Whether the callback runs because buttons were put into the page, and not because one was pressed."""
    return not isinstance(ctx.triggered_id, str) and not any(each["value"] for each in ctx.triggered)


def needs_key() -> Any:
    """The note for a reader without the key; no_update if no button was pressed."""
    return no_update if _unasked() else toast(KEY, bad=True)


def owner_text() -> str:
    """Why a reader without login and key can set no alert, as a sentence."""
    return KEY if users_of().accounts.mode == "off" else LOG_IN


def needs_owner() -> Any:
    """The note for a reader without login and key; no_update if no button was pressed."""
    return no_update if _unasked() else toast(owner_text(), bad=True)


def pressed(clicks: Sequence[Any]) -> dict[str, str]:
    """The id of the pattern's button that was pressed; empty if none was, as when buttons are put into the page beside
    one that was pressed before.

    clicks: the `n_clicks` of each pattern's buttons.
    """
    counts = [count for kind in clicks if isinstance(kind, list) for count in kind]
    ids = [ctx.triggered_prop_ids[each["prop_id"]] for each in ctx.triggered if each["value"]]
    id_ = ids[0] if any(counts) and ids else None
    return {name: str(part) for name, part in id_.items()} if isinstance(id_, dict) else {}


def refresh() -> str:
    """A new value for the store that makes the page update at once."""
    return secrets.token_hex(4)


def sentence(error: Exception | str) -> str:
    """An error, or its text, as a sentence with a capital letter. An error that is a refusal gets a line in the log."""
    if isinstance(error, Exception):
        note_refused_callback(error)
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
