"""The form for delivery targets: to the body of a request and back, what is wrong by its field, secrets that stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dash import no_update

from callbacks.tickers_targets import act, deliver_test, faults_of, number_of, rows, save
from layouts.tickers_targets import KEPT, answer_text, target_fields, target_rows
from orderflow.errors import BadInput, NotFound
from orderflow.services import Services
from orderflow.tickers.delivery.delivery import OPERATOR, Delivery
from orderflow.web.kit.scope import ALL
from tests.layouts.test_tickers import texts
from tests.layouts.trees import walk

URL, SECRET = "https://example.org/alerts?t=hidden", "0123456789abcdef"
FIELDS = {"url": URL, "secret": SECRET}


@pytest.fixture
def delivery(make_services: Callable[..., Services]) -> Delivery:
    return make_services(smtp_url="smtp://mail.example.org").part(Delivery)


def shown(delivery: Delivery) -> list[Any]:
    """The rows as they are put into the page."""
    found, _ = rows(delivery, ALL, None)
    return list(found)


def test_a_target_is_made_shown_changed_paused_and_removed(delivery: Delivery) -> None:
    assert "None yet" in " ".join(texts(shown(delivery)[0]))
    assert save(delivery, ALL, "webhook", "my bot", FIELDS, None) == {}
    (row,) = shown(delivery)
    said = " ".join(texts(row))
    assert "webhook: example.org" in said
    assert "works" in said
    assert "hidden" not in repr(row) + said
    assert SECRET not in repr(row)
    (target,) = delivery.targets.list()
    assert save(delivery, ALL, "ignored", "our bot", {"url": "", "secret": ""}, target.id) == {}
    assert delivery.targets.get(target.id).name == "our bot"
    assert delivery.targets.get(target.id).secrets == FIELDS  # what is left empty is kept
    assert act(delivery, ALL, "pause", target.id) == ""
    assert "paused" in " ".join(texts(shown(delivery)[0]))
    assert act(delivery, ALL, "resume", target.id) == ""
    assert act(delivery, ALL, "remove", target.id) == ""
    assert act(delivery, ALL, "remove", target.id) == f"There is no target {target.id}."


def test_what_is_wrong_is_said_at_its_field(delivery: Delivery) -> None:
    assert save(delivery, ALL, "webhook", "", {"url": "http://example.org", "secret": "short"}, None) == {
        "name": "Must be 1 to 100 visible characters.",
        "url": "Must begin with https://; WEBHOOK_ALLOW_HTTP allows http://.",
        "secret": "Must be 16 to 200 visible ASCII characters.",
    }
    assert save(delivery, ALL, "webhook", " ", FIELDS, None) == {"name": "Must be 1 to 100 visible characters."}
    assert save(delivery, ALL, "pigeon", "x", {}, None)["kind"].startswith("Must be one of webhook, email")
    assert save(delivery, ALL, "email", "ann", {"to": "ann"}, None) == {
        "to": "Must be an e-mail address such as ann@example.org."
    }
    assert save(delivery, ALL, "email", "ann", {}, None) == {"": "Is missing."}  # a forged form without the field
    assert save(delivery, ALL, "email", "ann", {"to": "ann@example.org"}, None) == {}
    assert save(delivery, ALL, "email", "ann", {"to": "bo@example.org"}, None) == {
        "name": "There is a target named 'ann' already."
    }
    assert faults_of(NotFound("there is no target 3"), []) == {"": "There is no target 3."}
    assert faults_of(BadInput("the body is wrong"), []) == {"": "The body is wrong."}


def test_what_a_target_was_not_sent_is_said() -> None:
    target: dict[str, Any] = {
        "id": 1,
        "name": "a",
        "kind": "webhook",
        "owner": OPERATOR,
        "active": True,
        "config": {},
        "secrets": [],
    }
    target |= {"state": "ok", "error": "", "failing_since": None}
    said = [" ".join(texts(target_rows([target | {"dropped": count}], {}, OPERATOR)[0])) for count in (0, 1_200)]
    assert ["1,200 were not sent: too many were waiting" in each for each in said] == [False, True]


def test_an_optional_field_that_is_emptied_takes_its_default(delivery: Delivery) -> None:
    save(delivery, ALL, "pushover", "me", {"user": "u" * 30, "token": "t" * 30, "device": "phone"}, None)
    (target,) = delivery.targets.list()
    assert target.config == {"device": "phone"}
    assert save(delivery, ALL, "pushover", "me", {"user": "", "token": "", "device": ""}, target.id) == {}
    assert delivery.targets.get(target.id).config == {}
    assert delivery.targets.get(target.id).secrets == {"user": "u" * 30, "token": "t" * 30}


def test_fields_of_a_stored_target_have_no_secret(delivery: Delivery) -> None:
    save(delivery, ALL, "webhook", "my bot", FIELDS, None)
    stored = delivery.show(delivery.targets.list()[0])
    inputs = target_fields(delivery.kinds["webhook"], stored)
    assert [part.value for part in inputs] == ["", ""]
    assert [part.description for part in inputs] == [KEPT, KEPT]
    assert not any(part.withAsterisk for part in inputs)
    assert not any("hidden" in repr(part) or SECRET in repr(part) for tree in inputs for part in walk(tree))


def test_the_answer_to_a_test_is_a_sentence(delivery: Delivery) -> None:
    save(delivery, ALL, "webhook", "own", {"url": "https://127.0.0.1/x"}, None)
    (target,) = delivery.targets.list()
    assert deliver_test(delivery, ALL, target.id).startswith("own did not take the test message: ")
    assert deliver_test(delivery, ALL, 99) == "There is no target 99."
    answer = {"delivered": True, "status": 204, "error": "", "took_ms": 1234}
    assert answer_text("own", answer) == "own took the test message with status 204 after 1,234 ms."


def test_an_unchanged_list_is_not_sent_again(delivery: Delivery) -> None:
    save(delivery, ALL, "webhook", "my bot", FIELDS, None)
    _, number = rows(delivery, ALL, None)
    assert rows(delivery, ALL, number) == (no_update, number)


@pytest.mark.parametrize(("given", "number"), [(3, 3), ("3", 3), (True, None), ("x", None), (None, None), ([], None),
                                               ("9" * 10, None), (-1, None)])  # fmt: skip
def test_ids_that_a_browser_sends(given: Any, number: int | None) -> None:
    assert number_of(given) == number
