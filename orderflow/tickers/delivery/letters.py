"""E-mails that are no alerts, by the server of SMTP_URL: sent once, in their own time."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.tickers.delivery.kinds import Kind
from orderflow.tickers.delivery.parcel import Parcel


def mail_by(email: Kind, workers: Workers, clock: Clock) -> Callable[[str, str, str], None] | None:
    """Sends an e-mail (to, title, text) in a thread of its own; None if `email` cannot be used here.

    One that is not sent is an error of the background: it is counted, and the first is logged.
    """
    if email.missing:
        return None

    def send(to: str, title: str, text: str) -> None:
        number = secrets.token_hex(8)
        parcel = Parcel(number, number, title, text, 1, clock.now())
        workers.spawn_thread("an e-mail of an account", email.send, {"to": to}, parcel)

    return send
