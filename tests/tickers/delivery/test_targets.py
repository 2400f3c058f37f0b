"""Targets are checked field by field, and never show a secret again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orderflow.errors import BadInput
from orderflow.settings.delivery import DeliverySettings
from orderflow.tickers.delivery import apprise_plugins
from orderflow.tickers.delivery.kinds import make_kinds
from orderflow.tickers.delivery.targets import changed_target, new_target, show

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7ab"
GOOD: dict[str, dict[str, Any]] = {
    "webhook": {"url": "https://hooks.example.org/x?token=s3cret", "secret": "s3cret-of-sixteen"},
    "email": {"to": "ann.o'neil+alerts@example.org"},
    "telegram": {"token": "123456789:AAHabcdefghijklmnopqrstuvwxyz_s3cret", "chat": "-10012345"},
    "discord": {"url": "https://discord.com/api/webhooks/1234567890/s3cret_abcDEF-"},
    "slack": {"url": SLACK.replace("TIiaj", "s3cretx")},
    "ntfy": {"topic": "alerts-s3cret", "token": "tk_s3cret_1234"},
    "pushover": {"user": "s3cret" + "u" * 24, "token": "s3cret" + "a" * 24, "device": "phone"},
}
KINDS = make_kinds(DeliverySettings(smtp_url="smtps://ann%40example.org:pw@mail.example.org"))


def errors(given: dict[str, Any], kinds: Any = KINDS) -> dict[str | None, str]:
    with pytest.raises(BadInput) as caught:
        new_target(kinds, given, 1)
    assert "s3cret" not in str(caught.value)
    return {error.field: error.reason for error in caught.value.errors}


@pytest.mark.parametrize("kind", GOOD)
def test_a_target_of_each_kind_shows_no_secret(kind: str) -> None:
    target = new_target(KINDS, {"name": " phone ", "kind": kind, **GOOD[kind]}, 5)
    assert (target.name, target.kind, target.active, target.created) == ("phone", kind, True, 5)
    assert {**target.config, **target.secrets} == GOOD[kind]
    shown = show(KINDS[kind], target, "ok")
    assert "s3cret" not in json.dumps(shown) + repr(target)
    assert shown["secrets"] == [name for name in GOOD[kind] if "s3cret" in GOOD[kind][name]]


def test_what_is_shown_of_an_address_is_its_host() -> None:
    target = new_target(KINDS, {"name": "a", "kind": "webhook", **GOOD["webhook"]}, 5)
    assert show(KINDS["webhook"], target, "ok")["config"] == {"host": "hooks.example.org"}
    target = new_target(KINDS, {"name": "a", "kind": "ntfy", "topic": "x"}, 5)
    assert show(KINDS["ntfy"], target, "ok")["config"] == {"server": "https://ntfy.sh/"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.org/s3cret", "must begin with https://"),
        ("ftp://example.org/s3cret", "must begin with https://"),
        ("https://ann:s3cret@example.org/", "must not contain a user name or password"),
        ("https://s3cret@127.0.0.1@example.org/", "must not contain a user name"),
        ("https://example.org:22/s3cret", "must not use port 22"),
        ("https://example.org:6379/s3cret", "must not use port 6379"),
        ("https://example.org:99999/s3cret", "must be a web address"),
        ("https:///s3cret", "must be a web address"),
        ("https://exa mple.org/s3cret", "percent-encoded"),
        ("https://example.org\\@s3cret.org/", "percent-encoded"),
        ("https://example.org/s3cret\r\nX-One: 1", "percent-encoded"),
        ("https://exämple.org/s3cret", "percent-encoded"),
        ("https://[::1/s3cret", "must be a web address"),
        ("https://exa%6Dple.org/s3cret", "must be a web address"),
        ("https://example.org/" + "s3cret" * 400, "at most 2,000"),
        (5, "must be text"),
        ("", "is missing"),
    ],
)
def test_an_address_that_is_not_one_is_refused(url: object, reason: str) -> None:
    assert reason in errors({"name": "a", "kind": "webhook", "url": url})["url"]


@pytest.mark.parametrize(
    "url",
    [
        "https://Example.org",
        "https://example.org:8443/x",
        "https://[2606:4700::1111]:443/",
        "https://a_b.example.org./",
    ],
)
def test_addresses_that_are_taken(url: str) -> None:
    assert new_target(KINDS, {"name": "a", "kind": "webhook", "url": url}, 1).secrets["url"].startswith("https://")


def test_http_is_taken_by_setting() -> None:
    kinds = make_kinds(DeliverySettings(webhook_allow_http=True))
    given = {"name": "a", "kind": "webhook", "url": "http://example.org:8080/x"}
    assert new_target(kinds, given, 1).secrets["url"] == "http://example.org:8080/x"


def test_messengers_are_on_the_hosts_of_the_operator() -> None:
    wrong = "https://discord.com.evil.example.org/api/webhooks/1234567890/abcdefghijk"
    assert "must be on a host of MESSENGER_HOSTS" in errors({"name": "a", "kind": "discord", "url": wrong})["url"]
    given = {"name": "a", "kind": "ntfy", "topic": "x", "server": "https://ntfy.example.org/"}
    assert "must be on a host of MESSENGER_HOSTS" in errors(given)["server"]
    kinds = make_kinds(DeliverySettings(messenger_hosts=("ntfy.example.org",)))
    assert new_target(kinds, given, 1).config["server"] == "https://ntfy.example.org/"
    for options in ("/?redirect=yes", "/?verify=no", "/x"):
        assert "must be a server" in errors(given | {"server": f"https://ntfy.example.org{options}"}, kinds)["server"]


@pytest.mark.parametrize(
    "to", ["ann", "a@b\r\nBcc: eve@example.org", "Ann <ann@example.org>", "a@b,c@d", "a@-b.org", 7]
)
def test_an_email_address_is_one_address(to: object) -> None:
    assert "to" in errors({"name": "a", "kind": "email", "to": to})


def test_every_wrong_field_is_named() -> None:
    assert "must be one of webhook, email" in errors({"name": "a", "kind": "carrier pigeon"})["kind"]
    assert errors({"kind": "webhook", **GOOD["webhook"]}) == {"name": "must be 1 to 100 visible characters"}
    found = errors({"name": "a", "kind": "webhook", "secret": "short", "colour": "red"})
    assert found == {
        "colour": "is not a field of webhook: those are name, kind, active, url, secret",
        "url": "is missing",
        "secret": "must be 16 to 200 visible ASCII characters",
    }
    assert "active" in errors({"name": "a", "kind": "webhook", **GOOD["webhook"], "active": "no"})


def test_a_change_keeps_what_is_not_named() -> None:
    target = new_target(KINDS, {"name": "a", "kind": "webhook", **GOOD["webhook"]}, 1)
    changed = changed_target(KINDS, target, {"name": "b", "secret": None, "active": False})
    assert (changed.name, changed.active, dict(changed.secrets)) == ("b", False, {"url": GOOD["webhook"]["url"]})
    with pytest.raises(BadInput, match="kind cannot be changed"):
        changed_target(KINDS, target, {"kind": "slack"})


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = make_kinds(DeliverySettings())
    assert (
        errors({"name": "a", "kind": "email", **GOOD["email"]}, kinds)["kind"]
        == "email needs SMTP_URL, which is not set"
    )
    monkeypatch.setattr(apprise_plugins, "PACKAGE", "apprise_that_is_not_there")
    kinds = make_kinds(DeliverySettings())
    said = errors({"name": "a", "kind": "slack", **GOOD["slack"]}, kinds)["kind"]
    assert said == "slack needs Apprise, which is not installed: `pip install orderflow[messages]`"
    assert new_target(kinds, {"name": "a", "kind": "webhook", **GOOD["webhook"]}, 1).kind == "webhook"
