"""What a mail says as feedback: settings and rules that all connectors of this channel share.

The citizen's new words are one answer. The subject line of a mail that answers nothing is the citizen's too, and is an
answer of its own to the question `subject`, so that a mail of only a subject line is not lost and words in it are
scrubbed as any are. Under a reply ('Re: …') the subject line is ours: of it only a case number counts. Each attachment
is noted as not kept, up to the twentieth. The Message-ID is the answer's id, so that a mail that comes two ways is one.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, Field

from connectors.base import Draft, Ignored, Question, Source
from connectors.email.message import Message
from connectors.email.reply import new_words
from connectors.reading import present
from schemas.feedback import Note

_MOST_NOTED = 20
_OPEN, _SUBJECT = Question(), Question(question="subject")

# Words with digits that may be a case number; the pipeline decides which is one.
_WORD = re.compile(r"(?<![\w@./-])[A-Za-z0-9][A-Za-z0-9._/-]{3,39}(?![\w@])")
_DATE = re.compile(r"\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{4}-\d{1,2}-\d{1,2}")
_SERIAL = re.compile(r"(?:19|20)\d\d[-/.]\d{5,10}")
_LABEL = re.compile(
    r"(?:nummer|numer|numeru|number|numero|nr|no|kenmerk|zaak|melding|case|ref|reference|ticket|sprawy|sprawa|znak|"
    r"saken|sak|asia|diaari|#)[\s.:#]*$",
    re.IGNORECASE,
)


class Answers(BaseModel):
    """Settings of a feedback mailbox, however its mails reach us."""

    own_addresses: tuple[str, ...] = Field(
        (),
        description="Addresses the town writes from; what comes from one, or from the mailbox itself, is no feedback",
    )
    survey: str | None = Field(None, description="Id of the survey")

    body_bytes: ClassVar[int] = 35 * 1024 * 1024
    """Mails come with their photos; Postmark, which takes the largest, lets them have 35 MB in all."""

    @property
    def town_addresses(self) -> tuple[str, ...]:
        """Addresses that no citizen writes from."""
        return self.own_addresses

    def answer_of(self, message: Message, source: Source) -> Draft | Ignored:
        """The answer in a mail, or why it is none."""
        if message.no_feedback:
            return Ignored(message.no_feedback)
        own = {address.strip().lower() for address in self.town_addresses} | message.recipients
        if (message.address or "").lower() in own:
            return Ignored("a mail of our own")
        answers = [_OPEN.words(words)] if (words := new_words(message.text)) else []
        if message.subject and not message.is_reply:
            answers.append(_SUBJECT.words(message.subject))
        if not answers:
            return Ignored("a mail without new words")
        return Draft(
            source_id=message.message_id or _digest(message),
            answers=answers,
            occurred_at=message.sent_at,
            occurred_at_from=message.sent_at_from,
            language=source.language,
            survey=present(id=self.survey),
            subject=present(case_number=case_number(message.subject)),
            person=present(email=message.address, name=message.name),
            notes=[
                Note(field=f"attachments[{place}]", problem="not_kept")
                for place in range(min(message.attachments, _MOST_NOTED))
            ],
        )


def case_number(subject: str) -> str | None:
    """The word of a subject line that looks like a case number: digits with capitals, with a year or behind a label."""
    for word in _WORD.finditer(subject):
        number = word[0].rstrip("._/-")
        digits = sum(map(str.isdigit, number))
        separated = re.search(r"[-./]", number) is not None
        if digits < 3 or number != number.upper() or _DATE.fullmatch(number):
            continue
        if number[0].isalpha():
            likely = separated or digits >= 4
        elif re.search("[A-Z]", number):
            likely = separated and digits >= 4
        else:
            likely = digits >= 4 and (_SERIAL.fullmatch(number) or _LABEL.search(subject[: word.start()])) is not None
        if likely:
            return number
    return None


def _digest(message: Message) -> str:
    told = "\n".join([message.address or "", str(message.sent_at), message.subject, message.text])
    return sha256(told.encode()).hexdigest()[:32]
