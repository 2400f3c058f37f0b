"""Nicknames: what they may look like, and who gets which."""

from __future__ import annotations

import pytest

from orderflow.errors import BadInput
from orderflow.herd.rules.nicknames import LONGEST, bot, clean, free, friendly, key
from orderflow.herd.rules.profanity import Manners


@pytest.mark.parametrize(
    ("given", "shown"),
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
def test_names_as_they_will_be_shown(given: str, shown: str) -> None:
    assert clean(given) == shown


@pytest.mark.parametrize(
    "given", ["", "   ", "\u200b", "\u3164", "x" * 21, "...", "-", None, 7, "x" * 10_000, "a\u0335\u0336\u0337\u0338"]
)
def test_names_that_cannot_be_shown(given: object) -> None:
    with pytest.raises(BadInput) as caught:
        clean(given)
    assert caught.value.errors[0].field == "nickname"


def test_the_second_of_a_name_gets_a_number() -> None:
    taken = {key("Ann"): 1, key("Ann 2"): 1, key("y" * LONGEST): 1}
    assert free("Bea", taken) == "Bea"
    assert free("ann", taken) == "ann 3"
    assert free("y" * LONGEST, taken) == "y" * (LONGEST - 2) + " 2"


def test_given_names_are_friendly_and_fit() -> None:
    names = [friendly(7, number) for number in range(1, 3_000)] + [
        friendly(7, number) for number in range(99_000, 99_999)
    ]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= LONGEST
    assert names[11].endswith(" 12")
    manners = Manners()
    assert not any(manners.refuses(name) for name in names[::3])
    assert friendly(7, 5) == friendly(7, 5)
    assert bot("trend", 9) == "Bot trend 9"


RUDE = "fuck|Fuck You 99|xXfuckerXx|f u c k|sh1t|Fück|n1gg3rs|Hitler 88|h1tler|Nazi|a-s-s-h-o-l-e|dickheads"
FINE = "Peter|Ann 85|Bo 455|Nazir|Scunthorpe|Essex|Assad|Fuchs|Dickens|Nigel|Bass|Hancock|BullBear|王小明|🐂|Zoë"


@pytest.mark.parametrize("name", RUDE.split("|"))
def test_names_that_nobody_should_have_to_read(name: str) -> None:
    assert Manners().refuses(name)


@pytest.mark.parametrize("name", FINE.split("|"))
def test_names_that_only_look_like_it(name: str) -> None:
    assert not Manners().refuses(name)
