"""How an attempt to send ended."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.errors import OrderflowError

LONGEST_WAIT = 3600.0
"""Seconds of a target's Retry-After that are obeyed at most."""


class NotSent(OrderflowError):
    """The message was not sent; the text says why, without secrets. hopeless: it cannot go better another time."""

    def __init__(self, text: str, *, hopeless: bool = False) -> None:
        super().__init__(text)
        self.hopeless = hopeless


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt.

    status: of HTTP, None without an answer. error: why it was not delivered, "" if it was. wait: seconds for which the
    target asked. hopeless: the same message will never be taken, so it is not tried again.
    """

    delivered: bool
    status: int | None = None
    error: str = ""
    wait: float = 0.0
    hopeless: bool = False


HOPELESS = {400, 410, 413, 414, 415, 422}
"""Statuses about the message itself, or of an address that is gone for good."""


def judge(status: int, retry_after: str = "") -> Outcome:
    """The outcome of an HTTP status. A redirect is not followed: the final address belongs into the settings."""
    if 200 <= status < 300:
        return Outcome(True, status)
    if 300 <= status < 400:
        return Outcome(False, status, f"answered {status}, a redirect, which is not followed: set the final address")
    return Outcome(False, status, f"answered {status}", seconds(retry_after), status in HOPELESS)


def seconds(retry_after: str) -> float:
    """Seconds of a Retry-After header, at most LONGEST_WAIT; 0.0 if it is none or a date."""
    text = retry_after.strip()
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() else 0.0
