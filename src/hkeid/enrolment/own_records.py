"""What enrolment and signing hold about a resident, for the copy of everything (Cap. 486 s.18(1)(b))."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

from hkeid.enrolment.notices.records import NoticeChoiceRepository, NoticeRepository
from hkeid.enrolment.registration.records import RegistrationRepository
from hkeid.enrolment.upgrade.records import UpgradeRepository
from hkeid.kernel import base64url, canonical_json
from hkeid.profile.rights import EVERYTHING, Reading, Row, Section, when
from hkeid.profile.rights.records import RequestsTransaction
from hkeid.signing.activation.records import MadeSignatureRepository, SigningKeyRepository
from hkeid.signing.requests.approving import RECORD_PLACE
from hkeid.signing.requests.records import SignatureRequestRepository


class OwnRecordsTransaction(RequestsTransaction, Protocol):
    """What these sections need of a transaction."""

    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def notice_choices(self) -> NoticeChoiceRepository: ...
    @property
    def registrations(self) -> RegistrationRepository: ...
    @property
    def upgrades(self) -> UpgradeRepository: ...
    @property
    def signing_keys(self) -> SigningKeyRepository: ...
    @property
    def made_signatures(self) -> MadeSignatureRepository: ...
    @property
    def signature_requests(self) -> SignatureRequestRepository: ...


_Reading = Reading[OwnRecordsTransaction]


def _registrations(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.registrations.of_resident(reading.resident_id, limit=EVERYTHING):
        yield {
            "reference": one.reference,
            "purpose": one.purpose.value,
            "step": one.step.value,
            "language": one.language,
            "statement": one.statement,
            "tries": dict(one.tries),
            "findings": canonical_json.loads(one.findings),
            "decision": canonical_json.loads(one.decision),
            "reason": one.reason,
            "begun_at": when(one.created_at),
            "decided_at": when(one.decided_at),
            "kept_until": when(one.purge_after),
        }


def _upgrades(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.upgrades.of_resident(reading.resident_id, limit=EVERYTHING):
        yield {
            "reference": one.receipt,
            "step": one.step.value,
            "channel": None if one.channel is None else one.channel.value,
            "by_officer": one.officer is not None,
            "facts": dict(one.facts),
            "reason": one.reason,
            "begun_at": when(one.created_at),
            "changed_at": when(one.updated_at),
        }


def _notices(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.notices.of_resident(reading.resident_id, limit=EVERYTHING):
        yield {
            "about": one.about,
            "due_at": when(one.due_at),
            "told_by": [channel.value for channel in one.told],
            "done_at": when(one.done_at),
            "outcome": None if one.outcome is None else one.outcome.value,
        }


def _notice_choices(reading: _Reading) -> Iterator[Row]:
    """What was chosen otherwise than is the case at first."""
    kept = reading.tx.notice_choices.of_resident(reading.resident_id)
    for (topic, channel), wanted in sorted(kept.items()):
        yield {"topic": topic, "channel": channel, "wanted": wanted}


def _signing_keys(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.signing_keys.of_resident(reading.resident_id):
        yield {
            "id": one.id,
            "kind": one.kind.value,
            "state": one.state.value,
            "public_key": base64url.encode(one.public_key),
            "certificates": [base64url.encode(each) for each in one.certificates],
            "made_at": when(one.created_at),
            "revoked_at": when(one.revoked_at),
            "reason": None if one.reason is None else one.reason.value,
        }


def _signatures(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.made_signatures.of_resident(reading.resident_id, limit=EVERYTHING):
        yield {
            "id": one.id,
            "service": one.client_id,
            "key": one.key_id,
            "documents": one.documents,
            "made_at": when(one.made_at),
            "evidence": base64url.encode(one.evidence),
        }


def _signed(reading: _Reading) -> Iterator[Row]:
    for one in reading.tx.signature_requests.of_resident(reading.resident_id, limit=EVERYTHING):
        shown = None
        if one.record:
            opened = reading.fields.unseal(reading.resident_id, *RECORD_PLACE, one.id, one.record)
            shown = canonical_json.loads(opened)
        yield {
            "id": one.id,
            "service": one.client_id,
            "state": one.state.value,
            "documents": one.documents,
            "signature": one.signature_id,
            "asked_at": when(one.created_at),
            "decided_at": when(one.decided_at),
            "shown": shown,
        }


def _section(name: str, place: str, covers: str, read: Any) -> Section[Any]:
    return Section(
        name=name, places=frozenset({place}), covers=frozenset(covers.split()), read=read
    )


RECORD_SECTIONS: Final[tuple[Section[Any], ...]] = (
    _section("registrations", "registrations", "registration_record", _registrations),
    _section("upgrades", "upgrades", "upgrade_record", _upgrades),
    _section("notices", "notices", "notice", _notices),
    _section("notice_choices", "notice_choices", "notice_choice", _notice_choices),
    _section("signing_keys", "signing_keys", "signature_record", _signing_keys),
    _section("signatures", "made_signatures", "signature_record", _signatures),
    _section("signature_requests", "signature_requests", "signed_documents", _signed),
)
"""In the order of the document, after those of :data:`hkeid.profile.rights.OWN_SECTIONS`."""
