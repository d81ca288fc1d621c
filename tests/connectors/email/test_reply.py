"""Only the citizen's new words, over mails as programs write them; and in doubt nothing is cut."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.message import read
from connectors.email.reply import new_words

MAILS = Path(__file__).parents[2] / "data" / "mails"
LABELS: dict[str, str] = json.loads((MAILS / "words.json").read_text())


@pytest.mark.parametrize("name", sorted(LABELS))
def test_a_labelled_mail_gives_its_new_words(name: str) -> None:
    assert new_words(read((MAILS / f"{name}.eml").read_bytes()).text).split() == LABELS[name].split()


def test_paragraphs_and_lists_stay_as_they_were() -> None:
    text = "Beste mensen,\r\n\r\nTwee dingen:\r\n- de bank\r\n- het hek\r\n\r\n\r\n\r\nMeer niet.\r\n"
    assert new_words(text) == "Beste mensen,\n\nTwee dingen:\n- de bank\n- het hek\n\nMeer niet."


@pytest.mark.parametrize(
    "text",
    [
        "Op 3 november schreef de wethouder in de krant: het komt goed.\n\nDat is niet zo.",
        "Op 3 november om 10:15 schreef ik u al over de stank:\ner is niets gedaan.",
        "On Monday at 9:15 I wrote to you about the bins:\nno answer.",
        "Van: Dorpsstraat\nNaar: Kerkplein\nzou er een zebrapad moeten zijn.",
        "Groeten aan de wijkagent, die was geweldig!",
        "De groeten van Sonneveld vond ik mooier.",
        "Verzonden per post op 3 mei, maar nooit aangekomen.",
        "Deze e-mail is vertrouwelijk, graag niet publiceren.",
        "Disclaimer lezen duurt langer dan de vraag zelf.",
        "Ik scoor de site 7 > 5 vorig jaar.",
        "-- en dan nog dit: de bus rijdt niet.",
        "Pozdrowienia dla pani z okienka, była bardzo miła.",
        "Terveisiä koko väelle, palvelu oli hyvää.",
    ],
)
def test_words_that_only_look_like_what_is_cut_stay(text: str) -> None:
    assert new_words(text) == text


def test_words_behind_a_signature_stay() -> None:
    text = (
        "Prima!\n\nMet vriendelijke groet,\nJan\n\nO ja, de brug mag ook wel eens geverfd worden.\nDat zou mooi zijn."
    )
    assert new_words(text) == "Prima!\n\nO ja, de brug mag ook wel eens geverfd worden.\nDat zou mooi zijn."


def test_a_long_text_under_a_dash_line_is_no_signature() -> None:
    prose = "\n".join(
        f"Zin nummer {number} over de nieuwe dienstregeling van de bus naar het dorp." for number in range(30)
    )
    assert new_words(f"Eerst dit.\n--\n{prose}").endswith(
        "Zin nummer 29 over de nieuwe dienstregeling van de bus naar het dorp."
    )


def test_an_attribution_in_no_language_we_know_is_told_by_its_time_and_address() -> None:
    text = "Dank u!\n\n2026-11-02 10:12 GMT+01:00 Gemeente Waterdam <info@waterdam.example>:\n\n> Beste\n> mensen"
    assert new_words(text) == "Dank u!"


def test_what_a_gateway_writes_above_is_no_word_of_the_citizen() -> None:
    banner = "LET OP: deze e-mail komt van buiten de organisatie.\nKlik niet zomaar op links."
    assert new_words(f"{banner}\n\nDe stoep ligt los.") == "De stoep ligt los."
    assert new_words(banner) == banner  # all there is


def test_a_mail_of_nothing_new_is_empty() -> None:
    for text in (
        "",
        " \n\u200b\n",
        "> alles\n> geciteerd",
        "Verzonden vanaf mijn iPhone",
        "-- \nJan",
        "________________\n",
    ):
        assert new_words(text) == ""


@given(st.text(alphabet=st.sampled_from("ab \n>-_:<@.0123é,Vandroz"), max_size=400) | st.text(max_size=400))
def test_no_word_is_made_up_and_none_is_moved(text: str) -> None:
    found = new_words(text)
    rest = iter(text.translate(dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\x00"))).split())
    assert all(word in rest for word in found.split())


@given(st.lists(st.text(alphabet="abcdeé ,", min_size=1, max_size=70).filter(str.strip), min_size=1, max_size=10))
def test_words_without_any_mark_all_stay(lines: list[str]) -> None:
    assert new_words("\n".join(lines)).split() == "\n".join(lines).split()


@pytest.mark.parametrize(
    "unit",
    [
        "> a\n",
        "\n",
        " ",
        "-",
        "Van: a\n",
        "Onderwerp: a\n",
        "On 10:12 a@b.c wrote\n",
        "Groeten,\n",
        "Deze e-mail vertrouwelijk uitsluitend ",
        "a@b <a@b\n>",
        "verzonden vanaf ",
        "\n\nDisclaimer",
        "- -- - ",
        "--\n",
        "--\n\n\n\n",
        "Groeten,\n\n\n",
        "*",
    ],
)
def test_no_text_keeps_us_busy(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    new_words(text)
    assert time.process_time() - start < 5  # it takes a tenth of a second; what goes by the square takes minutes
