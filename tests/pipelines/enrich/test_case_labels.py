"""Labels of numbers: what a word says, and which one is the nearest."""

import pytest

from pipelines.enrich.case_labels import Label, Role, label_after, label_before, role_of


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("zaaknummer zaaknumer meldingsnr kenmerk referentie reference refrence", Role.NUMBER_LABEL),
        ("saksnummeret asianumeroni dnro", Role.NUMBER_LABEL),
        ("zaak melding case application sprawy zgłoszenia zgloszenie byggesaken vedtaket päätöksen", Role.CASE),
        ("ordernummer kvk betalingskenmerk faktury tilausnumero tlf kenteken volgnummer pesel", Role.OTHER_THING),
        ("nr nummer number numeru nro", Role.NUMBER),
        ("kerkstraat vandaag jeśli hvorfor miksi", Role.WORD),
    ],
)
def test_words_have_roles(words: str, role: Role) -> None:
    assert {word: role_of(word) for word in words.split()} == dict.fromkeys(words.split(), role)


@pytest.mark.parametrize(
    ("before", "label"),
    [
        ("Mijn zaaknummer is ", Label(Role.NUMBER_LABEL, 0)),
        ("zaak met het nr. ", Label(Role.NUMBER_LABEL, 0)),
        ("Melding vorige week gedaan: ", Label(Role.CASE, 3)),
        ("Zaak afgehandeld. Ik betaalde ", Label(None, 2)),
        ("invoice reference ", Label(Role.OTHER_THING, 0)),
        ("numer sprawy ", Label(Role.NUMBER_LABEL, 0)),
        ("", Label(None, 0)),
    ],
)
def test_the_nearest_label_before_counts(before: str, label: Label) -> None:
    assert label_before(before, len(before), 72) == label


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (" is mijn zaaknummer", True),
        (" to mój numer sprawy", True),
        (" is the case number", True),
        (" is een zaak van lange adem", False),
        (". Dat is mijn zaaknummer", False),
        ("", False),
    ],
)
def test_a_label_may_follow(after: str, found: bool) -> None:
    assert label_after(f"2025-1187{after}", 9) is found
