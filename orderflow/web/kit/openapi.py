"""The OpenAPI 3.1 document, built from the route table, and an HTML page built from the document.

The page is one file without scripts or external resources, so it also works offline.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from orderflow import __version__
from orderflow.web.kit import schemas
from orderflow.web.kit.responses import JSON
from orderflow.web.kit.routes import Route

Document = dict[str, Any]

INTRODUCTION = (
    "Takes ticks and returns order flow: candles, footprints, delta and CVD. Times are ISO-8601 UTC; numbers are exact "
    "decimals. All errors have the same shape. Requests that change something need the server's key, as a bearer token "
    "or as the cookie that `?key=` sets. The server always has a key if other machines can reach it."
)
COMMON_ERRORS = {400: "The request is invalid; `errors` lists each error.", 403: "Host, origin or key is not allowed."}


def document(routes: Iterable[Route], title: str = "Orderflow", version: str = __version__) -> Document:
    """The OpenAPI document of all routes. title, version: of the API."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": INTRODUCTION},
        "paths": paths,
        "components": {
            "schemas": {"Error": schemas.ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "orderflow_key"},
            },
        },
    }


def _operation(route: Route) -> Document:
    operation: Document = {"operationId": _name(route), "summary": route.summary}
    if route.doc:
        operation["description"] = route.doc
    if route.params:
        operation["parameters"] = [
            {
                "name": param.name,
                "in": param.place,
                "required": param.required,
                "description": param.doc,
                "schema": dict(param.schema),
            }
            for param in route.params
        ]
    if route.body:
        content = {kind: {"schema": dict(schema)} for kind, schema in route.body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = _responses(route)
    if route.needs_key:
        operation["security"] = [{}, {"bearer": []}, {"cookie": []}]
    if route.socket:
        operation["x-websocket"] = True
    return operation


def _name(route: Route) -> str:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", f"{route.method.lower()} {route.path}") if word]
    return "_".join(words)


def _responses(route: Route) -> Document:
    responses: Document = {}
    for status, given in route.answers.items():
        response: Document = {"description": given.doc}
        if given.content:
            response["content"] = {kind: {"schema": dict(schema)} for kind, schema in given.content.items()}
        if given.headers:
            response["headers"] = {
                name: {"description": doc, "schema": {"type": "string"}} for name, doc in given.headers.items()
            }
        responses[str(status)] = response
    errors = {status: doc for status, doc in COMMON_ERRORS.items() if status not in route.answers} | dict(route.errors)
    if route.needs_key:
        errors[401] = "The key is needed."
    if route.socket:
        responses["101"] = {"description": "The socket is open."}
        errors[426] = "Connect with ws://."
    for status, doc in sorted(errors.items()):
        content = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
        responses[str(status)] = {"description": doc, "content": content}
    return responses


STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0a6cbd; }
@media (prefers-color-scheme: dark) { :root { --accent: #6cb8f5; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
a { color: var(--accent); } code, pre { font: 0.9em ui-monospace, monospace; }
pre { background: var(--soft); padding: .7rem; overflow-x: auto; border-radius: .3rem; }
section { border-top: 1px solid var(--line); padding: .5rem 0 1rem; }
h2 code { font-weight: 600; } .method { color: var(--accent); font-weight: 700; }
table { border-collapse: collapse; width: 100%; font-size: .95em; }
td, th { border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
td:first-child { white-space: nowrap; width: 12rem; }
@media (max-width: 40rem) { td:first-child { white-space: normal; width: auto; } }
"""


def page(doc: Document) -> str:
    """The document as an HTML page."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{_text(doc['info']['title'])} API</title><style>{STYLE}</style></head><body>",
        f"<h1>{_text(doc['info']['title'])} API <small>{_text(doc['info']['version'])}</small></h1>",
        f"<p>{_text(doc['info']['description'])}</p>",
        "<p><a href='/openapi.json'>openapi.json</a> · <a href='/chart/'>chart</a></p><ul>",
    ]
    operations = [(path, method, op) for path, methods in doc["paths"].items() for method, op in methods.items()]
    for path, method, op in operations:
        kind = "WS" if op.get("x-websocket") else method.upper()
        link = f"<a href='#{op['operationId']}'><code>{kind} {_text(path)}</code></a>"
        parts.append(f"<li>{link} {_text(op['summary'])}</li>")
    parts.append("</ul>")
    for path, method, op in operations:
        parts += _section(path, method, op)
    return "".join([*parts, "</body></html>"])


def _section(path: str, method: str, op: Mapping[str, Any]) -> Iterable[str]:
    kind = "WS" if op.get("x-websocket") else method.upper()
    yield f"<section id='{op['operationId']}'><h2><span class='method'>{kind}</span> <code>{_text(path)}</code></h2>"
    yield f"<p>{_text(op['summary'])}.{' Needs the key where one is set.' if 'security' in op else ''}</p>"
    if "description" in op:
        yield f"<p>{_text(op['description'])}</p>"
    if params := op.get("parameters"):
        yield "<table>"
        for param in params:
            yield f"<tr><td><code>{_text(param['name'])}</code><br><small>{_text(param['in'])}</small></td>"
            yield f"<td>{_text(param['description'])}<br><small>{_text(_terms(param['schema']))}</small></td></tr>"
        yield "</table>"
    for kind, content in op.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body <code>{_text(kind)}</code></p>"
        for example in content["schema"].get("examples", []):
            shown = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
            yield f"<pre>{html.escape(shown)}</pre>"
    yield "<table>"
    for status, response in op["responses"].items():
        kinds = ", ".join(response.get("content", {}))
        yield f"<tr><td>{status}</td><td>{_text(response['description'])}<br><small>{_text(kinds)}</small></td></tr>"
    yield "</table></section>"


def _terms(schema: Mapping[str, Any]) -> str:
    """A short description of a schema."""
    words = []
    if "enum" in schema:
        words.append(" | ".join(map(str, schema["enum"])))
    elif "minimum" in schema:
        words.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    elif "type" in schema:
        words.append(str(schema["type"]))
    if "default" in schema:
        words.append(f"default {schema['default']}")
    words += [f"e.g. {example}" for example in schema.get("examples", [])[:1]]
    return ", ".join(words)


def _text(value: str) -> str:
    """HTML-escaped text, with `...` as <code>."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(value))
