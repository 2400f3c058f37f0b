"""Telegram, Discord, Slack, ntfy and Pushover: Apprise makes the request, this module's session carries it.

The session takes requests to the hosts that the operator set, and to no others, whatever a plugin asks for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from orderflow.tickers.delivery.apprise_plugins import load_plugin, make_asset
from orderflow.tickers.delivery.http_client import HttpClient
from orderflow.tickers.delivery.outcome import NotSent, Outcome
from orderflow.tickers.delivery.parcel import Parcel

SPARE = 64
"""Characters of a message that Apprise may add."""
Values = Mapping[str, str]


class Messengers:
    """Sends messages through Apprise's plugins. hosts: those that the operator set."""

    def __init__(self, client: HttpClient, hosts: tuple[str, ...], *, allow_http: bool = False) -> None:
        self._client = client
        self._hosts = hosts
        self._allow_http = allow_http

    def sender(self, plugin: tuple[str, str], options: Callable[[Values], dict[str, Any]]) -> Callable[..., Outcome]:
        """A function that sends one message. options: the plugin's arguments from a target's values."""

        def send(values: Values, parcel: Parcel) -> Outcome:
            return self._send(plugin, options(values), parcel)

        return send

    def _send(self, plugin: tuple[str, str], options: dict[str, Any], parcel: Parcel) -> Outcome:
        from orderflow.tickers.delivery.guarded_requests import GuardedRequests  # slow to import

        carrier = GuardedRequests(self._client, self._hosts, allow_http=self._allow_http)
        kind = load_plugin(*plugin, requests=carrier)
        try:
            message = kind(asset=make_asset(), overflow="truncate", **options)
        except TypeError:  # Apprise's own error for what it does not accept; its text has the token
            raise NotSent("Apprise does not accept the fields of this target", hopeless=True) from None
        title, text, form = _formed(plugin[0], parcel, message.body_maxlen)
        if message.notify(title=title, body=text, notify_type="info", body_format=form):
            return carrier.last or Outcome(True)
        if carrier.error is not None and (carrier.last is None or carrier.last.delivered):
            raise carrier.error
        last = carrier.last or Outcome(False, None, "Apprise did not send the message")
        if last.delivered:  # an error in the body of a good answer, as Slack's
            return Outcome(False, last.status, "answered that it does not take the message")
        return last


def _formed(plugin: str, parcel: Parcel, most: int) -> tuple[str, str, str]:
    """Title, text and format. What a messenger would take for markup, or for a call to everybody, is text."""
    room = max(0, most - len(parcel.title) - len(parcel.footer) - SPARE)
    whole = f"{_shortened(parcel.text, room)}\n\n{parcel.footer}"
    if plugin == "telegram":  # it reads HTML
        return html.escape(parcel.title), html.escape(whole).replace("\n", "<br/>"), "html"
    if plugin == "discord":
        return _no_calls(parcel.title), _no_calls(whole), "text"
    return parcel.title, whole, "text"


def _shortened(text: str, room: int) -> str:
    """The text, or its beginning that is not longer than `room` with everything escaped."""
    short = text[:room]
    while len(html.escape(short)) > room:
        short = short[: len(short) * 7 // 8]
    return text if short == text else f"{short}…"


def _no_calls(text: str) -> str:
    return re.sub(r"@(everyone|here)\b", "@\u200b\\1", text)


def telegram(values: Values) -> dict[str, Any]:
    return {"bot_token": values["token"], "targets": [values["chat"]], "detect_owner": False}


def discord(values: Values) -> dict[str, Any]:
    hook, token = urlsplit(values["url"]).path.split("/")[-2:]
    return {"webhook_id": hook, "webhook_token": token, "avatar": False, "footer": False}


def slack(values: Values) -> dict[str, Any]:
    parts = urlsplit(values["url"]).path.split("/")[-3:]
    names = ("token_a", "token_b", "token_c")
    return {**dict(zip(names, parts, strict=True)), "include_footer": False, "include_image": False}


def ntfy(values: Values) -> dict[str, Any]:
    parts = urlsplit(values["server"])
    made: dict[str, Any] = {"targets": [values["topic"]], "mode": "private", "include_image": False}
    made |= {"host": parts.hostname, "port": parts.port, "secure": parts.scheme == "https"}
    return made | ({"token": values["token"], "auth": "token"} if values.get("token") else {})


def pushover(values: Values) -> dict[str, Any]:
    devices = [values["device"]] if values.get("device") else None
    return {"user_key": values["user"], "token": values["token"], "targets": devices}
