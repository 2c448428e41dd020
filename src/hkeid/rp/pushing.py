"""Pushing an authorization request to the provider before the browser goes there (RFC 9126)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.surroundings import HttpAnswer, HttpClient
from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.provider import read_object
from hkeid.rp.token_endpoint import post_form

_CODE = re.compile(r"[0-9A-Za-z-]{1,16}\Z")
_LONGEST = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedAnswer:
    """What the provider answered.

    :ivar request_uri: stands for the request in the browser's address.
    :ivar confirmation_code: what to show the resident, who finds the same on the provider's page; None
        where the provider gives none.
    """

    request_uri: str
    confirmation_code: str | None = None


def pushing_endpoint(
    metadata: ProviderMetadata, *, choice: bool | None, details: bool
) -> str | None:
    """Where to push a request; None: it is not pushed.

    :param choice: what the relying party was told; None: as the provider requires, and for
        authorization details.
    :raises ConfigurationError: ``pushing_unsupported``.
    """
    url, needed = metadata.pushed_endpoint, bool(choice) or metadata.pushing_required
    if needed and url is None:
        raise ConfigurationError("pushing_unsupported", detail=metadata.issuer)
    return url if needed or (details and choice is None) else None


def push_request(
    http: HttpClient,
    url: str,
    timeout: float,
    request: Mapping[str, str],
    proof: tuple[Mapping[str, str], Mapping[str, str]],
) -> PushedAnswer:
    """Push an authorization request (RFC 9126 §2.1).

    :raises hkeid.rp.errors.LoginDeclined: ``pushed_refused_…``.
    :raises ProviderMisbehaved: ``pushed_request_uri_malformed`` and what every exchange may raise.
    """
    answer = post_form(http, url, "pushed", timeout, request, proof, good=201)
    return _read(answer)


def _read(answer: HttpAnswer) -> PushedAnswer:
    """§2.2: ``request_uri`` and ``expires_in``."""
    members = read_object(answer, "pushed")
    uri, code = members.get("request_uri"), members.get("confirmation_code")
    if not isinstance(uri, str) or not 0 < len(uri) <= _LONGEST or not uri.isascii():
        raise ProviderMisbehaved("pushed_request_uri_malformed")
    shown = code if isinstance(code, str) and _CODE.match(code) else None
    return PushedAnswer(request_uri=uri, confirmation_code=shown)
