"""Home-realm discovery: which doors a person is offered, and which of them at once. Pure.

What the relying party says counts most, then what the browser remembers; but a hint
never opens a door that is not offered to this relying party.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from hkeid.broker.upstreams import OWN, Upstream, Upstreams
from hkeid.identity.authentication import AuthenticationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What a person may choose from.

    :ivar offered: upstreams, in their order; the remembered one first.
    :ivar at_once: id of the upstream to which the person is sent without being asked, or None.
    :ivar remembered: id of the door that was used last in this browser, where it is offered: an upstream,
        or :data:`hkeid.broker.upstreams.OWN`.
    """

    offered: tuple[Upstream, ...]
    at_once: str | None = None
    remembered: str | None = None

    def offers(self, upstream_id: str) -> bool:
        """Whether an upstream is among them."""
        return any(one.provider.id == upstream_id for one in self.offered)


def doors_for(
    upstreams: Upstreams, asked: AuthenticationRequest, *, remembered: str | None = None
) -> Doors:
    """The doors for what a relying party asks, or our own pages. Where a certain resident is waited for
    (step-up, ``id_token_hint``), the own passkey alone will do.
    """
    return doors(
        upstreams,
        client_id=None if asked.audience is None else asked.client_id,
        hint=asked.door,
        domain=asked.domain,
        remembered=remembered,
        own_only=asked.resident_id is not None,
    )


def doors(
    upstreams: Upstreams,
    *,
    client_id: str | None,
    hint: str | None = None,
    domain: str | None = None,
    remembered: str | None = None,
    own_only: bool = False,
) -> Doors:
    """The doors for one login.

    :param client_id: of the relying party that asks; None: our own pages.
    :param hint: id of a door that the relying party names (``idp_hint``), or None.
    :param domain: of the e-mail address by which the relying party knows the person, or None.
    :param remembered: the door that this browser used last, by its own word.
    :param own_only: only the resident's own passkey will do (a certain resident is waited for).
    """
    offered = () if own_only else upstreams.for_client(client_id)
    known = {one.provider.id for one in offered}
    wanted = hint
    if wanted is None and domain is not None:
        wanted = upstreams.of_domain(domain)
    last = remembered if remembered == OWN or remembered in known else None
    ordered = sorted(offered, key=lambda one: one.provider.id != last)
    return Doors(
        offered=tuple(ordered), at_once=wanted if wanted in known else None, remembered=last
    )


def matching(offered: Iterable[Upstream], typed: str) -> tuple[Upstream, ...]:
    """Those in which every typed word occurs: in a name in any script, the id, or a domain of its people. What is
    typed may be an e-mail address: its domain counts. They stay in their order; nothing typed leaves all.
    """
    words = _folded(typed.rpartition("@")[2]).split()
    return tuple(one for one in offered if all(word in _known_as(one) for word in words))


def _known_as(one: Upstream) -> str:
    return _folded("\n".join((*one.provider.names.values(), one.provider.id, *one.policy.domains)))


def _folded(text: str) -> str:
    """Full-width letters and capitals are as others."""
    return unicodedata.normalize("NFKC", text).casefold()
