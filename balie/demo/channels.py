"""How the citizens of the invented town reach it: each answer as the requests that its provider would send."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from balie.demo.invented import Answer
from connectors.base import FORM, Request, Webhook

GUID = "d0f6c2b8-0000-4000-8000-000000010031"
# What the town has, as its balie.toml says. Secrets are in files that the demo writes beside it.
SOURCES = f"""
[towns.voorbeeldstad.sources.website]
connector = "govmetric"
channel = "web"

[towns.voorbeeldstad.sources.website.links.10031]
guid = "{GUID}"
service = "paspoort"

[towns.voorbeeldstad.sources.form]
connector = "form"
public = true
asks = {{ question = "effort", metric = "ces" }}

[towns.voorbeeldstad.sources.text]
connector = "twilio"
auth_tokens_file = "secrets/twilio"
asks = {{ question = "recommend", metric = "nps" }}

[towns.voorbeeldstad.sources.kiosk]
connector = "form"
channel = "counter"
secrets_file = "secrets/standard-webhooks"
asks = {{ question = "satisfied", metric = "csat" }}

[towns.voorbeeldstad.sources.telephone]
connector = "massxess"
passwords_file = "secrets/basic"
asks = {{ question = "effort", metric = "ces" }}

[towns.voorbeeldstad.sources.app]
connector = "form"
channel = "in_app"
secrets_file = "secrets/standard-webhooks"
asks = {{ question = "recommend", metric = "nps" }}

[towns.voorbeeldstad.sources.mobile]
connector = "form"
channel = "mobile"
secrets_file = "secrets/standard-webhooks"
asks = {{ question = "satisfied", metric = "csat" }}

[towns.voorbeeldstad.sources.survey]
connector = "trustmary"
passwords_file = "secrets/basic"

[towns.voorbeeldstad.sources.mail]
connector = "postmark"
passwords_file = "secrets/basic"

[towns.voorbeeldstad.sources.chat]
connector = "chatwoot"
passwords_file = "secrets/basic"

[towns.voorbeeldstad.sources.page]
connector = "meta_page"
secrets_file = "secrets/meta"
verify_token_file = "secrets/meta"

[towns.voorbeeldstad.sources.letters]
connector = "letters"
every = 1

[towns.voorbeeldstad.sources.letters.files]
folder = "scanned letters"
pattern = "*.jsonl"
"""
# Which source a citizen uses: the first is as likely as six of the last.
SHARES = {
    "website": 6,
    "form": 4,
    "kiosk": 4,
    "telephone": 3,
    "text": 2,
    "app": 2,
    "mobile": 2,
    "survey": 2,
    "mail": 2,
    "chat": 2,
    "page": 1,
}
LETTERS = 1 / 40
"""The share of citizens who write a letter."""
_JSON = "application/json"


@dataclass(frozen=True)
class Sent:
    """One answer as it went through the front door: its requests, in order, so that a provider can try again."""

    source: str
    answer: Answer
    requests: tuple[Request, ...]


class FrontDoor:
    """Sends answers to a running collector as their providers would, signed by the sources' own connectors."""

    def __init__(self, collector_url: str, connectors: Mapping[str, Webhook]) -> None:
        self._url = collector_url
        self._connectors = connectors
        self._http = httpx.Client(timeout=30, limits=httpx.Limits(max_connections=32))

    def close(self) -> None:
        self._http.close()

    def send(self, source: str, answer: Answer) -> Sent:
        """One answer, in as many steps as its channel takes. RuntimeError where a step is not answered 2xx or 3xx."""
        first = self._first(source, answer)
        reply = self._ask(source, first)
        more = self._second(source, answer, reply)
        if more is None:
            return Sent(source, answer, (first,))
        self._ask(source, more)
        return Sent(source, answer, (first, more))

    def send_again(self, sent: Sent) -> None:
        """What a provider does that missed our answer. A click is not repeated: that would be another one."""
        for request in sent.requests:
            if request.method == "POST" and (sent.source != "form" or request is not sent.requests[0]):
                self._ask(sent.source, request)

    def _first(self, source: str, answer: Answer) -> Request:
        browser = {"user-agent": answer.user_agent, "x-forwarded-for": answer.ip, "accept-language": answer.language}
        if source == "website":
            rating = "4" if answer.score < 6 else "2" if answer.score < 8 else "3"
            query = urlencode({"Q_Formid": answer.service, "GUID": GUID, "Q_RATINGID": rating})
            return Request("GET", f"{self._url}/theme/kf/10031?{query}", {**browser, "referer": answer.page_url})
        url = f"{self._url}/v1/voorbeeldstad/{source}"
        if source == "text":
            return Request("POST", url, {"content-type": FORM}, _message(answer, str(answer.score)))
        headers = {**browser, "content-type": _JSON} if source == "form" else {"content-type": _JSON}
        return Request("POST", url, headers, json.dumps(_TOLD[source](answer)).encode())

    def _second(self, source: str, answer: Answer, reply: httpx.Response) -> Request | None:
        """Who has more to say says it on the page, or in the call, that follows the score."""
        if answer.text is None:
            return None
        if source == "website":
            target = httpx.URL(str(reply.request.url)).join(reply.headers["location"])
            session = parse_qs(urlsplit(str(target)).query)["session"][0]
            body = urlencode({"session": session, "step": "text", "text": answer.text})
            headers = {"content-type": FORM, "user-agent": answer.user_agent}
            return Request("POST", str(target), headers, body.encode())
        if source == "text":
            url = f"{self._url}/v1/voorbeeldstad/text"
            return Request("POST", url, {"content-type": FORM}, _message(answer, answer.text))
        if source == "form" and "session" in reply.json():
            body = json.dumps({"session": reply.json()["session"], "text": answer.text, "language": answer.language})
            headers = {"content-type": _JSON, "user-agent": answer.user_agent}
            return Request("POST", f"{self._url}/v1/voorbeeldstad/form", headers, body.encode())
        return None

    def _ask(self, source: str, request: Request) -> httpx.Response:
        signed = self._connectors[source].sign(request, datetime.now(UTC))
        reply = self._http.request(signed.method, signed.url, headers=dict(signed.headers), content=signed.body or None)
        if reply.status_code >= 400:
            raise RuntimeError(f"the collector answered {reply.status_code} to a request of {source}")
        return reply


