"""The identity providers behind the hub, and what each of them may do here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hkeid.kernel.errors import ConfigurationError, NotFound
from hkeid.upstream.contract import UpstreamProvider

OWN = "eid"
"""The hub's own passkey, where a hint names it; no upstream has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamPolicy:
    """What an upstream's word is good for.

    :ivar links_by_hkic: an identity-card number that it says is verified leads to the eID with that number.
        Only for an upstream that proves the number itself. Names, e-mail addresses and telephone numbers never lead
        to an eID.
    :ivar creates: somebody whom nobody knows gets an account of their own, without an eID.
    :ivar clients: ids of the relying parties to which it is offered; None: all.
    :ivar domains: e-mail domains of its people; whom the relying party knows by such an address is sent there.
    :ivar ends_there: a logout here ends the upstream's session as well.
    """

    links_by_hkic: bool = False
    creates: bool = False
    clients: frozenset[str] | None = None
    domains: frozenset[str] = frozenset()
    ends_there: bool = True

    def serves(self, client_id: str | None) -> bool:
        """Whether it is offered to a relying party; our own pages are None."""
        return self.clients is None or client_id in self.clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One identity provider and its policy."""

    provider: UpstreamProvider
    policy: UpstreamPolicy = UpstreamPolicy()


class Upstreams(Mapping[str, Upstream]):
    """All of them by id, in the order in which they are offered.

    :raises hkeid.kernel.errors.ConfigurationError: ``upstream_repeated``, ``upstream_id_reserved``,
        ``upstream_domain_repeated``.
    """

    __slots__ = ("_by_domain", "_by_id")

    def __init__(self, upstreams: Iterable[Upstream] = ()) -> None:
        by_id: dict[str, Upstream] = {}
        by_domain: dict[str, str] = {}
        for one in upstreams:
            name = one.provider.id
            if name == OWN:
                raise ConfigurationError("upstream_id_reserved", detail=name)
            if name in by_id:
                raise ConfigurationError("upstream_repeated", detail=name)
            by_id[name] = one
            for domain in one.policy.domains:
                if by_domain.setdefault(domain.casefold(), name) != name:
                    raise ConfigurationError("upstream_domain_repeated", detail=domain)
        self._by_id = MappingProxyType(by_id)
        self._by_domain = MappingProxyType(by_domain)

    def __getitem__(self, upstream_id: str) -> Upstream:
        return self._by_id[upstream_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def named(self, upstream_id: str) -> Upstream:
        """By id.

        :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``.
        """
        found = self._by_id.get(upstream_id)
        if found is None:
            raise NotFound("upstream_unknown")
        return found

    def for_client(self, client_id: str | None) -> tuple[Upstream, ...]:
        """Those that are offered to a relying party."""
        return tuple(one for one in self._by_id.values() if one.policy.serves(client_id))

    def of_domain(self, domain: str) -> str | None:
        """The id of the upstream whose people have e-mail addresses of this domain, or None."""
        return self._by_domain.get(domain.casefold())
