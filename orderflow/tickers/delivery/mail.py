"""E-mail: Apprise makes the message, this module talks with the operator's server, in bounded time.

The message is plain text, so nothing in a note or a template is markup, and its headers are one line each.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from orderflow.tickers.delivery.addresses import AddressGuard
from orderflow.tickers.delivery.apprise_plugins import load_plugin, make_asset
from orderflow.tickers.delivery.http_client import dial
from orderflow.tickers.delivery.outcome import NotSent, Outcome
from orderflow.tickers.delivery.parcel import Parcel
from orderflow.tickers.delivery.stream import Deadline, Stream

TOTAL_SECONDS = 20.0
MOST_BYTES = 262_144
"""Bytes of the server's replies, TLS included."""
PERMANENT = range(500, 600)
GREETING = 220


@dataclass(frozen=True)
class MailServer:
    """The server of SMTP_URL. tls: "ssl", "starttls" or "insecure", in Apprise's words."""

    host: str
    port: int
    user: str
    password: str
    sender: str
    tls: str


def mail_server(url: str) -> MailServer:
    """Read SMTP_URL, which the settings have checked."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    user = unquote(parts.username or "")
    tls = "ssl" if parts.scheme == "smtps" else "insecure" if query.get("tls") == "none" else "starttls"
    port = parts.port or {"ssl": 465, "starttls": 587, "insecure": 25}[tls]
    return MailServer(parts.hostname or "", port, user, unquote(parts.password or ""), query.get("from", user), tls)


class Mailer:
    """Sends e-mails by one server. context: for TLS, by default with the system's certificates."""

    def __init__(self, server: MailServer, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._given = context
        self._guard = AddressGuard(allow_all=True)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._given or ssl.create_default_context()

    def send(self, values: Mapping[str, str], parcel: Parcel) -> Outcome:
        """Send a message to the address `to`. Raises NotSent."""
        server, session = self._server, _Session(self)
        plugin = load_plugin("email.base", "NotifyEmail", AppriseSMTPController=session)
        message = plugin(
            asset=make_asset(),
            format="text",
            host=server.host,
            smtp_host=server.host,
            port=server.port,
            secure_mode=server.tls,
            from_addr=server.sender,
            targets=[values["to"]],
            headers={"X-Orderflow-Id": parcel.id},
        )
        text = f"{parcel.text}\n\n-- \n{parcel.footer}\n"
        if message.notify(title=parcel.title, body=text, notify_type="info", body_format="text"):
            return Outcome(True)
        raise session.error or NotSent("the e-mail could not be made")

    def open(self) -> smtplib.SMTP:
        """A connection that is secured and signed in. Raises NotSent, OSError."""
        server = self._server
        client = _Client(self._guard, self._context if server.tls == "ssl" else None)
        try:
            code, _ = client.connect(server.host, server.port)
            if code != GREETING:
                raise NotSent(f"{server.host} answered {code}")
            if server.tls == "starttls":
                client.starttls(context=cast(Any, _Tls(self._context)))
            if server.user and server.password:
                client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        return client

    @property
    def host(self) -> str:
        return self._server.host


class _Session:
    """What Apprise uses in place of its own connection. error: why the last message was not sent."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._client: smtplib.SMTP | None = None
        self.error: NotSent | None = None

    def __call__(self, **_: Any) -> _Session:
        return self

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            with contextlib.suppress(NotSent, OSError):
                self._client.quit()
            self._client.close()

    def sendmail(self, sender: str, receivers: list[str], message: str) -> bool:
        try:
            self._client = self._mailer.open()
            self._client.sendmail(sender, receivers, message)
        except NotSent as error:
            self.error = error
        except OSError as error:  # smtplib's errors are of this class too
            self.error = _explain(error, self._mailer.host)
        return self.error is None


class _Client(smtplib.SMTP):
    """smtplib over a `Stream`. context: for TLS from the first byte."""

    def __init__(self, guard: AddressGuard, context: ssl.SSLContext | None) -> None:
        self._guard = guard
        self._first = context
        super().__init__(local_hostname=socket.gethostname())

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self._host = host  # the name in the certificate
        return super().connect(host, port, source_address)

    def _get_socket(self, host: str, port: int, timeout: float) -> Stream:
        stream = dial(self._guard, host, port, Deadline(TOTAL_SECONDS), MOST_BYTES)
        try:
            if self._first is not None:
                stream.start_tls(self._first, host)
        except BaseException:
            stream.close()
            raise
        return stream


class _Tls:
    """Has the one method of an SSLContext that `starttls` calls."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, stream: Stream, server_hostname: str) -> Stream:
        stream.start_tls(self._context, server_hostname)
        return stream


def _explain(error: OSError, host: str) -> NotSent:
    """The error without what the server said, which may repeat an address or a password."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return NotSent(f"{host} does not take this address ({codes[0]})", hopeless=codes[0] in PERMANENT)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NotSent(f"{host} refuses the user name or password of SMTP_URL ({error.smtp_code})")
    if isinstance(error, smtplib.SMTPResponseException):
        return NotSent(f"{host} answered {error.smtp_code}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotSent(f"{host} has no STARTTLS or no sign-in; SMTP_URL may say ?tls=none")
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotSent(f"the certificate of {host} is not accepted: {error.verify_message}")
    return NotSent(f"no connection with the mail server {host}: {error.strerror or type(error).__name__}")
