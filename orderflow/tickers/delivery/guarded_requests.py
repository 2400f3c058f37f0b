"""The module `requests` as Apprise's plugins see it: over this server's own client, to the hosts that the operator set.

A module of its own, because `requests` is slow to import and needed for the first message only.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from orderflow.tickers.delivery.http_client import HttpClient
from orderflow.tickers.delivery.outcome import NotSent, Outcome, judge

MOST_READ = 8_192
"""Bytes of an answer's body that a plugin may look at."""


class GuardedRequests:
    """The part of the module `requests` that Apprise's plugins use, over an `HttpClient`.

    hosts: where requests may go. error: why the last request failed, None if it did not.
    """

    codes = requests.codes
    exceptions = requests.exceptions
    RequestException = requests.RequestException

    def __init__(self, client: HttpClient, hosts: tuple[str, ...], *, allow_http: bool = False) -> None:
        self._client = client
        self._hosts = hosts
        self._schemes = ("https", "http") if allow_http else ("https",)
        self.sent = 0
        self.last: Outcome | None = None
        self.error: NotSent | None = None

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.request("POST", url, **options)

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.request("GET", url, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Make a request. Raises requests.RequestException, which plugins handle.

        Options other than those of the content, such as time-outs and certificates, are this program's.
        """
        given = {name: options.get(name) for name in ("params", "data", "headers", "json", "auth")}
        made = requests.Request(method.upper(), url, **given).prepare()
        try:
            return self._send(made)
        except NotSent as error:
            self.error = error
            raise requests.ConnectionError(str(error)) from None

    def _send(self, made: requests.PreparedRequest) -> requests.Response:
        parts = urlsplit(made.url or "")
        if (parts.hostname or "") not in self._hosts or parts.scheme not in self._schemes:
            raise NotSent(f"{parts.scheme}://{parts.hostname} is not a host of MESSENGER_HOSTS")
        body = made.body.encode() if isinstance(made.body, str) else made.body or b""
        headers = {name: value for name, value in made.headers.items() if name.lower() != "content-length"}
        self.sent += 1
        answer = self._client.request(made.method or "POST", made.url or "", headers, body, read=MOST_READ)
        self.last = judge(answer.status, answer.headers.get("retry-after", ""))
        if answer.status == 429:  # or a plugin sleeps and tries again
            raise NotSent("answered 429")
        found = requests.Response()
        found.status_code, found._content = answer.status, answer.body
        found.headers.update(answer.headers)
        return found
