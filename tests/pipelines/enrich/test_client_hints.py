"""Client hints: structured fields, also where their quotes were lost."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.enrich.client_hints import NONE, read


def test_brands_are_read_without_the_made_up_one() -> None:
    hints = read(
        {"Sec-CH-UA": '"Not(A:Brand";v="99", "Google Chrome";v="133", " Not;A Brand";v="8", "Chromium";v="133"'}
    )
    assert hints.brands == (("Google Chrome", "133"), ("Chromium", "133"))


def test_the_full_list_has_the_better_versions() -> None:
    hints = read(
        {
            "sec-ch-ua": '"Opera";v="91", "Chromium";v="105"',
            "sec-ch-ua-full-version-list": '"Chromium";v="105.0.5195.102"',
        }
    )
    assert hints.brands == (("Opera", "91"), ("Chromium", "105.0.5195.102"))


def test_lost_quotes_are_no_loss() -> None:
    hints = read(
        {
            "SEC-CH-UA": '"Chromium;v=120.0.6099.131, Microsoft Edge;v=120.0.2210.91"',
            "Sec-CH-UA-Platform": "Android",
            "Sec-CH-UA-Mobile": "1",
            "Sec-CH-UA-Model": "SM-X710",
            "Sec-CH-UA-Form-Factors": '"Tablet", EInk',
        }
    )
    assert hints.brands == (("Chromium", "120.0.6099.131"), ("Microsoft Edge", "120.0.2210.91"))
    assert (hints.platform, hints.mobile, hints.model) == ("Android", True, "SM-X710")
    assert hints.form_factors == {"tablet", "eink"}


def test_only_a_package_name_is_an_app() -> None:
    assert read({"X-Requested-With": "com.whatsapp"}).app == "com.whatsapp"
    assert read({"X-Requested-With": "XMLHttpRequest"}) == NONE


def test_nothing_gives_nothing() -> None:
    assert read(None) == read({}) == read({"Accept": "text/html"}) == NONE


@given(st.dictionaries(st.sampled_from(["Sec-CH-UA", "Sec-CH-UA-Mobile", "Sec-CH-UA-Form-Factors"]), st.text()))
def test_any_value_is_read(headers: dict[str, str]) -> None:
    read(headers)
