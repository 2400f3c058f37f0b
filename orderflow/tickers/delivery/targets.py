"""Targets as users set them: checked field by field, stored with secrets apart, shown without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orderflow.errors import BadInput, FieldError
from orderflow.storage.records.target_store import OPERATOR, StoredTarget
from orderflow.tickers.delivery.kinds import Kind

LONGEST_NAME = 100
COMMON = ("name", "kind", "active")


def new_target(kinds: Mapping[str, Kind], given: Mapping[str, Any], now: int, owner: str = OPERATOR) -> StoredTarget:
    """A target from what a user sent. Raises BadInput, which names each field and repeats no value."""
    kind = kinds.get(given["kind"]) if isinstance(given.get("kind"), str) else None
    if kind is None:
        raise _bad("kind", f"must be one of {', '.join(kinds)}")
    if kind.missing:
        raise _bad("kind", f"{kind.name} {kind.missing}")
    name, config, secrets = _read(kind, given, {}, "")
    active = _active(given.get("active", True))
    return StoredTarget(0, owner, name, kind.name, config, secrets, active, now)


def changed_target(kinds: Mapping[str, Kind], target: StoredTarget, given: Mapping[str, Any]) -> StoredTarget:
    """The target with the fields that a user sent; null removes one that may be missing. Raises BadInput."""
    kind = kinds[target.kind]
    if given.get("kind", target.kind) != target.kind:
        raise _bad("kind", "cannot be changed: make another target")
    name, config, secrets = _read(kind, given, {**target.config, **target.secrets}, target.name)
    active = _active(given.get("active", target.active))
    return replace(target, name=name, active=active, config=config, secrets=secrets)


def values_of(kind: Kind, target: StoredTarget) -> dict[str, str]:
    """All values of a target, with the defaults of those that are not set."""
    defaults = {field.name: field.default for field in kind.fields if field.default}
    return {**defaults, **target.config, **target.secrets}


def show(kind: Kind, target: StoredTarget, state: str) -> dict[str, Any]:
    """A target for the API: which secrets are set, but none of them."""
    values = values_of(kind, target)
    shown = {field.name: values[field.name] for field in kind.fields if not field.secret and field.name in values}
    return {
        "id": target.id,
        "name": target.name,
        "kind": target.kind,
        "owner": target.owner,
        "active": target.active,
        "created": target.created,
        "config": {**shown, **kind.shown(values)},
        "secrets": [field.name for field in kind.fields if field.secret and field.name in target.secrets],
        "state": state,
        "failures": target.failures,
        "failing_since": target.failing_since,
        "error": target.error,
        "dropped": target.dropped,
    }


def _read(
    kind: Kind, given: Mapping[str, Any], before: Mapping[str, str], called: str
) -> tuple[str, dict[str, str], dict[str, str]]:
    """(name, config, secrets). before, called: the values and the name so far."""
    name = _visible(given.get("name", called))
    errors = [] if name else [FieldError(None, "name", f"must be 1 to {LONGEST_NAME} visible characters")]
    errors += [
        FieldError(None, other, f"is not a field of {kind.name}: those are {_names(kind)}")
        for other in given
        if other not in COMMON and other not in [field.name for field in kind.fields]
    ]
    values: dict[str, str] = {}
    for field in kind.fields:
        value = given.get(field.name, before.get(field.name))
        if value is None or value == "":
            if field.required:
                errors.append(FieldError(None, field.name, "is missing"))
            continue
        try:
            values[field.name] = field.check(value) if isinstance(value, str) else _not_text()
        except ValueError as error:
            errors.append(FieldError(None, field.name, str(error)))
    if errors:
        raise BadInput(f"{errors[0].field} {errors[0].reason}", errors)
    secret = {field.name for field in kind.fields if field.secret}
    config = {field: value for field, value in values.items() if field not in secret}
    return name, config, {field: value for field, value in values.items() if field in secret}


def _names(kind: Kind) -> str:
    return ", ".join([*COMMON, *(field.name for field in kind.fields)])


def _not_text() -> str:
    raise ValueError("must be text")


def _visible(value: object) -> str:
    """A name as it is stored; "" if it is none."""
    name = value.strip() if isinstance(value, str) else ""
    return name if len(name) <= LONGEST_NAME and name.isprintable() else ""


def _active(value: object) -> bool:
    if not isinstance(value, bool):
        raise _bad("active", "must be true or false")
    return value


def _bad(field: str, reason: str) -> BadInput:
    return BadInput(f"{field} {reason}", [FieldError(None, field, reason)])
