"""What each kind of target is sent: webhooks and e-mail to real receivers, messengers up to the request."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import logging
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from orderflow.settings.delivery import MESSENGER_HOSTS
from orderflow.tickers.delivery import apprise_plugins, messengers
from orderflow.tickers.delivery.guarded_requests import GuardedRequests
from orderflow.tickers.delivery.http_client import Answer, HttpClient
from orderflow.tickers.delivery.mail import Mailer, mail_server
from orderflow.tickers.delivery.messengers import Messengers
from orderflow.tickers.delivery.outcome import NotSent, Outcome
from orderflow.tickers.delivery.parcel import Parcel
from orderflow.tickers.delivery.webhook import send_webhook, sign
from tests.tickers.delivery.conftest import LOCAL, PEM, Receiver
from tests.tickers.delivery.test_targets import GOOD

# what Apprise's e-mail plugin imports, once in a process
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
REDIRECT = "answered 302, a redirect, which is not followed: set the final address"
NOW = 1_800_000_000_123_456_789
PARCEL = Parcel("d1" * 16, "event-7", "BTC crossing up", "BTC <b>is</b> above 65000 & rising", 2, NOW)


def with_text(text: str, title: str = PARCEL.title) -> Parcel:
    return Parcel(PARCEL.id, PARCEL.event, title, text, PARCEL.attempt, PARCEL.now)


# webhooks


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"side": "buy"}', "application/json"),
        ("[1]", "application/json"),
        ("BTC up", "text/plain"),
        ("{x", "text/plain"),
    ],
)
def test_the_message_is_the_body_and_is_signed(
    client: HttpClient, receive: Callable[..., Receiver], text: str, kind: str
) -> None:
    receiver = receive(secure=True)
    values = {"url": f"{receiver.url}/hook", "secret": "0123456789abcdef"}
    assert send_webhook(client, values, with_text(text)) == Outcome(True, 204)
    (got,) = receiver.got
    assert (got.method, got.path, got.body) == ("POST", "/hook", text.encode())
    assert got.headers["content-type"] == f"{kind}; charset=utf-8"
    assert got.headers["x-orderflow-id"] == PARCEL.id
    assert got.headers["x-orderflow-event"] == "event-7"
    assert got.headers["x-orderflow-attempt"] == "2"
    stamp = got.headers["x-orderflow-timestamp"]
    assert stamp == "1800000000"
    expected = hmac.new(b"0123456789abcdef", f"{stamp}.{text}".encode(), hashlib.sha256).hexdigest()
    assert (
        got.headers["x-orderflow-signature"] == f"sha256={expected}" == sign("0123456789abcdef", 1800000000, got.body)
    )


def test_a_webhook_without_a_secret_is_not_signed(client: HttpClient, receive: Callable[..., Receiver]) -> None:
    receiver = receive()
    assert send_webhook(client, {"url": receiver.url}, PARCEL).delivered
    assert "x-orderflow-signature" not in receiver.got[0].headers


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, Outcome(True, 200)),
        (302, {"Location": "http://127.0.0.1/"}, Outcome(False, 302, REDIRECT)),
        (404, {}, Outcome(False, 404, "answered 404")),
        (410, {}, Outcome(False, 410, "answered 410", hopeless=True)),
        (422, {}, Outcome(False, 422, "answered 422", hopeless=True)),
        (429, {"Retry-After": "77"}, Outcome(False, 429, "answered 429", 77.0)),
        (503, {"Retry-After": "999999"}, Outcome(False, 503, "answered 503", 3600.0)),
        (500, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Outcome(False, 500, "answered 500")),
    ],
)  # fmt: skip
def test_the_status_decides(
    client: HttpClient, receive: Callable[..., Receiver], status: int, headers: dict[str, str], outcome: Outcome
) -> None:
    receiver = receive(answer=lambda request: (status, headers, b"no matter what"))
    assert send_webhook(client, {"url": receiver.url}, PARCEL) == outcome


# e-mail


class Mailbox:
    """What aiosmtpd calls. got: (envelope's receivers, message)."""

    def __init__(self, refuse: str = "") -> None:
        self.got: list[tuple[list[str], Any]] = []
        self.refuse = refuse

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.got.append((list(envelope.rcpt_tos), message))
        return "250 OK"


class AnyPort(Controller):
    """aiosmtpd's server on a free port."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()


Serve = Callable[..., tuple[Mailbox, int]]


@pytest.fixture
def mailbox() -> Iterator[Serve]:
    """mailbox(refuse="", **options of aiosmtpd): a running mail server's mailbox, and its port."""
    running: list[Controller] = []

    def start(refuse: str = "", **options: Any) -> tuple[Mailbox, int]:
        box = Mailbox(refuse)
        running.append(AnyPort(box, hostname=LOCAL, port=0, **options))
        running[-1].start()
        return box, running[-1].port

    yield start
    for controller in running:
        controller.stop()


def test_an_email_is_plain_text_with_one_line_headers(mailbox: Serve) -> None:
    box, port = mailbox()
    mailer = Mailer(mail_server(f"smtp://{LOCAL}:{port}?from=alerts@example.org&tls=none"))
    parcel = with_text("<script>alert(1)</script> ü & =cmd", "BTC\r\nBcc: eve@example.org")
    assert mailer.send({"to": "ann@example.org"}, parcel).delivered
    ((receivers, message),) = box.got
    assert receivers == ["ann@example.org"]
    assert message["Subject"] == "BTC Bcc: eve@example.org"
    assert message["Bcc"] is None
    assert message["From"].addresses[0].addr_spec == "alerts@example.org"
    assert message["X-Orderflow-Id"] == PARCEL.id
    assert message.get_content_type() == "text/plain"
    text = message.get_content()
    assert "<script>alert(1)</script> ü & =cmd" in text
    assert f"Delivery {PARCEL.id}" in text


def test_an_email_goes_over_starttls_with_a_password(mailbox: Serve, trusting: ssl.SSLContext) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    seen: list[tuple[str, Any]] = []

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append((mechanism, (data.login, data.password)))
        return AuthResult(success=data.password == b"pass word", handled=False)

    box, port = mailbox(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
    url = f"smtp://ann%40example.org:{{}}@mail.example.org:{port}"

    def mailer(password: str) -> Mailer:
        made = Mailer(mail_server(url.format(password)), trusting)
        made._guard._resolve = lambda host, port, **_: [(2, 1, 6, "", (LOCAL, port))]
        return made

    assert mailer("pass%20word").send({"to": "bob@example.org"}, PARCEL).delivered
    assert len(box.got) == 1
    assert seen[0][1] == (b"ann@example.org", b"pass word")
    with pytest.raises(NotSent, match=r"mail\.example\.org refuses the user name or password of SMTP_URL \(535\)"):
        mailer("wrong").send({"to": "bob@example.org"}, PARCEL)
    distrusting = Mailer(mail_server(url.format("pass%20word")))
    distrusting._guard._resolve = lambda host, port, **_: [(2, 1, 6, "", (LOCAL, port))]
    with pytest.raises(NotSent, match=r"certificate of mail\.example\.org is not accepted"):
        distrusting.send({"to": "bob@example.org"}, PARCEL)


@pytest.mark.parametrize(("reply", "hopeless"), [("550 no such user", True), ("451 later", False)])
def test_a_receiver_that_the_server_refuses(mailbox: Serve, reply: str, hopeless: bool) -> None:
    _, port = mailbox(reply)
    mailer = Mailer(mail_server(f"smtp://{LOCAL}:{port}?from=alerts@example.org&tls=none"))
    with pytest.raises(NotSent, match=f"does not take this address .{reply[:3]}") as caught:
        mailer.send({"to": "ann@example.org"}, PARCEL)
    assert caught.value.hopeless is hopeless
    with pytest.raises(NotSent, match="no connection with the mail server"):
        Mailer(mail_server("smtp://127.0.0.1:9?from=a@b.org&tls=none")).send({"to": "ann@example.org"}, PARCEL)


# messengers


class Carrier:
    """In place of an HttpClient. asked: (method, url, headers, body)."""

    def __init__(self, status: int = 200, body: bytes = b'{"ok":true,"result":{}}') -> None:
        self.answer = Answer(status, {"retry-after": "9"}, body)
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, read: int = 0) -> Answer:
        self.asked.append((method, url, headers, body))
        return self.answer


MESSENGERS: dict[str, tuple[tuple[str, str], Callable[..., dict[str, Any]], str]] = {
    "telegram": (("telegram", "NotifyTelegram"), messengers.telegram, "https://api.telegram.org/bot123456789:"),
    "discord": (("discord", "NotifyDiscord"), messengers.discord, "https://discord.com/api/webhooks/1234567890/"),
    "slack": (("slack", "NotifySlack"), messengers.slack, "https://hooks.slack.com/services/T1JJ3T3L2/"),
    "ntfy": (("ntfy", "NotifyNtfy"), messengers.ntfy, "https://ntfy.sh/"),
    "pushover": (("pushover", "NotifyPushover"), messengers.pushover, "https://api.pushover.net/1/messages.json"),
}


def send(kind: str, carrier: Carrier, parcel: Parcel = PARCEL, hosts: tuple[str, ...] = MESSENGER_HOSTS) -> Outcome:
    plugin, options, _ = MESSENGERS[kind]
    values = {"server": "https://ntfy.sh/", **GOOD[kind]}
    client: Any = carrier
    return Messengers(client, hosts).sender(plugin, options)(values, parcel)


@pytest.mark.parametrize("kind", MESSENGERS)
def test_a_messenger_gets_one_request(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    carrier = Carrier(body=b"ok" if kind == "slack" else b'{"ok":true,"result":{}}')
    assert send(kind, carrier).delivered
    ((method, url, _, body),) = carrier.asked
    assert method == "POST"
    assert url.startswith(MESSENGERS[kind][2])
    assert PARCEL.id.encode() in body
    assert b"BTC" in body
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("kind", MESSENGERS)
@pytest.mark.parametrize(("status", "wait"), [(500, 9.0), (429, 9.0), (401, 9.0), (302, 0.0)])
def test_a_messenger_that_does_not_take_it(kind: str, status: int, wait: float) -> None:
    carrier = Carrier(status, b"{}")
    outcome = send(kind, carrier)
    assert (outcome.delivered, outcome.status, outcome.wait) == (False, status, wait)
    assert len(carrier.asked) == 1


def test_a_good_answer_with_an_error_inside_is_a_failure() -> None:
    assert send("slack", Carrier(200, b"no_team")) == Outcome(False, 200, "answered that it does not take the message")


@pytest.mark.parametrize("kind", MESSENGERS)
def test_a_plugin_reaches_no_other_host(kind: str) -> None:
    carrier = Carrier()
    with pytest.raises(NotSent, match="is not a host of MESSENGER_HOSTS"):
        send(kind, carrier, hosts=("example.org",))
    assert carrier.asked == []


def test_a_plugins_own_options_for_the_transport_are_not_obeyed() -> None:
    carrier: Any = Carrier()
    guarded = GuardedRequests(carrier, ("ntfy.sh",))
    for url in (
        "https://127.0.0.1/x",
        "http://ntfy.sh/x",
        "https://ntfy.sh.example.org/",
        "https://ntfy.sh@example.org/",
    ):
        with pytest.raises(guarded.RequestException):
            guarded.post(url, data=b"x", verify=False, allow_redirects=True, proxies={"https": "http://127.0.0.1:9"})
    assert carrier.asked == []


@pytest.mark.parametrize(
    ("kind", "present", "absent"),
    [
        ("telegram", ["&lt;b&gt;is&lt;/b&gt;", "&lt;script&gt;"], ["<script>", "<b>is"]),
        ("slack", ["&lt;!channel&gt;"], ["<!channel>"]),
        ("discord", ["@\\u200beveryone"], ["@everyone"]),
    ],
)
def test_markup_in_a_note_is_text(kind: str, present: list[str], absent: list[str]) -> None:
    carrier = Carrier(body=b"ok")
    send(kind, carrier, with_text("<b>is</b> <script> <!channel> @everyone"))
    body = carrier.asked[0][3].decode()
    assert [word for word in present if word not in body] == []
    assert [word for word in absent if word in body] == []


@pytest.mark.parametrize("kind", MESSENGERS)
def test_a_long_message_keeps_its_id(kind: str) -> None:
    carrier = Carrier(body=b"ok" if kind == "slack" else b'{"ok":true,"result":{}}')
    assert send(kind, carrier, with_text("x" * 40_000)).delivered
    assert len(carrier.asked) == 1
    assert PARCEL.id.encode() in carrier.asked[0][3]


def test_json_of_a_messenger_is_json() -> None:
    carrier = Carrier()
    send("ntfy", carrier)
    assert json.loads(carrier.asked[0][3])["topic"] == "alerts-s3cret"


def test_turns_are_short_while_apprise_is_imported_and_as_before_afterwards() -> None:
    before = sys.getswitchinterval()
    with apprise_plugins.short_turns():
        assert sys.getswitchinterval() == pytest.approx(apprise_plugins.TURN_SECONDS)
        with apprise_plugins.short_turns():
            pass
        assert sys.getswitchinterval() == pytest.approx(apprise_plugins.TURN_SECONDS)
    assert sys.getswitchinterval() == before
