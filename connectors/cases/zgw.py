"""Contact moments of the Dutch standards for cases (ZGW): Open Klant, Open Zaak and others, by their notifications.

https://vng-realisatie.github.io/gemma-zaken/standaard/notificaties-consumer

A notification has no words: for a contact that was made or changed (`klantcontact` of Open Klant 2, `contactmoment`
of the API before it) the poller fetches `resourceUrl`, from the hosts in `fetch_hosts` only. One that was destroyed is
withdrawn. What happens to a case, and the test that a subscription begins with, is no feedback. Notifications carry in
`Authorization` what the town gave when it subscribed.

The words are those of the contact (`inhoud`, `tekst`), as the employee wrote them down or the citizen sent them. A
contact that the town made, or that is confidential, is left out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final, Self
from urllib.parse import urlsplit

import jwt
from pydantic import Field, SecretStr, model_validator

from connectors.base import Call, Draft, Fetcher, Ignored, Item, Request, Response, Source, Webhook
from connectors.errors import Rejected
from connectors.reading import at, mapping, moment, order, present, text
from connectors.signatures import header, same
from schemas.feedback import Channel, Metric

CONTACTS: Final = ("klantcontact", "contactmoment")
CHANGES: Final = ("create", "update", "partial_update")
# ISO 639-2/B, in which they write languages → ISO 639-1.
LANGUAGES: Final = {"dut": "nl", "nld": "nl", "pol": "pl", "nob": "nb", "nor": "no", "fin": "fi", "eng": "en"}


class Zgw(Webhook, Fetcher):
    """Settings of a subscription to notifications, and of the API that the contacts are fetched from."""

    channel: ClassVar[Channel] = Channel.WEB_FORM
    documentation: ClassVar[str] = "https://vng-realisatie.github.io/gemma-zaken/standaard/notificaties-consumer"

    auth: tuple[SecretStr, ...] = Field(
        description="`auth` of the subscription, such as 'Token …'; the old and the new one while it is changed",
        min_length=1,
    )
    client_id: str | None = Field(None, description="Client id at the API of contacts, with its client_secret")
    client_secret: SecretStr | None = Field(None, description="Secret that the client's tokens (JWT) are signed with")
    api_token: SecretStr | None = Field(None, description="Fixed token, which Open Klant 2 has instead of a client")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError("set client_id and client_secret together")
        if self.client_id and self.api_token:
            raise ValueError("set client_id and client_secret, or api_token, not both")
        if self.fetch_hosts and not (self.client_id or self.api_token):
            raise ValueError("set client_id and client_secret, or api_token: contacts are fetched from fetch_hosts")
        return self

    def verify(self, request: Request, now: datetime) -> None:
        given = header(request.headers, "authorization")
        if not same(given, [auth.get_secret_value() for auth in self.auth]):
            raise Rejected(403, "Authorization is not that of the subscription")

    def sign(self, request: Request, now: datetime) -> Request:
        return replace(request, headers={**request.headers, "authorization": self.auth[0].get_secret_value()})

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        if text(told, "kanaal") == "test":
            return [Ignored("the test of a subscription")]
        if text(told, "resource") not in CONTACTS:
            return [Ignored("a notification that is of no contact")]
        url = text(told, "resourceUrl")
        if url is None:
            raise Rejected(400, "resourceUrl is missing")
        action = text(told, "actie")
        if action == "destroy":
            return [Draft(source_id=_id(url), order=order(now), authority="withdrawn")]
        return [self.fetch(url) if action in CHANGES else Ignored("an action that changes no contact")]

    def fetch_call(self, url: str, now: datetime) -> Call:
        return Call(url, headers={"accept": "application/json", "authorization": self._authorization(now)})

    def parse_fetched(self, url: str, response: Response, source: Source, now: datetime) -> list[Draft | Ignored]:
        told = response.json()
        if not mapping(told):
            raise Rejected(400, "the contact is no object")
        if at(told, "vertrouwelijk") is True:
            return [Ignored("a contact that is confidential")]
        if text(told, "initiatiefnemer") == "gemeente":
            return [Ignored("a contact that the town made")]
        words = text(told, "inhoud") or text(told, "tekst")
        if words is None:
            return [Ignored("a contact without words")]
        language = text(told, "taal") or text(told, "voorkeurstaal")
        return [
            Draft(
                source_id=_id(url),
                order=order(now),  # of a changed one no time is told: what was fetched later is later
                answers=[{"question": "contact", "metric": Metric.OPEN, "text": words}],
                occurred_at=moment(told, "plaatsgevondenOp") or moment(told, "interactiedatum"),
                language=LANGUAGES.get(language, language) if language else source.language,
                subject=present(service=text(told, "onderwerp")),
            )
        ]

    def _authorization(self, now: datetime) -> str:
        if self.api_token is not None:
            return f"Token {self.api_token.get_secret_value()}"
        claims = {
            "iss": self.client_id,
            "iat": int(now.timestamp()),
            "client_id": self.client_id,
            "user_id": "balie",
            "user_representation": "Balie",
        }
        secret = self.client_secret.get_secret_value() if self.client_secret else ""
        return f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"


def _id(url: str) -> str:
    """The uuid that an address of a resource ends in; all of the address where it ends otherwise."""
    try:
        return urlsplit(url).path.rstrip("/").rpartition("/")[2] or url
    except ValueError:
        return url
