"""Which nicknames nobody should have to read on a big screen.

The work is done by glin-profanity's English dictionary (MIT), which sees through leetspeak, spacing and look-alike
letters and knows the usual innocent words and names. Its other languages are left out: they refuse "Peter". A few words
are added here that it lacks. No list is complete; the presenter's kick is the other half.
"""

from __future__ import annotations

import re
import unicodedata

from glin_profanity import Filter
from glin_profanity.utils.leetspeak import normalize_leetspeak

STEMS = ("fuck", "nigger", "faggot", "hitler", "asshole", "arschloch", "hurensohn", "fotze", "wichser", "whore")
"""Refused wherever they stand in a name."""
WORDS = frozenset({"nazi", "kkk", "fag", "gook", "chink", "dyke", "pedo", "paedo", "wanker", "dickhead", "siegheil"})
"""Refused as a word, or as the whole name without its spaces."""


class Manners:
    """The filter, made once (some 60 ms and 6 MB)."""

    def __init__(self) -> None:
        self._filter = Filter({"languages": ["english"], "detect_leetspeak": True, "normalize_unicode": True})

    def refuses(self, name: str) -> bool:
        """Whether the name (as `names.clean` made it) is abusive. Takes some 0.3 ms."""
        # numbers that stand alone are left out: 85 and 455 are read as letters else
        shown = " ".join(word for word in name.split() if not word.isdigit())
        words = " ".join(word for word in re.sub(r"[\W_]+", " ", name).split() if not word.isdigit())
        bare = re.sub(r"\d+\b|\b\d+", "", words).strip()
        if any(self._filter.is_profane(text) for text in dict.fromkeys((shown, words, bare)) if text):
            return True
        plain = _plain(normalize_leetspeak(shown))
        parts = {plain.replace(" ", ""), _plain(name).replace(" ", ""), *plain.split(), *_plain(bare).split()}
        return any(stem in part for part in parts for stem in STEMS) or any(
            part in WORDS or part.removesuffix("s") in WORDS or self._plural(part) for part in parts
        )

    def _plural(self, word: str) -> bool:
        return len(word) > 4 and word.endswith("s") and bool(self._filter.is_profane(word[:-1]))


def _plain(text: str) -> str:
    """Small letters without accents, everything else a space."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z]+", " ", bare).strip()
