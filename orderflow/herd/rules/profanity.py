"""Profanity filter for nicknames.

Uses the English dictionary of glin-profanity (MIT), which recognizes leetspeak, spacing and look-alike letters and
accepts the usual innocent words and names. Its other languages are left out because they refuse "Peter". A few words
that it lacks are added here. No list is complete: the presenter can also kick a participant.
"""

from __future__ import annotations

import re
import unicodedata

from glin_profanity import Filter
from glin_profanity.utils.leetspeak import normalize_leetspeak

STEMS = ("fuck", "nigger", "faggot", "hitler", "asshole", "arschloch", "hurensohn", "fotze", "wichser", "whore")
"""Refused anywhere in a name."""
WORDS = frozenset({"nazi", "kkk", "fag", "gook", "chink", "dyke", "pedo", "paedo", "wanker", "dickhead", "siegheil"})
"""Refused as a whole word, or as the whole name without spaces."""


class ProfanityFilter:
    """Creating one takes about 60 ms and 6 MB, so create it once."""

    def __init__(self) -> None:
        self._filter = Filter({"languages": ["english"], "detect_leetspeak": True, "normalize_unicode": True})

    def is_profane(self, name: str) -> bool:
        """Whether the name is abusive; takes about 0.3 ms. name: as returned by `nicknames.clean`."""
        # separate numbers are left out: the dictionary reads 85 and 455 as letters
        shown = " ".join(word for word in name.split() if not word.isdigit())
        words = " ".join(word for word in re.sub(r"[\W_]+", " ", name).split() if not word.isdigit())
        bare = re.sub(r"\d+\b|\b\d+", "", words).strip()
        if any(self._filter.is_profane(text) for text in dict.fromkeys((shown, words, bare)) if text):
            return True
        plain = _plain(normalize_leetspeak(shown))
        parts = {plain.replace(" ", ""), _plain(name).replace(" ", ""), *plain.split(), *_plain(bare).split()}
        return any(stem in part for part in parts for stem in STEMS) or any(
            part in WORDS or part.removesuffix("s") in WORDS or self._is_profane_plural(part) for part in parts
        )

    def _is_profane_plural(self, word: str) -> bool:
        return len(word) > 4 and word.endswith("s") and bool(self._filter.is_profane(word[:-1]))


def _plain(text: str) -> str:
    """Lower-case ASCII letters; accents are removed, everything else becomes a space."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z]+", " ", bare).strip()
