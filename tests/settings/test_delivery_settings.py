"""Settings of the delivery of alerts."""

from __future__ import annotations

import pytest

from orderflow.errors import BadSetting
from orderflow.settings.load import load_settings


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("SMTP_URL", "smtp://127.0.0.1:25?from=a@b.org&tls=none", "smtp://127.0.0.1:25?from=a@b.org&tls=none"),
        ("ORDERFLOW_SMTP_URL", "smtps://a%40b.org:p%2Fw@mail.b.org", "smtps://a%40b.org:p%2Fw@mail.b.org"),
        ("MESSENGER_HOSTS", "ntfy.example.org, NTFY.sh", ("ntfy.example.org", "ntfy.sh")),
        ("WEBHOOK_ALLOW_HTTP", "yes", True),
        ("WEBHOOK_ALLOW_PRIVATE", "1", True),
    ],
)
def test_values_are_read_from_text(name: str, text: str, value: object) -> None:
    field = name.removeprefix("ORDERFLOW_").lower()
    assert getattr(load_settings({}, {name: text}, []).delivery, field) == value


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://ann:s3cret@example.org",
        "smtp://s3cret@mail.example.org",
        "smtp://mail.example.org",
        "smtp://mail.example.org?from=nobody",
        "smtp://mail.example.org?from=a@b.org&tls=maybe",
        "smtp://mail.example.org?from=a@b.org&verify=no",
        "smtp://mail.example.org/x?from=a@b.org",
        "smtp://mail.example.org:99999?from=a@b.org",
        "smtps://",
    ],
)
def test_an_address_of_a_mail_server_is_checked_and_not_repeated(url: str) -> None:
    with pytest.raises(BadSetting, match=r"smtp_url = \(hidden\) from environment SMTP_URL is not allowed") as caught:
        load_settings({}, {"SMTP_URL": url}, [])
    assert "s3cret" not in str(caught.value)
