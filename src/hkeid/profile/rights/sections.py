"""Sections of the copy that this floor and those below can read; those above are in
:mod:`hkeid.enrolment.own_records`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

from hkeid.broker.records import SessionRepository
from hkeid.broker.upstream_records import UpstreamSessionRepository
from hkeid.identity.assurance import Acr
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel import base64url, canonical_json
from hkeid.officers.records import RecordAccessRepository
from hkeid.op.records import GrantRepository
from hkeid.profile.eme.fields import EME_FIELDS
from hkeid.profile.eme.values import EmeValue
from hkeid.profile.records import ConsentRepository, DisclosureRepository
from hkeid.profile.rights.asking import asked_in, own_request
from hkeid.profile.rights.own_copy import EVERYTHING, LEFT_OUT, Reading, Row, Section, when
from hkeid.profile.rights.records import RequestKind, RequestState, RequestsTransaction
from hkeid.residents.fields import sealed_by_name
from hkeid.residents.guardians import GuardianApprovalRepository
from hkeid.residents.links import LinkRepository
from hkeid.residents.records import BlindIndexRepository, CredentialRepository
from hkeid.saml.idp.records import ParticipationRepository

_OF_PROFILE: Final = frozenset(name for name in sealed_by_name() if name.startswith("eme_"))
_PARTICULARS: Final = sealed_by_name() - _OF_PROFILE - set(LEFT_OUT)
_JSON: Final = frozenset({"proofing"})


class OwnCopyTransaction(RequestsTransaction, Protocol):
    """What these sections need of a transaction."""

    @property
    def credentials(self) -> CredentialRepository: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def upstream_sessions(self) -> UpstreamSessionRepository: ...
    @property
    def participations(self) -> ParticipationRepository: ...
    @property
    def grants(self) -> GrantRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def consents(self) -> ConsentRepository: ...
    @property
    def disclosures(self) -> DisclosureRepository: ...
    @property
    def guardian_approvals(self) -> GuardianApprovalRepository: ...
    @property
    def record_accesses(self) -> RecordAccessRepository: ...


_Reading = Reading[OwnCopyTransaction]


def _entry(reading: _Reading) -> Iterator[Row]:
    resident = reading.tx.residents.get(reading.resident_id)
    if resident is not None:
        yield {
            "state": resident.state.value,
            "assurance": resident.proofed.value,
            "since": when(resident.created_at),
            "changed_at": when(resident.updated_at),
            "waiting_time_until": when(resident.cooling_until),
        }


def _particulars(reading: _Reading) -> Iterator[Row]:
    texts = reading.fields.read(reading.tx, reading.resident_id, _PARTICULARS)
    disputed = _disputed(reading)
    source = _source(reading, texts)
    for name in sorted(texts):
        row: dict[str, Any] = {"field": name, "value": texts[name]}
        if name in _JSON:
            row["value"] = canonical_json.loads(texts[name])
        if not name.startswith("contact_"):
            row["source"] = source
        if name in disputed:
            row["disputed"] = disputed[name]
        yield row


def _source(reading: _Reading, texts: dict[str, str]) -> str:
    resident = reading.tx.residents.get(reading.resident_id)
    if resident is not None and resident.proofed.at_least(Acr.EID_PLUS):
        return "chip"
    number = texts.get("hkic_number")
    if number is not None and reading.fields.number_leads_to(
        reading.tx, HkicNumber.parse(number), reading.resident_id
    ):
        return "registry"
    return "provider"


def _disputed(reading: _Reading) -> dict[str, list[Row]]:
    """Corrections that were refused stay beside what they are about (s.25(2))."""
    found: dict[str, list[Row]] = {}
    for request in reading.tx.data_requests.of_resident(reading.resident_id, limit=EVERYTHING):
        if request.kind is RequestKind.CORRECTION and request.state is RequestState.REFUSED:
            asked = asked_in(reading.fields, request)
            note = {
                "request": request.id,
                "asked_at": when(request.received_at),
                "should_say": asked.wish,
                "words": asked.words,
                "refused_because": None if request.ground is None else request.ground.value,
            }
            for name in request.fields:
                found.setdefault(name, []).append(note)
    return found


def _profile(reading: _Reading) -> Iterator[Row]:
    texts = reading.fields.read(reading.tx, reading.resident_id, _OF_PROFILE - set(LEFT_OUT))
    if "eme_since" in texts:
        yield {"field": "eme_since", "value": texts["eme_since"]}
    for field in EME_FIELDS.values():
        if field.sealed in texts:
            kept = EmeValue.of_text(texts[field.sealed])
            yield {
                "field": field.sealed,
                "value": kept.value,
                "source": kept.source.value,
                "kept_at": when(kept.kept_at),
            }


def _devices(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.credentials.of_resident(reading.resident_id):
        yield {
            "id": base64url.encode(one.id),
            "label": reading.fields.device_label(reading.resident_id, one.id, one.label),
            "status": one.status.value,
            "public_key": base64url.encode(one.public_key),
            "model": one.aaguid,
            "transports": list(one.transports),
            "synced": one.backup_eligible,
            "backed_up": one.backed_up,
            "attestation": one.attestation,
            "uses_counted": one.sign_count,
            "added_at": when(one.created_at),
            "used_at": when(one.last_used_at),
            "revoked_at": when(one.revoked_at),
            "evidence": base64url.encode(one.evidence),
        }


def _sessions(reading: _Reading) -> Iterator[Row]:
    tx, fields = reading.tx, reading.fields
    for one in tx.sessions.of_resident(reading.resident_id):
        upstream = tx.upstream_sessions.of_session(one.id)
        yield {
            "agent": fields.session_agent(reading.resident_id, one.id, one.agent),
            "assurance": one.acr.value,
            "methods": list(one.amr),
            "logged_in_at": when(one.authenticated_at),
            "opened_at": when(one.created_at),
            "expires_at": when(one.expires_at),
            "ended_at": when(one.ended_at),
            "logged_in_at_provider": None if upstream is None else upstream.provider,
            "saml_services": [
                {
                    "service": seen.entity_id,
                    "known_there_as": seen.name_id,
                    "since": when(seen.created_at),
                }
                for seen in tx.participations.of_session(one.id)
            ],
        }


def _grants(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.grants.of_resident(reading.resident_id):
        yield {
            "service": one.client_id,
            "known_there_as": one.subject,
            "scopes": list(one.scopes),
            "claims": {place: list(names) for place, names in one.claims.items()},
            "assurance": one.acr.value,
            "logged_in_at": when(one.authenticated_at),
            "given_at": when(one.created_at),
            "expires_at": when(one.expires_at),
            "revoked_at": when(one.revoked_at),
        }


def _links(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.links.of_resident(reading.resident_id):
        yield {
            "provider": one.provider,
            "origin": one.origin.value,
            "linked_at": when(one.linked_at),
            "used_at": when(one.used_at),
        }


def _consents(reading: _Reading) -> Iterator[Row]:
    texts: dict[str, Any] = {}
    for one in reading.tx.consents.history(reading.resident_id):
        version = one.statement.rpartition(".")[0]
        if version not in texts:
            document = reading.tx.consents.statement(version)
            texts[version] = None if document is None else canonical_json.loads(document)
        yield {
            "id": one.id,
            "service": one.client_id,
            "purpose": one.purpose,
            "claim": one.claim,
            "agreed": one.agreed,
            "once": one.once,
            "decided_at": when(one.decided_at),
            "expires_at": when(one.expires_at),
            "language": one.language,
            "statement": one.statement,
            "statement_text": texts[version],
            "given": None
            if one.evidence is None
            else {
                "assurance": one.evidence.acr.value,
                "logged_in_at": when(one.evidence.authenticated_at),
                "by_guardian": one.evidence.guardian is not None,
            },
        }


def _disclosures(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.disclosures.of_resident(reading.resident_id, limit=EVERYTHING):
        salt = b""
        if one.salt:
            salt = reading.fields.disclosure_salt(reading.resident_id, one.id, one.salt)
        yield {
            "id": one.id,
            "service": one.client_id,
            "purpose": one.purpose,
            "claims": list(one.claims),
            "disclosed_at": when(one.disclosed_at),
            "decisions": list(one.decisions),
            "digests": dict(one.digests),
            "salt": base64url.encode(salt),
        }


def _guardians(reading: _Reading) -> Iterator[Row]:
    # Who the guardian is, is the guardian's own data (s.20(1)(b)).
    for one in reading.tx.guardian_approvals.of_resident(reading.resident_id):
        yield {"id": one.id, "approved_at": when(one.approved_at)}


def _accesses(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.record_accesses.of_resident(reading.resident_id, limit=EVERYTHING):
        yield {
            "at": when(one.at),
            "office": one.role.value,
            "what": one.permission.value,
            "why": one.reason.value,
        }


def _requests(reading: _Reading) -> Iterator[Row]:
    for found in reading.tx.data_requests.of_resident(reading.resident_id, limit=EVERYTHING):
        one = own_request(reading.fields, found)
        yield {
            "id": one.id,
            "kind": one.kind.value,
            "fields": list(one.fields),
            "should_say": one.asked.wish,
            "words": one.asked.words,
            "received_at": when(one.received_at),
            "due_at": when(one.due_at),
            "state": one.state.value,
            "refused_because": None if one.ground is None else one.ground.value,
            "answer": one.answer,
            "closed_at": when(one.closed_at),
        }


def _section(name: str, places: str, covers: str | frozenset[str], read: Any) -> Section[Any]:
    covered = frozenset(covers.split()) if isinstance(covers, str) else covers
    return Section(name=name, places=frozenset(places.split()), covers=covered, read=read)


OWN_SECTIONS: Final[tuple[Section[Any], ...]] = (
    _section("eid", "residents", "eid_entry", _entry),
    _section("particulars", "sealed_fields", _PARTICULARS, _particulars),
    _section("profile", "sealed_fields", _OF_PROFILE - set(LEFT_OUT), _profile),
    _section("devices", "credentials", "device_key device_label", _devices),
    _section(
        "sessions",
        "sessions upstream_sessions saml_participations",
        "login_record session_agent",
        _sessions,
    ),
    _section("services", "grants", "login_record", _grants),
    _section("other_logins", "upstream_links", "upstream_link", _links),
    _section("consents", "consents", "service_use", _consents),
    _section("disclosures", "disclosures", "service_use disclosure_salt", _disclosures),
    _section("guardianship", "guardian_approvals", "guardianship", _guardians),
    _section("officer_accesses", "record_accesses", "officer_access", _accesses),
    _section("data_requests", "data_requests", "data_request data_request_words", _requests),
)
"""In the order of the document."""
