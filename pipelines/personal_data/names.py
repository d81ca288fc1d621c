"""Finds names of persons: words that a list or their place in the sentence gives away, weighed by a linear model.

Only words that are not plainly ordinary are candidates; a batch is sieved for them by a few look-ups a word. The
features of the candidates (`features`) look up their weights in the language of the text, all of a batch at once.
`training/train.py` makes the weights, from generated text.
"""

import json
import lzma
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from pipelines.personal_data import public
from pipelines.personal_data.cues import CUES, INFIXES, SAYING
from pipelines.personal_data.features import IS_FIRST_NAME, OPENS, THROUGH_INFIX, Places, Rows
from pipelines.personal_data.inflection import bases
from pipelines.personal_data.keys import Ints, Keys, Table, keys_of
from pipelines.personal_data.kinds import COMPOUND, NAMES, REST, TONGUES, coarse, kinds
from pipelines.personal_data.lexicon import CUE_KINDS, Mark, lexicon
from pipelines.personal_data.reading import EMPTY, GAPS, LOWER, SHAPES, UPPER, Bools, Texts
from pipelines.personal_data.spans import Span
from pipelines.personal_data.told import Scores, told
from pipelines.personal_data.wordlists import set_of

WEIGHTS: Final = Path(__file__).with_name("data") / "names.xz"

_INITIALS: Final = re.compile(
    r"(?<![^\W\d_])(?:(?:[A-ZÀ-ŽŁŚŻ]|Th|Chr|Joh|Ch|St|IJ|Ph|Sj|Tj|Jac|Jos|Fr|Wm|Kr)"
    r"(?:\.[ -]?|(?=[ ](?:[A-ZÀ-Ž]\b|\Z))[ ]|[ ](?=\Z))){1,6}\Z"
)
# 'Kasia M.', 'Rob de W.': a surname that is kept back.
_INITIAL_AFTER: Final = re.compile(
    r"(?: (?:van|de|der|den|van der|van den|van de|el|al|von|da|di))? [A-ZÀ-ŽŁŚŻ]\.(?![^\W_])"
)
# 'joke van der berg', 'joke v d berg': infixes that stand in names alone, before any word.
_INFIXED_AFTER: Final = re.compile(r" (?:van de[rn]|v\.? ?d\.?|vd|v/d) [^\W\d_]{3,}", re.IGNORECASE)
# 'Tuhuteru, J.S.'
_INITIALS_AFTER: Final = re.compile(r", ?(?:[A-ZÀ-ŽŁŚŻ]\. ?){1,5}(?![^\W_])")

