"""Puts the parts together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hkeid.enrolment import Activation, Devices, EnrolmentSettings, Registration, Standing
from hkeid.enrolment.guardians import Guardians
from hkeid.enrolment.new_phone import NewPhone
from hkeid.enrolment.review import WaitingRoom
from hkeid.oidc.authorization_details import DetailType
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.op import InteractionKind, Provider, ProviderSettings
from hkeid.ports import Clock, KeyStore, Random
from hkeid.ports.evidence import EvidenceVault
from hkeid.profile import ConsentLedger, EmeProfile
from hkeid.profile.forms import FormDetail, FormEndpoint, FormFetching
from hkeid_server.browser import CookieNames
from hkeid_server.certificates.parts import CertificateRooms
from hkeid_server.config import Config
from hkeid_server.house import Door, House
from hkeid_server.interactions.by_detail import HandlerByDetail
from hkeid_server.interactions.consent import ConsentHandler
from hkeid_server.interactions.forms import FormHandler
from hkeid_server.interactions.login import ChooseHandler, LoginHandler
from hkeid_server.interactions.logout import LogoutHandler
from hkeid_server.interactions.turn import Handler
from hkeid_server.journal import Journal
from hkeid_server.looked_at import accesses_in
from hkeid_server.network import NetworkReader
from hkeid_server.shell import PageSettings
from hkeid_server.signing.parts import SigningRooms
from hkeid_server.wiring.foundation import Foundation, lay_foundation
from hkeid_server.wiring.logouts import open_courier
from hkeid_server.wiring.notices import decision_letters, open_notices, teller
from hkeid_server.wiring.opening import (
    register_clients,
)
from hkeid_server.wiring.proofing import make_registration, open_evidence, open_proofing
from hkeid_server.wiring.rights import open_rights
from hkeid_server.wiring.saml_foundation import SamlFoundation, lay_saml_foundation
from hkeid_server.wiring.stations import open_stations
from hkeid_server.wiring.upstreams import open_back_doors

if TYPE_CHECKING:
    from hkeid.broker.back_doors import BackDoors
    from hkeid.saml.idp import IdentityProvider
    from hkeid_server.csc.parts import CscRooms
    from hkeid_server.logouts import LogoutCourier
    from hkeid_server.verification.room import Verification
    from hkeid_server.wiring.notices import NoticeParts
    from hkeid_server.wiring.proofing import ProofingParts


def build_house(
    config: Config,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    keys: KeyStore | None = None,
    journal: Journal | None = None,
) -> House:
    """A house from its configuration; what is given replaces what would be made.

    :raises hkeid.kernel.errors.ConfigurationError: a part cannot be made; the detail says why.
    """
    base = lay_foundation(config, clock=clock, random=random, keys=keys, journal=journal)
    clock, random, keys, store = base.clock, base.random, base.keys, base.store
    ledger = ConsentLedger(store, base.fields, clock, random, tell=teller(random))
    proofing, evidence = _proofing(base)
    notices, registration = _telling(base, proofing, evidence)
    certificates = _certificates(base)
    provider = _open_provider(base, ledger)
    csc = _csc(base, certificates, provider)
    ground, back_doors, saml, courier = _doors_that_know_saml(base, ledger)
    return House(
        config=config,
        pages=page_settings(config),
        clock=clock,
        random=random,
        keys=keys,
        store=store,
        fields=base.fields,
        policy=base.passkeys,
        ledger=ledger,
        profile=EmeProfile(store, base.fields, keys, clock, random, ledger, tell=teller(random)),
        rights=open_rights(base),
        broker=base.broker,
        activation=_activation(base),
        devices=_devices(base),
        new_phone=_new_phone(base),
        accesses=accesses_in(store),
        standing=Standing(store, clock, random),
        guardians=Guardians(store, registration, base.fields, keys, clock, random),
        notices=notices,
        registration=registration,
        waiting_room=WaitingRoom(store, clock),
        evidence=evidence,
        proofing=proofing,
        doors=_doors(base, provider, csc, saml),
        back_doors=back_doors,
        saml=saml,
        saml_metadata=ground.metadata.rounds,
        handlers=_handlers(csc),
        journal=base.journal,
        network=NetworkReader(config.server.trusted_proxies),
        logouts=courier,
        front_channel=provider.front_channel_logouts,
        stations=open_stations(base, proofing, evidence),
        certificates=certificates,
        signing=_signing(base, certificates, evidence, provider),
        csc=csc,
        verification=_verification(base, certificates),
    )


def _proofing(base: Foundation) -> tuple[ProofingParts, EvidenceVault]:
    """Who proves people, and where what they show lies meanwhile."""
    proofing = open_proofing(base.config, base.clock, base.journal)
    return proofing, open_evidence(base.config, base.store, base.keys, base.clock, base.random)


def _telling(
    base: Foundation, proofing: ProofingParts, evidence: EvidenceVault
) -> tuple[NoticeParts, Registration]:
    """Who tells residents, and the journey at whose end they are told."""
    notices = open_notices(base.config, base.store, base.fields, base.keys, base.clock, base.random)
    letters = decision_letters(base.config, notices.notifiers, base.journal)
    return notices, make_registration(base, proofing, evidence, hooks=letters)


def _certificates(base: Foundation) -> CertificateRooms | None:
    section = base.config.certificates
    if not (section.enabled or section.timestamps):
        return None
    from hkeid_server.wiring.certificates import open_certificates

    return open_certificates(base.config, base.store, base.clock, base.random)


def _signing(
    base: Foundation,
    certificates: CertificateRooms | None,
    evidence: EvidenceVault,
    provider: Provider,
) -> SigningRooms | None:
    if not base.config.signing.enabled:
        return None
    from hkeid_server.wiring.signing import open_signing

    return open_signing(base, certificates, evidence, provider)


def _csc(
    base: Foundation, certificates: CertificateRooms | None, provider: Provider
) -> CscRooms | None:
    if not base.config.csc.enabled:
        return None
    from hkeid_server.wiring.csc import open_csc

    return open_csc(base, certificates, provider)


def _doors_that_know_saml(
    base: Foundation, ledger: ConsentLedger
) -> tuple[SamlFoundation, BackDoors, IdentityProvider | None, LogoutCourier]:
    """Who is behind the hub; the SAML door, if it is open, and who tells of logouts: each needs the other."""
    ground = lay_saml_foundation(base)
    saml, back_doors = None, open_back_doors(ground)
    if base.config.saml.enabled:
        from hkeid_server.wiring.saml import open_saml

        def after_logout() -> None:
            courier.nudge()

        saml = open_saml(ground, ledger, back_doors, after_logout)
    courier = open_courier(
        base.config, base.store, base.keys, base.clock, base.random, base.journal, saml
    )
    return ground, back_doors, saml, courier


def _doors(
    base: Foundation, provider: Provider, csc: CscRooms | None, saml: IdentityProvider | None
) -> dict[str, Door]:
    """Front doors by name."""
    fetching = FormFetching(
        base.store, base.fields, base.clock, base.random, tell=teller(base.random)
    )
    forms = FormEndpoint(provider, fetching, base.keys, base.clock)
    others: dict[str, Door | None] = {"csc": None if csc is None else csc.door, "saml": saml}
    return {
        "oidc": provider,
        "forms": forms,
        **{name: one for name, one in others.items() if one is not None},
    }


def _verification(base: Foundation, certificates: CertificateRooms | None) -> Verification | None:
    if not base.config.validation.enabled:
        return None
    from hkeid_server.wiring.verification import open_verification

    return open_verification(base, certificates)


def _open_provider(base: Foundation, ledger: ConsentLedger) -> Provider:
    """The OpenID Provider, with the clients that are described in files."""
    config = base.config
    register_clients(config, base.store)
    details: tuple[DetailType, ...] = (FormDetail(),)
    scopes: tuple[str, ...] = ()
    if config.csc.enabled:
        from hkeid_server.wiring.csc import DETAILS, SCOPES

        details, scopes = (*details, *DETAILS), SCOPES
    make = Provider.production if config.production else Provider.sandbox
    return make(
        config.issuer,
        base.store,
        base.keys,
        base.broker,
        ledger,
        base.clock,
        base.random,
        provider_settings(config),
        details,
        scopes,
    )


def _activation(base: Foundation) -> Activation:
    settings = _enrolment_settings(base.config)
    return Activation(
        base.store, base.passkeys, base.fields, base.broker, base.keys, base.clock, base.random,
        settings,
    )  # fmt: skip


def _devices(base: Foundation) -> Devices:
    settings = _enrolment_settings(base.config)
    return Devices(
        base.store, base.passkeys, base.fields, base.broker, base.clock, base.random, settings
    )


def _new_phone(base: Foundation) -> NewPhone:
    settings = _enrolment_settings(base.config)
    return NewPhone(
        base.store, base.passkeys, base.fields, base.broker, base.keys, base.clock, base.random,
        settings,
    )  # fmt: skip


def _enrolment_settings(config: Config) -> EnrolmentSettings:
    return EnrolmentSettings(ticket_lifetime=timedelta(days=config.sessions.ticket_days))


def _handlers(csc: CscRooms | None) -> dict[InteractionKind, Handler]:
    """Who serves which interaction of a door."""
    login = LoginHandler()
    handlers: dict[InteractionKind, Handler] = {
        InteractionKind.LOGIN: login,
        InteractionKind.SELECT_ACCOUNT: ChooseHandler(login),
        InteractionKind.CONSENT: ConsentHandler(),
        InteractionKind.LOGOUT: LogoutHandler(),
    }
    approvals: dict[str, Handler] = {FORM_DETAIL: FormHandler()}
    if csc is not None:
        from hkeid_server.interactions.approval import ApprovalHandler
        from hkeid_server.wiring.csc import DETAILS

        approvals |= dict.fromkeys((one.name for one in DETAILS), ApprovalHandler())
    handlers[InteractionKind.APPROVAL] = HandlerByDetail(approvals)
    return handlers


def provider_settings(config: Config) -> ProviderSettings:
    """Lifetimes of the OpenID Provider."""
    tokens = config.tokens
    return ProviderSettings(
        profile=config.profile,
        code_lifetime=timedelta(seconds=tokens.code_seconds),
        access_token_lifetime=timedelta(seconds=tokens.access_token_seconds),
        id_token_lifetime=timedelta(seconds=tokens.id_token_seconds),
        refresh_idle=timedelta(days=tokens.refresh_idle_days),
        refresh_lifetime=timedelta(days=tokens.refresh_days),
        refresh_grace=timedelta(seconds=tokens.refresh_grace_seconds),
        interaction_lifetime=timedelta(minutes=tokens.interaction_minutes),
        policy_uri=f"{config.issuer}/privacy",
    )


def page_settings(config: Config) -> PageSettings:
    """What the pages need to know."""
    return PageSettings(
        origin=config.origin,
        cookies=CookieNames.for_issuer(config.issuer),
        sandbox=not config.production,
        default_language=config.default_language,
        signing=config.signing.enabled,
    )
