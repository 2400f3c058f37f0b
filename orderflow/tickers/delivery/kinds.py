"""The kinds of targets: one row each, with its fields and what sends to it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from orderflow.settings.delivery import DeliverySettings
from orderflow.tickers.delivery import apprise_plugins, messengers
from orderflow.tickers.delivery.addresses import AddressGuard
from orderflow.tickers.delivery.fields import (
    Field,
    email_address,
    host_of,
    matching,
    messenger_address,
    web_address,
)
from orderflow.tickers.delivery.http_client import HttpClient
from orderflow.tickers.delivery.mail import Mailer, mail_server
from orderflow.tickers.delivery.messengers import Messengers
from orderflow.tickers.delivery.outcome import Outcome
from orderflow.tickers.delivery.parcel import Parcel
from orderflow.tickers.delivery.webhook import send_webhook

Values = Mapping[str, str]
Send = Callable[[Values, Parcel], Outcome]

NO_SMTP = "needs SMTP_URL, which is not set"
DISCORD, SLACK = r"/api/webhooks/\d{5,25}/[A-Za-z0-9_-]{10,200}", r"/services(/[A-Za-z0-9]{5,60}){3}"


@dataclass(frozen=True)
class Kind:
    """One kind of target.

    missing: why it cannot be used here, "" if it can. shown: what is shown of a target besides its fields.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    send: Send
    missing: str = ""
    shown: Callable[[Values], dict[str, str]] = lambda values: {}


def make_kinds(
    settings: DeliverySettings, guard: AddressGuard | None = None, context: ssl.SSLContext | None = None
) -> dict[str, Kind]:
    """All kinds by name. guard, context: in place of the system's resolver and certificates."""
    guard = guard or AddressGuard(allow_own=settings.webhook_allow_private)
    client = HttpClient(guard, context)
    rows = [_webhook(settings, client), _email(settings, context), *_messengers(settings, client)]
    return {kind.name: kind for kind in rows}


def _webhook(settings: DeliverySettings, client: HttpClient) -> Kind:
    url = web_address(allow_http=settings.webhook_allow_http)
    secret = matching(r"[!-~]{16,200}", "16 to 200 visible ASCII characters")
    fields = (
        Field("url", "Address that gets a POST. It is not shown again, but for its host.", url, secret=True),
        Field("secret", "Signs each message with HMAC-SHA256.", secret, secret=True, required=False),
    )
    return Kind("webhook", "Webhook", fields, partial(send_webhook, client), shown=_host)


def _email(settings: DeliverySettings, context: ssl.SSLContext | None) -> Kind:
    fields = (Field("to", "The receiver's address.", email_address),)
    if settings.smtp_url is None:
        return Kind("email", "E-mail", fields, _unusable, NO_SMTP)
    return Kind("email", "E-mail", fields, Mailer(mail_server(settings.smtp_url), context).send, _apprise())


def _messengers(settings: DeliverySettings, client: HttpClient) -> list[Kind]:
    hosts, missing = settings.messenger_hosts, _apprise()
    sending = Messengers(client, hosts, allow_http=settings.webhook_allow_http).sender
    token = r"[A-Za-z0-9_.:-]{10,200}"
    bot = matching(r"[0-9]{5,15}:[A-Za-z0-9_-]{20,100}", "a bot's token such as 123456789:AAE…")
    chat = matching(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{3,40}", "a chat's number, or @name of a channel")
    discord = messenger_address(DISCORD, "a webhook's address https://discord.com/api/webhooks/…", hosts)
    slack = messenger_address(SLACK, "a webhook's address https://hooks.slack.com/services/…", hosts)
    server = messenger_address("/", "a server's address such as https://ntfy.sh", hosts,
                               allow_http=settings.webhook_allow_http)  # fmt: skip
    topic = matching(r"[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, - and _")
    word = matching(token, "10 to 200 letters, digits and _ . : -")
    key = matching(r"[A-Za-z0-9]{30}", "30 letters and digits")
    device = matching(r"[A-Za-z0-9_-]{1,25}", "a device's name")
    return [
        Kind("telegram", "Telegram",
             (Field("token", "The bot's token.", bot, secret=True), Field("chat", "The chat's number.", chat)),
             sending(("telegram", "NotifyTelegram"), messengers.telegram), missing),
        Kind("discord", "Discord", (Field("url", "The address of a channel's webhook.", discord, secret=True),),
             sending(("discord", "NotifyDiscord"), messengers.discord), missing, _host),
        Kind("slack", "Slack", (Field("url", "The address of an incoming webhook.", slack, secret=True),),
             sending(("slack", "NotifySlack"), messengers.slack), missing, _host),
        Kind("ntfy", "ntfy",
             (Field("topic", "The topic; whoever knows it can read it.", topic, secret=True),
              Field("server", "The server.", server, required=False, default="https://ntfy.sh/"),
              Field("token", "An access token.", word, secret=True, required=False)),
             sending(("ntfy", "NotifyNtfy"), messengers.ntfy), missing),
        Kind("pushover", "Pushover",
             (Field("user", "The user's key.", key, secret=True), Field("token", "The application's key.", key,
                                                                       secret=True),
              Field("device", "One device; all without it.", device, required=False)),
             sending(("pushover", "NotifyPushover"), messengers.pushover), missing),
    ]  # fmt: skip


def _host(values: Values) -> dict[str, str]:
    return {"host": host_of(values)}


def _apprise() -> str:
    return "" if apprise_plugins.installed() else apprise_plugins.MISSING


def _unusable(values: Values, parcel: Parcel) -> Outcome:
    return Outcome(False, None, f"this kind of target {NO_SMTP}")
