"""Nicknames: valid ones, generated ones, unique ones, and the profanity filter."""

from __future__ import annotations

import pytest

from orderflow.errors import BadInput
from orderflow.herd.rules.nicknames import MAX_LENGTH, bot_name, clean, generated, key, unique
from orderflow.herd.rules.profanity import ProfanityFilter


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ann", "Ann"),
        ("  Ann \t Lee\n", "Ann Lee"),
        ("\u202eAnn\u202c", "Ann"),
        ("A\u200bn\u2060n\ufeff", "Ann"),
        ("Ａｎｎ", "Ann"),
        ("ﬁnn", "finn"),
        ("Zoë", "Zoë"),
        ("王小明", "王小明"),
        ("🐂", "🐂"),
        ("x" * 20, "x" * 20),
        ("A\u0000nn", "Ann"),
    ],
)
def test_nicknames_are_normalized(given: str, expected: str) -> None:
    assert clean(given) == expected


@pytest.mark.parametrize(
    "given", ["", "   ", "\u200b", "\u3164", "x" * 21, "...", "-", None, 7, "x" * 10_000, "a\u0335\u0336\u0337\u0338"]
)
def test_invalid_nicknames_are_refused(given: object) -> None:
    with pytest.raises(BadInput) as caught:
        clean(given)
    assert caught.value.errors[0].field == "nickname"


def test_a_taken_nickname_gets_a_number() -> None:
    taken = {key("Ann"): 1, key("Ann 2"): 1, key("y" * MAX_LENGTH): 1}
    assert unique("Bea", taken) == "Bea"
    assert unique("ann", taken) == "ann 3"
    assert unique("y" * MAX_LENGTH, taken) == "y" * (MAX_LENGTH - 2) + " 2"


def test_generated_nicknames_are_unique_short_and_not_profane() -> None:
    names = [generated(7, number) for number in range(1, 3_000)] + [
        generated(7, number) for number in range(99_000, 99_999)
    ]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= MAX_LENGTH
    assert names[11].endswith(" 12")
    profanity = ProfanityFilter()
    assert not any(profanity.is_profane(name) for name in names[::3])
    assert generated(7, 5) == generated(7, 5)
    assert bot_name("trend", 9) == "Bot trend 9"


RUDE = "fuck|Fuck You 99|xXfuckerXx|f u c k|sh1t|Fück|n1gg3rs|Hitler 88|h1tler|Nazi|a-s-s-h-o-l-e|dickheads"
FINE = "Peter|Ann 85|Bo 455|Nazir|Scunthorpe|Essex|Assad|Fuchs|Dickens|Nigel|Bass|Hancock|BullBear|王小明|🐂|Zoë"


@pytest.mark.parametrize("name", RUDE.split("|"))
def test_profane_nicknames_are_recognized(name: str) -> None:
    assert ProfanityFilter().is_profane(name)


@pytest.mark.parametrize("name", FINE.split("|"))
def test_innocent_nicknames_are_not_taken_for_profane(name: str) -> None:
    assert not ProfanityFilter().is_profane(name)
