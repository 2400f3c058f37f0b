"""The log repeats itself a few times a minute at most, and says what it left out."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from orderflow.runtime import log_limit
from orderflow.runtime.log_limit import LIMITED, MAX_KINDS, MOST, SECONDS


class Log:
    """A logger with a handler of its own, and a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stream = io.StringIO()
        self.logger = logging.getLogger("tests.log_limit")
        self.handler = logging.StreamHandler(self.stream)
        log_limit.install([self.handler], lambda: self.now)
        for logger in (self.logger, log_limit.log):
            logger.addHandler(self.handler)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def fail(self, error: Exception) -> None:
        try:
            raise error
        except Exception:
            self.logger.exception("a call failed")


@pytest.fixture
def log() -> Iterator[Log]:
    made = Log()
    yield made
    for logger in (made.logger, log_limit.log):
        logger.removeHandler(made.handler)


def test_the_same_traceback_is_written_a_few_times_and_then_counted(log: Log) -> None:
    for number in range(MOST + 30):
        log.fail(ValueError(number))
    assert log.text.count("Traceback (most recent call last)") == MOST
    log.now += SECONDS
    log.logger.warning("something else")
    assert "30 more tracebacks of ValueError" in log.text
    log.fail(ValueError("again"))
    assert log.text.count("Traceback (most recent call last)") == MOST + 1


def test_another_error_and_plain_lines_are_not_held_back(log: Log) -> None:
    for _ in range(MOST + 3):
        log.fail(ValueError())
        log.logger.warning("plain")
    log.fail(KeyError())
    assert log.text.count("plain") == MOST + 3
    assert log.text.count("KeyError") == 1


def test_lines_that_a_client_can_cause_are_limited_by_their_format(log: Log) -> None:
    for number in range(MOST + 4):
        log.logger.warning("refused %d", number, extra=LIMITED)
        log.logger.warning("denied %d", number, extra=LIMITED)
    assert (log.text.count("refused"), log.text.count("denied")) == (MOST, MOST)
    log.now += SECONDS
    log.logger.warning("later")
    assert "4 more lines like 'refused %d'" in log.text


def test_kinds_are_bounded(log: Log) -> None:
    for number in range(3 * MAX_KINDS):
        log.logger.warning(f"made up {number}", extra=LIMITED)
    assert log.text.count("made up") == MAX_KINDS + MOST
