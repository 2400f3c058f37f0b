"""The account page: what its forms do, and that no callback shows or changes an account without its login."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
import pyotp
import pytest
from dash import Dash
from flask.testing import FlaskClient

from callbacks.app import create_app
from layouts.accounts import FORMS, account_page, device_text, field_id
from orderflow.services import Services
from orderflow.web.app import create_server
from tests.web.accounts.conftest import ANN, BOB, csrf, forget_cookies, login, register

PATH = "/_dash-update-component"


def filled(part: dict[str, Any], given: dict[str, Any]) -> Any:
    """A part of a callback's request with its value; of all components of a kind the first."""
    if '["ALL"]' not in part["id"]:
        return {**part, "value": given.get(part["id"])}
    id = {name: 0 if value == ["ALL"] else value for name, value in json.loads(part["id"]).items()}
    return [{"id": id, "property": part["property"], "value": given.get(part["id"])}]


class Page:
    """A browser at the account page of a server where a login is required."""

    def __init__(self, app: Dash, client: FlaskClient) -> None:
        self.app, self.client = app, client
        client.get("/account/")  # Dash completes its table with the first page

    def entry(self, output: str, trigger: str) -> tuple[str, dict[str, Any]]:
        """The callback with this trigger that sets this component."""
        return next(
            (key, entry)
            for key, entry in self.app.callback_map.items()
            if output in key and any(each["id"] == trigger for each in entry["inputs"]) and "callback" in entry
        )

    def call(self, key: str, entry: dict[str, Any], given: dict[str, Any], *, with_csrf: bool = True) -> Any:
        """Run a callback with values by component id."""
        inputs, states = ([filled(each, given) for each in entry[kind]] for kind in ("inputs", "state"))
        outputs = [dict(zip(("id", "property"), each.split("@")[0].rsplit(".", 1), strict=True)) for each in
                   key.strip(".").split("...")]  # fmt: skip
        body = {
            "output": key,
            "outputs": outputs if len(outputs) > 1 else outputs[0],
            "inputs": inputs,
            "state": states,
            "changedPropIds": [f"{inputs[0]['id']}.{inputs[0]['property']}"],
        }
        has_cookie = self.client.get_cookie("orderflow_csrf") is not None
        headers = csrf(self.client) if with_csrf and has_cookie else {}
        answer = self.client.post(PATH, data=json.dumps(body), content_type="application/json", headers=headers)
        assert answer.status_code in (200, 204), answer.text
        return answer.get_json()["response"] if answer.status_code == 200 else {}

    def send(self, form: str, **values: str) -> Any:
        """Fill in a form and press its button."""
        go = f"account-{form}-go"
        key, entry = self.entry(f"account-{form}-fault", go)
        return self.call(key, entry, {go: 1, **{field_id(form, name): value for name, value in values.items()}})

    def look(self) -> Any:
        return self.call(*self.entry("account-who.children", "account-refresh"), {})


@pytest.fixture
def page(make_services: Callable[..., Services]) -> Page:
    services = make_services(accounts="required")
    server = create_server(services)
    return Page(create_app(services, server), server.test_client())


def test_somebody_registers_and_is_logged_in(page: Page) -> None:
    assert page.look()["account-guest"] == {"hidden": False}
    found = page.send("register", **ANN)
    assert found["account-register-password"]["value"] == ""
    assert found["account-register-fault"]["children"] == ""
    found = page.look()
    assert found["account-member"] == {"hidden": False}
    assert "ann@example.org" in json.dumps(found["account-who"])
    assert "this one" in json.dumps(found["account-sessions"])


def test_errors_are_shown_at_their_fields(page: Page) -> None:
    found = page.send("register", **{**ANN, "password": "short"})
    assert found["account-register-password"]["error"].startswith("Must have at least 15 characters")
    assert "value" not in found["account-register-password"]
    assert found["account-register-email"]["error"] is None
    found = page.send("register", nickname="Ann", email="ann", password="short")
    assert all(found[f"account-register-{field}"]["error"] for field in ("email", "password"))
    found = page.send("login", email="ann@example.org", password="wrong")
    assert found["account-login-fault"]["children"] == "The e-mail address or the password is wrong."
    assert page.send("ask", email="ann@example.org")["account-ask-fault"]["children"].startswith("This server sends no")


def test_a_second_factor_is_set_up_and_asked_for(page: Page) -> None:
    page.send("register", **ANN)
    found = page.send("enrol", password=ANN["password"])
    shown = json.dumps(found["account-secret"])
    assert "data:image/svg+xml" in shown
    secret = shown.split('"Code"')[0].split('"children": "')[-1].split('"')[0].replace(" ", "")
    app = pyotp.TOTP(secret)
    found = page.send("confirm", code="000000")
    assert found["account-confirm-code"]["error"] == "Is wrong: is the clock of your device right?"
    found = page.send("confirm", code=app.now())
    assert found["account-confirm-code"]["error"] is None
    assert "not shown again" in json.dumps(found["account-codes"])
    code = json.dumps(found["account-codes"]).split("\\n")[1]
    assert page.look()["account-with-app"] == {"hidden": False}
    page.call(*page.entry("account-tabs", "account-logout"), {"account-logout": 1})
    assert page.client.get_cookie("orderflow_access") is None
    found = page.look()  # nothing of a user stays in a page that others use next
    assert all(found[f"account-{part}"]["children"] in ([], "") for part in ("secret", "codes", "who", "sessions"))
    found = page.send("login", email=ANN["email"], password=ANN["password"])
    assert found["account-login-code"]["error"] == "Is needed."
    assert found["account-login-code-place"] == {"hidden": False}
    page.send("login", email=ANN["email"], password=ANN["password"], code=code)
    assert page.look()["account-member"] == {"hidden": False}


