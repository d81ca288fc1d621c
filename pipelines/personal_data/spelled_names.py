"""Finds names that are spelled letter by letter."""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.spans import Span

_SPELLED: Final = re.compile(
    r"(?<![\w-])(?:[^\W\d_]-){3,}[^\W\d_](?![\w-])|(?<![^\W\d_])(?:[A-ZÀ-Ž] ){3,}[A-ZÀ-Ž](?![^\W\d_])"
)
FEWEST_LETTERS: Final = 4


def spelled(text: str) -> Iterator[Span]:
    """Names spelled letter by letter: 'H-A-I-L-U', 'A O I F E'."""
    for found in _SPELLED.finditer(text):
        yield Span(found.start(), found.end(), "NAME", "name, spelled letter by letter", 0.8)
