"""The pages a citizen sees, as a browser without scripts shows them."""

import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Request
from connectors.web import pages
from schemas.feedback import Metric, Scale

CHROMIUM = shutil.which("chromium")
CANARY = "\"'><script>canary()</script>"


class Reader(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.labelled: set[str] = set()
        self.fields: dict[str, dict[str, str | None]] = {}
        self.open_labels = 0
        self.unlabelled: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append(tag)
        if tag == "label":
            self.open_labels += 1
            self.labelled.add(told.get("for") or "")
        if tag in ("input", "textarea") and told.get("type") != "hidden":
            self.fields[told.get("name") or ""] = told
            if not self.open_labels and told.get("id") not in self.labelled:
                self.unlabelled.append(told.get("name") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self.open_labels -= 1


def test_every_language_says_everything() -> None:
    assert set(pages.TEXTS) == set(pages.LANGUAGES)
    for language, texts in pages.TEXTS.items():
        assert texts.keys() == pages.TEXTS["nl"].keys(), language
        assert all(texts.values())


@pytest.mark.parametrize("language", pages.LANGUAGES)
@pytest.mark.parametrize("metric", [Metric.NPS, Metric.CES, Metric.CSAT, Metric.SMILEY, Metric.THUMBS])
def test_every_field_of_a_page_has_a_label(language: str, metric: Metric) -> None:
    scale = {Metric.SMILEY: (1, 3), Metric.THUMBS: (0, 1)}.get(metric, (0, 10))
    content = [
        pages.score_choices(
            "score", language, metric, Scale(min=scale[0], max=scale[1], best=scale[1]), None, required=True
        ),
        pages.text_area("text", language),
        pages.one_line("subject.case_number", language, "case_number"),
        pages.honeypot("website", language),
        pages.decline_button(language),
    ]
    html = pages.page(language, pages.form(language, content, {})).body.decode()
    reader = Reader(html)
    assert f'<html lang="{language}">' in html
    assert not reader.unlabelled
    assert {"score", "text", "subject.case_number", "website"} == set(reader.fields)
    assert "script" not in reader.tags


def test_nothing_that_was_sent_is_markup() -> None:
    content = [
        pages.choices("reason", CANARY, {CANARY: CANARY}),
        pages.text_area("text", "nl", CANARY),
        pages.score_choices("score", "nl", Metric.CSAT, Scale(min=1, max=5, best=5), CANARY, required=False),
    ]
    html = pages.page("nl", pages.form("nl", content, {CANARY: CANARY})).body.decode()
    assert "script" not in Reader(html).tags
    assert "canary" in html


def test_a_language_that_is_set_counts_before_the_readers() -> None:
    request = Request("GET", "https://x.example/", {"accept-language": "fi,pl;q=0.5"})
    assert pages.language_of(request, "nb", "en") == "nb"
    assert pages.language_of(request, None, "en") == "fi"
    assert pages.language_of(Request("GET", ""), None, "en") == "en"
    assert pages.language_of(Request("GET", "", {"accept-language": ";q=,*;q=x,,"}), "xx", "yy") == "nl"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no browser: chromium is not on this machine")
def test_a_browser_that_follows_a_smiley_sees_the_reasons(
    start: Callable[..., Any], make_entry: Callable[..., Any], tmp_path: Path
) -> None:
    settings = {"links": {"10031": {"guid": "g-1", "language": "pl"}}}
    town = start([make_entry("waterdam", "smileys", "govmetric", settings)])
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    link = f"{town.url}/theme/kf/10031?GUID=g-1&Q_RATINGID=4"
    shown = subprocess.run(
        [str(CHROMIUM), *quiet, "--virtual-time-budget=3000", "--dump-dom", link],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    assert "Ocena została zapisana." in shown
    assert shown.count('type="radio"') == 4
    assert "Szybkości" in shown
    (event,) = town.records()
    assert event["answers"][0]["score"] == 1
    assert event["language"] == "pl"
    assert "Chrome" in event["client"]["user_agent"]
