"""Case numbers: what is found where, what is none, and that nothing personal is taken for one."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel

from pipelines.enrich.case_number import BUILT_IN, CANDIDATE, LONGEST, CasePatterns, find, from_url, given

ANY = CasePatterns()
LANGUAGES = ("nl", "en", "pl", "nb", "fi")


def marked() -> Iterator[tuple[str, str, list[str]]]:
    lines = (Path(__file__).parent / "case_numbers.txt").read_text("utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            language, _, text = line.partition(" | ")
            yield language, text.replace("[[", "").replace("]]", ""), re.findall(r"\[\[(.*?)\]\]", text)


@pytest.mark.parametrize(("language", "text", "numbers"), list(marked()))
def test_the_marked_texts(language: str, text: str, numbers: list[str]) -> None:
    found = find(text, ANY, language)
    assert [each.number for each in found] == numbers
    assert all(text[each.start : each.end] == each.number for each in found)


def test_a_plain_number_before_a_tracker_and_after_an_emoji_has_its_place_in_code_points() -> None:
    assert find("👍🏽 zaaknummer 31415", ANY, "nl") == [(14, 19, "31415")]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("ZAAK-2025-0000031415", "ZAAK-2025-0000031415"),
        (" SIG-90210 ", "SIG-90210"),
        ("2025/0012345", "2025/0012345"),
        ("31415", "31415"),
        ("20251234", "20251234"),
        ("41234567", "41234567"),
        ("512345678", "512345678"),
        ("A.31_4/15-9", "A.31_4/15-9"),
        ("Zaak: ZAAK-2025-0000031415", "ZAAK-2025-0000031415"),
        ("zaaknummer 31415", "31415"),
        ("", None),
        ("onbekend", None),
        ("ik weet het niet, 3 weken geleden", None),
        ("x" * LONGEST + "1", None),
        ("jan1@voorbeeld.nl", None),
        ("0612345678", None),
        ("+31612345678", None),
        ("0031612345678", None),
        ("06-12345678", None),
        ("Tel.06-12345678", None),
        ("BSN-111222333", None),
        ("192.168.1.20", None),
        ("2001:db8::1", None),
        ("NL91ABNA0417164300", None),
        ("111222333", None),
        ("1112.22.333", None),
        ("44051401359", None),
        ("131052-308T", None),
        ("AB123456C", None),
        ("4111111111111111", None),
        ("XK-482-P", None),
        ("1234AB", None),
        ("12-03-2025", None),
        ("17/5-1938", None),
        ("131052-923M", None),
        ("Vogelzang1985", None),
        ("Vogelzangstraat-12", None),
        ("5e1b2c9a-0d3f-4e8b-9a77-2f1c3d4e5f60", None),
    ],
)
def test_a_given_value_is_kept_if_it_can_be_a_case_number(value: str, number: str | None) -> None:
    assert given(value, ANY) == number


@pytest.mark.parametrize(("value", "language"), [("41234567", "nb"), ("512345678", "pl")])
def test_a_given_value_is_no_telephone_number_of_its_language(value: str, language: str) -> None:
    assert given(value, ANY, language) is None
    assert from_url(f"https://miasto.example/?case={value}", ANY, language) is None


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://stad.example/mijn?zaaknummer=ZAAK-2025-0000031415", "ZAAK-2025-0000031415"),
        ("https://stad.example/kto?Zaak_Nummer=31415&x=1", "31415"),
        ("/kto?caseId=2025%2F0012345", "2025/0012345"),
        ("https://stad.example/meldingen/SIG-90210/status", "SIG-90210"),
        ("https://stad.example/zaken/ZAAK-2025-0000031415", "ZAAK-2025-0000031415"),
        ("https://stad.example/app#/zaken/ZAAK-2025-0000031415?tab=2", "ZAAK-2025-0000031415"),
        ("https://stad.example/app#/kto?kenmerk=Z%2F25%2F998877", "Z/25/998877"),
        ("https://stad.example/?ref=SIG-90210", "SIG-90210"),
        ("https://stad.example/?ref=nieuwsbrief2025", None),
        ("https://stad.example/?melding=0612345678", None),
        ("https://stad.example/?kenmerk=111222333", None),
        ("https://stad.example/?email=jan1%40voorbeeld.nl", None),
        ("https://stad.example/2025/00123", None),
        ("https://stad.example/afval/12345", None),
        ("https://stad.example/", None),
        ("http://[::1", None),
        ("?" + "&".join("a=1" for _ in range(500)), None),
    ],
)
def test_a_url_carries_it_in_a_parameter_or_as_a_segment(url: str, number: str | None) -> None:
    assert from_url(url, ANY) == number


def test_a_number_in_a_text_is_no_telephone_number_of_its_language() -> None:
    assert find("saksnummer 41234567", ANY, "nb") == []


# --- a town's patterns --------------------------------------------------------------------------------------------


def test_a_town_adds_patterns_of_its_own_and_leaves_out_built_in_ones() -> None:
    patterns = CasePatterns(own=(r"dossier (\d{3})", r"\d{9}"), built_in=frozenset({"signalen"}))
    text = "Dossier 314, nummer 111222333, SIG-90210, ZAAK-2025-0000031415"
    assert [each.number for each in find(text, patterns)] == ["314", "111222333", "SIG-90210"]
    assert given("111222333", patterns) == "111222333"  # the town's own pattern asks for it
    assert find("rekening 1111222333", patterns) == []


def test_patterns_are_values() -> None:
    assert CasePatterns(own=("A",), setting="one") == CasePatterns(own=("A",), setting="other")
    assert hash(CasePatterns()) == hash(CasePatterns(built_in=BUILT_IN))


@pytest.mark.parametrize("pattern", ["(", r"(?=x)1", r"(a)\1", "x" * 501, "", r"\d*", "(?:a{1000}){1000}", "\ud800"])
def test_a_bad_pattern_names_its_setting(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"towns\.example\.case_patterns, pattern 2"):
        CasePatterns(own=(r"X\d+", pattern), setting="towns.example.case_patterns")


def test_an_unknown_built_in_name_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="signalen"):
        CasePatterns(built_in=frozenset({"signaal"}))


def test_a_town_s_pattern_meets_text_that_utf8_has_not() -> None:
    assert find("\ud800 X31", CasePatterns(own=(r"X\d+",))) == [(2, 5, "X31")]


# --- nothing personal ---------------------------------------------------------------------------------------------

LABELS = {
    "nl": ("zaaknummer", "Zaak:", "meldingsnummer", "kenmerk", "ref.", "dossier"),
    "en": ("case number", "case", "reference:", "ref", "report no."),
    "pl": ("sprawa nr", "numer sprawy:", "zgłoszenie", "znak"),
    "nb": ("saksnummer", "sak", "referanse:", "melding"),
    "fi": ("asianumero", "asia", "dnro", "tapausnumero:"),
}
REGIONS = {"nl": "NL", "en": "GB", "pl": "PL", "nb": "NO", "fi": "FI"}
digits = st.text("0123456789", min_size=20, max_size=20)


def with_check_digits(body: str, check: str, valid: Callable[[str], bool]) -> str | None:
    numbers = (f"{body}{n:0{len(check)}d}" for n in range(10 ** len(check)))
    return next(filter(valid, numbers), None)


@st.composite
def national_numbers(draw: st.DrawFn) -> str:
    body = draw(digits)
    kind = draw(st.sampled_from(("bsn", "pesel", "fnr", "card", "iban", "nino")))
    if kind == "bsn":
        number = with_check_digits("1" + body[:7], "9", bsn.is_valid)
    elif kind == "pesel":
        number = with_check_digits(f"{body[:2]}0{1 + int(body[2]) % 9}1{body[3]}{body[4:8]}", "9", pesel.is_valid)
    elif kind == "fnr":
        number = with_check_digits(
            f"1{body[0]}0{1 + int(body[1]) % 9}{body[2:4]}{body[4:7]}", "99", fodselsnummer.is_valid
        )
    elif kind == "card":
        number = with_check_digits("4" + body[:14], "9", luhn.is_valid)
    elif kind == "iban":
        account = f"ABNA{body[:10]}"
        number = f"NL{iban.calc_check_digits(f'NL00{account}')}{account}"
        number = draw(st.sampled_from((number, iban.format(number), number.lower())))
    else:
        number = f"AB{body[:6]}C"
    return number or "123456782"


@st.composite
def phone_numbers(draw: st.DrawFn) -> tuple[str, str]:
    language = draw(st.sampled_from(LANGUAGES))
    kind = draw(st.sampled_from((phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)))
    example = phonenumbers.example_number_for_type(REGIONS[language], kind)
    assert example is not None
    form = draw(
        st.sampled_from(
            (
                phonenumbers.PhoneNumberFormat.E164,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                phonenumbers.PhoneNumberFormat.NATIONAL,
            )
        )
    )
    text = phonenumbers.format_number(example, form)
    return language, draw(
        st.sampled_from((text, text.replace(" ", ""), text.replace(" ", "-"), text.replace(" ", ".")))
    )


contexts = st.sampled_from(("{label} {number}", "{label} {number}.", "({label} {number})", "{number} is mijn {label}"))


@for_all(national_numbers(), st.sampled_from(LANGUAGES), st.booleans(), contexts, st.data())
def test_no_national_number_card_or_account_is_a_case(
    number: str, language: str, known: bool, context: str, data: st.DataObject
) -> None:
    label = data.draw(st.sampled_from(LABELS[language]))
    assert find(context.format(label=label, number=number), ANY, language if known else None) == []
    assert given(number, ANY) is None


@for_all(phone_numbers(), st.booleans(), contexts, st.data())
def test_no_telephone_number_is_a_case(phone: tuple[str, str], known: bool, context: str, data: st.DataObject) -> None:
    language, number = phone
    label = data.draw(st.sampled_from(LABELS[language]))
    assert find(context.format(label=label, number=number), ANY, language if known else None) == []


@for_all(st.text(max_size=300), st.sampled_from((*LANGUAGES, None)))
def test_any_text_is_read_and_places_are_right(text: str, language: str | None) -> None:
    end = 0
    for each in find(text, ANY, language):
        assert each.start >= end
        assert text[each.start : each.end] == each.number
        assert len(each.number) <= LONGEST
        end = each.end
    given(text, ANY)
    from_url(text, ANY)


@for_all(
    st.lists(
        st.one_of(
            st.sampled_from((*"-/._‐‑– [#]:(@é٣½", "zaak ", "zaaknummer ", "ZAAK-", "SIG-", "HEL ", "T", "meldingen ")),
            st.text("0123456789", min_size=1, max_size=9),
        ),
        max_size=8,
    ),
    st.sampled_from((*LANGUAGES, None)),
)
def test_what_has_no_candidate_has_no_case_number(pieces: list[str], language: str | None) -> None:
    text = "".join(pieces)
    if not pc.match_substring_regex(pa.scalar(text), CANDIDATE).as_py():
        assert find(text, ANY, language) == []


@pytest.mark.parametrize(("language", "text", "numbers"), list(marked()))
def test_a_marked_text_with_a_number_has_a_candidate(language: str, text: str, numbers: list[str]) -> None:
    assert not numbers or pc.match_substring_regex(pa.scalar(text), CANDIDATE).as_py()


@pytest.mark.parametrize(
    "piece", ["1", "12345 ", "zaak ", "zaaknummer 12345 ", "Z-", "Z-2025-", "[#", "a.", "1/", "\n", "é", "_", "A1-"]
)
def test_long_texts_are_read(piece: str) -> None:
    find(piece * (100_000 // len(piece)), ANY)
