"""What integrators use: trying a payload, beginning a connector, sending and recording payloads."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import Result

from balie.first_settings import write
from balie.integrators.coverage import PAGE, page
from connectors.registry import configured
from connectors.trial import request_of

Balie = Callable[..., Result]
ROOT = Path(__file__).parents[2]
PAYLOADS = ROOT / "tests" / "payloads"
TOKEN = "0123456789abcdef0123456789abcdef"


def trial(case: str) -> dict[str, Any]:
    """What `try` is given for the first request of a recorded case, signed."""
    name = case.partition("/")[0]
    told = json.loads((PAYLOADS / f"{case}.request.json").read_text())
    request = told["requests"][0]
    connector = configured(name, told["settings"])
    signed = connector.sign(request_of(request), datetime.fromisoformat(told["now"]))  # type: ignore[attr-defined]
    return {
        "protocol": "webhook",
        "settings": told["settings"],
        "now": told["now"],
        "request": {**request, "headers": dict(signed.headers), "url": signed.url},
    }


def test_try_shows_what_would_come_of_a_request(balie: Balie) -> None:
    shown = json.loads(balie("connectors", "try", "twilio", given=json.dumps(trial("twilio/plain"))).stdout)
    assert (shown["outcome"], shown["status"], len(shown["events"])) == ("accepted", 200, 1)
    tampered = trial("twilio/plain")
    tampered["request"]["body"] += "x"
    shown = json.loads(balie("connectors", "try", "twilio", given=json.dumps(tampered)).stdout)
    assert (shown["outcome"], shown["status"], shown["events"]) == ("refused", 403, [])


def test_try_in_batch_answers_line_by_line_and_goes_on_after_one_that_is_none(balie: Balie) -> None:
    lines = [json.dumps(trial("twilio/plain")), "nonsense", "{}", json.dumps({**trial("twilio/plain"), "settings": {}})]
    result = balie("connectors", "try", "twilio", "--batch", given="\n".join([*lines, lines[0]]), code=2)
    outcomes = [json.loads(line)["outcome"] for line in result.stdout.splitlines()]
    assert outcomes == ["accepted", "error", "error", "error", "accepted"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("x", "it is not JSON"),
        ("[]", "no object with a request"),
        (json.dumps({"request": {}, "now": "soon"}), "now is a time"),
        (json.dumps({"request": {"body": "ü!", "body_encoding": "base64"}}), "base64"),
        (json.dumps({"request": {}, "protocol": "poll", "settings": {"auth_tokens": [TOKEN]}}), "protocol poll"),
    ],
)
def test_try_says_what_is_wrong_with_its_input(balie: Balie, given: str, said: str) -> None:
    settings = json.loads(given) if given.startswith("{") else None
    if settings is not None and "settings" not in settings:
        given = json.dumps({**settings, "settings": {"auth_tokens": [TOKEN]}})
    assert said in balie("connectors", "try", "twilio", given=given, code=2).stderr


def test_show_tells_programs_the_keys_that_try_takes(balie: Balie) -> None:
    shown = json.loads(balie("connectors", "show", "twilio", "--json").stdout)
    keys = {setting["key"]: setting for setting in shown["settings"]}
    assert keys["auth_tokens"]["secret_file"] == "auth_tokens_file"
    assert keys["asks"]["secret_file"] is None
    assert shown["schema"]["required"] == ["auth_tokens"]


def test_new_makes_a_connector_whose_tests_fail_until_it_is_written(balie: Balie, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for name in ("connectors", "schemas", "storage", "tests/contracts"):
        shutil.copytree(ROOT / name, checkout / name)
    balie("connectors", "new", "web", "stadspeiling", "--root", str(checkout))
    balie("connectors", "new", "web", "stadspeiling", "--root", str(checkout), code=2)
    script = (
        "from connectors.registry import connector; from connectors.trial import Trial; import json, sys;"
        "print(connector('stadspeiling').__module__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=checkout, env=environment, capture_output=True, text=True
    )
    assert found.stdout.strip() == "connectors.web.stadspeiling", found.stderr
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(checkout)]
    ran = subprocess.run(
        [*suite, "--import-mode=importlib", "tests/contracts/test_connectors.py", "-k", "stadspeiling and recorded"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 failed" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fax", "x"), "there is no folder fax"),
        (("web", "No Name"), "a name is small letters"),
        (("web", "form"), "there is a connector form already"),
        (("web", "newone", "--root", "/"), "no checkout"),
    ],
)
def test_new_says_why_not(balie: Balie, arguments: tuple[str, ...], said: str) -> None:
    root = () if "--root" in arguments else ("--root", str(ROOT))
    assert said in balie("connectors", "new", *arguments, *root, code=2).stderr


@pytest.fixture
def own_settings(tmp_path: Path, unused_tcp_port: int) -> Path:
    path = tmp_path / "own" / "balie.toml"
    path.parent.mkdir()
    write(path)
    (path.parent / "token").write_text(TOKEN)
    text = path.read_text().replace("# port = 8400", f"port = {unused_tcp_port}")
    path.write_text(text + '\n[towns.voorbeeldstad.sources.texts]\nconnector = "twilio"\nauth_tokens_file = "token"\n')
    return path


@contextmanager
def running(path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "balie", "--settings", str(path), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=20)


def wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError


def test_send_signs_anew_and_the_collector_takes_it(own_settings: Path, unused_tcp_port: int) -> None:
    send = [sys.executable, "-m", "balie", "--settings", str(own_settings), "connectors", "send", "twilio"]

    def sent(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*send, *arguments], cwd=ROOT, capture_output=True, text=True)

    assert "start the collector" in sent("plain").stderr
    subprocess.run([sys.executable, "-m", "balie", "--settings", str(own_settings), "topics", "apply"], check=True)
    with running(own_settings, "collect"):
        wait_for(unused_tcp_port)
        shown = sent("plain", "--json")
        assert shown.returncode == 0, shown.stderr
        assert [answer["status"] for answer in json.loads(shown.stdout)] == [200]
        assert "there is no case" in sent("nothing").stderr


def test_record_keeps_requests_without_secrets_and_people(
    own_settings: Path, unused_tcp_port: int, tmp_path: Path
) -> None:
    folder, port = tmp_path / "payloads", unused_tcp_port
    arguments = ("connectors", "record", "twilio", "--port", str(port), "--folder", str(folder), "--count", "1")
    with running(own_settings, *arguments) as process:
        wait_for(port)
        body = {"MessageSid": "SM1", "From": "+31687654321", "Body": "Mail mij op w.pietersen@voorbeeld.nl graag"}
        headers = {"x-twilio-signature": "geheim", "authorization": "Bearer geheim", "user-agent": "TwilioProxy/1.1"}
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/voorbeeldstad/texts?token=geheim", data=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml")
        process.wait(20)
    (path,) = (folder / "twilio").iterdir()
    written = path.read_text()
    for secret in ("geheim", "87654321", "pietersen", TOKEN):
        assert secret not in written
    told = json.loads(written)
    assert told["requests"][0]["url"] == "https://feedback.example/v1/waterdam/account?token=invented"
    assert "TwilioProxy/1.1" in written
    assert configured("twilio", told["settings"])


def test_the_page_of_recorded_cases_is_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert (ROOT / PAGE).read_text() == page(), "write it anew with `make schemas`"
