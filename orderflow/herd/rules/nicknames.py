"""Names of participants: what may be chosen, what is given to those who choose nothing.

A name stands on the big screen in front of everybody, so it is one short line of visible characters. What it says is
judged by `orderflow.herd.rules.profanity`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from orderflow.errors import BadInput, FieldError
from orderflow.herd.rules.seeded_random import draw

LONGEST = 20

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
"""Letters to Unicode that show nothing."""


def visible(text: str) -> str:
    """NFKC, without control, direction and zero-width characters, white space as single spaces."""
    spaced = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFKC", text))
    kept = (c for c in spaced if unicodedata.category(c) not in _BAD_CATEGORIES and c not in _BLANK)
    return " ".join("".join(kept).split())


def clean(nick: object) -> str:
    """The name as it will be shown. Raises BadInput for one that is too long or has nothing to show."""
    name = visible(nick) if isinstance(nick, str) and len(nick) <= 200 else ""
    if not 1 <= len(name) <= LONGEST or not any(unicodedata.category(char)[0] in "LNS" for char in name):
        raise _bad(f"must have 1 to {LONGEST} visible characters")
    if _marks(name) > 2:
        raise _bad("has too many marks on one letter")
    return name


def key(name: str) -> str:
    """Equal for names that look the same to a quick eye."""
    return re.sub(r"\W", "", name.casefold()) or name


def free(name: str, taken: Collection[str]) -> str:
    """The name, with a number behind it when somebody has it already. taken: keys."""
    number = 1
    candidate = name
    while key(candidate) in taken:
        number += 1
        tail = f" {number}"
        candidate = name[: LONGEST - len(tail)].rstrip() + tail
    return candidate


def friendly(seed: int, number: int) -> str:
    """A name for the participant of that number: "Blue Heron 12"."""
    first, second = ADJECTIVES.split(), BIRDS.split()
    adjective = first[draw(seed, "adjective", number, below=len(first))]
    return f"{adjective} {second[draw(seed, 'bird', number, below=len(second))]} {number}"


def bot(kind: str, number: int) -> str:
    """A bot's name says that it is one."""
    return f"Bot {kind} {number}"


def _marks(name: str) -> int:
    """The longest row of combining marks."""
    longest = row = 0
    for char in unicodedata.normalize("NFD", name):
        row = row + 1 if unicodedata.combining(char) else 0
        longest = max(longest, row)
    return longest


def _bad(reason: str) -> BadInput:
    return BadInput(f"the nickname {reason}", [FieldError(None, "nickname", reason)])