def _message(answer: Answer, text: str) -> bytes:
    """An SMS: the score in one, what the citizen has to say about it in the next."""
    step = "0" if text == str(answer.score) else "1"
    sid = f"SM{step}{answer.number:031x}"
    return urlencode({"MessageSid": sid, "From": answer.phone, "To": "+3197010200000", "Body": text}).encode()


def _form(answer: Answer) -> dict[str, Any]:
    told = {"language": answer.language, "subject": {"service": answer.service, "page_url": answer.page_url}}
    if answer.number % 8 == 0:
        return {**told, "decline": True}
    return {**told, "score": _on(answer, 1, 7)}


def _signed(source: str, least: int, top: int) -> Callable[[Answer], dict[str, Any]]:
    def told(answer: Answer) -> dict[str, Any]:
        return {
            "id": f"{source}-{answer.number}",
            "language": answer.language,
            "occurred_at": answer.said_at.isoformat(),
            "score": _on(answer, least, top),
            "text": answer.text,
            "subject": {"service": answer.service, "page_url": answer.page_url},
            "client": None if source == "kiosk" else {"ip": answer.ip, "user_agent": answer.user_agent},
        }

    return told


def _telephone(answer: Answer) -> dict[str, Any]:
    return {
        "call_id": f"call-{answer.number}",
        "time": answer.said_at.isoformat(),
        "caller": answer.phone,
        "score": str(_on(answer, 1, 7)),
        "text": answer.text or "",
        "service": answer.service,
        "language": answer.language,
    }


def _survey(answer: Answer) -> dict[str, Any]:
    values = {"nps": answer.score, "feedback": answer.text or "", "publicConsent": ""}
    told = {"survey_id": "contact", "answer_id": f"tm{answer.number}", "created_at": answer.said_at.isoformat()}
    return {"answer": {**told, "answer_values": values}}


def _mail(answer: Answer) -> dict[str, Any]:
    sender = f"citizen{answer.number}@example.org"
    return {
        "From": sender,
        "FromFull": {"Email": sender, "Name": ""},
        "Subject": "Re: " + answer.service,
        "MessageID": f"pm-{answer.number}",
        "Date": format_datetime(answer.said_at),
        "TextBody": f"{_words(answer)}\n\nOn Mon, 2 Nov 2026 at 10:12, Voorbeeldstad wrote:\n> How was it?\n",
        "Headers": [{"Name": "Message-ID", "Value": f"<{answer.number}@mail.example.org>"}],
    }


def _chat(answer: Answer) -> dict[str, Any]:
    return {
        "event": "message_created",
        "id": answer.number,
        "content": _words(answer),
        "created_at": answer.said_at.isoformat(),
        "message_type": "incoming",
        "private": False,
        "sender": {"id": answer.number, "type": "contact"},
        "conversation": {"id": answer.number, "channel": "Channel::WebWidget"},
    }


def _page(answer: Answer) -> dict[str, Any]:
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": f"1001_{answer.number}",
        "post_id": "1001_1",
        "from": {"id": str(2_000 + answer.number), "name": ""},
        "created_time": int(answer.said_at.timestamp()),
        "message": _words(answer),
    }
    return {"object": "page", "entry": [{"id": "1001", "changes": [{"field": "feed", "value": value}]}]}


_TOLD: Mapping[str, Callable[[Answer], dict[str, Any]]] = {
    "form": _form,
    "kiosk": _signed("kiosk", 1, 5),
    "telephone": _telephone,
    "app": _signed("app", 0, 10),
    "mobile": _signed("mobile", 1, 5),
    "survey": _survey,
    "mail": _mail,
    "chat": _chat,
    "page": _page,
}


def letters(answers: Iterable[Answer]) -> bytes:
    """Letters as a scanner's OCR gives them: JSON Lines."""
    lines = ({"id": f"letter-{a.number}", "date": a.said_at.isoformat(), "text": _words(a)} for a in answers)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _words(answer: Answer) -> str:
    """Where there is no score to give, everybody has something to say."""
    return answer.text or f"{answer.service}: {answer.score}/10"


def _on(answer: Answer, least: int, top: int) -> int:
    """The score on another scale."""
    return least + round(answer.score * (top - least) / 10)


def export(answers: Iterable[Answer]) -> bytes:
    """Answers as GovMetric's CSV export has them: what was given on its pages before the town changed over."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["Response ID", "Date", "Rating", "Reason", "Comments", "Service"])
    writer.writerows(_rows(answers))
    return file.getvalue().encode()


def _rows(answers: Iterable[Answer]) -> Iterator[list[str]]:
    for answer in answers:
        rating = "Poor" if answer.score < 6 else "Average" if answer.score < 8 else "Good"
        said_at = answer.said_at.strftime("%Y-%m-%d %H:%M:%S")
        yield [f"GM-{answer.number}", said_at, rating, "speed", answer.text or "", answer.service]
