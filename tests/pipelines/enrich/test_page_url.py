"""Page URLs: what of them is kept, and that nothing else is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.enrich.page_url import cut_many
from pipelines.personal_data import Scrubber

SCRUBBER = Scrubber()


def cut(url: str, parameters: Collection[str], contacts: Sequence[str] = ()) -> str:
    (kept,) = cut_many([url], parameters, SCRUBBER, [contacts])
    return kept


URLS = st.one_of(
    st.text(),
    st.from_regex(r"(https?:)?//[^/]{0,10}/[^?]{0,10}\?onderwerp=.{0,10}(&.{0,9})?(#.{0,5})?"),
    st.sampled_from(["https://utrecht.nl/roos/waterlelie", "/aan/mevrouw-jansen", "https://utrecht.nl/dorpsstraat/12"]),
)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://www.utrecht.nl/afval/ophalen", "https://www.utrecht.nl/afval/ophalen"),
        ("https://www.utrecht.nl", "https://www.utrecht.nl"),
        ("  http://utrecht.nl/  ", "http://utrecht.nl/"),
        ("https://WWW.Utrecht.nl:8443/Afval", "https://www.utrecht.nl/Afval"),
        ("https://jan:geheim@utrecht.nl/afval", "https://utrecht.nl/afval"),
        ("https://utrecht.nl/afval#jan", "https://utrecht.nl/afval"),
        ("https://utrecht.nl/afval?naam=jan&onderwerp=ophalen&id=7", "https://utrecht.nl/afval?onderwerp=ophalen"),
        ("https://utrecht.nl/?onderwerp=a&onderwerp=b", "https://utrecht.nl/?onderwerp=a&onderwerp=b"),
        ("https://utrecht.nl/?onderwerp=a%26b%3D1", "https://utrecht.nl/?onderwerp=a%26b%3D1"),
        ("/afval?x=1", "/afval"),
        ("//utrecht.nl/afval", "//utrecht.nl/afval"),
        ("utrecht.nl/afval?naam=jan", "utrecht.nl/afval"),
        ("https://utrecht.nl/pagina%20een", "https://utrecht.nl/pagina%20een"),
        ("https://utrecht.nl/caf%C3%A9", "https://utrecht.nl/caf%C3%A9"),
        ("http://[nonsense/?naam=jan", "http://[nonsense/"),
        ("app.x://utrecht.nl/x?naam=jan", "app.x://utrecht.nl/x"),
        ("website", "website"),
        ("?naam=jan", ""),
        ("", ""),
    ],
)
def test_path_and_allowed_parameters_are_kept(url: str, kept: str) -> None:
    assert cut(url, {"onderwerp"}) == kept


def test_a_segment_that_is_someones_is_replaced_and_the_others_stay() -> None:
    kept = unquote(cut("https://utrecht.nl/bericht/aan/q.zwaluw@voorbeeld.example/lezen", ()))
    assert kept.startswith("https://utrecht.nl/bericht/aan/[")
    assert kept.endswith("/lezen")
    assert "zwaluw" not in kept


@pytest.mark.parametrize("rounds", range(12))
@pytest.mark.parametrize(
    "url", ["https://utrecht.nl/x/{}/y", "https://utrecht.nl/?onderwerp={}", "utrecht.nl/{}", "{}"]
)
def test_what_was_encoded_several_times_is_found(url: str, rounds: int) -> None:
    text = "q.zwaluw@voorbeeld.example"
    for _ in range(rounds):
        text = "".join(f"%{byte:02X}" for byte in text.encode()) if len(text) < 100 else quote(text, safe="")
    kept = cut(url.format(text), {"onderwerp"})
    for _ in range(15):
        kept = unquote(kept)
    assert "zwaluw" not in kept


def test_contact_details_are_taken_out() -> None:
    kept = cut("https://utrecht.nl/profiel/roos-waterlelie?onderwerp=Waterlelie", {"onderwerp"}, ["Roos Waterlelie"])
    assert "waterlelie" not in kept.casefold()
    assert kept.startswith("https://utrecht.nl/profiel/")


@given(st.lists(URLS, max_size=4))
def test_what_is_kept_of_a_url_depends_on_no_other(urls: list[str]) -> None:
    contacts = [["Roos Waterlelie"] if at % 2 else [] for at in range(len(urls))]
    together = cut_many(urls, {"onderwerp"}, SCRUBBER, contacts)
    assert together == [cut(url, {"onderwerp"}, given) for url, given in zip(urls, contacts, strict=True)]


@given(URLS)
def test_no_text_raises_or_keeps_a_fragment(url: str) -> None:
    kept = cut(url, {"onderwerp"})
    assert "#" not in kept
    assert kept.count("?") <= 1
