"""Tells a client of OpenID Connect of a logout: a logout token by POST (Back-Channel Logout §2.5)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from hkeid.doors.logout.records import LogoutNotice
from hkeid.doors.logout.telling import NotTold
from hkeid.kernel.errors import Unavailable
from hkeid.op.clients import is_client_id
from hkeid.op.logout.tokens import logout_token
from hkeid.op.records import Client, ClientRepository
from hkeid.ports.keys import KeyStore
from hkeid.ports.surroundings import Clock, HttpClient, Random

_TAKEN = frozenset({200, 204})
"""§2.8: 200; "some Web frameworks will substitute an HTTP 204 No Content response"."""
_ANSWER_LIMIT = 65_536
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_TOKEN_LIFETIME = timedelta(minutes=2)
"""§2.4: "RECOMMENDED that it be set to a time at most two minutes in the future"."""


class ClientsTransaction(Protocol):
    """What telling clients needs of a transaction."""

    @property
    def clients(self) -> ClientRepository: ...


class ClientsStore(Protocol):
    """A store that can be looked at without keeping anybody from writing."""

    def reading(self) -> AbstractContextManager[ClientsTransaction]:
        """A transaction that writes nothing."""
        ...


class ClientTeller:
    """:class:`hkeid.doors.logout.telling.Teller` of clients with a ``backchannel_logout_uri``.

    :param issuer: the provider's issuer identifier.
    :param http: goes to addresses that clients registered.
    :param timeout: seconds for one request.
    """

    def __init__(
        self,
        issuer: str,
        store: ClientsStore,
        keys: KeyStore,
        http: HttpClient,
        clock: Clock,
        random: Random,
        *,
        timeout: float = 5.0,
    ) -> None:
        self._issuer = issuer
        self._store = store
        self._keys = keys
        self._http = http
        self._clock = clock
        self._random = random
        self._timeout = timeout

    def serves(self, client_id: str) -> bool:
        """See :class:`hkeid.doors.logout.telling.Teller`."""
        return is_client_id(client_id)

    def tell(self, notice: LogoutNotice) -> None:
        """See :class:`hkeid.doors.logout.telling.Teller`; a token of its own for every attempt: a client that
        took the one before may refuse its ``jti``.

        :raises NotTold: ``client_not_registered`` for good, ``status_…``, the HTTP client's reason.
        """
        with self._store.reading() as tx:
            client = tx.clients.get(notice.client_id)
        url = None if client is None else client.backchannel_logout_uri
        if client is None or url is None:
            raise NotTold("client_not_registered", final=True)
        status = self._post(url, self._token(client, notice))
        if status not in _TAKEN:
            raise NotTold(f"status_{status}")

    def forget(self, tx: Any, notice: LogoutNotice) -> None:
        """Nothing is kept beside the notice."""

    def _token(self, client: Client, notice: LogoutNotice) -> str:
        return logout_token(
            self._keys,
            self._issuer,
            client,
            notice,
            jti=self._random.token(16),
            now=self._clock.now(),
            lifetime=_TOKEN_LIFETIME,
        )

    def _post(self, url: str, token: str) -> int:
        try:
            answer = self._http.send(
                "POST",
                url,
                headers=_HEADERS,
                body=urlencode({"logout_token": token}).encode(),
                timeout=self._timeout,
                limit=_ANSWER_LIMIT,
            )
        except Unavailable as error:
            raise NotTold(error.reason, silent=True) from None
        return answer.status
