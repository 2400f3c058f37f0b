"""Building blocks of the JSON schemas in the OpenAPI document, and the schemas that all products share."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "integer"}
WORD: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
FLAG: Schema = {"type": "boolean"}


def maybe(schema: Schema) -> Schema:
    """`schema`, or null."""
    kind = schema["type"]
    return {**schema, "type": [*(kind if isinstance(kind, list) else [kind]), "null"]}


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None, doc: str = "") -> Schema:
    """Schema of an object with these members and no others."""
    schema: Schema = {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }
    return {**schema, "description": doc} if doc else schema


def array(items: Schema) -> Schema:
    """Schema of an array."""
    return {"type": "array", "items": items}


LOCATED = record({"loc": array({"type": ["string", "integer"]}), "msg": WORD})
ERROR = record({"detail": WORD}, {"errors": array(LOCATED)}, "The error message, and the location of each error.")
HEALTH = record({"status": {"type": "string", "const": "healthy"}})
