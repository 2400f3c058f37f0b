"""The player of a replay: position, velocity, and what the reader's controls do to them.

A page keeps the player's state and sends it with each request. It also sends the state of its controls: whatever
differs from what the player last knew is applied, so that nothing is lost when a request is overtaken by the next.
Pure functions; `now` is ms of the server's clock.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from orderflow.herd.debrief.playback import Playback

VELOCITIES = (1, 2, 4, 8, 16, 32, 60)
"""Velocities to choose from; an address may ask for any number from the first to the last."""
DEFAULT_VELOCITY = 4
STEP = 10_000
"""ms of the session's time that ±10 s moves."""
LONGEST = 5_000
"""ms between two requests that count at most: an outage is not played."""
ACTIONS = ("back", "play", "on", "first", "last", "faster", "slower")
"""What buttons and keys do."""


@dataclass(frozen=True, slots=True)
class Player:
    """State of a replay.

    size: number of events of the log when it was opened. position: ms since 1970 in the session's time, at `at` (ms of
    the server's clock). clicks: clicks of each of `ACTIONS` that have been applied. theme: of the chart. drawn: points
    of the price in the chart.
    """

    session: str
    size: int
    position: float
    at: float
    velocity: float
    playing: bool
    clicks: Sequence[int]
    theme: str
    drawn: int = 0


@dataclass(frozen=True, slots=True)
class Controls:
    """State of the controls of a page. seek: seconds after the session's begin. last: the control used last."""

    clicks: Sequence[int]
    seek: float
    velocity: float
    theme: str
    last: str = ""


def bounded(velocity: Any) -> float:
    """A velocity from 1 to 60; the default if it is not a positive number."""
    try:
        number = float(velocity)
    except (TypeError, ValueError):
        return DEFAULT_VELOCITY
    return min(VELOCITIES[-1], max(VELOCITIES[0], number)) if number > 0 else DEFAULT_VELOCITY


def restore(stored: Any) -> Player | None:
    """The player that a page sent; None if it is not one."""
    try:
        player = Player(**stored)
        numbers = [player.position, player.at, player.velocity, player.size, player.drawn, *player.clicks]
        valid = isinstance(player.session, str) and all(math.isfinite(number) for number in numbers)
        valid &= type(player.size) is int and 0 < player.size <= sys.maxsize
        return player if valid and player.velocity > 0 and len(player.clicks) == len(ACTIONS) else None
    except (TypeError, OverflowError):
        return None


def begin(playback: Playback, controls: Controls, now: float) -> Player:
    """A player at the begin of the session, playing."""
    return Player(
        playback.session,
        playback.size,
        playback.begin,
        now,
        controls.velocity,
        True,
        controls.clicks,
        controls.theme,
    )


def advance(player: Player, playback: Playback, now: float) -> tuple[Player, float]:
    """(the player after the time since its last request, ms of a pause that were skipped)."""
    if not player.playing:
        return replace(player, at=now), 0.0
    passed = min(LONGEST, max(0.0, now - player.at))
    position, skipped = playback.advance(playback.clamp(player.position), passed * player.velocity)
    return replace(player, position=position, at=now, playing=position < playback.end), skipped


def is_used(player: Player, playback: Playback, controls: Controls) -> bool:
    """True if a control differs from what the player knows of it."""
    return (
        list(controls.clicks) != list(player.clicks)
        or controls.seek != shown_seconds(player, playback)
        or controls.velocity != player.velocity
        or controls.theme != player.theme
    )


def apply(player: Player, playback: Playback, controls: Controls, before: Player) -> Player:
    """The player after all controls that differ from those `before`; the control used last is applied last."""
    after = replace(player, clicks=controls.clicks, theme=controls.theme)
    if controls.seek != shown_seconds(before, playback):
        position = playback.clamp(playback.begin + 1000 * controls.seek)
        after = replace(after, position=position, playing=after.playing and position < playback.end)
    if controls.velocity != before.velocity:
        after = replace(after, velocity=controls.velocity)
    pressed = presses(controls.clicks, before.clicks)
    for name in sorted(pressed, key=lambda name: name == controls.last):
        for _ in range(min(pressed[name], 100)):
            after = press(after, playback, name)
    return after


def presses(clicks: Sequence[int], before: Sequence[int]) -> dict[str, int]:
    """How often each of `ACTIONS` was pressed since.

    Steps to and fro cancel out: their order is not known, and one beyond the session's end would be cut off.
    """
    pressed = {name: max(0, new - old) for name, new, old in zip(ACTIONS, clicks, before, strict=True)}
    for one, other in (("back", "on"), ("slower", "faster")):
        both = min(pressed[one], pressed[other])
        pressed[one] -= both
        pressed[other] -= both
    return pressed


def press(player: Player, playback: Playback, action: str) -> Player:
    """What one of `ACTIONS` does."""
    over = player.position >= playback.end
    moves = {
        "back": player.position - STEP,
        "on": player.position + STEP,
        "first": playback.begin,
        "last": playback.end,
        "play": playback.begin if over and not player.playing else player.position,
    }
    playing = not player.playing if action == "play" else player.playing
    velocity = player.velocity
    if action == "faster":
        velocity = next((one for one in VELOCITIES if one > velocity), velocity)
    elif action == "slower":
        velocity = next((one for one in reversed(VELOCITIES) if one < velocity), velocity)
    position = playback.clamp(moves.get(action, player.position))
    return replace(player, position=position, playing=playing and position < playback.end, velocity=velocity)


def shown_seconds(player: Player, playback: Playback) -> float:
    """The position as the slider has it: seconds after the session's begin."""
    return playback.elapsed(player.position) / 1000
