"""What citizens tell the systems of the Dutch standards for cases (ZGW): Open Klant, Open Zaak, by their notifications.

https://vng-realisatie.github.io/gemma-zaken/standaard/notificaties-consumer

A notification has no words: for a contact that was made or changed (`klantcontact` of Open Klant 2, `contactmoment`
of the API before it), a request (`verzoek`) or a case (`zaak`) the poller fetches `resourceUrl`, from the hosts in
`fetch_hosts` only. One that was destroyed is withdrawn. The status of a case and what else hangs on it, and the test
that a subscription begins with, are no feedback. Notifications carry in `Authorization` what the town gave when it
subscribed.

The words are those of the contact or request (`inhoud`, `tekst`), as the employee wrote them down or the citizen sent
them, and of a case what explains it (`toelichting`), under its number. Most cases are no feedback: subscribe to the
channel `zaken` with a filter on the types in which citizens write, or leave `zaak` out of `resources`. What the town
itself began, or what is confidential, is left out.
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
from connectors.reading import is_true, mapping, moment, order, present, text
from connectors.signatures import header, same
from schemas.feedback import Channel, Metric

RESOURCES: Final = ("klantcontact", "contactmoment", "verzoek", "zaak")
CHANGES: Final = ("create", "update", "partial_update")
# ISO 639-2/B, in which they write languages → ISO 639-1.
TIMES: Final = ("plaatsgevondenOp", "interactiedatum", "registratiedatum")
CONFIDENTIAL: Final = ("vertrouwelijk", "confidentieel", "geheim", "zeer_geheim")
LANGUAGES: Final = {"dut": "nl", "nld": "nl", "pol": "pl", "nob": "nb", "nor": "no", "fin": "fi", "eng": "en"}


class Zgw(Webhook, Fetcher):
    """Settings of a subscription to notifications, and of the APIs that its resources are fetched from."""

    channel: ClassVar[Channel] = Channel.WEB_FORM
    documentation: ClassVar[str] = "https://vng-realisatie.github.io/gemma-zaken/standaard/notificaties-consumer"

    auth: tuple[SecretStr, ...] = Field(
        description="`auth` of the subscription, such as 'Token …'; the old and the new one while it is changed",
        min_length=1,
    )
    resources: tuple[str, ...] = Field(
        RESOURCES, description="What is fetched: resources in which citizens' words stand"
    )
    client_id: str | None = Field(None, description="Client id at the API that is fetched from, with client_secret")
    client_secret: SecretStr | None = Field(None, description="Secret that the client's tokens (JWT) are signed with")
    api_token: SecretStr | None = Field(None, description="Fixed token, which Open Klant 2 has instead of a client")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError("set client_id and client_secret together")
        if self.client_id and self.api_token:
            raise ValueError("set client_id and client_secret, or api_token, not both")
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
        if text(told, "resource") not in self.resources:
            return [Ignored("a notification of a status, or of what else has no words of a citizen")]
        url = text(told, "resourceUrl")
        if url is None:
            raise Rejected(400, "resourceUrl is missing")
        action = text(told, "actie")
        if action == "destroy":
            return [Draft(source_id=_id(url), order=order(now), authority="withdrawn")]
        return [self.fetch(url) if action in CHANGES else Ignored("an action that changes nothing")]

    def fetch_call(self, url: str, now: datetime) -> Call:
        # The API of cases answers only who names the coordinates it can read.
        headers = {"accept": "application/json", "accept-crs": "EPSG:4326", **self._authorization(now)}
        return Call(url, headers=headers)

    def parse_fetched(self, url: str, response: Response, source: Source, now: datetime) -> list[Draft | Ignored]:
        told = response.json()
        if not mapping(told):
            raise Rejected(400, "what was fetched is no object")
        if is_true(told, "vertrouwelijk") or text(told, "vertrouwelijkheidaanduiding") in CONFIDENTIAL:
            return [Ignored("it is confidential")]
        if text(told, "initiatiefnemer") == "gemeente":
            return [Ignored("a contact that the town made")]
        words = text(told, "inhoud") or text(told, "tekst") or text(told, "toelichting")
        if words is None:
            return [Ignored("it has no words")]
        is_case = _steps(url)[-2:-1] == ["zaken"]
        language = text(told, "taal") or text(told, "voorkeurstaal")
        return [
            Draft(
                source_id=_id(url),
                order=order(now),  # of a changed one no time is told: what was fetched later is later
                answers=[{"question": "case" if is_case else "contact", "metric": Metric.OPEN, "text": words}],
                occurred_at=next((found for name in TIMES if (found := moment(told, name))), None),
                language=LANGUAGES.get(language, language) if language else source.language,
                subject=present(
                    case_number=text(told, "identificatie") if is_case else None,
                    service=text(told, "omschrijving") if is_case else text(told, "onderwerp"),
                ),
            )
        ]

    def _authorization(self, now: datetime) -> dict[str, str]:
        """The header; none where a gateway of the town's adds it."""
        if self.api_token is not None:
            return {"authorization": f"Token {self.api_token.get_secret_value()}"}
        if self.client_id is None:
            return {}
        claims = {
            "iss": self.client_id,
            "iat": int(now.timestamp()),
            "client_id": self.client_id,
            "user_id": "balie",
            "user_representation": "Balie",
        }
        secret = self.client_secret.get_secret_value() if self.client_secret else ""
        return {"authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}


def _id(url: str) -> str:
    """The uuid that an address of a resource ends in; all of the address where it ends otherwise."""
    return _steps(url)[-1] or url


def _steps(url: str) -> list[str]:
    """The steps of its path, the last of which is the id and the one before it the collection."""
    try:
        return urlsplit(url).path.rstrip("/").split("/")
    except ValueError:
        return [""]
