"""What holds for every text: offsets, idempotence, no exception, and that what proves itself never survives."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType, example_number_for_type, format_number
from stdnum import luhn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel

from pipelines.personal_data import LANGUAGES, PLACEHOLDERS, Scrubber, detect
from pipelines.personal_data.checks import is_bsn, is_card, is_iban

SCRUBBER = Scrubber()
MARKS = re.compile("|".join(sorted({re.escape(w) for words in PLACEHOLDERS.values() for w in words.values()})))

# Words, punctuation, emoji, combining letters, digits and pieces of personal data, in any order.
PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "Jan",
            "Jansen",
            "mevrouw",
            "van",
            "der",
            "Mw.",
            "groet",
            "👍🏽",
            "é",
            "José",
            "İ",
            "ß",
            "06-12345678",
            "1234",
            "AB",
            "jan@ex.nl",
            "Kerkstraat",
            "12",
            "[NAAM]",
            "[",
            "@",
            "::",
            "111222333",
            "geboren",
            "01-02-1990",
            "NL91ABNA0417164300",
            "\n",
            ",",
            "(",
            ")",
            "http://x.nl/?token=abcdef12",
            "at",
            "punt",
            "com",
            "A.",
            "B.",
            "XK-482-P",
            "0",
            "+",
            "(0)",
        ]
    ),
)
TEXTS = st.lists(PIECES, max_size=12).map(" ".join)
LANGUAGE = st.sampled_from([*LANGUAGES, "other", None])


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, language=LANGUAGE)
def test_offsets_are_in_order_and_the_text_is_what_they_say(text: str, language: str | None) -> None:
    scrubbed = SCRUBBER.scrub(text, language)
    words = PLACEHOLDERS.get(scrubbed.language, PLACEHOLDERS["en"])
    at, built = 0, ""
    for span in scrubbed.spans:
        assert at <= span.start < span.end <= len(text)
        built += text[at : span.start] + words[span.type]
        at = span.end
    assert built + text[at:] == scrubbed.text


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, language=LANGUAGE)
def test_scrubbing_twice_changes_nothing(text: str, language: str | None) -> None:
    once = SCRUBBER.scrub(text, language).text
    assert SCRUBBER.scrub(once, language).text == once


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.none() | TEXTS, max_size=6), language=LANGUAGE)
def test_the_batch_gives_what_the_single_call_gives(texts: list[str | None], language: str | None) -> None:
    singly = [None if text is None else SCRUBBER.scrub(text, language).text for text in texts]
    assert SCRUBBER.scrub_many(texts, [language] * len(texts)) == singly


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=200))
def test_a_language_is_always_one_of_six(text: str) -> None:
    assert detect(text) in {*LANGUAGES, "other"}


# What proves itself, in any context of words that say nothing.

DIGITS = "0123456789"


def _digits(n: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=n, max_size=n)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country, form = draw(
        st.sampled_from([("NL", "AAAA9999999999"), ("PL", "9" * 24), ("FI", "9" * 14), ("NO", "9" * 11)])
    )
    bban = "".join(draw(st.sampled_from("ABCDEFGHIJ" if c == "A" else DIGITS)) for c in form)
    check = 98 - int("".join(str(int(c, 36)) for c in bban + country + "00")) % 97
    iban = f"{country}{check:02d}{bban}"
    assert is_iban(iban)
    step = draw(st.sampled_from([0, 4]))
    return " ".join(iban[i : i + step] for i in range(0, len(iban), step)) if step else iban


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix, length = draw(st.sampled_from([("4", 16), ("51", 16), ("34", 15), ("6011", 16), ("36", 14)]))
    body = prefix + draw(_digits(length - len(prefix) - 1))
    card = body + luhn.calc_check_digit(body)
    assert is_card(card)
    return draw(st.sampled_from([card, " ".join(card[i : i + 4] for i in range(0, len(card), 4))]))


@st.composite
def bsns(draw: st.DrawFn) -> str:
    digits = [draw(st.integers(1, 9)), *(draw(st.integers(0, 9)) for _ in range(7))]
    rest = sum(w * d for w, d in zip(range(9, 1, -1), digits, strict=True)) % 11
    if rest == 10:
        digits[7] = (digits[7] + 1) % 10
        rest = sum(w * d for w, d in zip(range(9, 1, -1), digits, strict=True)) % 11
    bsn = "".join(map(str, digits)) + str(rest % 10)
    return bsn if is_bsn(bsn) else "111222333"


@st.composite
def dated_ids(draw: st.DrawFn) -> str:
    day = f"{draw(st.integers(1, 28)):02d}"
    month = f"{draw(st.integers(1, 12)):02d}"
    year = f"{draw(st.integers(30, 99)):02d}"
    kind = draw(st.sampled_from(["pesel", "fnr", "hetu"]))
    if kind == "pesel":
        body = year + month + day + draw(_digits(4))
        return body + pesel.calc_check_digit(body + "0")
    if kind == "hetu":
        serial = f"{draw(st.integers(2, 899)):03d}"
        sign = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(day + month + year + serial) % 31]
        return f"{day}{month}{year}{draw(st.sampled_from('-YXWVU'))}{serial}{sign}"
    body = day + month + year + draw(_digits(3))
    first = fodselsnummer.calc_check_digit1(body + "00")
    second = fodselsnummer.calc_check_digit2(body + first + "0") if first != "-" else "-"
    return body + first + second if len(first + second) == 2 and "-" not in first + second else "29075850016"


@st.composite
def phones(draw: st.DrawFn) -> str:
    region = draw(st.sampled_from(["NL", "GB", "PL", "NO", "FI"]))
    kind = draw(st.sampled_from([PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE]))
    number = example_number_for_type(region, kind)
    assert number is not None
    return str(format_number(number, draw(st.sampled_from([PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL]))))


EMAILS = st.from_regex(r"\A[a-z][a-z0-9._+-]{0,20}[a-z0-9]@[a-z][a-z0-9-]{0,15}[a-z0-9]\.(nl|com|org|fi)\Z")
PROVEN = st.one_of(ibans(), cards(), bsns(), dated_ids(), phones(), EMAILS)
CONTEXT = st.lists(
    st.sampled_from(
        [
            "de",
            "the",
            "en",
            "a",
            "i",
            "👍",
            "é",
            "ja",
            "nie",
            "!",
            "?",
            ",",
            ".",
            ":",
            ";",
            "(",
            ")",
            "[",
            "]",
            '"',
            "'",
            "/",
            "Jan",
            "BSN",
            "paspoort",
            "vuilnis",
            "12",
            "op",
            "nr",
        ]
    ),
    max_size=8,
).map(" ".join)


@settings(max_examples=500, deadline=None)
@given(datum=PROVEN, before=CONTEXT, after=CONTEXT, gap=st.sampled_from([" ", "\n", ": "]), language=LANGUAGE)
def test_what_proves_itself_never_survives(datum: str, before: str, after: str, gap: str, language: str | None) -> None:
    text = f"{before}{gap}{datum} {after}"
    left = SCRUBBER.scrub(text, language).text
    assert datum not in left
    wanted = "".join(c for c in datum if c.isalnum())
    assert wanted not in "".join(c for c in MARKS.sub("|", left) if c.isalnum() or c == "|")


@pytest.mark.parametrize("size", [1_000, 100_000])
@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "12 ",
        "@",
        "a@",
        "[",
        "(",
        "Jan ",
        "jan",
        "a.",
        "A.",
        "at punt ",
        "http://",
        "0612345678 ",
        "é\u0301",
        ":",
        "-",
    ],
)
def test_no_text_is_too_much(unit: str, size: int) -> None:
    text = unit * (size // len(unit))
    assert len(SCRUBBER.scrub(text, "nl").spans) <= size
