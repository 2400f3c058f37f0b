"""The OpenAPI document and the server have the same routes."""

from __future__ import annotations

import re
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator

from orderflow.web.kit.routes import METHODS


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def served(web: flask.Flask) -> set[tuple[str, str]]:
    """(method, path) of every address of the server that does something."""
    found = set()
    for rule in web.url_map.iter_rules():
        if "not " in rule.endpoint or "nothing below" in rule.endpoint:
            continue  # the 405s and 404s
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        found |= {(method, path) for method in rule.methods or () if method in METHODS}
    return found


def test_every_address_is_documented_and_every_documented_one_is_there(
    web: flask.Flask, document: dict[str, Any]
) -> None:
    documented = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert documented == served(web)
    assert {
        ("POST", "/tick"), ("POST", "/ticks"), ("POST", "/reset"), ("GET", "/stats"), ("GET", "/"), ("GET", "/health"),
        ("GET", "/api/v1/bars/{symbol}"), ("GET", "/api/v1/footprint/{symbol}"), ("GET", "/api/v1/ticks/{symbol}"),
        ("GET", "/api/v1/symbols"), ("PUT", "/api/v1/symbols/{symbol}"), ("GET", "/ws/bars/{symbol}"),
        ("GET", "/openapi.json"), ("GET", "/docs"),
    } <= documented  # fmt: skip


def test_the_document_is_openapi_3_1_and_its_schemas_are_schemas(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))

    def schemas(node: Any) -> list[Any]:
        if isinstance(node, list):
            return [found for part in node for found in schemas(part)]
        if isinstance(node, dict):
            own = [node["schema"]] if "schema" in node else []
            return own + [found for part in node.values() for found in schemas(part)]
        return []

    for schema in schemas(document["paths"]):
        if "$ref" not in schema:
            Draft202012Validator(schema)


def test_every_parameter_and_every_answer_says_what_it_is(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"]
            for param in operation.get("parameters", []):
                assert param["description"].endswith("."), (path, param)
            named = {param["name"] for param in operation.get("parameters", []) if param["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            for response in operation["responses"].values():
                assert response["description"].endswith("."), (path, response)


OPEN = {("post", "/herd/join"), ("post", "/herd/orders"), ("post", "/sign-out")}
OPEN |= {("post", f"/auth/{name}") for name in ("register", "login", "refresh", "logout", "reset", "reset/confirm")}
OPEN |= {("post", "/auth/passkeys/login"), ("post", "/auth/passkeys/login/options")}
"""The only calls that change something and need no key: phones have none, signing out gives up what one has, and users
have passwords and tokens."""


def test_changing_operations_are_marked_in_the_document(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert ("security" in operation) == (method != "get" and (method, path) not in OPEN), path
            assert "security" not in operation or "401" in operation["responses"], path


def test_the_page_names_every_address(client: FlaskClient, document: dict[str, Any]) -> None:
    page = client.get("/docs").text
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in methods.values():
            assert f"id='{operation['operationId']}'" in page
