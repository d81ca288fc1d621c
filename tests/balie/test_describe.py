"""What `connectors list` and `show` say, which people and programs read to set a source up."""

import json
from pathlib import Path

import pytest

from balie.first_settings import write
from balie.integrators.describe import described, urls
from balie.settings import load
from connectors.registry import connector
from connectors.registry import connectors as registered


@pytest.mark.parametrize("name", sorted(registered()))
def test_types_and_defaults_are_those_of_json(name: str) -> None:
    told = described(name, connector(name))
    assert "Undefined" not in json.dumps(told)
    assert "function" not in json.dumps([s["type"] for s in told["settings"]])
    for setting in told["settings"]:
        assert setting["what"]
        assert not setting["type"].startswith(("any", "list of any"))
        if setting["secret_file"]:
            assert "secret" in setting["type"]
            assert setting["default"] is None
    assert told["about"].startswith(told["what"].partition(":")[0])


def test_needed_is_what_does_not_work_without() -> None:
    needs = {name: described(name, connector(name))["needs"] for name in ("form", "open_formulieren", "wootric", "zgw")}
    assert needs == {
        "form": ["public or passwords_file or secrets_file"],
        "open_formulieren": ["links"],
        "wootric": ["secrets_file or path_secrets_file or passwords_file"],
        "zgw": ["auth_file"],
    }


def test_types_name_the_keys_of_what_is_nested() -> None:
    types = {setting["key"]: setting["type"] for setting in described("govmetric", connector("govmetric"))["settings"]}
    assert types["links"] == "object of {guid, form_outcome, language, service}"
    assert types["reasons"] == "list of string"


def test_the_url_to_paste_is_that_of_the_source(tmp_path: Path) -> None:
    path = tmp_path / "balie.toml"
    write(path)
    for secret in ("trustmary", "wootric"):
        (tmp_path / secret).write_text("invented\n")
    with path.open("a") as file:
        file.write("""
[towns.voorbeeldstad.sources.smileys]
connector = "govmetric"
links = { 10031 = {}, 10032 = {} }
[towns.voorbeeldstad.sources.surveys]
connector = "trustmary"
path_secrets_file = "trustmary"
[towns.voorbeeldstad.sources.app]
connector = "wootric"
passwords_file = "wootric"
""")
    settings = load(path)
    start = "http://127.0.0.1:8400"
    assert {name: urls(name, connector(name), settings) for name in ("govmetric", "trustmary", "wootric")} == {
        "govmetric": [f"{start}/theme/kf/10031", f"{start}/theme/kf/10032"],
        "trustmary": [f"{start}/v1/voorbeeldstad/surveys/<path secret>"],
        "wootric": [f"{start}/v1/voorbeeldstad/app"],
    }
    assert urls("zgw", connector("zgw"), settings) == [f"{start}/v1/<town>/<source>"]
    assert urls("trustmary", connector("trustmary"), None) == ["/v1/<town>/<source>/<path secret>"]
    assert urls("mastodon", connector("mastodon"), settings) == []
