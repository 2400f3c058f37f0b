"""Settings of the delivery of alerts: `[delivery]` in orderflow.toml."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.settings import parsers
from orderflow.settings.declare import setting

MESSENGER_HOSTS = ("api.telegram.org", "discord.com", "hooks.slack.com", "ntfy.sh", "api.pushover.net")


@dataclass(frozen=True)
class DeliverySettings:
    """Where alerts may be sent."""

    webhook_allow_http: bool = setting(
        False,
        parsers.boolean,
        "true or false",
        "Webhooks may use http://, which everybody on the way can read.",
        "WEBHOOK_ALLOW_HTTP",
        flat="webhook_allow_http",
    )
    webhook_allow_private: bool = setting(
        False,
        parsers.boolean,
        "true or false",
        "Alerts may be sent to private and loopback addresses: whoever has the key reaches this server's network.",
        "WEBHOOK_ALLOW_PRIVATE",
        flat="webhook_allow_private",
    )
    smtp_url: str | None = setting(
        None,
        parsers.smtp_url,
        "smtps://user:password@host or smtp://user:password@host, with ?from=address if the user is none",
        "Server that takes e-mails. smtp:// uses STARTTLS, except with ?tls=none.",
        "SMTP_URL",
        secret=True,
        flat="smtp_url",
    )
    messenger_hosts: tuple[str, ...] = setting(
        MESSENGER_HOSTS,
        parsers.hosts,
        "host names separated by commas",
        "Hosts of messengers that alerts may be sent to, also those of your own ntfy.",
        "MESSENGER_HOSTS",
        flat="messenger_hosts",
    )
