"""The fields of a simulated instrument, and errors for wrong fields."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest

from orderflow.errors import BadInput, BadSetting
from orderflow.instruments.spec import READERS, Spec, specs
from orderflow.settings.settings import Settings


def test_every_field_has_a_reader() -> None:
    assert set(READERS) == {field.name for field in fields(Spec)} - {"id"}


def test_the_default_is_ten_garch_instruments() -> None:
    made = specs(Settings())
    assert [spec.id for spec in made] == [f"ITEM_{n:02d}" for n in range(10)]
    assert {(spec.model, spec.arrivals, spec.interval, spec.book) for spec in made} == {("garch", "hawkes", 1.0, False)}
    assert made[3].name == "Item 03"
    assert [spec.id for spec in specs(Settings.of(ticker_count=1001))][::1000] == ["ITEM_00", "ITEM_1000"]


def test_the_uniform_model_takes_its_range_from_the_original_setting() -> None:
    (spec,) = specs(Settings.of(ticker_count=1, ticker_model="uniform", price_change_range=2.5))
    assert spec.params == {"range": 2.5}


def test_tables_change_and_add_instruments() -> None:
    tables: dict[str, dict[str, Any]] = {
        "ITEM_01": {"model": "ou", "params": {"theta": Decimal(40)}, "seed": 7},
        "ACME": {"book": True, "interval": 0.5, "group": "tech", "correlation": 0.8},
    }
    first, second, added = specs(Settings.of(ticker_count=2, simulated=tables))
    assert (first.model, second.model, second.params, second.seed) == ("garch", "ou", {"theta": 40.0}, 7)
    assert (added.id, added.name, added.book, added.interval, added.group) == ("ACME", "ACME", True, 0.5, "tech")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"model": "magic"}, "model", "the models are"),
        ({"params": {"nu": 1.5}}, "params.nu", ""),
        ({"model": "ou", "params": {"theta": 0}}, "params.theta", "above 0"),
        ({"params": {"alpha": 0.5, "beta": 0.6}}, "params.", ""),
        ({"params": {"speed": 1}}, "params.speed", "is not a parameter"),
        ({"params": "fast"}, "params", "table"),
        ({"arrival_params": {"branching": 1.0}}, "arrival_params.branching", "below 1"),
        ({"arrivals": "rain"}, "arrivals", "is unknown"),
        ({"flow": {"spread": 0}}, "flow.spread", "at least 1"),
        ({"book": True, "flow": {"limit_rate": 0}}, "flow.limit_rate", "above 0"),
        ({"interval": 0}, "interval", "from 0.001"),
        ({"seed": -1}, "seed", "whole number"),
        ({"seed": True}, "seed", "whole number"),
        ({"initial_price": 0}, "initial_price", "from 0.01"),
        ({"correlation": 1.5}, "correlation", "from -1"),
        ({"book": "yes"}, "book", "true or false"),
        ({"name": ""}, "name", "visible"),
        ({"colour": "red"}, "colour", "the fields are name"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        Spec("X", "x").changed(changes)
    named = [error for error in caught.value.errors if str(error.field).startswith(field)]
    assert named
    assert words in named[0].reason
    assert str(named[0].field) in str(caught.value)


def test_all_wrong_fields_are_named_and_nothing_changes() -> None:
    spec = Spec("X", "x")
    with pytest.raises(BadInput) as caught:
        spec.changed({"seed": "a", "interval": "b", "params": {"nu": 0.0}})
    assert sorted(str(error.field) for error in caught.value.errors) == ["interval", "params.nu", "seed"]
    assert spec == Spec("X", "x")


def test_new_model_starts_with_its_defaults() -> None:
    spec = Spec("X", "x").changed({"params": {"sigma": 3.0}}).changed({"model": "heston"})
    assert spec.params == {}
    assert spec.changed({"seed": 3}).params == {}


def test_violated_feller_condition_is_a_warning() -> None:
    spec = Spec("X", "x").changed({"model": "heston", "params": {"kappa": 1.0, "theta": 0.1, "xi": 3.0}})
    assert any("Feller" in warning for warning in spec.warnings())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ticker_model": "magic"}, "ticker_model"),
        ({"simulated": {"ITEM_00": {"interval": -1}}}, "simulated.ITEM_00: interval"),
        ({"simulated": {"a b": {}}}, "simulated.a b"),
        ({"initial_price_min": 10.0, "initial_price_max": 9.0}, "initial_price_min"),
        ({"ticker_count": 9, "max_symbols": 8}, "max_symbols"),
    ],
)
def test_invalid_settings_raise(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        specs(Settings.of(**settings))


@pytest.mark.parametrize("key", ["HERD", "herd", "DEFAULT", "instruments"])
def test_reserved_id_is_refused(key: str) -> None:
    with pytest.raises(BadSetting, match=f"simulated.{key}: this id is reserved"):
        specs(Settings.of(simulated={key: {}}))


def test_unknown_model_is_reported_once() -> None:
    with pytest.raises(BadInput, match=r"^A: model 'hestn' is unknown"):
        Spec("A", "a").changed({"model": "hestn"})
