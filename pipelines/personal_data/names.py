"""Finds names of persons: words that a list or their place in the sentence gives away, weighed by a linear model.

Only words that are not plainly ordinary are candidates; a batch is sieved for them by a few look-ups a word. The
features of the candidates (`features`) look up their weights in the language of the text, all of a batch at once.
`training/train.py` makes the weights, from generated text.
"""

import json
import lzma
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from pipelines.personal_data.features import IS_FIRST_NAME, OPENS, THROUGH_INFIX, Places, Rows
from pipelines.personal_data.keys import Ints, Keys, Table, keys_of
from pipelines.personal_data.kinds import COARSE, COMPOUND, NAMES, TONGUES, kinds, tongue_of
from pipelines.personal_data.lexicon import CUE_KINDS, Mark, lexicon
from pipelines.personal_data.name_spans import Word, settled, spans
from pipelines.personal_data.reading import EMPTY, GAPS, LOWER, SHAPES, UPPER, Bools, Line, Texts
from pipelines.personal_data.spans import Span
from pipelines.personal_data.told import Scores, told

WEIGHTS: Final = Path(__file__).with_name("data") / "names.xz"

# A name that is missed costs more than a word too many: a word with a capital is one from this score on.
THRESHOLD: Final = -1.0
THRESHOLD_LOWER: Final = 0.0
THRESHOLD_DOUBTFUL: Final = -0.25  # for one without a cue that is not first of all a first name
INFIX_AFTER: Final = 4.0  # for a first name before 'de Vries'
SURNAME_AFTER: Final = 1.0  # for a first name before a surname of the language's own lists
CONTINUED: Final = 2.5  # for a word with a capital right after a name
INFIXED: Final = 2.5  # for a listed surname after a name and infixes
ARTICLED: Final = 4.0  # for a word with a capital after a name and "'t"
PAIR: Final = 2.0  # together, for a first name and the word with a capital after it
DOUBT: Final = -3.0
HOPELESS: Final = -2.5  # after the first part of the features
ENOUGH: Final = 2  # how common a name in lower case has to be, to vouch for the word beside it
_T: Final = keys_of(["t"]).key[0]
_IS_LISTED_LAST: Final = np.array([name.lstrip("i")[2:3] in ("2", "3") for name in NAMES])
_IS_RATHER_FIRST: Final = np.array([kind[0] in "Ff" for kind in COARSE])
_CONTINUES: Final = np.array([gap in (" ", "-", "'") for gap in GAPS])
_PAIRS: Final = np.array([gap in (" ", "-") for gap in GAPS])
_TITLE: Final = CUE_KINDS.index("T")
_BLANK: Final = GAPS.index(" ")
_WITH_CAPITAL: Final = np.array([shape in "CSU" for shape in SHAPES])
_l, _V = SHAPES.index("l"), SHAPES.index("V")


class Weights:
    """The weight of each feature, in sixteenths, by language."""

    def __init__(self) -> None:
        body = lzma.decompress(WEIGHTS.read_bytes())
        end = body.index(b"\n")
        header = json.loads(body[:end])
        count, start = header["features"], end + 1
        self.bias = np.array(header["bias"], np.float32) / 16
        self._table = Table(np.frombuffer(body, "<u8", count, start))
        values = np.frombuffer(body, "i1", offset=start + 8 * count).reshape(count, len(TONGUES))
        self._weights = np.append(values.ravel(), np.zeros(len(TONGUES), np.int8))

    def sums(self, features: Sequence[Keys], tongues: Ints) -> Scores:
        """What some features of words weigh together, in the languages of the words."""
        if not len(tongues):
            return np.zeros(0, np.float32)
        places = self._table.find(np.concatenate(features)).reshape(len(features), -1)
        found = self._weights.take(places * len(TONGUES) + tongues)
        total: Scores = found.sum(axis=0, dtype=np.int32).astype(np.float32)
        return total / np.float32(16)


def pack_weights(bias: Sequence[int], weights: Mapping[int, Sequence[int]]) -> bytes:
    """The file of the weights: those of all features, and of each by its key; in sixteenths, by language."""
    header = json.dumps({"features": len(weights), "bias": list(bias)}).encode() + b"\n"
    keys = sorted(weights)
    values = np.array([weights[key] for key in keys], "i1")
    return lzma.compress(header + np.array(keys, "<u8").tobytes() + values.tobytes(), preset=9)


@cache
def weights() -> Weights:
    """The weights, read once a process."""
    return Weights()


def load() -> None:
    """Reads lists and weights, so that the first text does not wait for them."""
    kinds()
    weights()


