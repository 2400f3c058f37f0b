from __future__ import annotations

import inspect
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import orderflow.market.studies as package
from orderflow.errors import BadInput, NotFound
from orderflow.market.studies import registry
from orderflow.market.studies.study import Option, Study, exact


@pytest.mark.parametrize("study", registry.STUDIES, ids=lambda study: study.name)
def test_the_options_are_the_functions_keywords_with_their_defaults(study: Study) -> None:
    keywords = {
        name: parameter.default
        for name, parameter in inspect.signature(study.run).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in ("tick", "base")  # units and carries, no variants
    }
    assert {option.name: option.default for option in study.options} == keywords
    for option in study.options:
        assert option.meaning
        assert not option.choices or option.default in [value for value, _ in option.choices]


def test_names_are_unique_and_every_file_is_listed() -> None:
    assert len(set(registry.names())) == len(registry.STUDIES)
    no_studies = {"__init__", "options", "registry", "study"}
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - no_studies
    assert {study.run.__module__.rsplit(".", 1)[1] for study in registry.STUDIES} == files


def test_find() -> None:
    assert registry.find("value_area").title == "Value area"
    with pytest.raises(NotFound, match="'macd' is not known; there are delta, "):
        registry.find("macd")


def test_a_page_can_say_which_variant_is_in_force() -> None:
    area = registry.find("value_area")
    assert area.in_force() == "Value area: share 70, rows two at a time"
    assert area.in_force(rows=1, share=75) == "Value area: share 75, rows one at a time"
    imbalance = registry.find("imbalance").in_force
    assert imbalance() == "Imbalance: ratio 3, minimum 1, zero counts"
    assert (
        imbalance(ratio=Decimal("2.5"), minimum=10, zero="never")
        == "Imbalance: ratio 2.5, minimum 10, zero never counts"
    )
    assert registry.find("poc").in_force() == "POC"
    assert registry.find("big_trades").in_force() == "Big trades: percentile 99, warm 100, fixed off"
    with pytest.raises(BadInput, match="study poc has no option 'rows'"):
        registry.find("poc").in_force(rows=1)


def test_words_of_values_without_a_list() -> None:
    assert Option("x", None, "").words(None) == "off"
    assert Option("x", (1, 2), "").words((1, 3)) == "1, 3"
    assert Option("x", Decimal(4), "").words(Decimal("2.5")) == "2.5"


def test_options_that_are_lists_or_off() -> None:
    bands, fixed = registry.find("vwap").options[0], registry.find("big_trades").options[2]
    assert bands.parse([2, "1", 2]) == (1, 2)
    assert bands.parse(()) == ()
    assert fixed.parse(None) is None
    assert fixed.parse("25") == 25
    for option, wrong, words in (
        (bands, 2, "2 is not a list of whole numbers"),
        (bands, (1, 11), "11 is not from 1 to 10"),
        (bands, (1.5,), "1.5 is not a whole number"),
        (fixed, 0, "0 is not from 1 to"),
        (fixed, "off", "'off' is not a whole number"),
    ):
        with pytest.raises(BadInput, match=words):
            option.parse(wrong)


LONG = {
    "digits": "9" * 5000,
    "arabic": "٣",
    "square": "²",
    "high": 10**4299,
    "low": -(10**4299),
    "zeros": "1." + "0" * 5000,
    "text": "x" * 10**6,
}


@pytest.mark.parametrize("given", LONG.values(), ids=LONG)
@pytest.mark.parametrize(("study", "option"), [("imbalance", 0), ("imbalance", 1), ("vwap", 0), ("big_trades", 2)])
def test_a_number_of_any_length_is_refused_in_few_words(study: str, option: int, given: object) -> None:
    wanted = registry.find(study).options[option]
    with pytest.raises(BadInput) as refused:
        wanted.parse([given] if isinstance(wanted.default, tuple) else given)
    assert len(str(refused.value)) < 150


def test_a_ratio_is_taken_at_its_word() -> None:
    assert exact(3) == exact(3.0) == exact((6, 2)) == exact(Decimal(3)) == (3, 1)
    assert exact(3.3) == exact(Decimal("3.3")) == exact(Fraction(33, 10)) == (33, 10)
    for wrong in (0, -2, (1, 0), float("nan"), float("inf"), Decimal("NaN")):
        with pytest.raises(ValueError, match="is not a ratio"):
            exact(wrong)
