"""Webhooks: the message is the body of a POST, as TradingView sends it.

A receiver drops repeats by `X-Orderflow-Id`, which is the same in every attempt; `{{delivery_id}}` in the message is
replaced by it too. The signature says that the message is from this server, the timestamp that it is new.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from orderflow.tickers.delivery.http_client import HttpClient
from orderflow.tickers.delivery.outcome import Outcome, judge
from orderflow.tickers.delivery.parcel import Parcel

JSON, PLAIN = "application/json; charset=utf-8", "text/plain; charset=utf-8"


def content_type(text: str) -> str:
    """JSON if the text parses as it, else plain text."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return PLAIN
    return JSON


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The value of X-Orderflow-Signature: HMAC-SHA256 over the timestamp, a dot and the body."""
    signed = b"%d." % timestamp + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def headers(parcel: Parcel, secret: str, body: bytes) -> dict[str, str]:
    """The headers of one attempt."""
    timestamp = parcel.now // 10**9
    made = {
        "Content-Type": content_type(body.decode()),
        "X-Orderflow-Id": parcel.id,
        "X-Orderflow-Event": parcel.event,
        "X-Orderflow-Attempt": str(parcel.attempt),
        "X-Orderflow-Timestamp": str(timestamp),
    }
    if secret:
        made["X-Orderflow-Signature"] = sign(secret, timestamp, body)
    return made


def send_webhook(client: HttpClient, values: Mapping[str, str], parcel: Parcel) -> Outcome:
    """Send a message. values: `url` and, to sign it, `secret`. Raises NotSent."""
    body = parcel.text.encode("utf-8", "replace")
    answer = client.request("POST", values["url"], headers(parcel, values.get("secret", ""), body), body)
    return judge(answer.status, answer.headers.get("retry-after", ""))