def test_the_password_and_the_address_are_changed_and_the_account_deleted(page: Page) -> None:
    page.send("register", **ANN)
    new = "four entirely different words"
    found = page.send("password", password="wrong", new_password=new)
    assert found["account-password-fault"]["children"] == "The password is wrong."
    assert page.send("password", password=ANN["password"], new_password=new)["account-password-fault"]["children"] == ""
    page.send("email", password=new, email="a@example.org")
    assert "a@example.org" in json.dumps(page.look()["account-who"])
    page.send("delete", password=new)
    assert page.look()["account-guest"] == {"hidden": False}
    assert page.send("login", email="a@example.org", password=new)["account-login-fault"]["children"]


def test_the_link_of_an_e_mail_fills_in_its_code(page: Page) -> None:
    key, entry = page.entry("account-reset-code.value", "location")
    found = page.call(key, entry, {"location": "#reset=abc"})
    assert found == {"account-tabs": {"value": "ask"}, "account-reset-code": {"value": "abc"}}
    assert page.call(key, entry, {"location": ""}) == {}


def of_users(app: Dash) -> dict[str, dict[str, Any]]:
    """The callbacks that read or write a user's data."""
    found = {}
    for key, entry in app.callback_map.items():
        function = entry.get("callback")
        while function is not None and not getattr(function, "for_user", False):
            function = getattr(function, "__wrapped__", None)
        if function is not None:
            found[key] = entry
    return found


def test_no_callback_shows_or_changes_an_account_without_its_login(page: Page) -> None:
    """Each is called without a login, with another's, and with a stolen cookie without the CSRF token."""
    made = register(page.client)
    kept = login(page.client)
    register(page.client, BOB)
    callbacks = of_users(page.app)
    assert len(callbacks) >= 10
    parts = [each["id"] for entry in callbacks.values() for each in (*entry["inputs"], *entry["state"])]
    everything = dict.fromkeys(parts, ANN["password"])

    def walk(*, with_csrf: bool) -> None:
        for key, entry in callbacks.items():
            if "{" in key or any(each["id"].startswith("{") for each in entry["inputs"]):
                continue  # ends a session by its id, which `tests/web/accounts` tries; the workspace's charts
            answer = json.dumps(page.call(key, entry, everything, with_csrf=with_csrf))
            assert not [word for word in (made["id"], ANN["email"], "argon2") if word in answer], key

    walk(with_csrf=True)
    page.client.post("/auth/login", json=ANN)
    walk(with_csrf=False)
    forget_cookies(page.client)
    bearer = {"Authorization": f"Bearer {kept['access_token']}"}
    assert page.client.get("/auth/me", headers=bearer).json == made
    page.client.post("/auth/login", json=BOB)
    walk(with_csrf=True)
    forget_cookies(page.client)
    assert page.client.get("/auth/me", headers=bearer).json == made


def test_the_tree_and_the_stores_hold_nothing_of_a_user(page: Page) -> None:
    page.send("register", **ANN)
    made = page.client.get("/auth/me").json
    key, entry = page.entry("page.children", "location")
    tree = json.dumps(page.call(key, entry, {"location": "/account/"}))
    assert "account-login-password" in tree
    paths = ("/account/", "/_dash-layout", "/_dash-dependencies")
    for text in (tree, *(page.client.get(path).text for path in paths)):
        assert not [value for value in (made["id"], made["email"], "argon2") if value in text]


def test_password_managers_know_every_field() -> None:
    known = {"username", "email", "nickname", "current-password", "new-password", "one-time-code", "off"}
    assert {field.complete for form in FORMS.values() for field in form.fields} <= known
    assert all(field.secret == ("password" in field.complete) for form in FORMS.values() for field in form.fields)


def test_passwords_are_masked_and_can_be_pasted() -> None:
    named = (each for each in account_page(links=[])._traverse() if str(getattr(each, "id", "")).endswith("password"))
    fields = [each for each in named if hasattr(each, "autoComplete")]
    assert len(fields) >= 10
    for field in fields:
        assert isinstance(field, dmc.PasswordInput), field.id
        assert field.autoComplete in ("current-password", "new-password"), field.id
        assert not [name for name in ("disabled", "readOnly", "visible", "inputProps") if getattr(field, name, None)]


def test_a_session_is_named_by_its_program() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"
    assert [device_text(each) for each in (chrome, phone, "python-requests/2.34", "")] == [
        "Chrome on Linux",
        "Safari on iPhone",
        "python-requests/2.34",
        "unknown program",
    ]
