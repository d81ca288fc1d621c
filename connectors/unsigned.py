"""Providers that sign nothing: a secret behind the URL that they were given, or HTTP Basic (as in https://user:pw@host).

A secret in a path ends in the provider's logs more easily than one in a header; so Basic where the provider can.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Self
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, SecretStr, model_validator

from connectors.base import Poll, Request, Webhook
from connectors.errors import Rejected
from connectors.signatures import basic_header, same, verify_basic

STEPS_OF_A_SOURCE = 4  # '', 'v1', the tenant, the source; a secret is behind them


class Unsigned(Webhook):
    """Settings and proof of a provider that signs nothing."""

    proofs: ClassVar[tuple[str, ...]] = ("path_secrets", "passwords")
    """The settings of which one is needed where the provider calls us."""

    path_secrets: tuple[SecretStr, ...] = Field(
        (), description="What the URL ends in, behind the source's name; the old and the new one while it is changed"
    )
    user: str = Field("balie", description="User name for HTTP Basic", pattern=r"^[^:]{1,100}$")
    passwords: tuple[SecretStr, ...] = Field((), description="Passwords for HTTP Basic; several while one is changed")

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if not (self.path_secrets or self.passwords) and self.is_called and not self.has_other_proof:
            raise ValueError(f"set {' or '.join(self.proofs)}: else anybody could post here in the provider's name")
        return self

    @property
    def is_called(self) -> bool:
        """Whether the provider calls us: one that is asked needs no proof."""
        return not (isinstance(self, Poll) and self.is_polled)

    @property
    def has_other_proof(self) -> bool:
        """Whether the settings have another proof, such as a signature, so that the URL need not be a secret."""
        return False

    def verify(self, request: Request, now: datetime) -> None:
        if (given := _behind_the_source(request.url)) and self.path_secrets:
            if not same(given, [secret.get_secret_value() for secret in self.path_secrets]):
                raise Rejected(403, "the URL does not end in the secret")
        elif self.passwords:
            verify_basic(request.headers, self.user, [password.get_secret_value() for password in self.passwords])
        else:
            raise Rejected(401, "the URL does not end in the secret")

    def sign(self, request: Request, now: datetime) -> Request:
        if self.passwords:
            authorization = basic_header(self.user, self.passwords[0].get_secret_value())
            return replace(request, headers={**request.headers, "authorization": authorization})
        parts = urlsplit(request.url)
        path = "/".join(parts.path.split("/")[:STEPS_OF_A_SOURCE])
        secret = quote(self.path_secrets[0].get_secret_value(), safe="")
        return replace(request, url=parts._replace(path=f"{path}/{secret}").geturl())


def _behind_the_source(url: str) -> str:
    return unquote("/".join(urlsplit(url).path.split("/")[STEPS_OF_A_SOURCE:]))
