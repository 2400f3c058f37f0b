"""Nicknames: which ones are valid, and generated ones for participants who choose none.

Nicknames are shown on the big screen, so they are one short line of visible characters. Abusive ones are recognized by
`orderflow.herd.rules.profanity`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from orderflow.errors import BadInput, FieldError
from orderflow.herd.rules.seeded_random import seeded_int

MAX_LENGTH = 20

ADJECTIVES = """
    Amber Azure Blue Brave Bright Calm Clever Copper Coral Daring Eager Early Fleet Gentle Golden Green Happy
    Ivory Jade Jolly Keen Kind Lively Lucky Merry Nimble Noble Olive Pearl Plucky Proud Quick Quiet Rapid
    Rosy Ruby Silver Sunny Teal Velvet Violet Witty"""
BIRDS = """
    Avocet Bunting Condor Crane Curlew Dove Dunlin Eagle Egret Falcon Finch Gannet Goose Grouse Gull Harrier Hawk
    Heron Hoopoe Ibis Jay Kestrel Kite Lark Linnet Magpie Martin Merlin Oriole Osprey Owl Pelican Petrel Pipit Plover
    Puffin Quail Raven Redwing Robin Rook Snipe Stork Swallow Swan Swift Tern Thrush Toucan Wren"""

_BAD_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_BLANK = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"}
"""Characters that Unicode counts as letters but that show nothing."""


def visible(text: str) -> str:
    """The text in NFKC, without control, direction and zero-width characters, with single spaces."""
    spaced = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFKC", text))
    kept = (c for c in spaced if unicodedata.category(c) not in _BAD_CATEGORIES and c not in _BLANK)
    return " ".join("".join(kept).split())


def clean(nick: object) -> str:
    """The nickname as it is shown. Raises BadInput if it is too long or has nothing visible."""
    name = visible(nick) if isinstance(nick, str) and len(nick) <= 200 else ""
    if not 1 <= len(name) <= MAX_LENGTH or not any(unicodedata.category(char)[0] in "LNS" for char in name):
        raise _bad(f"must have 1 to {MAX_LENGTH} visible characters")
    if _longest_marks(name) > 2:
        raise _bad("has too many marks on one letter")
    return name


def key(name: str) -> str:
    """A key that is equal for names that look alike."""
    return re.sub(r"\W", "", name.casefold()) or name


def unique(name: str, taken: Collection[str]) -> str:
    """The name, with a number appended if it is taken. taken: keys of names."""
    number = 1
    candidate = name
    while key(candidate) in taken:
        number += 1
        tail = f" {number}"
        candidate = name[: MAX_LENGTH - len(tail)].rstrip() + tail
    return candidate


def generated(seed: int, number: int) -> str:
    """A generated name for the participant with that number, such as "Blue Heron 12"."""
    first, second = ADJECTIVES.split(), BIRDS.split()
    adjective = first[seeded_int(seed, "adjective", number, below=len(first))]
    return f"{adjective} {second[seeded_int(seed, 'bird', number, below=len(second))]} {number}"


def bot_name(kind: str, number: int) -> str:
    """The name of a bot, which identifies it as a bot."""
    return f"Bot {kind} {number}"


def _longest_marks(name: str) -> int:
    """The length of the longest run of combining marks."""
    longest = run = 0
    for char in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.combining(char) else 0
        longest = max(longest, run)
    return longest


def _bad(reason: str) -> BadInput:
    return BadInput(f"the nickname {reason}", [FieldError(None, "nickname", reason)])
