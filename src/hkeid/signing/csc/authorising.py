"""``credentials/getChallenge`` and ``credentials/authorize``: approval in an application of the operator's
own, which shows the documents and asks the passkey itself.

Everybody else sends the resident to the authorization endpoint. Even an own application cannot approve for
the resident: the passkey signs for the operator's origins alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any

from hkeid.kernel import base64url
from hkeid.kernel.errors import MalformedInput
from hkeid.signing.csc.algorithms import HASH_NAMES, hash_identifier
from hkeid.signing.csc.approving import ApprovalQuestion, Asker
from hkeid.signing.csc.context import Call
from hkeid.signing.csc.credential_details import CREDENTIAL_2025, CredentialDetails
from hkeid.signing.csc.documents import LONGEST_LABEL
from hkeid.signing.csc.errors import CscError, invalid
from hkeid.signing.csc.fields import MOST_HASHES, Fields, encoded, malformed, missing

_LONGEST_ANSWER = 16_384


def get_challenge(call: Call) -> dict[str, Any]:
    """A challenge that binds the hashes (v2 §11.8): the options for ``navigator.credentials.get``."""
    question = _question(call)
    begun = call.parts.approvals.start(question, binding=_binding(call))
    return {
        "challengeID": begun.id,
        "challenge": begun.options["challenge"],
        "publicKey": begun.options,
    }


def authorize(call: Call) -> dict[str, Any]:
    """Signature activation data for the passkey's answer (v1 §11.6, v2 §11.6)."""
    if call.fields.members.get("numSignatures") is None:
        raise missing("numSignatures", "integer")
    question = _question(call)
    challenge_id, answer = _answer(call)
    given = call.parts.approvals.finish(question, challenge_id, answer, binding=_binding(call))
    left = given.expires_at - call.parts.clock.now()
    return {"SAD": given.authorisation.reveal(), "expiresIn": int(left.total_seconds())}


def _answer(call: Call) -> tuple[str, str]:
    """``authData``: the challenge's id, and the passkey's answer as JSON."""
    data = call.fields.listed("authData", most=1)
    if data is None:
        raise invalid(
            "authorization_by_page", "This credential is authorized at the authorization endpoint."
        )
    one = data[0]
    if not isinstance(one, Mapping) or type(one.get("id")) is not str:
        raise malformed("authData")
    value = one.get("value")
    if type(value) is not str or not 0 < len(value) <= _LONGEST_ANSWER:
        raise malformed("authData")
    return one["id"], value


def _question(call: Call) -> ApprovalQuestion:
    call.require_service()
    if call.client_id not in call.parts.settings.own_clients:
        raise CscError(
            "unauthorized_client",
            "client_not_own",
            "This client authorizes credentials at the authorization endpoint.",
            status=403,
        )
    asker = Asker(
        client_id=call.client_id,
        name=call.bearer.known.client.name.get("en", call.client_id),
        confirmation=None,
        language="en",
    )
    try:
        detail = CredentialDetails().parse(_detail(call))
        return call.parts.approvals.question(call.resident_id, detail, asker)
    except MalformedInput as error:
        raise malformed(error.field or "hashes") from None


def _detail(call: Call) -> dict[str, Any]:
    """The call as the authorization detail that means the same."""
    fields = call.fields
    digests = fields.listed("documentDigests")
    if digests is None:
        label = (fields.text("description") or "").strip()[:LONGEST_LABEL].strip()
        digests = [
            {"hash": encoded(one), **({"label": label} if label else {})} for one in fields.hashes()
        ]
    chosen = fields.text("hashAlgorithmOID", "hashAlgo") or hash_identifier("sha256")
    if chosen not in HASH_NAMES:
        raise malformed("hashAlgorithmOID")
    return {
        "type": CREDENTIAL_2025,
        "credentialID": fields.needed("credentialID", longest=255),
        "numSignatures": _count(fields, digests),
        "documentDigests": digests,
        "hashAlgorithmOID": chosen,
    }


def _count(fields: Fields, digests: Sized) -> int:
    """``numSignatures``, in the words of v2 §11.6. A challenge is asked for without (v2 §11.8)."""
    given = fields.members.get("numSignatures")
    if type(given) is int and given < 1:
        raise invalid("signatures_too_few", "Invalid value for parameter numSignatures")
    if type(given) is int and given > MOST_HASHES:
        raise invalid("signatures_too_many", "Numbers of signatures is too high")
    return fields.count("numSignatures") or len(digests)


def _binding(call: Call) -> str:
    """The ceremony belongs to this client and this token."""
    return f"csc:{call.client_id}:{base64url.encode(call.bearer.token.digest)}"
