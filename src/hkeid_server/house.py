"""What the views work with: the parts that :mod:`hkeid_server.wiring` put together, and the doors.

A *door* is a protocol by which relying parties come in. Doors have names, and an interaction that a
door asks for is served under its name; so a second protocol is one more entry in ``House.doors``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from flask import current_app

from hkeid.broker import Broker
from hkeid.broker.back_doors import BackDoors
from hkeid.enrolment import Activation, Devices, Registration, Standing
from hkeid.enrolment.guardians import Guardians
from hkeid.enrolment.new_phone import NewPhone
from hkeid.enrolment.review import WaitingRoom
from hkeid.identity.authentication import SessionView
from hkeid.kernel.http import Request, Response
from hkeid.op import Interaction, InteractionKind, Outcome
from hkeid.ports import Clock, KeyStore, Random, Store
from hkeid.ports.evidence import EvidenceVault
from hkeid.profile import ConsentLedger, EmeProfile, Receipts
from hkeid.profile.forms import FormFilling
from hkeid.residents import PersonalFields
from hkeid.webauthn import WebAuthnPolicy
from hkeid_server.config import Config
from hkeid_server.journal import Journal
from hkeid_server.logouts import LogoutCourier
from hkeid_server.looked_at import AccessReader
from hkeid_server.metadata_rounds import MetadataRounds
from hkeid_server.network import NetworkReader
from hkeid_server.shell import PageSettings

if TYPE_CHECKING:
    from hkeid.saml.idp import IdentityProvider
    from hkeid_server.certificates.parts import CertificateRooms
    from hkeid_server.csc.parts import CscRooms
    from hkeid_server.interactions.turn import Handler
    from hkeid_server.signing.parts import SigningRooms
    from hkeid_server.stations.parts import StationRooms
    from hkeid_server.verification.room import Verification
    from hkeid_server.wiring.notices import NoticeParts
    from hkeid_server.wiring.proofing import ProofingParts


class Door(Protocol):
    """A front door: :class:`hkeid.op.Provider` is the one for OpenID Connect."""

    @property
    def paths(self) -> Mapping[str, tuple[str, ...]]:
        """Its paths with their methods."""
        ...

    def handle(self, request: Request) -> Response | Interaction:
        """Answer, or ask for a human."""
        ...

    def look(
        self, interaction_id: str, browser: str | None, session: SessionView | None = None
    ) -> Interaction:
        """The interaction again, to show its page."""
        ...

    def resume(
        self,
        interaction_id: str,
        outcome: Outcome,
        *,
        browser: str | None,
        session: SessionView | None,
    ) -> Response | Interaction:
        """Go on after a human acted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """All parts of a running server.

    :ivar store: repositories of every room (:class:`hkeid.ports.Store`).
    :ivar profile: what residents keep here to fill in forms with.
    :ivar new_phone: a phone that is not logged in, bound on the word of one that is.
    :ivar notices: addresses of residents, and whoever carries letters.
    :ivar registration: the journey to an eID; :meth:`~hkeid.enrolment.Registration.offered` says
        whether this installation can go it.
    :ivar waiting_room: tells who waits for officers how it stands.
    :ivar evidence: pictures and particulars of those on the way.
    :ivar proofing: register, reader, matcher and liveness check, as far as there are any.
    :ivar doors: front doors by name.
    :ivar back_doors: identity providers behind this one.
    :ivar handlers: who serves which kind of interaction.
    :ivar logouts: tells relying parties of logouts.
    :ivar front_channel: addresses that the page after a logout loads, by the id of the session that ended.
    :ivar accesses: tells which officers looked at a resident's record; None where there are none.
    :ivar stations: stations and upgrades by chip; None where they are not served.
    :ivar certificates: the embedded certification authority; None where nothing of it is served.
    :ivar signing: signing by residents; None where it is not served.
    :ivar verification: checks signed documents that anybody brings along; None where it is not served.
    :ivar saml_metadata: keeps metadata of SAML peers up to date, once it has begun.
    :ivar saml: the SAML door, which is among ``doors`` as well; None where it is not served.
    :ivar csc: remote signing by the Cloud Signature Consortium's API; None where it is not served.
    """

    config: Config
    pages: PageSettings
    clock: Clock
    random: Random
    keys: KeyStore
    store: Store[Any]
    fields: PersonalFields
    policy: WebAuthnPolicy
    ledger: ConsentLedger
    profile: EmeProfile
    broker: Broker
    activation: Activation
    devices: Devices
    standing: Standing
    new_phone: NewPhone
    guardians: Guardians
    notices: NoticeParts
    registration: Registration
    evidence: EvidenceVault
    proofing: ProofingParts
    doors: Mapping[str, Door]
    back_doors: BackDoors
    handlers: Mapping[InteractionKind, Handler]
    journal: Journal
    network: NetworkReader
    logouts: LogoutCourier
    front_channel: Callable[[str], tuple[str, ...]]
    waiting_room: WaitingRoom
    saml_metadata: MetadataRounds
    accesses: AccessReader | None = None
    stations: StationRooms | None = None
    certificates: CertificateRooms | None = None
    signing: SigningRooms | None = None
    csc: CscRooms | None = None
    saml: IdentityProvider | None = None
    verification: Verification | None = None

    @property
    def receipts(self) -> Receipts:
        """Makes consent receipts for residents."""
        return Receipts(self.store, self.keys, self.config.issuer, self.clock, self.random)

    @property
    def forms(self) -> FormFilling:
        """Forms that relying parties have filled."""
        return FormFilling(self.store, self.fields, self.clock, self.random)


def house() -> House:
    """The house of the running application."""
    return cast(House, current_app.extensions["hkeid"])
