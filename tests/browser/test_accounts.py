"""The account page with a real server: forms, a passkey of a device in software, sessions; on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyotp
import pytest

from tests.browser.conftest import PHONE
from tests.contrast import contrast
from tests.running import RunningServer

pytestmark = pytest.mark.browser
Visit = Callable[..., Any]
PASSWORD = "correct horse battery"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def fill(page: Any, form: str, **values: str) -> None:
    """Fill in a form and press Enter in its last field."""
    for name, value in values.items():
        page.fill(f"#account-{form}-{name}", value)
    page.press(f"#account-{form}-{name}", "Enter")


@contextmanager
def held(page: Any) -> Iterator[None]:
    """What callbacks send meanwhile waits until the end."""
    requests: list[Any] = []
    page.route("**/_dash-update-component*", lambda route: requests.append(route))
    yield
    for each in requests:
        each.continue_()
    page.unroute("**/_dash-update-component*")


def shown(page: Any, part: str) -> None:
    page.locator(f"#account-{part}").wait_for(state="visible")


def test_somebody_registers_adds_a_passkey_and_an_app_and_logs_in_with_them(
    visit: Visit, server: RunningServer
) -> None:
    page = visit(f"{server.url.replace('127.0.0.1', 'localhost')}/account/")
    shown(page, "guest")
    page.get_by_role("tab", name="Register").click()
    fill(page, "register", nickname="Browser", email="ann", password="short")
    page.get_by_text("Is not an e-mail address").wait_for()
    fill(page, "register", nickname="Browser", email="browser@example.org", password=PASSWORD)
    shown(page, "member")
    page.locator("#account-who").filter(has_text="browser@example.org").wait_for()

    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.locator("summary").filter(has_text="Add a passkey").click()
    page.fill("#account-passkey-name", "Phone")
    page.fill("#account-passkey-password", PASSWORD)
    page.dblclick("#account-passkey-add")  # the second is not another one, which would hide the codes of the first
    page.locator("#account-codes pre").wait_for()
    page.locator("#account-factors").filter(has_text="1 passkey, 10 recovery codes").wait_for()
    assert page.input_value("#account-passkey-name") == ""
    assert page.locator("#account-confirm-code, #account-end-others").filter(visible=True).count() == 0
    codes = page.locator("#account-codes pre").inner_text().split()
    page.locator("summary").filter(has_text="Set up an authenticator app").click()
    fill(page, "enrol", password=PASSWORD)
    page.get_by_alt_text("QR code for the authenticator app").wait_for()
    app = pyotp.TOTP(page.locator("#account-secret code").inner_text().replace(" ", ""))
    with held(page):
        fill(page, "confirm", code=app.now())
        page.locator("#account-confirm-send:disabled").wait_for()
        page.press("#account-confirm-code", "Enter")
    page.locator("#account-codes").filter(has_not_text=codes[0]).locator("pre").wait_for()
    codes = page.locator("#account-codes pre").inner_text().split()
    page.locator("#account-confirm-send:enabled").wait_for(state="attached")

    page.click("#account-logout")
    shown(page, "guest")
    page.click("#account-passkey-login")
    shown(page, "member")
    page.click("#account-logout")
    fill(page, "login", email="browser@example.org", password=PASSWORD)
    page.locator("#account-login-code").wait_for(state="visible")
    fill(page, "login", code=codes[0])
    shown(page, "member")
    page.locator("#account-factors").filter(has_text="9 recovery codes").wait_for()

    other = page.context.browser.new_context()
    try:
        cookies = page.context.cookies()
        second = other.new_page()
        second.goto(page.url)
        fill(second, "login", email="browser@example.org", password=PASSWORD)
        second.locator("#account-login-code").wait_for(state="visible")
        fill(second, "login", code=codes[1])
        shown(second, "member")
        second.locator(".ac-session").nth(1).wait_for()
        second.set_viewport_size(PHONE)
        label = second.locator(".ac-session .mantine-Button-label").first
        assert label.evaluate("each => each.scrollWidth - each.clientWidth") == 0
        second.click("#account-end-others")
        second.locator(".ac-session").nth(1).wait_for(state="detached")
        page.context.add_cookies(cookies)  # it may have found out, and dropped them: they are no longer good
        page.reload()
        shown(page, "guest")
    finally:
        other.close()


def test_the_code_of_an_e_mail_is_taken_out_of_the_address(visit: Visit, server: RunningServer) -> None:
    page = visit(f"{server.url}/account/#reset=abc")
    shown(page, "reset-code")
    assert page.input_value("#account-reset-code") == "abc"
    page.wait_for_url(f"{server.url}/account/")


def test_a_lost_server_is_said_and_a_form_can_be_sent_again(visit: Visit, server: RunningServer) -> None:
    page = visit(f"{server.url}/account/", expect=("Failed to load resource", "did not respond"))
    shown(page, "guest")
    lost = ("**/_dash-update-component*", "**/health")
    for address in lost:
        page.route(address, lambda route: route.abort())
    fill(page, "login", email="nobody@example.org", password=PASSWORD)
    banner = page.locator("[data-kind=down]").filter(has_text="The server cannot be reached")
    banner.wait_for()
    page.set_viewport_size({"width": 1_000, "height": 300})
    page.mouse.wheel(0, 1_000)
    page.wait_for_function("() => scrollY > 100")
    assert 0 < banner.bounding_box()["y"] < 200
    for address in lost:
        page.unroute(address)
    page.locator("[data-kind=up]").wait_for()
    page.click("#account-login-send")
    page.locator("#account-login-fault").filter(has_text="is wrong").wait_for()


def test_a_light_phone_has_no_width_to_scroll_and_buttons_that_can_be_read(visit: Visit, server: RunningServer) -> None:
    page = visit(f"{server.url}/account/", phone=True, dark=False)
    shown(page, "guest")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    words, ground = page.locator("#account-login-send").evaluate(
        """(node) => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor].map(
            (text) => "#" + text.match(/\\d+/g).map((part) => Number(part).toString(16).padStart(2, "0")).join(""))"""
    )
    assert contrast(words, ground) >= 4.5