def candidates(texts: Texts, hidden: Bools | None = None) -> Ints:
    """The slots of the words that may be names. `hidden` are slots of words that training takes for unknown ones."""
    slots = texts.slots
    never = texts.never()
    # "Sjoerd 't Veld": no word with a capital is ordinary there.
    behind = np.flatnonzero(slots.key[:-1] == _T) + 1
    never[behind[texts.has_capital(behind)]] = False
    if hidden is not None:
        never &= ~hidden
    at = np.flatnonzero(~never)
    mark = texts.mark.take(at)
    at = at[(texts.length(at) >= 2) & (mark & Mark.INFIX == 0) & ~texts.is_name(at)]
    # Words in lower case that no list has, or that are ordinary words too, are candidates only after a cue, or beside
    # one that is nothing but a name.
    lower = np.flatnonzero(texts.is_lower(at))
    if len(lower):
        places = at.take(lower)
        mark, cue = texts.mark.take(places), lexicon().cue
        unlisted = mark & Mark.LISTED == 0
        if hidden is not None:
            unlisted |= hidden.take(places)
        doubtful = unlisted | (mark & Mark.SHY > 0)
        told = (cue.take(slots.row.take(places - 1)) > 0) | (cue.take(slots.row.take(places - 2)) > 0)
        told |= _is_only_name(texts, places - 1) | _is_only_name(texts, places + 1)
        infix = texts.mark.take(places - 1) & Mark.INFIX > 0
        further = infix & (texts.mark.take(places - 2) & Mark.INFIX > 0)
        behind = np.where(further, places - 3, places - 2)
        told |= infix & (_is_only_name(texts, behind) | (cue.take(slots.row.take(behind)) == _TITLE))
        edge = (slots.form.take(places - 1) == 0) | (slots.form.take(places + 1) == 0)
        at = np.delete(at, lower[doubtful & ~told & (unlisted | ~edge)])
    return at[~_in_address(texts, at)]


def _is_only_name(texts: Texts, at: Ints) -> Bools:
    """Whether words in lower case are names, and no ordinary words."""
    codes = lexicon().codes
    code = lexicon().code.take(texts.slots.row.take(at))
    ordinary = texts.mark.take(at) & (Mark.NEVER_LOWER | Mark.SHY) > 0
    found: Bools = ((codes.first + codes.last).take(code) >= ENOUGH) & ~ordinary & texts.is_lower(at)
    return found


def _in_address(texts: Texts, at: Ints) -> Bools:
    """Whether words are parts of a handle or of a domain name."""
    slots = texts.slots
    start, end = slots.start.take(at), slots.end.take(at)
    characters, bits = texts.characters, texts.bits
    is_handle = characters.take(start - 1) == ord("@")
    dot_after = (end - start > 2) & (characters.take(end) == ord("."))
    found: Bools = is_handle | (dot_after & (bits.take(end + 1) & LOWER > 0))
    behind = np.flatnonzero(~dot_after & (characters.take(start - 1) == ord(".")))
    if len(behind):
        first = start.take(behind)
        two = bits.take(first - 3) | bits.take(first - 2)
        far = first - texts.begin.take(slots.text.take(at.take(behind))) > 2
        found[behind] |= far & (two & LOWER > 0) & (two & UPPER == 0)
    return found


def names(texts: Texts, languages: Sequence[str]) -> dict[int, list[Span]]:
    """Spans of names by text, in texts whose other personal data are DATUM characters and whose placeholders are NAME
    ones; offsets are those of the text."""
    at = candidates(texts)
    if not len(at):
        return {}
    numbers = {language: tongue_of(language) for language in set(languages)}
    tongues = np.array([numbers[language] for language in languages], np.intp)
    places = Places(texts, tongues, at)
    added = told(places)
    judged = _judged(places, added)
    if not judged.is_name.any():
        return {}
    return _by_text(texts, languages, places, added, judged)


class _Judged(NamedTuple):
    """Of each candidate: its score as it was weighed and as it is now, whether it is a name, and whether it may be one
    if another word says so."""

    weighed: Scores
    score: Scores
    is_name: Bools
    is_doubted: Bools


