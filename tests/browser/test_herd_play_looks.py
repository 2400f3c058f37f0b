"""The look of the phone's page: layout, screen readers, number formats, loading time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.browser.herd_play import LANDSCAPE, PORTRAIT, SMALL, Open, Phone
from tests.running import RunningServer

pytestmark = pytest.mark.browser


# layout


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE, SMALL], ids=["portrait", "landscape", "small"])
def test_layout_fits_and_buttons_are_large_enough(open_phone: Open, size: tuple[int, int]) -> None:
    phone, game = open_phone(size)
    game.delta(news={"text": "Oil was found.", "time": int(time.time() * 1000)})
    for scale in (1, 2):
        fits(phone, size, scale)


def fits(phone: Phone, size: tuple[int, int], scale: int) -> None:
    """Assert the layout with letters of `scale` times the usual size."""
    phone.page.evaluate("(scale) => { document.documentElement.style.fontSize = `${16 * scale}px`; }", scale)
    phone.page.wait_for_timeout(100)
    wide, tall = phone.page.evaluate(
        "() => { const d = document.documentElement; return [d.scrollWidth, d.scrollHeight]; }"
    )
    assert wide <= size[0]
    if scale == 1:
        assert tall <= size[1] + (120 if size == SMALL else 0)
    boxes = {side: phone.page.locator(f"#{side}").bounding_box() for side in ("buy", "sell")}
    for box in boxes.values():
        assert box["height"] >= 64
        assert box["width"] >= 64
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= size[1]
        if scale == 1:
            assert box["y"] > size[1] * 0.6
        if size == LANDSCAPE:
            assert box["x"] >= size[0] * 0.4
    for label in phone.page.locator(".steps label").all():
        assert label.bounding_box()["height"] >= 44


def test_theme_follows_the_phone(open_phone: Open) -> None:
    phone, _ = open_phone(dark=False)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert phone.page.evaluate(ground) == "rgb(255, 255, 255)"
    phone.page.emulate_media(color_scheme="dark")
    phone.page.wait_for_function(f"() => {ground} === 'rgb(12, 16, 23)'")


def test_accessible_names_and_live_regions(open_phone: Open) -> None:
    phone, _ = open_phone()
    phone.page.get_by_role("heading", name="Herd market").wait_for()
    phone.page.get_by_role("region", name="Price").wait_for()
    assert phone.page.get_by_role("radio").count() == 5
    assert phone.page.get_by_role("group", name="How many shares").count() == 1
    order = ["radio 1", "Sell 1 share", "Buy 1 share"]
    names = []
    for _ in range(3):
        phone.page.keyboard.press("Tab")
        names.append(
            phone.page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') || `radio ${e.value}`; }"
            )
        )
    assert names == order
    phone.page.keyboard.press("Shift+Tab")
    phone.page.keyboard.press("Shift+Tab")
    phone.page.keyboard.press("ArrowRight")
    phone.page.get_by_role("button", name="Buy 5 shares").wait_for()


# modules


def test_numbers_are_short_and_signed(open_phone: Open) -> None:
    phone, _ = open_phone()

    def js(expression: str) -> Any:
        names = "{ text, market, line, link } = window.herd"
        return phone.page.evaluate(f"() => {{ const {names}; return {expression}; }}")

    assert js("[0, 5000, 9999.99, 10000.4, 1234567, -0.004, -12.5, null].map((value) => text.money(value))") == [
        "0.00", "5,000.00", "9,999.99", "10,000", "1,234,567", "0.00", "−12.50", "–",
    ]  # fmt: skip
    assert js("[5, -5, 0, 0.001].map((value) => text.signed(value))") == ["+5.00", "−5.00", "0.00", "0.00"]
    assert js("[999.99, 1000, -4797.29].map((value) => text.signed(value, 999.995))") == ["+999.99", "+1,000", "−4,797"]
    prices = ["0.00", "104.26", "0.1000", "0.0500", "0.00012"]
    assert js("[0, 104.256, 0.099999, 0.05, 0.00012345].map(text.price)") == prices
    assert js("[0, 59200, 65000, 3661000, -3].map(text.clock)") == ["0:00", "1:00", "1:05", "1:01:01", "0:00"]
    assert js("new Set(Array.from({ length: 100 }, text.uuid)).size") == 100
    assert js("market.affordable(5000, 100, 0.001, 100)") == 48
    assert js("market.affordable(99, 100, 0.001, 100)") == 0
    assert js("market.affordable(1e9, 100, 0.001, 100)") == 100
    assert js("line.levels(96.5, 103.5)") == {"out": [97.5, 100, 102.5], "decimals": 1}
    assert js("line.points([[0, 5], [10000, 6]], 4000, 12000)") == [[4000, 5], [9750, 5], [10000, 6], [12000, 6]]
    assert js("[[1, 0], [1, 1], [2, 0], [4, 0], [9, 1]].map(([n, chance]) => link.pause(n, chance))") == [
        0, 5000, 2000, 8000, 25000,
    ]  # fmt: skip


# loading time


def test_loads_quickly_on_a_slow_phone(browser: Any, server: RunningServer) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    session.send("Network.enable")
    rate = 1.4e6 / 8
    limits = {"offline": False, "latency": 560, "downloadThroughput": rate, "uploadThroughput": rate}
    session.send("Network.emulateNetworkConditions", limits)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(f"{server.url}/herd/play", wait_until="commit")
    page.wait_for_function("() => window.herd && window.herd.view && window.herd.view.shown() === 'join'")
    usable = page.evaluate("performance.now()")
    page.wait_for_function("() => document.getElementById('price').textContent === '100.00'")
    priced = page.evaluate("performance.now()")
    painted = page.evaluate(
        """() => new Promise((resolve) => {
          const watcher = new PerformanceObserver((list) => {
            const one = list.getEntries().find((entry) => entry.name === "first-contentful-paint");
            if (one) resolve(one.startTime);
          });
          watcher.observe({ type: "paint", buffered: true });
        })"""
    )
    weight = sum(sizes.values())
    context.close()
    print(f"first paint {painted:.0f} ms, usable {usable:.0f} ms, price {priced:.0f} ms, {weight:.0f} bytes")
    assert painted <= 3000  # about 1,000 on a quiet machine
    assert usable <= 6000
    assert len(sizes) == 2
    assert weight < 40_000
