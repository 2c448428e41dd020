"""A logout on its way from service to service: what is kept between two visits of the browser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hkeid.doors.sealing import open_members, seal_members
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import SingleUse, SingleUseRecord
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import Participation
from hkeid.saml.messages import Binding, NameId

CHAIN_KIND = "saml_idp_logout"
_MOST_TOLD = 64
"""Services to which one browser is sent."""
_REDIRECTS = 4
"""Services in a row by redirects alone, there and back again: browsers follow 20 of them, and some services need more
than one.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiator:
    """The service that began it, which waits for an answer."""

    entity_id: str
    request_id: str
    binding: Binding
    relay_state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A service that is to be told, by the name and index under which it knows the session."""

    entity_id: str
    session_index: str
    name_id: str = field(repr=False)
    name_id_format: str

    @classmethod
    def of(cls, one: Participation) -> Told:
        """Out of what is kept of a session."""
        return cls(
            entity_id=one.entity_id,
            session_index=one.session_index,
            name_id=one.name_id,
            name_id_format=one.name_id_format,
        )

    def name(self, identity_provider: str) -> NameId:
        """The name identifier that it was given."""
        return NameId(
            value=self.name_id,
            format=self.name_id_format,
            name_qualifier=identity_provider,
            sp_name_qualifier=self.entity_id,
        )


@dataclass(slots=True, kw_only=True)
class Chain:
    """A logout on its way.

    :ivar browser: in which it goes on, and in no other (:attr:`hkeid.kernel.http.Request.browser`).
    :ivar initiator: None: it began here.
    :ivar here: the hub's session of this browser, while whoever is behind the hub has not been told of its end.
    :ivar then: address of ours where the browser goes at the end, or None.
    :ivar todo: services that are not told yet.
    :ivar done: how many said that they ended their session.
    :ivar missed: entity IDs of those that did not.
    :ivar waiting: entity ID and request ID of the service where the browser is now, or None.
    :ivar redirects: services in a row to which it was sent by redirects.
    """

    browser: str | None = field(default=None, repr=False)
    initiator: Initiator | None = None
    here: str | None = None
    then: str | None = None
    todo: list[Told] = field(default_factory=list)
    done: int = 0
    missed: list[str] = field(default_factory=list)
    waiting: tuple[str, str] | None = None
    redirects: int = 0

    def queue(self, there: Iterable[Participation]) -> None:
        """Services are to be told, each by the name that it was given last: it has one session in a browser."""
        newest: dict[str, Participation] = {}
        for one in there:
            known = newest.get(one.entity_id)
            if known is None or known.created_at < one.created_at:
                newest[one.entity_id] = one
        found = list(newest.values())
        self.todo = [Told.of(one) for one in found[:_MOST_TOLD]]
        self.missed += [one.entity_id for one in found[_MOST_TOLD:]]

    def needs_a_page(self, binding: Binding) -> bool:
        """Whether the next service has to be reached by a page: browsers give up after many redirects in a row."""
        if binding is Binding.REDIRECT and self.redirects < _REDIRECTS:
            self.redirects += 1
            return False
        self.redirects = 0
        return binding is Binding.REDIRECT

    def record(self, token: str, parts: Parts, now: Instant) -> SingleUseRecord:
        """For the next visit of the browser, readable with ``token`` alone."""
        begun = self.initiator
        members: dict[str, Any] = {
            "browser": self.browser,
            "initiator": None
            if begun is None
            else [begun.entity_id, begun.request_id, begun.binding.value, begun.relay_state],
            "here": self.here,
            "then": self.then,
            "todo": [
                [one.entity_id, one.session_index, one.name_id, one.name_id_format]
                for one in self.todo
            ],
            "done": self.done,
            "missed": self.missed,
            "redirects": self.redirects,
            "waiting": None if self.waiting is None else list(self.waiting),
        }
        sealed = seal_members(token, members, parts.random.token_bytes(12))
        return SingleUseRecord(
            kind=CHAIN_KIND,
            digest=secret_digest(token),
            payload=canonical_json.dumps({"sealed": sealed}),
            created_at=now,
            expires_at=now + parts.settings.message_lifetime,
        )


def find_chain(single_use: SingleUse, token: str) -> Chain | None:
    """The logout under a token, whether or not it may still go on."""
    record = single_use.look(CHAIN_KIND, secret_digest(token))
    if record is None:
        return None
    said = open_members(token, canonical_json.loads_object(record.payload)["sealed"])
    initiator = None
    if said["initiator"] is not None:
        entity_id, request_id, binding, relay_state = said["initiator"]
        initiator = Initiator(
            entity_id=entity_id,
            request_id=request_id,
            binding=Binding(binding),
            relay_state=relay_state,
        )
    waiting = said["waiting"]
    return Chain(
        browser=said["browser"],
        initiator=initiator,
        here=said["here"],
        then=said["then"],
        todo=[
            Told(entity_id=entity, session_index=index, name_id=name, name_id_format=form)
            for entity, index, name, form in said["todo"]
        ],
        done=said["done"],
        missed=said["missed"],
        redirects=said["redirects"],
        waiting=None if waiting is None else (waiting[0], waiting[1]),
    )
