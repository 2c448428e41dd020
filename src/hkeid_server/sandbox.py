"""The sandbox's content: test persons from ``hkeid.testing`` and the clients of the two examples.

Never loaded under the production profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hkeid.enrolment import Actor, EnrolmentRefused
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.errors import ConfigurationError, NotFound
from hkeid.kernel.secret import Secret
from hkeid.officers import Officers
from hkeid.officers import Role as OfficerRole
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.residents import find_by_hkic
from hkeid.residents.guardians import GuardianApproval
from hkeid.residents.proofing import (
    Proofing,
    ProofingCheck,
    ProofingPlace,
    ProofingProcedure,
)
from hkeid.residents.records import Resident
from hkeid.testing.personas import PERSONAS, Persona
from hkeid.testing.services import SERVICES
from hkeid_server.clients import write_client
from hkeid_server.house import House

TERMINAL = "hkeid-terminal"
"""Client id of ``hkeid rp login``."""

EXAMPLES = {"hko-suggestions": "http://localhost:5001", "ird-etax": "http://localhost:5002"}
"""Client ids of the example relying parties, and where the demonstration runs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standin:
    """A test person and their entry in the registry."""

    persona: Persona
    resident: Resident


def seed_sandbox(house: House) -> int:
    """Register the test persons that are not registered yet; returns how many were new.

    :raises ConfigurationError: ``sandbox_only``.
    """
    _only_in_the_sandbox(house)
    new = 0
    for persona in PERSONAS.values():
        if not persona.registered:
            continue
        try:
            resident_id = house.activation.register_applicant(
                persona.person, proofed=persona.proofed, proofing=_proofing(persona, house)
            )
        except EnrolmentRefused:
            continue
        new += 1
        if persona.guardian is not None:
            _approve(house, resident_id, PERSONAS[persona.guardian])
        if persona.deceased:
            house.standing.revoke(resident_id, by=Actor.OPERATOR, reason="person_deceased")
        elif persona.state is EidState.SUSPENDED:
            _suspend(house, resident_id)
    return new


def _proofing(persona: Persona, house: House) -> Proofing:
    """A proof of identity as the test person's would have been, made at this moment."""
    chip = persona.proofed.at_least(Acr.EID_PLUS)
    return Proofing.of(
        house.clock.now(),
        ProofingProcedure.COUNTER_REGISTRATION if chip else ProofingProcedure.REMOTE_REGISTRATION,
        ProofingPlace.COUNTER if chip else ProofingPlace.REMOTE,
        "sandbox-persona",
        {
            ProofingCheck.CARD_CHIP: chip,
            ProofingCheck.CARD_IMAGE: not chip,
            ProofingCheck.FACE_BY_MACHINE: not chip,
            ProofingCheck.FACE_BY_OFFICER: chip,
            ProofingCheck.REGISTER: True,
        },
    )


OFFICERS: Mapping[str, tuple[OfficerRole, ...]] = {
    "kwok-kwun": (OfficerRole.REGISTRATION_OFFICER,),
    "yu-hat": (OfficerRole.AUDITOR,),
}
"""Personas who are officers, and what they may do."""

FURTHER_OFFICERS: Mapping[str, tuple[OfficerRole, ...]] = {
    "SUI, Ling": (OfficerRole.REGISTRATION_OFFICER, OfficerRole.STATION_OFFICER),
    "KO, Kap": (OfficerRole.SENIOR_OFFICER,),
    "SZE, Yan": (OfficerRole.PRIVACY_OFFICER,),
    "TSO, Chok": (OfficerRole.OPERATOR,),
}
"""Invented officers who are no residents of the story."""


def seed_officers(house: House, officers: Officers[Any]) -> int:
    """Enter the test officers who are not there yet; returns how many were new. They enrol with the
    codes that ``hkeid officers code`` makes.

    :raises ConfigurationError: ``sandbox_only``.
    """
    _only_in_the_sandbox(house)
    known = {entry.name for entry in officers.staff.entries()}
    new = 0
    for key, roles in OFFICERS.items():
        persona = PERSONAS[key]
        if persona.name.english not in known:
            officers.staff.add(persona.name.english, roles, own_number=persona.hkic_number)
            new += 1
    for name, roles in FURTHER_OFFICERS.items():
        if name not in known:
            officers.staff.add(name, roles)
            new += 1
    return new


