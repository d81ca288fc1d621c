"""What is known of a word: a name and of which languages, an ordinary word and how common, a town, a company, a month.

The list ships as `data/words.xz`; `training/build_words.py` makes it.
"""

import json
import lzma
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.personal_data.spans import LANGUAGES

DATA: Final = Path(__file__).with_name("data") / "words.xz"
FOLD: Final = str.maketrans(
    "ąćęłńóśźżàáâãäåçèéêëìíîïñòôõöùúûüýşğıšžčřěůđ", "acelnoszzaaaaaaceeeeiiiinoooouuuuysgiszcreud"
)


@dataclass(slots=True)
class Code:
    """`first`, `last`: how common as a name, 0 (none) to 3; `*_in`: in the lists of nl, en, pl, nb, fi, elsewhere.

    `common`: by language 0 (not a word), 1 (rare) to 4 (among the commonest), 5 (met often, but in no dictionary: most
    are proper names). `foreign`: 2 for a word that is among the commonest of another language, 1 if it is common
    there. The rest are 0 or 1.
    """

    first: int = 0
    last: int = 0
    first_in: list[int] = field(default_factory=lambda: [0] * 6)
    last_in: list[int] = field(default_factory=lambda: [0] * 6)
    common: list[int] = field(default_factory=lambda: [0] * 5)
    place: int = 0
    organisation: int = 0
    calendar: int = 0
    foreign: int = 0


_WIDTHS: Final = (2, 2, *[1] * 12, *[3] * 5, 1, 1, 1, 2)


def pack(code: Code) -> int:
    """The code as one number."""
    values = (
        code.first,
        code.last,
        *code.first_in,
        *code.last_in,
        *code.common,
        code.place,
        code.organisation,
        code.calendar,
        code.foreign,
    )
    number = 0
    for value, width in zip(values, _WIDTHS, strict=True):
        number = number << width | value
    return number


def unpack(number: int) -> Code:
    """The code that `pack` made one number of."""
    values = []
    for width in reversed(_WIDTHS):
        values.append(number & ((1 << width) - 1))
        number >>= width
    values.reverse()
    return Code(values[0], values[1], values[2:8], values[8:14], values[14:19], *values[19:])


def unpacked(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.int16]:
    """The fields of many codes, in the order of `pack`, a row each."""
    found = np.empty((len(_WIDTHS), len(numbers)), np.int16)
    rest = numbers.copy()
    for place in range(len(_WIDTHS) - 1, -1, -1):
        found[place] = rest & np.uint64((1 << _WIDTHS[place]) - 1)
        rest >>= np.uint64(_WIDTHS[place])
    return found


def packed() -> tuple[dict[str, Any], npt.NDArray[np.uint16], str]:
    """What the file holds: its header, for each word the place of its code in `header["codes"]`, the words in lines."""
    body = lzma.decompress(DATA.read_bytes())
    end = body.index(b"\n")
    header = json.loads(body[:end])
    start = end + 1 + 2 * header["words"]
    return header, np.frombuffer(body[end + 1 : start], "<u2"), body[start:].decode()


@cache
def words() -> tuple[dict[str, int], list[Code]]:
    """Each word with the place of its code in the list of codes: for training; the scrubber has `lexicon`."""
    header, numbers, listed = packed()
    return dict(zip(listed.split("\n"), numbers.tolist(), strict=True)), [unpack(code) for code in header["codes"]]


__all__ = ["DATA", "FOLD", "LANGUAGES", "Code", "pack", "packed", "unpack", "unpacked", "words"]
