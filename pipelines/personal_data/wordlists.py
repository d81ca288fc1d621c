"""How the detectors write their word lists down: as text, wrapped, and made patterns, sets or tuples of."""

import re


def any_of(words: str) -> str:
    """The words of a list (an underscore for a blank inside one) as alternatives of a pattern, longer ones first."""
    listed = sorted({word.replace("_", " ") for word in words.split()}, key=lambda w: (-len(w), w))
    return "(?:" + "|".join(map(re.escape, listed)) + ")"


def set_of(words: str) -> frozenset[str]:
    """The words of a list (an underscore for a blank inside one)."""
    return frozenset(word.replace("_", " ") for word in words.split())
