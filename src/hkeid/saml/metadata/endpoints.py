"""Where a role can be reached (saml-metadata §2.2.2, §2.2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Binding = TypeVar("_Binding", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """``EndpointType``.

    :ivar binding: URI.
    :ivar location: https or http URL; endpoints with any other are not read.
    :ivar response_location: where answers go, if not to ``location``.
    """

    binding: str
    location: str
    response_location: str | None = None

    @property
    def answers_at(self) -> str:
        """Where responses are sent (saml-metadata §2.2.2)."""
        return self.response_location or self.location


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedEndpoint(Endpoint):
    """``IndexedEndpointType``.

    :ivar index: by which messages name it.
    :ivar default: ``isDefault``; None where it is not said.
    """

    index: int
    default: bool | None = None


def default_endpoint(endpoints: Iterable[IndexedEndpoint]) -> IndexedEndpoint | None:
    """The one for requests that name none: the first ``isDefault="true"``, else the first that does not say
    ``false``, else the first (saml-metadata §2.2.3).
    """
    found = tuple(endpoints)
    for wanted in (True, None, False):
        for one in found:
            if one.default is wanted:
                return one
    return None


def preferred_endpoint(
    endpoints: Iterable[Endpoint], wanted: Sequence[_Binding]
) -> tuple[_Binding, Endpoint] | None:
    """The endpoint with the first of the wanted bindings for which there is one."""
    there = tuple(endpoints)
    for binding in wanted:
        for one in there:
            if one.binding == binding:
                return binding, one
    return None