def standins(house: House) -> Iterator[Standin]:
    """The test persons as the registry has them, in the order of their file."""
    _only_in_the_sandbox(house)
    for persona in PERSONAS.values():
        with house.store.transaction() as tx:
            found = find_by_hkic(tx, house.keys, persona.hkic_number)
            resident = None if found is None else tx.residents.get(found)
        if resident is not None:
            yield Standin(persona=persona, resident=resident)


def issue_ticket(house: House, key: str) -> Secret:
    """A new activation code for a test person.

    :raises hkeid.kernel.errors.NotFound: ``persona_unknown``.
    :raises EnrolmentRefused: ``eid_not_applicant``.
    """
    for standin in standins(house):
        if standin.persona.key == key:
            return house.activation.issue_ticket(standin.resident.id)
    raise NotFound("persona_unknown")


def write_example_clients(
    folder: Path, addresses: Mapping[str, str] | None = None
) -> tuple[Path, ...]:
    """Describe the example relying parties, each with a private key of its own made on the spot.

    :param addresses: where relying parties run, by client id, if not at their usual places; any
        service of the annex will do.

    ``ID.toml`` and ``ID.jwks.json`` are for the provider, ``ID.pem`` for the relying party. Those
    that are there already stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for client_id, address in {**EXAMPLES, **(addresses or {})}.items():
        if (folder / f"{client_id}.pem").exists():
            continue
        made.append(write_client(_example(client_id, address, folder), folder))
    if not (folder / f"{TERMINAL}.toml").exists():
        made.append(write_client(_terminal(), folder))
    return tuple(made)


def _terminal() -> Client:
    """``hkeid rp login``: a public native client on a loopback address (RFC 8252 §7.3)."""
    return Client(
        id=TERMINAL,
        name={"en": "Terminal", "zh-Hant-HK": "終端機", "zh-Hans": "终端"},
        redirect_uris=("http://127.0.0.1/eid/callback",),
        auth_method=ClientAuthMethod.NONE,
        sector_identifier="terminal.example",
        application_type="native",
        scopes=("openid", "profile", "offline_access"),
        grant_types=("authorization_code", "refresh_token"),
        claims={
            "name": {
                "en": "To greet you in the terminal.",
                "zh-Hant-HK": "在終端機向你問好。",
                "zh-Hans": "在终端向你问好。",
            }
        },
        voluntary_claims=("name",),
    )


def _example(client_id: str, address: str, folder: Path) -> Client:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    from hkeid.rp.client_key import ClientKey

    service = next((one for one in SERVICES.values() if one.slug == client_id), None)
    if service is None:
        raise ConfigurationError("service_unknown", detail=client_id)
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / f"{client_id}.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    client = service.as_client(
        redirect_uris=(f"{address}/eid/callback", f"{address}/eid/signed"),
        post_logout_redirect_uris=(f"{address}/",),
        sector_identifier=f"{client_id}.example",
        jwks={"keys": [ClientKey(path).public_jwk()]},
        scopes=("openid", "profile", "offline_access"),
    )
    return replace(
        client,
        backchannel_logout_uri=f"{address}/eid/backchannel-logout",
        backchannel_logout_session_required=True,
    )


def _suspend(house: House, resident_id: str) -> None:
    """Bring a test person into the state that the story tells, as if years had passed."""
    with house.store.transaction() as tx:
        resident = tx.residents.get(resident_id)
        tx.residents.change(resident, replace(resident, state=EidState.ACTIVE))
    house.standing.suspend(resident_id, by=Actor.OPERATOR, reason="persona_story")


def _approve(house: House, resident_id: str, guardian: Persona) -> None:
    """A guardian's approval, as if a minor's registration had had one; the eID of a guardian who comes
    later in the file is not known yet, and stands as it will be.
    """
    with house.store.transaction() as tx:
        guardian_id = find_by_hkic(tx, house.keys, guardian.hkic_number)
        tx.guardian_approvals.add(
            GuardianApproval(
                id=house.random.token(16),
                resident_id=resident_id,
                guardian_id=guardian_id or guardian.key,
                registration="sandbox",
                approved_at=house.clock.now(),
            )
        )


def _only_in_the_sandbox(house: House) -> None:
    if house.config.production:
        raise ConfigurationError("sandbox_only", detail="test persons have no place in production")
