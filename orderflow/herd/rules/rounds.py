"""Rounds: the sequence of rounds, the fundamental value of a share in each, and the dividend at its end.

The preset "ssw" is the market of Smith, Suchanek and Williams ("Bubbles, crashes, and endogenous expectations in
experimental spot asset markets", Econometrica 56, 1988): 15 rounds, at the end of each a dividend of 0, 8, 28 or 60
cents a share, each with probability 1/4, and nothing afterwards. The fundamental value of a share is the sum of the
dividends still expected, 24 cents a round: it falls in a straight line to zero, and everybody can compute it. The cents
are scaled so that the first value is the requested one.

Pure functions. The next round follows from the last one, so a sequence goes on after a restart.
"""

from __future__ import annotations

from typing import Any

from orderflow.errors import BadInput, FieldError
from orderflow.herd.rules.money import micro
from orderflow.herd.rules.seeded_random import seeded_int
from orderflow.herd.rules.state import Round

SSW_ROUNDS = 15
SSW_SECONDS = 30
SSW_DIVIDENDS = (0, 8, 28, 60)
SSW_MEAN = 24

MAX_ROUNDS = 100
MAX_SECONDS = 3_600
MAX_VALUE = 10**9
"""Units of the currency."""


def first_round(level: int, args: dict[str, Any]) -> Round:
    """The first round of a sequence, not yet begun. level: the start price of the session, micro-units, the default
    fundamental value of the preset.

    args: rounds, seconds (None: until the presenter ends it), preset (None | "ssw"), fundamental and dividend
    (currency per share). Raises BadInput naming the argument.
    """
    preset = args.get("preset") or None
    if preset not in (None, "ssw"):
        raise _bad("preset", f'{preset!r} is not a preset; the only one is "ssw"')
    ssw = preset is not None
    of = _whole(args, "rounds", None, MAX_ROUNDS) or (SSW_ROUNDS if ssw else 1)
    seconds = _whole(args, "seconds", SSW_SECONDS if ssw else None, MAX_SECONDS)
    fundamental, dividend = _amount(args, "fundamental"), _amount(args, "dividend")
    if ssw:
        if dividend is not None:
            raise _bad("dividend", "is random with this preset")
        unit = max(1, round((fundamental or level) / (SSW_MEAN * of)))
        fundamental = SSW_MEAN * unit * of
    return Round(1, of, False, seconds, fundamental, preset, dividend, 0)


def next_round(last: Round) -> Round | None:
    """The round after `last`, not yet begun; None after the final round."""
    if last.round >= last.of:
        return None
    fundamental, dividend = last.fundamental, last.dividend
    if last.preset == "ssw" and fundamental is not None:
        fundamental, dividend = fundamental - SSW_MEAN * _unit(last), None
    return Round(last.round + 1, last.of, False, last.seconds, fundamental, last.preset, dividend, 0)


def draw_dividend(running: Round, seed: int) -> int | None:
    """The dividend per share at the end of a round, micro-units; None if none is paid. With "ssw" it is random, from
    the seed of the session and the time of the round's begin, so a round that is played again draws anew."""
    if running.preset != "ssw":
        return running.dividend
    return SSW_DIVIDENDS[seeded_int(seed, "dividend", running.round, running.begun, below=4)] * _unit(running)


def _unit(running: Round) -> int:
    """Micro-units of one cent of the preset."""
    return (running.fundamental or 0) // (SSW_MEAN * (running.of - running.round + 1))


def _whole(args: dict[str, Any], name: str, default: int | None, most: int) -> int | None:
    value = args.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise _bad(name, f"must be a whole number from 1 to {most:,}")
    return value


def _amount(args: dict[str, Any], name: str) -> int | None:
    value = args.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_VALUE:
        raise _bad(name, f"must be a number from 0 to {MAX_VALUE:,}")
    return micro(value)


def _bad(name: str, reason: str) -> BadInput:
    return BadInput(f"{name} {reason}" if not reason.startswith("'") else reason, [FieldError(None, name, reason)])
