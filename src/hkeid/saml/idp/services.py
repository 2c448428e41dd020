"""Services that may come in at this door: what the operator registered, beside what metadata says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from hkeid.doors.relying_party import RelyingParty
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import NotFound
from hkeid.kernel.http import Response
from hkeid.kernel.secret import Secret
from hkeid.saml.messages import NameIdFormat


class Signs(Enum):
    """What is signed for a service."""

    ASSERTION = "assertion"
    RESPONSE = "response"
    BOTH = "both"


class Encrypts(Enum):
    """Whether assertions are encrypted for a service."""

    WHERE_POSSIBLE = "where-possible"
    """It publishes a key, and says nothing against AES-GCM."""
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A registered service.

    :ivar entity_id: its name in metadata.
    :ivar relying_party: as pages and the consent ledger know it; its sector makes its pairwise names, so that a
        service that also speaks OpenID Connect knows a resident by one name.
    :ivar idp_initiated: logins may begin here (saml-profiles §4.1.5). Whoever sends somebody to the address can
        make a login at the service happen that nobody there asked for.
    :ivar require_signed_requests: whatever its metadata says.
    :ivar name_id_formats: that it may have, the preferred one first.
    :ivar correlatable: it may have subject-id, which is the same for all services that may.
    :ivar forms: which AttributeConsumingService of its metadata asks for which form: by index, the form's id.
    """

    entity_id: str
    relying_party: RelyingParty
    enabled: bool = True
    idp_initiated: bool = False
    require_signed_requests: bool = False
    signs: Signs = Signs.BOTH
    encrypts: Encrypts = Encrypts.WHERE_POSSIBLE
    name_id_formats: tuple[NameIdFormat, ...] = (NameIdFormat.PERSISTENT, NameIdFormat.TRANSIENT)
    correlatable: bool = False
    forms: Mapping[int, str] = field(default_factory=dict)


class ServiceDirectory(Protocol):
    """Where registrations are looked up."""

    def find(self, entity_id: str) -> Service | None:
        """The service, or None."""
        ...


class FilledForm(Protocol):
    """A form that the resident sent."""

    @property
    def claims(self) -> Mapping[str, Any]:
        """Values by wire name."""
        ...


class FormSource(Protocol):
    """Gives forms that residents sent."""

    def fetch(
        self, resident_id: str, client: RelyingParty, form: str, secret: Secret | None
    ) -> FilledForm:
        """What was sent, once; the disclosure is recorded, durably, before it returns.

        :param secret: of the resident's approval.
        :raises hkeid.kernel.errors.NotFound: there is nothing (any more).
        """
        ...


class SessionEnder(Protocol):
    """Ends sessions of the hub, when a service says that its resident logs out."""

    def end(self, session_id: str) -> bool:
        """End a session with all that hangs on it; False when there is none any more."""
        ...


class OriginReader(Protocol):
    """Tells by whom a session's resident was authenticated."""

    def authority(self, session: SessionView) -> str | None:
        """The identity provider behind the hub (an entity ID or issuer), or None: the hub itself."""
        ...


class AuthorityLogout(Protocol):
    """Takes a logout on to the identity provider behind the hub."""

    def begin(self, session_id: str, *, browser: str, back_to: str) -> Response | None:
        """Send the browser there.

        :param session_id: of a session of the hub that has ended.
        :param back_to: path and query of ours to which the browser comes in the end.
        :returns: None: there is nobody, or nobody that can be asked.
        """
        ...


class NoForms:
    """A :class:`FormSource` that has none."""

    def fetch(
        self, resident_id: str, client: RelyingParty, form: str, secret: Secret | None
    ) -> FilledForm:
        """See :class:`FormSource`."""
        del resident_id, client, form, secret
        raise NotFound("form_not_available")


class OwnHouse:
    """An :class:`OriginReader` and :class:`AuthorityLogout` for a hub with nobody behind it."""

    def authority(self, session: SessionView) -> str | None:
        """See :class:`OriginReader`."""
        del session
        return None

    def begin(self, session_id: str, *, browser: str, back_to: str) -> Response | None:
        """See :class:`AuthorityLogout`."""
        del session_id, browser, back_to
        return None
