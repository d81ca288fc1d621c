"""What posts that speak to a town on social media have in common."""

from __future__ import annotations

import re

_LEADING = re.compile(r"(?:[\s,:.]*@[\w.@-]*\w)+[\s,:]*")


def without_mentions(text: str) -> str:
    """A post's words without the accounts that it begins by speaking to."""
    spoken_to = _LEADING.match(text)
    return (text[spoken_to.end() :] if spoken_to else text).strip()
