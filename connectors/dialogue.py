"""What citizens write in an SMS or on WhatsApp: a score, then the reason; words; or that they want to hear no more.

Where the town asks for a score, the messages of one sender within a day (the collector's window) are one answer, whose
id is that of its first message:

- A message of only a number on the scale ('4', or '4/5' where 5 is its end) is the score. Sent again before any words
  it corrects the score; sent after the words that followed a score it begins a new answer, for a town may ask twice in
  a day, and the first answer must not be lost to the second.
- Any other message is words: the reason for the score, whether it comes after it or (as messages overtake each other)
  before it. Further words are put under the earlier ones; words alone are an answer without a score.
- A number off the scale is words too, with a note, so that it never takes the place of a score.

Where the town asks for none, or nobody can tell who the sender is, each message is an answer of its own. A message
that is only a word such as STOP is no answer; one in which the word stands among others is.
"""

from __future__ import annotations

import re
import unicodedata

from connectors.base import Draft, Ignored, Item, Piece, Question
from schemas.feedback import Note

_NUMBER = re.compile(r"([0-9]{1,3})(?:\s?/\s?([0-9]{1,3}))?\s*[.!]?")
_NO_LETTERS = re.compile(r"[\W_]+")
_STROKES = str.maketrans("łøæ", "loa")  # letters that Unicode does not take apart

_OUT = (
    # English, the words that operators and providers themselves act on
    *("stop", "stop all", "stopall", "unsubscribe", "cancel", "end", "quit", "opt out", "optout", "revoke"),
    *("stoppen", "afmelden", "afmelding", "uitschrijven", "opzeggen", "stop sms"),
    *("wypisz", "wypisz mnie", "wypisuję się", "rezygnuję", "rezygnacja", "anuluj", "koniec", "usuń", "usuń mnie"),
    *("stopp", "stopp sms", "meld av", "meld meg av", "avmeld", "avmelding", "avslutt", "slutt"),
    *("lopeta", "peruuta", "peru", "poista", "poista minut", "seis"),
)
_IN = (
    *("start", "unstop", "subscribe", "opt in", "optin"),
    *("aanmelden", "inschrijven", "zapisz", "zapisz mnie", "meld på", "meld meg på", "aloita", "tilaa"),
)


def item_of(text: str | None, sender: str | None, asks: Question, draft: Draft, edit: str | None = None) -> Item:
    """What a message is. `draft` is its answer but for the answers, under the provider's id of the message.

    `sender` is what the provider knows them by for as long as a conversation lasts. Where a message takes the place of
    an earlier one, `draft` is under the id of that one, and `edit` is its own.
    """
    text = (text or "").strip()
    if not text:
        return Ignored("a message without words")
    if choice := opting(text):
        return Ignored(f"opting {choice}")
    if asks.scale is None:
        draft.answers = [asks.words(text)]
        return draft
    message_id, number = draft.source_id or "", _NUMBER.fullmatch(text)
    if number is not None and number[2] is not None and int(number[2]) != asks.scale.max:
        number = None  # out of something else
    is_score = number is not None and asks.scale.min <= int(number[1]) <= asks.scale.max
    if number is not None and is_score:
        draft.answers = [asks.answer(score=int(number[1]))]
    elif number is not None:
        off_scale = Note(field="answers[0].score", problem="off_scale")
        draft.answers, draft.notes = [asks.answer(text=text)], [*draft.notes, off_scale]
    else:
        draft.answers = [asks.words(text)]
    if not sender or not message_id:
        return draft  # without an id it is kept as a failure
    # Words are each a step of their own, so that they are kept beside each other.
    step = "score" if is_score else f"text {message_id}"
    return Piece(sender, edit or message_id, step, draft, restarts=is_score and edit is None)


def opting(text: str) -> str | None:
    """'out' or 'in' where the whole message asks to hear no more, or to hear again; None where it does not."""
    return _CHOICES.get(folded(text)) if len(text) <= _LONGEST_CHOICE else None


def folded(text: str) -> str:
    """Small letters and digits without accents, and one space for all else: telephones leave out what they lack."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_STROKES))
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return _NO_LETTERS.sub(" ", letters).strip()


_LONGEST_CHOICE = 50
_CHOICES = {**{folded(word): "out" for word in _OUT}, **{folded(word): "in" for word in _IN}}
