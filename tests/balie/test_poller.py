"""What is asked, read and taken, as the settings say: real mailbox, real folder, in one look of `balie poll --once`."""

import json
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from typer.testing import Result

from tests.mail_server import HOST, USER, MailServer
from tests.providers import Answer, Provider, playing

pytestmark = pytest.mark.imap

EXPORT = "Response ID,Date,Rating,Comment\n{number},2026-10-01,Good,Fijn\n"
BY_TOKEN = """
host = "{host}"
port = {port}
user = "{user}"
token_url = "{url}/token"
client_id = "balie"
client_secret_file = "secret"
folder = "{folder}"
"""
SOURCES = """
[towns.voorbeeldstad.sources.mails]
connector = "imap"
{by_token}
[towns.voorbeeldstad.sources.attached]
connector = "govmetric"
[towns.voorbeeldstad.sources.attached.files]
pattern = "*.csv"
[towns.voorbeeldstad.sources.attached.files.mailbox]
{by_token}
[towns.voorbeeldstad.sources.dropped]
connector = "govmetric"
[towns.voorbeeldstad.sources.dropped.files]
folder = "exports"
"""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with playing() as provider:
        yield provider


def with_attachment(number: int) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "jan@example.org", f"<{uuid.uuid4()}@example.org>"
    mail.set_content("Prima geholpen")
    mail.add_attachment(EXPORT.format(number=number).encode(), maintype="text", subtype="csv", filename="october.csv")
    return mail.as_bytes()


def test_each_source_is_looked_at_where_its_settings_say(
    balie: Callable[..., Result], settings_file: Path, imap_server: MailServer, provider: Provider
) -> None:
    folder = f"Feedback-{uuid.uuid4().hex[:8]}"
    imap_server.make_anew(folder)
    imap_server.deliver(with_attachment(1), folder=folder)
    home = settings_file.parent
    (home / "secret").write_text("secret of the application\n")
    (home / "exports").mkdir()
    (home / "exports" / "october.csv").write_text(EXPORT.format(number=2))
    by_token = BY_TOKEN.format(host=HOST, port=imap_server.port, user=USER, url=provider.url, folder=folder)
    settings_file.write_text(settings_file.read_text() + SOURCES.format(by_token=by_token))
    provider.answer = lambda asked: Answer.of({"access_token": imap_server.token(), "expires_in": 3600})
    balie("topics", "apply")
    first, again = (json.loads(balie("poll", "--once", "--json").stdout) for _ in range(2))
    assert [(look["source"], look["what"], look["answers"], look["trouble"]) for look in first] == [
        ("voorbeeldstad/mails", "poll", 1, ""),
        ("voorbeeldstad/attached", "files", 1, ""),
        ("voorbeeldstad/dropped", "files", 1, ""),
    ]
    assert [look["answers"] for look in again] == [0, 0, 0]


def test_a_mailbox_has_one_proof(balie: Callable[..., Result], settings_file: Path) -> None:
    by_token = BY_TOKEN.format(host=HOST, port=1, user=USER, url="https://a.example", folder="F")
    (settings_file.parent / "secret").write_text("s")
    sources = SOURCES.format(by_token=by_token + 'password_file = "secret"\n')
    settings_file.write_text(settings_file.read_text() + sources)
    assert "set either password_file, or token_url" in balie("poll", "--once", code=2).stderr