def _judged(places: Places, added: Scores) -> _Judged:
    at, before = places.at, places.before
    ready = np.flatnonzero(
        ~((places.kind == COMPOUND) & (places.cue == 0) & (places.shape_after == _l) & OPENS.take(places.left))
    )
    # Whether the word before is a name is known only when its own score is: both are weighed where it may be one.
    previous = np.minimum(np.searchsorted(at, before), len(at) - 1)
    follows = ready[at.take(previous.take(ready)) == before.take(ready)]
    named = np.repeat([False, True], [len(ready), len(follows)])
    scores = _weighed(Rows(places, np.concatenate((ready, follows)), named), added)
    score = np.full(len(at), -np.inf, np.float32)
    score[ready] = scores[: len(ready)]
    is_lower = places.shape == _l
    doubtful = (places.cue == 0) & ~_IS_RATHER_FIRST.take(places.name)
    threshold = np.where(doubtful, np.float32(THRESHOLD_DOUBTFUL), np.float32(THRESHOLD))
    threshold[is_lower] = THRESHOLD_LOWER
    is_name = score > threshold
    after_name = scores[len(ready) :]
    after_name_is_name = after_name > threshold.take(follows)
    # A first name and the word with a capital after it, each doubtful, may be a name together.
    firsts = previous.take(follows)
    pairs = (
        (score.take(firsts) > DOUBT)
        & (score.take(firsts) + after_name > PAIR)
        & _PAIRS.take(places.right.take(firsts))
        & IS_FIRST_NAME.take(places.name.take(firsts))
        & ~is_lower.take(firsts)
        & ~is_lower.take(follows)
    )
    final = score.copy()
    for number, (one, other, pair) in enumerate(zip(follows.tolist(), firsts.tolist(), pairs.tolist(), strict=True)):
        if pair and not is_name[other]:
            final[other] = max(final[other], 0)
            is_name[other] = True
        if is_name[other]:
            score[one] = final[one] = after_name[number]
            is_name[one] = after_name_is_name[number]
    return _Judged(score, final, is_name, ~is_name & (score > DOUBT) & ~is_lower)


def _weighed(rows: Rows, added: Scores) -> Scores:
    """The scores of words, each given the label of the word before it."""
    places, of = rows.places, rows.of
    tongues = places.tongue.take(of)
    lower = places.shape.take(of) == _l
    scores = weights().bias.take(tongues) + added.take(of)
    continues = ~lower & _CONTINUES.take(places.left.take(of)) & _CONTINUES.take(places.gap.take(of))
    scores += np.where(rows.named & continues, np.float32(CONTINUED), np.float32(0))
    infixed = rows.named & (places.through.take(of) == THROUGH_INFIX) & _IS_LISTED_LAST.take(places.name.take(of))
    scores += infixed * np.float32(INFIXED)
    article = rows.named & ~lower & (places.texts.slots.key.take(places.at.take(of) - 1) == _T)
    scores += article * np.float32(ARTICLED)
    first_name = _WITH_CAPITAL.take(places.shape.take(of)) & IS_FIRST_NAME.take(places.name.take(of))
    infix_after = first_name & (places.shape_after.take(of) == _V)
    surname_after = first_name & ~infix_after & (places.right.take(of) == _BLANK) & places.is_surname_after.take(of)
    scores += infix_after * np.float32(INFIX_AFTER) + surname_after * np.float32(SURNAME_AFTER)
    scores += weights().sums(rows.first(), tongues)
    hopeful = np.flatnonzero(scores >= HOPELESS)
    found = np.full(len(of), -np.inf, np.float32)
    found[hopeful] = scores.take(hopeful) + weights().sums(rows[hopeful].rest(), tongues.take(hopeful))
    return found


def _by_text(
    texts: Texts,
    languages: Sequence[str],
    places: Places,
    added: Scores,
    judged: _Judged,
) -> dict[int, list[Span]]:
    """The spans of names in each text that has some."""
    score, final, is_name, is_doubted = judged
    named = places.text.take(np.flatnonzero(is_name))
    in_question = np.zeros(len(texts.strings), np.bool_)
    in_question[named] = True
    asked = np.flatnonzero((is_name | is_doubted) & in_question.take(places.text))
    by_text: dict[int, list[Word]] = {}
    first = texts.first + EMPTY
    slots = places.at.take(asked)
    for text, word in zip(
        places.text.take(asked).tolist(),
        map(
            Word,
            (slots - first.take(places.text.take(asked))).tolist(),
            texts.slots.key.take(slots).tolist(),
            is_name.take(asked).tolist(),
            score.take(asked).tolist(),
            final.take(asked).tolist(),
            added.take(asked).tolist(),
            places.cue.take(asked).tolist(),
            places.name.take(asked).tolist(),
        ),
        strict=True,
    ):
        by_text.setdefault(text, []).append(word)
    found = {}
    for text, words in by_text.items():
        line = Line(texts, text, languages[text])
        found[text] = list(spans(line, settled(line, words)))
    return found
