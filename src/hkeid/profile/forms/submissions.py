"""What a resident sent, until the relying party fetches it: once, and within ten minutes.

A submission is a single-use record, named by a secret that only the relying party's access token holds.
What is in it is sealed under the resident's data key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import SingleUseRecord
from hkeid.residents.sealing import PersonalFields

SUBMISSION_KIND: Final = "form_submission"
SUBMISSION_LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What was sent.

    :ivar claims: values by wire name, as they were on the page.
    :ivar sources: where they come from, by claim (:meth:`hkeid.profile.sources.ClaimSource.as_json`).
    :ivar decisions: by claim the id of the decision that permits it; refused claims are not among them.
    :ivar question: the page that was answered (:class:`hkeid.profile.ConsentEvidence`): a page that is sent
        twice at once decides twice, and both times the same.
    """

    id: str
    resident_id: str
    client_id: str
    form: str
    claims: Mapping[str, Any] = field(repr=False)
    sources: Mapping[str, Mapping[str, Any]]
    decisions: Mapping[str, str]
    question: str


def submission_digest(secret: str, form: str) -> bytes:
    """Under which a submission is kept: one secret opens all forms that were sent together."""
    return secret_digest(f"{form}:{secret}")


def new_submission_record(
    submission: Submission, secret: str, fields: PersonalFields, now: Instant
) -> SingleUseRecord:
    """The record of a submission.

    :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``.
    """
    content = {
        "claims": dict(submission.claims),
        "sources": {claim: dict(source) for claim, source in submission.sources.items()},
        "decisions": dict(submission.decisions),
        "question": submission.question,
    }
    sealed = fields.seal(
        submission.resident_id,
        "single_use",
        "payload",
        submission.id,
        canonical_json.dumps(content),
    )
    payload = {
        "id": submission.id,
        "resident": submission.resident_id,
        "client": submission.client_id,
        "form": submission.form,
        "sealed": base64url.encode(sealed),
    }
    return SingleUseRecord(
        kind=SUBMISSION_KIND,
        digest=submission_digest(secret, submission.form),
        payload=canonical_json.dumps(payload),
        created_at=now,
        expires_at=now + SUBMISSION_LIFETIME,
    )


def read_submission(record: SingleUseRecord, fields: PersonalFields) -> Submission:
    """The inverse of :func:`new_submission_record`.

    :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``: the eID was erased.
    :raises hkeid.residents.sealing.Unsealable: it was altered or moved.
    """
    payload = canonical_json.loads_object(record.payload)
    sealed = base64url.decode(payload["sealed"])
    resident_id, submission_id = payload["resident"], payload["id"]
    opened = fields.unseal(resident_id, "single_use", "payload", submission_id, sealed)
    content = canonical_json.loads_object(opened)
    return Submission(
        id=submission_id,
        resident_id=resident_id,
        client_id=payload["client"],
        form=payload["form"],
        claims=content["claims"],
        sources=content["sources"],
        decisions=content["decisions"],
        question=content["question"],
    )