# A name that is missed costs more than a word too many: a word with a capital is one from this score on.
THRESHOLD: Final = -1.25
THRESHOLD_LOWER: Final = 0.0
INFIX_AFTER: Final = 4.0  # for a first name before 'de Vries'
SURNAME_AFTER: Final = 1.0  # for a first name before a surname of the language's own lists
CONTINUED: Final = 2.5  # for a word with a capital right after a name
INFIXED: Final = 2.5  # for a listed surname after a name and infixes
ARTICLED: Final = 4.0  # for a word with a capital after a name and "'t"
PAIR: Final = 2.0  # together, for a first name and the word with a capital after it
DOUBT: Final = -3.25
HOPELESS: Final = -2.75  # after the first part of the features
SURE: Final = 2.0
COMMON_NAME, COMMON_WORD, COMMON_FIRST_WORD = 3, 2, 0
"""How common a word the first name before a surname may be: a listed name, another word, one that starts a sentence.
Before a surname that is sure, any word with a capital within a sentence will do."""
ENOUGH: Final = 2  # how common a name in lower case has to be, to vouch for the word beside it
_T: Final = keys_of(["t"]).key[0]
_IS_LISTED_LAST: Final = np.array([name.lstrip("i")[2:3] in ("2", "3") for name in NAMES])
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
    threshold = np.where(is_lower, np.float32(THRESHOLD_LOWER), np.float32(THRESHOLD))
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
    by_text: dict[int, list[_Word]] = {}
    first = texts.first + EMPTY
    slots = places.at.take(asked)
    for text, word in zip(
        places.text.take(asked).tolist(),
        map(
            _Word,
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
        line = _Line(texts, text, languages[text])
        found[text] = list(_spans(line, _settled(line, words)))
    return found


class _Word(NamedTuple):
    """A word of a text that is a name, or may be: its place among the words, its key, its score as it was weighed and
    as it is now, what the cue before it added to that, and the numbers of that cue and of what the lists say."""

    place: int
    key: int
    is_name: bool
    weighed: float
    score: float
    told: float
    cue: int
    name: int

    @property
    def kind(self) -> str:
        """What the lists say of it, in a letter."""
        return _KIND[self.name]


_KIND: Final = [coarse(name)[0] for name in NAMES]


def _settled(line: "_Line", words: Sequence[_Word]) -> list[_Word]:
    """The names among some words of one text: what is a name in one place of a text is one in another, in any case."""
    certain = [word for word in words if word.is_name and (word.score > SURE or word.told > 0)]
    sure = {word.key for word in certain}
    if line.language in ("pl", "fi") and len(words) > len(certain) > 0:
        forms = {form for word in certain for form in bases(line[word.place].lower(), line.language)}
        sure.update(keys_of(sorted(forms)).key.tolist())
    found = []
    for word in words:
        doubtful = not word.is_name or word.weighed != word.score
        if doubtful and word.key in sure:
            found.append(word._replace(score=word.weighed))
        elif word.is_name:
            found.append(word)
    return found


class _Line:
    """A text and where its words stand in it."""

    def __init__(self, texts: Texts, text: int, language: str) -> None:
        self.text = texts.strings[text]
        self.language = language
        first = texts.first.item(text) + EMPTY
        last = first + texts.count.item(text)
        begin = texts.begin.item(text)
        self._rows = texts.slots.row[first:last]
        self.starts: list[int] = (texts.slots.start[first:last] - begin).tolist()
        self.ends: list[int] = (texts.slots.end[first:last] - begin).tolist()

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, place: int) -> str:
        """The word at a place."""
        return self.text[self.starts[place] : self.ends[place]]

    def code(self, place: int) -> int:
        """The code of the word at a place in the list."""
        return int(lexicon().code[self._rows[place]])

    def is_double(self, place: int) -> bool:
        """Whether the word at a place can be half of a double name: more than a letter, with a capital."""
        return self.ends[place] - self.starts[place] > 1 and self.text[self.starts[place]].isupper()

    def gap(self, place: int) -> str:
        """What stands between the word at a place and the next."""
        return self.text[self.ends[place] : self.starts[place + 1]]


# 'Peek & Cloppenburg' is a shop, 'Kwame & Saoirse' are two people.
_AND_CAPITAL: Final = re.compile(r" & ([^\W\d_]+)")
_CAPITAL_AND: Final = re.compile(r"([^\W\d_]+) & \Z")
# A company keeps its name, and so does a street, a square or a school that is called after somebody.
_NO_PERSON_AFTER: Final = re.compile(
    r"['’]?s? (?:&|en|and|og|ja|i|u\.) (?:Zn|Zoon|Zonen|Zn\.|Sons?|Co|Partners|Synowie|Syn|Sønner|Sønn|Pojat|Kumpp)\b"
    r"|(?: [A-ZÅÄÖØÆŁ&][\w&-]*){0,3} (?:B\.? ?V|N\.? ?V|V\.?O\.?F|Ltd|LLP|plc|PLC|Inc|GmbH|AS|ASA|ANS|Oyj?|Ky"
    r"|Sp\. ?z|S\.A|s\.c|Groep|Group|Arms)\b"
    r"|['’]?s?[ -](?:[Ss]traat|[Ll]aan|[Pp]lein|[Mm]arkt|[Gg]racht|[Kk]ade|[Ss]ingel|[Ss]luis|[Ss]teeg|Street|Road|rd"
    r"|Rd|Lane|Avenue|Ave|Way|Close|Walk|Ride|Square|Gardens|Park|School|Station|Inn|Stadium|Theatre"
    r"|Hospital|Church|Hall|House|Garden|Green|Farm|Court|Bridge|Estate|Library|Surgery|Academy|College|Primary|Playground"
    r"|Wood|Woods|Mill|Tower|Towers|Trust|Foundation|Society|Centre|gate|gata|vei|veien|vegen"
    r"|plass|torg|senter|senteret|sykehus|barnehage|kirke|skole|katu|kadu\w+|tie|tien|tiellä|kuja\w*|polku|polu\w+"
    r"|puisto\w*|aukio\w*|tori\w*|silta|koulu\w*|\w*tie|\w+(?:katu|kadulla|polku|kuja|puisto|koulu|kirkko|talo)|[Ss]chool|[Pp]ark|[Bb]rug|[Tt]unnel|[Ff]onds|[Bb]uurt|[Ww]ijk|[Pp]rijs"
    r"|[Tt]oernooi|[Zz]iekenhuis|[Kk]erk|[Mm]useum|[Ss]tadion|Centrum|Center|Residence)\b"
)
_STORMS: Final = set_of("storm orkaan orkan hurricane wichura huragan myrsky stormen")
# 'Bakkerij Jansen' is a shop, 'speeltuin De Vrolijke Vos' a playground, 'storm Ciarán' a storm.
_BUSINESSES: Final = (
    set_of(
        """
    bakkerij slagerij kapsalon café cafe restaurant garage hotel firma apotheek autobedrijf aannemersbedrijf
    makelaardij notariskantoor basisschool school stichting brasserie eetcafé drogisterij juwelier bloemist
    hoveniersbedrijf bouwbedrijf taxi transportbedrijf rijschool manege camping kliniek piekarnia apteka salon
    restauracja zakład hurtownia cukiernia kwiaciarnia przychodnia rørlegger salong kafé kafe brødrene frisør bakeri
    malermester tannlege leipomo kahvila parturi ravintola kampaamo kauppa hotelli taksi
    zwembad speeltuin sporthal buurthuis wijkcentrum dorpshuis verzorgingshuis zorgcentrum kinderdagverblijf
    kinderopvang theater museum bibliotheek lyceum college vereniging voetbalclub scouting supermarkt pub nursery
    academy przedszkole szkoła szkole szkoły liceum teatr kino muzeum fundacja stowarzyszenie klub barnehage
    barnehagen skole sykehjem sykehjemmet borettslag borettslaget idrettslag butikk päiväkoti päiväkodin koulu
    koulun hoivakoti palvelutalo uimahalli lukio yhdistys bar baru barze zajazd karczma pizzeria gospoda
    ijssalon wijkcomité buurtcomité boerderij kwekerij molen flat zaal feestzaal theehuis eethuis snackbar visboer
    ulica ulicy ulicę ulice plac placu skwer skweru rondo ronda rondzie aleja alei aleję osiedle osiedlu pomnik pomnika
    kościół kościoła restauracji kawiarnia kawiarni sklep sklepu piekarni
    bakery butcher salon barber hairdresser takeaway chippy bistro hostel
    restaurant restauranten kiosk kiosken treningssenter gatekjøkken bakeriet
    ravintolassa kahvilassa kahvilan pizzeriassa kampaamossa
    """
    )
    | _STORMS
)
_BUSINESS_ENDINGS: Final = tuple(
    set_of(
        """
    vereniging school club hotel museum winkel bakkerij tehuis centrum zaal comité salon flat bedrijf handel stichting
    forening klubb skole senter seura koulu
    """
    )
)
"""What longer words for them end in: 'gymnastiekvereniging', 'idrettsforening'."""
_STREET_WORDS: Final = set_of(
    "street road rd lane avenue ave close drive grove crescent terrace square gardens way walk ride mews row"
)
_GREENS: Final = set_of("park hill green wood woods mill common heath bridge gate house hall field fields court")
_AT_GREENS: Final = set_of("in at through near outside along across around behind opposite towards inside")
_STREET: Final = re.compile(
    r"[^\W\d_]{3,}(?:straat|laan|plein|gracht|kade|singel|steeg|plantsoen|dreef|weg|stadion|school|park|ziekenhuis"
    r"|kerk|kapel|flat|paleis|zaal|theater|museum|brug|tunnel|toren|molen"
    r"|gata|gaten|veien|vegen|plassen|torget"
    r"|parken|skolen|katu|kadulla|kadun|kuja|kujan|polku|puisto|puiston|puistossa|tori|torilla)(?!\w)",
    re.IGNORECASE,
)


_SPELLED: Final = re.compile(
    r"(?<![\w-])(?:[^\W\d_]-){3,}[^\W\d_](?![\w-])|(?<![^\W\d_])(?:[A-ZÀ-Ž] ){3,}[A-ZÀ-Ž](?![^\W\d_])"
)


FEWEST_LETTERS: Final = 4


def spelled(text: str) -> Iterator[Span]:
    """Names spelled letter by letter: 'H-A-I-L-U', 'A O I F E'."""
    for found in _SPELLED.finditer(text):
        yield Span(found.start(), found.end(), "NAME", "name, spelled letter by letter", 0.8)


def _spans(line: _Line, names_: Sequence[_Word]) -> Iterator[Span]:
    at = 0
    while at < len(names_):
        begun = at
        at += 1
        while at < len(names_) and _joined(line, names_[at - 1].place, names_[at].place):
            at += 1
        span = _span(line, names_[begun:at])
        if span:
            yield span


def _span(line: _Line, names_: Sequence[_Word]) -> Span | None:
    """The span of words that are one name; None if it is the name of no person."""
    text = line.text
    one, other = names_[0], names_[-1]
    first, last = one.place, other.place
    # What a hyphen joins to a name is part of it: 'Bakker-Storm'.
    while first and line.gap(first - 1) == "-" and line.is_double(first - 1):
        first -= 1
    while last + 1 < len(line) and line.gap(last) == "-" and line.is_double(last + 1):
        last += 1
    start, end = line.starts[first], line.ends[last]
    # Infixes and initials before it belong to it; but 'van Samira' is of Samira.
    i = first - 1
    while i >= 0 and line[i].lower() in INFIXES and line.gap(i) in _INFIX_LINKS:
        i -= 1
    if i + 1 < first:
        infixed = (
            one.kind not in "Ff"
            or line[i + 1][0].isupper()
            or (i >= 0 and (len(line[i]) == 1 or CUES.get(line[i].lower()) == "T"))
        )
        if infixed:
            start = line.starts[i + 1]
        else:
            i = first - 1
    if one.kind not in "Ff" and _goes_before(
        line, i, is_sure=one.score > SURE, ends_line=last + 1 == len(line) or "\n" in line.gap(last)
    ):
        start = line.starts[i]
        i -= 1
    if start and text[start - 1] in "'’" and text[start : start + 1] == "t":
        start -= 1
    if other.kind in "FfBb" and (initial_after := _INITIAL_AFTER.match(text, end)):
        end = initial_after.end()
    elif other.kind in "FfBb" and (infixed_after := _INFIXED_AFTER.match(text, end)):
        end = infixed_after.end()
    elif initials_after := _INITIALS_AFTER.match(text, end):
        end = initials_after.end()
    if _NO_PERSON_AFTER.match(text, end):
        return None
    if line[last].lower() in _STREET_WORDS and not other.told > 0:
        return None
    # 'snow in Willow Park'; but 'it was Hye-jin Park'.
    if i >= 0 and line[last].lower() in _GREENS and line[i].lower() in _AT_GREENS and line.gap(i) == " ":
        return None
    if one.told <= 0 and (_is_called_so(line, i) or (first < last and line[first].lower() in _STORMS)):
        return None
    if one.told <= 0 and public.covers(line, first, last):
        return None
    if other.kind in "udWi" and _STREET.search(text, line.starts[last], end):
        return None
    partner = _AND_CAPITAL.match(text, end) or (
        text.endswith(" & ", 0, start) and _CAPITAL_AND.search(text, max(0, start - 40), start)
    )
    if partner and not (one.kind in "FBfb" or kind_of(partner.group(1), line.language)[0] in "FBfb"):
        return None
    if i >= 0 and len(initial := line[i]) <= _LONGEST_INITIAL and initial[0].isupper():
        initials = _INITIALS.search(text, max(0, start - 24), start)
        if initials and initials.group() not in _SENTENCE_OPENERS.get(line.language, ()):
            start = initials.start()
    sure = min(max(name.score for name in names_), 6.0)
    rule = _RULES.get(CUE_KINDS[one.cue], UNTOLD)
    return Span(start, end, "NAME", rule, round(0.5 + max(sure, 0.0) / 15, 2))


_LONGEST_CALLED: Final = 3
_BEFORE_CALLED: Final = frozenset((" ", "\n", " '", " ’", ' "', " „", " “", " «", " (", ": "))


def _is_called_so(line: _Line, place: int) -> bool:
    """Whether words with capitals, of which the one at a place is the last before a name, follow what kind of business
    or building they and the name are the name of."""
    for at in range(place, max(-1, place - _LONGEST_CALLED), -1):
        if line.gap(at) not in _BEFORE_CALLED:
            return False
        if (lower := line[at].lower()) in _BUSINESSES or lower.endswith(_BUSINESS_ENDINGS):
            return True
        if not line.text[line.starts[at]].isupper():
            return False
    return False


_SHORTEST_PART: Final = 3
_ENDS_SENTENCE: Final = frozenset('.!?:\n"')


@cache
def _may_go_before() -> list[list[bool]]:
    """By whether it starts a sentence, and by the code of a word: whether it can be the first name before a surname."""
    codes = lexicon().codes
    is_name = codes.first + codes.last > 0
    other = (codes.place > 0) | (codes.organisation > 0) | (codes.calendar > 0)
    common = codes.in_dictionary.max(axis=0)
    return [
        (~other & (common <= np.where(is_name, COMMON_NAME, most))).tolist()
        for most in (COMMON_WORD, COMMON_FIRST_WORD)
    ]


def _goes_before(line: _Line, place: int, *, is_sure: bool, ends_line: bool) -> bool:
    """Whether the word at a place, right before a surname, is the first name of it: a word with a capital that says
    nothing else. At the start of a sentence any word has a capital, and only a name or an uncommon word will do; but a
    line below that holds nothing else is a signature: 'Wil de Bruin'."""
    if place < 0 or line.gap(place) != " ":
        return False
    word = line[place]
    lower = word.lower()
    if len(word) < _SHORTEST_PART or not word[0].isupper() or not word[1:].islower() or lower in CUES:
        return False
    if ends_line and place and "\n" in line.gap(place - 1):
        return True
    if lower in _BUSINESSES or lower in _STREET_WORDS or lower in SAYING:
        return False
    code = line.code(place)
    starts = not place or not _ENDS_SENTENCE.isdisjoint(line.gap(place - 1))
    return (is_sure and not starts) or _may_go_before()[starts][code]


def kind_of(word: str, language: str) -> str:
    """What the lists say of a word in a language, in few values."""
    lower = word.lower()
    key = keys_of([lower]).key
    tongue = np.array([tongue_of(language)])
    (kind,) = kinds().of(key, lexicon().rows(key), tongue, lambda _: lower).tolist()
    return coarse(NAMES[kind // REST])


def tongue_of(language: str) -> int:
    """The number of a language; that of 'other' for one that is none of the five."""
    return TONGUES.index(language) if language in TONGUES else len(TONGUES) - 1


UNTOLD: Final = "name, by list and context"
"""The rule of a name that no cue stands before."""
_RULES: Final = {
    "T": "name after a title",
    "K": "name after a relative or neighbour",
    "R": "name after an office",
    "G": "name after a greeting",
    "I": "name after an introduction",
    "C": "name after a closing line",
    "M": "name after thanks",
    "S": "name after 'spoke to'",
}
_LONGEST_INITIAL: Final = 3
_WORDS_OF_A_LETTER: Final = frozenset("izwouaåy")
_SENTENCE_OPENERS: Final = {"pl": ("Z ", "W ", "U ", "O ", "I ", "A "), "nb": ("I ",), "en": ("A ", "I ")}
"""Words of one letter that are no initials."""
_LINKS: Final = frozenset((" ", "-", ". ", ".", "/", " - ", "–", " '", " ’"))
_INFIX_LINKS: Final = _LINKS | {"\n"}  # a line may break behind an infix


def _joined(line: _Line, one: int, other: int) -> bool:
    """Whether two name words are parts of one name: only infixes or initials, blanks, dots and hyphens between."""
    if other - one > 4:
        return False
    between = range(one + 1, other)
    infixes = {place for place in between if line[place].lower() in INFIXES}
    if any(len(line[k]) != 1 or line[k] in _WORDS_OF_A_LETTER for k in between if k not in infixes):
        return False
    return all(line.gap(k) in (_INFIX_LINKS if k in infixes else _LINKS) for k in range(one, other))
