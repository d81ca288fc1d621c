"""The rules' data as this code expects it, and the filter before them."""

import re

import pytest

from pipelines.enrich.agent_rules import Hit, Rule, apps, crawler_words, devices, rules, without_lookaround


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("plain", "plain"),
        (r"a(?!b)c", r"a(?:)c"),
        (r"(?<!like |/)Android", r"(?:)Android"),
        (r"(?=(a|b[)]))x", r"(?:)x"),
        (r"[(?!](?:a)", r"[(?!](?:a)"),
        (r"\(?!x", r"\(?!x"),
        (r"[]\]](?<=[)])y", r"[]\]](?:)y"),
    ],
)
def test_lookaround_is_taken_for_true(pattern: str, kept: str) -> None:
    assert without_lookaround(pattern) == kept


def test_every_rule_compiles() -> None:
    # Also those that `re` has not the syntax for; a rule that does not compile raises.
    assert all(rule.compiled.pattern == rule.pattern for each in (rules(), devices()) for rule in each.rules)


def test_a_template_that_names_a_missing_group_gives_nothing_for_it() -> None:
    rule = Rule("oss", "Example", {"regex": r"Example/(\d+)", "version": r"\g<1>.\g<2>"})
    assert Hit(rule, "Example/7").version == "7."


def test_the_data_holds_what_it_is_taken_for() -> None:
    assert len(rules().rules) > 2000
    assert len(devices().rules) > 1500
    assert apps()["com.facebook.katana"] == "Facebook"
    assert crawler_words()["googlebot"] == "Googlebot"
    # Words of crawlers come out as names, so they hold nothing but a product's letters.
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9+-]{2,39}", word) for word in crawler_words().values())


def test_the_filter_lets_through_what_matches() -> None:
    agent = (
        "Mozilla/5.0 (Linux; Android 14; SM-T875) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"
    )
    for each in (rules(), devices()):
        found = each.candidates(agent)
        for group, places in each.places.items():
            slow = next((each.rules[place] for place in places if each.rules[place].compiled.search(agent)), None)
            hit = found.first(group)
            assert (hit and hit.rule) == slow, group
