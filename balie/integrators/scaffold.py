"""The beginning of a connector: its file, a payload, and what is to come of it, which fails until it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

from balie.integrators.payloads import FOLDER

CHANNELS = ("counter", "phone", "web", "sms", "email", "chat", "social", "post", "cases")
_CHANNEL_OF_FOLDER = {"cases": "web_form"}
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")


class CannotScaffold(Exception):
    """The message names the mend."""


def scaffold(channel: str, name: str, root: Path) -> list[Path]:
    """Writes the files into a checkout of Balie; where they are. CannotScaffold where that does not go."""
    if channel not in CHANNELS:
        raise CannotScaffold(f"there is no folder {channel}; there are {', '.join(CHANNELS)}")
    if not _NAME.fullmatch(name):
        raise CannotScaffold("a name is small letters, digits and _, and begins with a letter: it names the file")
    if not (root / "connectors" / "base.py").exists():
        raise CannotScaffold(f"{root} is no checkout of Balie: go there, or name it with --root")
    folder, cases = root / "connectors" / channel, root / FOLDER / name
    taken = any((root / "connectors").glob(f"*/{name}.py"))
    if taken or cases.exists():
        raise CannotScaffold(f"there is a connector {name} already: choose another name")
    written = {
        folder / f"{name}.py": _CONNECTOR.format(
            name=name,
            kind="".join(part.capitalize() for part in name.split("_")),
            channel=_CHANNEL_OF_FOLDER.get(channel, channel).upper(),
        ),
        cases / "plain.request.json": json.dumps(_REQUEST, indent=2) + "\n",
        cases / "plain.events.json": "[]\n",
    }
    if not (folder / "__init__.py").exists():
        written[folder / "__init__.py"] = f'"""Connectors of the channel {channel}."""\n'
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(written)


_CONNECTOR = '''"""{kind}: what it sends, and how it proves itself (link to the provider's page)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from connectors.base import Item, Question, Request, Source
from connectors.errors import Rejected
from connectors.standard_webhooks import StandardWebhook
from schemas.feedback import Channel, Metric


# Or Unsigned, Webhook with a signature of its own, Poll, File: docs/adding-a-connector.md says which.
class {kind}(StandardWebhook):
    """Settings of an account."""

    channel: ClassVar[Channel] = Channel.{channel}
    documentation: ClassVar[str] = "https://example.org/docs/webhooks"

    asks: Question = Field(Question(metric=Metric.CSAT), description="The question that is asked")

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        raise Rejected(400, "{name} is not written yet: see docs/adding-a-connector.md")
'''

_REQUEST = {
    "settings": {"secrets": ["whsec_aW52ZW50ZWQgZm9yIHRlc3Rz"]},
    "source": {"tenant": "waterdam", "name": "account"},
    "now": "2026-11-02T10:00:00Z",
    "requests": [
        {
            "method": "POST",
            "url": "https://feedback.example/v1/waterdam/account",
            "headers": {"content-type": "application/json"},
            "body": '{"id": "1", "score": 4, "text": "Snel geholpen"}',
        }
    ],
}
