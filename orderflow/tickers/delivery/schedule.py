"""When a delivery is tried again: exponential back-off with full jitter, for 24 hours.

The pause before the next attempt is a random time between nothing and a bound that doubles (AWS Architecture Blog,
"Exponential Backoff and Jitter"), so that many deliveries to a target that comes back do not arrive together. There are
two pauses: that of the delivery, by its own attempts, and that of its target, by the attempts to it that failed in a
row. So a message that a target never takes does not hold up the others, and a dead target is not asked for each.
"""

from __future__ import annotations

from collections.abc import Callable

from orderflow.storage.records.delivery_store import LONGEST_PAUSE, Result, StoredDelivery
from orderflow.storage.records.target_store import StoredTarget
from orderflow.tickers.delivery.outcome import Outcome

SECOND = 10**9
FIRST_PAUSE = 4 * SECOND
"""Bound of the first pause, ns."""
LIFE = 86_400 * SECOND
"""ns for which a delivery is tried."""

Random = Callable[[], float]
"""A number in [0, 1)."""


def pause(attempts: int, random: Random, wait: float = 0.0) -> int:
    """ns until the next attempt, after so many. wait: seconds for which the target asked."""
    bound = min(LONGEST_PAUSE, FIRST_PAUSE << min(attempts - 1, 20))
    return min(LONGEST_PAUSE, max(round(random() * bound), round(wait * SECOND)))


def follow(delivery: StoredDelivery, target: StoredTarget, outcome: Outcome, now: int, random: Random) -> Result:
    """What an attempt that ended at `now` changes."""
    if outcome.delivered:
        return Result("delivered", now, 0, None, 0)
    if outcome.hopeless:  # the target answers, so nothing else waits
        return Result("failed", now, target.failures, target.failing_since, target.resume)
    failures = target.failures + 1
    since = now if target.failing_since is None else target.failing_since
    resume = now + pause(failures, random, outcome.wait)
    if now - delivery.created >= LIFE:
        return Result("failed", now, failures, since, resume, give_up_before=now - LIFE)
    due = now + pause(delivery.attempts + 1, random, outcome.wait)
    return Result("pending", due, failures, since, resume)
