from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.formats import open_ticks
from orderflow.formats.samples import sample_path
from orderflow.instruments.estimators import acf, moments, returns
from orderflow.instruments.models import registry
from orderflow.instruments.quiz import _FAKES, LENGTH, MAX_QUESTIONS, Question, Quizzes, make_quiz


@cache
def asked() -> list[Question]:
    """200 questions."""
    quizzes = Quizzes()
    return [question for seed in range(10) for question in quizzes.make(seed, MAX_QUESTIONS)]


def test_a_seed_gives_the_same_quiz() -> None:
    quizzes = Quizzes()
    assert quizzes.make(3, 7) == make_quiz(3, 7) == quizzes.make(3, 7)
    assert quizzes.make(3, 7) != quizzes.make(4, 7)
    assert len(quizzes.make(5, 1)) == 1


def test_real_and_simulated_windows_look_alike() -> None:
    for question in asked():
        assert len(question.prices) == LENGTH
        assert question.prices[0] == 100.0
        assert min(question.prices) > 50.0
        assert question.source
        assert question.hint.endswith(".")
        assert question.source.startswith("simulated: ") is not question.real
        assert question.source.startswith("Binance spot ") is question.real
    real = [question for question in asked() if question.real]
    made = [question for question in asked() if not question.real]
    assert len(real) + len(made) == 200
    assert 60 < len(real) < 140  # a fair coin falls outside once in 10^7 times
    for measure in (
        lambda prices: np.std(returns(prices)),
        lambda prices: len(np.unique(prices)),
        lambda prices: np.mean(np.diff(prices) == 0.0),
    ):
        one, other = (np.median([measure(question.prices) for question in kind]) for kind in (real, made))
        assert 0.5 < one / other < 2.0


def test_real_windows_are_the_recording() -> None:
    """Every price of every real LTC window is a price of the recording, over the window's first."""
    recorded = set()
    with open_ticks(sample_path("LTCUSDT")) as reader:
        for chunk in reader:
            for batch in chunk.batches:
                assert batch.price_decimals == 2
                recorded.update(batch.price.tolist())
    windows = {question.source: question for question in asked() if question.real and "LTC" in question.source}
    assert len(windows) > 15
    for question in windows.values():
        shown = np.array(question.prices) / 100.0
        fits = [first for first in recorded if np.abs(shown * first - np.rint(shown * first)).max() < 5e-3]
        assert any(set(np.rint(shown * first).astype(int).tolist()) <= recorded for first in fits), question.source


def test_quiz_uses_no_window_twice() -> None:
    for seed in range(5):
        questions = make_quiz(seed, MAX_QUESTIONS)
        assert len({question.prices for question in questions}) == MAX_QUESTIONS
        real = [question.source for question in questions if question.real]
        assert len(set(real)) == len(real)


def test_hint_matches_the_window() -> None:
    for question in asked():
        r = returns(question.prices)
        kurtosis, bursts = moments(r).kurtosis.value, float(acf(np.abs(r), 5).value.mean())
        said = question.hint.split("Here the excess kurtosis of the returns is ")[1]
        assert float(said.split(" ")[0]) == pytest.approx(kurtosis, abs=0.11)
        if question.real and abs(kurtosis - 2.0) > 0.1 and abs(bursts - 0.1) > 0.01:
            assert ("out of line" in question.hint) is (kurtosis > 2.0)
            assert ("bursts, and" in question.hint or "in bursts." in question.hint) is (bursts > 0.1)
    for fake in _FAKES:
        title = registry.get(fake.model).title
        hints = [question.hint for question in asked() if f"simulated: {title}," in question.source]
        assert len(hints) >= 5
        assert all(hint.startswith(fake.tells) for hint in hints)


def test_invalid_arguments_are_named() -> None:
    for n in (0, -1, MAX_QUESTIONS + 1):
        with pytest.raises(BadInput, match=r"n: .* ask for 1 to 20") as info:
            make_quiz(1, n)
        assert [error.field for error in info.value.errors] == ["n"]
    with pytest.raises(BadInput, match="seed") as info:
        make_quiz(-1, 5)
    assert info.value.errors[0].field == "seed"
