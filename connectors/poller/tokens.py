"""Access tokens for an application that has no user at hand: OAuth 2.0 client credentials (RFC 6749, section 4.4)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from time import monotonic
from typing import Protocol
from urllib.parse import quote, urlencode

import orjson
from pydantic import SecretStr

from connectors.base import FORM, Call
from connectors.poller.http import Away, Caller

_EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""
_USUAL = 300.0
"""Seconds that a token is used for where nothing says how long it is valid."""


class Application(Protocol):
    """What an application proves itself with, where it does; see `connectors.base.Mail`."""

    @property
    def token_url(self) -> str | None: ...
    @property
    def client_id(self) -> str | None: ...
    @property
    def client_secret(self) -> SecretStr | None: ...
    @property
    def scope(self) -> str: ...


class AccessTokens:
    """The token of one application, asked for when there is none or it is about to end. One thread at a time."""

    def __init__(
        self,
        caller: Caller,
        *,
        token_url: str,
        client_id: str,
        client_secret: str,
        scope: str,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        # Both are form-encoded before they are joined (section 2.3.1).
        proof = b64encode(f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}".encode()).decode()
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        headers = {"content-type": FORM, "accept": "application/json", "authorization": f"Basic {proof}"}
        self._call = Call(token_url, "POST", headers, urlencode(form).encode())
        self._caller = caller
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """A token that is valid now.

        Raises:
            Away: none is to be had.
        """
        if not self._token or self._clock() >= self._until:
            self._token, seconds = self._asked()
            self._until = self._clock() + max(seconds - _EARLY, 0.0)
        return self._token

    def forget(self) -> None:
        """It was refused: ask for another one next time."""
        self._token = ""

    def _asked(self) -> tuple[str, float]:
        try:
            told = orjson.loads(self._caller(self._call).body)
        except Away as away:
            if away.status in (400, 401, 403):
                reason = "no access token is given: mend token_url, client_id, client_secret or scope in the settings"
                raise Away(reason, away.status) from None
            raise Away(f"the address of access tokens: {away}", away.status, away.wait) from None
        except orjson.JSONDecodeError:
            told = None
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not token:
            raise Away("the address of access tokens gives none: mend token_url in the settings")
        seconds = told.get("expires_in")
        return token, float(seconds) if isinstance(seconds, int | float) else _USUAL


def tokens_of(application: Application, caller: Caller) -> AccessTokens | None:
    """The tokens of an application; None where its settings tell of none."""
    if not (application.token_url and application.client_id and application.client_secret):
        return None
    return AccessTokens(
        caller,
        token_url=application.token_url,
        client_id=application.client_id,
        client_secret=application.client_secret.get_secret_value(),
        scope=application.scope,
    )
