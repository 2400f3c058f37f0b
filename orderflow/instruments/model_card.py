"""The model card of one instrument: its model, its parameters, and the statistics of its prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from orderflow.instruments import arrivals, flow, zero_intelligence
from orderflow.instruments.instrument import Instrument
from orderflow.instruments.models import registry
from orderflow.instruments.scenarios import bundled
from orderflow.instruments.stylized_facts import FactChecker

FINE = 9
"""Decimals of the prices that the facts are computed from."""


def build_model_card(instrument: Instrument, checker: FactChecker) -> dict[str, Any]:
    """Build the model card, ready for JSON. It computes for up to a second, so do not call it on the hub."""
    spec = instrument.spec
    model, law = registry.get(spec.model), arrivals.get(spec.arrivals)
    # unrounded prices: at a pace of 10 ms most displayed prices are equal, which says nothing about the model; only
    # prices since the model was last changed, because its steps count from there
    _, prices = instrument.history.last(instrument.steps + 1)
    facts = checker.check(prices, model, spec.params, spec.interval, decimals=FINE) if not spec.book else []
    return {
        "id": spec.id,
        "spec": spec.table(),
        "model": {**about(model), "params": params(model.params, spec.params)},
        "arrivals": {**about(law), "params": params(law.params, spec.arrival_params)},
        "flow": params(zero_intelligence.PARAMS if spec.book else flow.PARAMS, spec.flow),
        "warnings": spec.warnings(),
        "facts": [asdict(fact) for fact in facts],
        "quote": instrument.quote(),
        "steps": instrument.steps,
        "trades": instrument.trades,
        "halted": instrument.halted,
        "failure": instrument.failure,
    }


def library() -> dict[str, Any]:
    """All models, arrival laws, parameters of the trades' flow and of the order book, and the bundled scenarios."""
    return {
        "models": [{**about(model), "params": params(model.params)} for model in registry.MODELS],
        "arrivals": [{**about(law), "params": params(law.params)} for law in arrivals.LAWS],
        "flow": params(flow.PARAMS),
        "book": params(zero_intelligence.PARAMS),
        "scenarios": [path.stem for path in bundled()],
    }


def about(thing: Any) -> dict[str, str]:
    """Name, title, explanation and source of a model or a law."""
    return {name: getattr(thing, name) for name in ("name", "title", "doc", "source")}


def params(known: Iterable[Any], given: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
    """Each parameter with its domain and, if an instrument's values are given, its value."""
    described = [asdict(param) for param in known]
    if given is not None:
        for one in described:
            one["value"] = given.get(one["name"], one["default"])
    return described
