"""How the citizens of the invented town reach it: each answer as the requests that its provider would send."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from balie.demo.invented import Answer
from connectors.base import Request, Webhook

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
connector = "form"
channel = "phone"
secrets_file = "secrets/standard-webhooks"
asks = {{ question = "effort", metric = "ces" }}

[towns.voorbeeldstad.sources.app]
connector = "form"
channel = "in_app"
secrets_file = "secrets/standard-webhooks"
asks = {{ question = "recommend", metric = "nps" }}
"""
# Which source a citizen uses: the first is as likely as three of the others.
SHARES = {"website": 3, "form": 2, "text": 1, "kiosk": 2, "telephone": 1, "app": 1}
_SIGNED = {"kiosk": 5, "telephone": 7, "app": 10}  # the top of the scale that is asked


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
            # A number, or words: who writes an SMS does not do both.
            body = urlencode(
                {
                    "MessageSid": f"SM{answer.number:032x}",
                    "From": answer.phone,
                    "To": "+3197010200000",
                    "Body": answer.text or str(answer.score),
                }
            )
            return Request("POST", url, {"content-type": "application/x-www-form-urlencoded"}, body.encode())
        subject = {"service": answer.service, "page_url": answer.page_url}
        told: dict[str, object] = {"language": answer.language, "subject": subject}
        if source == "form":
            if answer.number % 8 == 0:
                told["decline"] = True
            else:
                told["score"] = 1 + round(answer.score * 0.6)
            headers = {**browser, "content-type": "application/json"}
            return Request("POST", url, headers, json.dumps(told).encode())
        top = _SIGNED[source]
        least = 0 if top == 10 else 1
        told |= {
            "id": f"{source}-{answer.number}",
            "occurred_at": answer.said_at.isoformat(),
            "score": least + round(answer.score * (top - least) / 10),
            "text": answer.text,
            "client": {"ip": answer.ip, "user_agent": answer.user_agent} if source == "app" else None,
        }
        return Request("POST", url, {"content-type": "application/json"}, json.dumps(told).encode())

    def _second(self, source: str, answer: Answer, reply: httpx.Response) -> Request | None:
        """Who has more to say says it on the page, or in the call, that follows the score."""
        if answer.text is None:
            return None
        if source == "website":
            target = httpx.URL(str(reply.request.url)).join(reply.headers["location"])
            session = parse_qs(urlsplit(str(target)).query)["session"][0]
            body = urlencode({"session": session, "step": "text", "text": answer.text})
            headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": answer.user_agent}
            return Request("POST", str(target), headers, body.encode())
        if source == "form" and "session" in reply.json():
            body = json.dumps({"session": reply.json()["session"], "text": answer.text, "language": answer.language})
            headers = {"content-type": "application/json", "user-agent": answer.user_agent}
            return Request("POST", f"{self._url}/v1/voorbeeldstad/form", headers, body.encode())
        return None

    def _ask(self, source: str, request: Request) -> httpx.Response:
        signed = self._connectors[source].sign(request, datetime.now(UTC))
        reply = self._http.request(signed.method, signed.url, headers=dict(signed.headers), content=signed.body or None)
        if reply.status_code >= 400:
            raise RuntimeError(f"the collector answered {reply.status_code} to a request of {source}")
        return reply


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
