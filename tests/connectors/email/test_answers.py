"""What a mail says as feedback, whichever way it came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Draft, Ignored, Source, finish
from connectors.email.answers import Answers, case_number
from connectors.email.imap import ImapMailbox
from connectors.email.message import Message, of_parts
from connectors.errors import Misconfigured
from connectors.registry import configured
from schemas.feedback import Channel
from tests.providers import NOW

SOURCE = Source("waterdam", "mailbox", "imap", Channel.EMAIL)
FROM = [("From", "Jan <jan@example.org>")]


def answer(message: Message, **settings: object) -> Draft | Ignored:
    return Answers.model_validate(settings).answer_of(message, SOURCE)


def texts(draft: Draft | Ignored) -> list[tuple[str | None, str]]:
    assert isinstance(draft, Draft)
    return [(one.get("question"), one["text"]) for one in draft.answers]


def test_the_subject_line_of_a_new_mail_is_an_answer_of_its_own() -> None:
    new = [*FROM, ("Subject", "Bankjes in het park")]
    assert texts(answer(of_parts(new, text="Graag meer."))) == [
        (None, "Graag meer."),
        ("subject", "Bankjes in het park"),
    ]
    assert texts(answer(of_parts(new, text="\n"))) == [("subject", "Bankjes in het park")]


def test_the_subject_line_of_a_reply_is_ours_but_for_a_case_number() -> None:
    draft = answer(of_parts([*FROM, ("Subject", "Re: Uw melding SIG-12345")], text="Prima!"))
    assert texts(draft) == [(None, "Prima!")]
    assert isinstance(draft, Draft)
    assert draft.subject == {"case_number": "SIG-12345"}
    assert isinstance(answer(of_parts([*FROM, ("Subject", "Re: Uw melding")], text="> ")), Ignored)


def test_what_the_town_writes_itself_is_no_feedback() -> None:
    own = of_parts([("From", "Balie <Balie@waterdam.example>")], text="Dank voor uw melding")
    assert isinstance(answer(own), Draft)
    assert answer(own, own_addresses=["balie@waterdam.example"]) == Ignored("a mail of our own")
    back = of_parts([("From", "balie@waterdam.example")], text="Dank", recipients=["<BALIE@waterdam.example>"])
    assert answer(back) == Ignored("a mail of our own")
    mailbox = ImapMailbox(user="balie@waterdam.example")
    assert mailbox.answer_of(own, SOURCE) == Ignored("a mail of our own")


def test_the_same_mail_is_one_answer_and_two_without_an_id_are_two() -> None:
    first, second = (answer(of_parts(FROM, text=text)) for text in ("Prima!", "Slecht!"))
    assert isinstance(first, Draft)
    assert isinstance(second, Draft)
    assert first.source_id != second.source_id
    assert first == answer(of_parts(FROM, text="Prima!"))


def test_attachments_are_noted_but_not_without_end() -> None:
    event = finish(answer_with(3), SOURCE, NOW)
    assert [(note.field, note.problem) for note in event.notes] == [
        ("attachments[0]", "not_kept"),
        ("attachments[1]", "not_kept"),
        ("attachments[2]", "not_kept"),
    ]
    assert len(finish(answer_with(400), SOURCE, NOW).notes) == 20


def answer_with(attachments: int) -> Draft:
    draft = answer(of_parts(FROM, text="Prima!", attachments=attachments))
    assert isinstance(draft, Draft)
    return draft


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: Uw melding ZAAK-2026-0000000012", "ZAAK-2026-0000000012"),
        ("Re: [SIG-12345] Uw melding", "SIG-12345"),
        ("Antw: zaak Z/26/123456.", "Z/26/123456"),
        ("Re: OF-ABC123 ontvangen", "OF-ABC123"),
        ("Re: kenmerk 2026/0012345", "2026/0012345"),
        ("Re: Zaaknummer: 20261234", "20261234"),
        ("Odp.: znak sprawy OR.5343.118.2026", "OR.5343.118.2026"),
        ("Sak nr. 4711", "4711"),
        ("24/03391/FUL planning", "24/03391/FUL"),
        ("Z2026-00012345", "Z2026-00012345"),
        ("Afspraak 12-05-2026 om 10.30", None),
        ("Afspraak 2026-05-12", None),
        ("Bel 0612345678", None),
        ("Hertogstraat 1234", None),
        ("jan1234@example.org", None),
        ("De A50 en covid19", None),
        ("Postcode 1234AB", None),
        ("Bel 06-12345678 of 2025-2026", None),
        ("De 100-jarige en de 1000-jarige", None),
        ("", None),
    ],
)
def test_a_case_number_in_a_subject_line(subject: str, number: str | None) -> None:
    assert case_number(subject) == number


@given(st.text(max_size=200), st.text(max_size=300), st.integers(0, 100))
def test_whatever_a_mail_says_becomes_an_event_or_nothing(subject: str, text: str, attachments: int) -> None:
    message = of_parts([*FROM, ("Subject", subject), ("Date", text)], text=text, attachments=attachments)
    draft = answer(message)
    if isinstance(draft, Draft):
        finish(draft, SOURCE, NOW)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "set user, and either password or token_url, beside host"),
        ({"user": "balie@waterdam.example"}, "either password or token_url"),
        ({"password": "p"}, "set user"),
        ({"user": "b", "password": "p", "token_url": "https://login.example/token"}, "either password or token_url"),
        ({"user": "b", "token_url": "https://login.example/token", "client_id": "a"}, "client_id and client_secret"),
    ],
)
def test_a_mailbox_is_not_asked_without_a_login(given: dict[str, str], told: str) -> None:
    configured("imap", given)
    with pytest.raises(Misconfigured, match=told):
        configured("imap", {"host": "imap.example.org", **given})
