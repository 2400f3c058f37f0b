"""Fuzzing the whole program from its own OpenAPI document: whatever is sent, no 5xx, and answers as documented."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.generation import GenerationMode

from callbacks.app import create_app
from orderflow.services import build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server

EXAMPLES = {GenerationMode.POSITIVE: 12, GenerationMode.NEGATIVE: 5}
"""Calls made up for each address, beside those that schemathesis derives from the schemas' edges. They are few:
making them up takes two thirds of the time of these tests."""
MANY = 25
"""The same where no valid call has reached what is there, as some must."""
KNOWN = "NQ"
TICKS = "timestamp,price,size,side,id\n" + "".join(
    f"2025-10-09T18:{i // 60:02d}:{i % 60:02d}Z,{25263 + i % 9 * 0.25},{i % 4},{'buy' if i % 2 else 'sell'},{i}\n"
    for i in range(600)
)

SELDOM_RIGHT = (
    "POST /data/upload/ohlcv",
    "POST /data/upload/signals",
    "POST /data/upload/file",
    "POST /data/upload/preview",
    "POST /data/upload/ticks",
    "POST /data/chart-files/report",
    "DELETE /data/chart-files/{file}",
    "GET /data/upload/report/{report}",
    "GET /data/custom/{name}/ohlcv",
    "GET /data/custom/{name}/signals",
    "GET /data/custom/{name}/study",
    "POST /data/custom/{name}/undo",
    "DELETE /data/custom/{name}",
    "GET /ws/bars/{symbol}",
    "GET /ws/{ticker_id}",
    "GET /ws/instruments",
    "PUT /api/v1/tickers/{ticker_id}/model",
    "POST /api/v1/simulation",
    "POST /tick",
    "POST /ticks",
    "PUT /api/v1/symbols/{symbol}",
    "GET /herd/ws",
    "POST /herd/orders",
    "GET /herd/orders/{client_id}",
    "GET /herd/export/{what}",
    "GET /herd/frames",
    "GET /herd/debrief.json",
    "POST /alerts",
    "GET /alerts/{id}",
    "PATCH /alerts/{id}",
    "DELETE /alerts/{id}",
    "POST /alerts/rehearsal",
    "POST /api/v1/crypto",
    "PUT /api/v1/crypto",
    "PATCH /api/v1/crypto/{ticker}",
    "DELETE /api/v1/crypto/{ticker}",
    "GET /history/{ticker}",
    "GET /ws/tickers",
    "GET /data/differences/{symbol}/{timeframe}",
    "GET /ws/klines/{symbol}/{timeframe}",
    "POST /exchange/control",
    "POST /delivery/targets",
    "PATCH /delivery/targets/{id}",
    "DELETE /delivery/targets/{id}",
    "POST /delivery/targets/{id}/test",
    "GET /exchange/ws",
    "GET /exchange/ws/{streams}",
    "GET /exchange/stream",
    "GET /exchange/api/v3/ticker/bookTicker",
)
"""Random texts are not prices, orders, alerts, tickers, sessions or passwords; no socket opens without an upgrade."""

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def document() -> Iterator[Any]:
    """The document of a whole server, pages included."""
    services = build_services(Settings.of(feeds=(), ephemeral=True, ticker_count=2))
    services.start()
    server = create_server(services)
    create_app(services, server)
    yield schemathesis.openapi.from_wsgi("/openapi.json", server)
    services.stop()


def attack(operation: Any, mode: GenerationMode, examples: int) -> Counter[int]:
    """Call one address in many ways, half of them naming the symbol that is there; how often which status came."""
    rng = random.Random(operation.label)
    seen: Counter[int] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        if "symbol" in (case.path_parameters or {}) and rng.random() < 0.5:
            case.path_parameters["symbol"] = KNOWN
        if "ticker_id" in (case.path_parameters or {}) and rng.random() < 0.5:
            case.path_parameters["ticker_id"] = "ITEM_01"
        if "symbol" in (case.query or {}) and rng.random() < 0.5:
            case.query = {**case.query, "symbol": KNOWN}
        answer = case.call_and_validate(checks=CHECKS, headers={"Accept-Encoding": "identity"})
        seen[answer.status_code] += 1

    call()
    return seen


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_whatever_is_sent_is_answered_as_documented(document: Any, mode: GenerationMode) -> None:
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) >= 14
    for operation in operations:
        # some calls forget everything, and one lets others fail
        document.app.test_client().delete("/exchange/control")
        document.app.test_client().post(f"/ticks?symbol={KNOWN}", data=TICKS, content_type="text/csv")
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.headers):
            continue  # it takes nothing that could be wrong
        seen = attack(operation, mode, EXAMPLES[mode])
        if mode is GenerationMode.POSITIVE and operation.label not in SELDOM_RIGHT and " /auth/" not in operation.label:
            seen += attack(operation, mode, MANY) if min(seen) >= 400 else Counter()
            assert min(seen) < 400, (operation.label, seen)
