"""Authorization requests as the Cloud Signature Consortium spells them, into those of OAuth.

``scope=credential`` with ``credentialID``, ``numSignatures`` and ``hash`` or ``hashes`` means the same as an
authorization detail, and becomes one.
"""

from __future__ import annotations

import json
from typing import Any, Final

from hkeid.kernel.http import Parameters
from hkeid.oidc.scopes import CREDENTIAL as CREDENTIAL_SCOPE
from hkeid.signing.csc.algorithms import hash_identifier
from hkeid.signing.csc.credential_details import CREDENTIAL_2025
from hkeid.signing.csc.documents import LONGEST_LABEL

_OURS: Final = frozenset(
    {
        "credentialID",
        "signatureQualifier",
        "numSignatures",
        "hash",
        "hashes",
        "hashAlgorithmOID",
        "description",
    }
)


def with_details(parameters: Parameters) -> Parameters:
    """The same request with an authorization detail, where it names hashes; pure.

    What cannot be meant becomes a detail that the provider refuses.
    """
    scopes = (parameters.get("scope") or "").split(" ")
    if CREDENTIAL_SCOPE not in scopes or "authorization_details" in parameters:
        return parameters
    if "credentialID" not in parameters and "signatureQualifier" not in parameters:
        return parameters
    kept = [(name, value) for name, value in parameters if name not in _OURS]
    detail = json.dumps([_detail(parameters)], ensure_ascii=False)
    return Parameters((*kept, ("authorization_details", detail)))


def _detail(parameters: Parameters) -> dict[str, Any]:
    hashes = (parameters.get("hashes") or parameters.get("hash") or "").split(",")
    # A description has up to 500 characters (v2 §8.4.2); a label has fewer.
    label = (parameters.get("description") or "").strip()[:LONGEST_LABEL].strip()
    named = {"label": label} if label else {}
    count = parameters.get("numSignatures") or ""
    good = count.isascii() and count.isdigit() and len(count) < 6
    # A repeated parameter has no meaning (RFC 6749 §3.1): no count fits such a request.
    once = not _OURS & set(parameters.repeated())
    chosen = {
        name: parameters.get(name)
        for name in ("credentialID", "signatureQualifier")
        if name in parameters
    }
    return {
        "type": CREDENTIAL_2025,
        **chosen,
        "numSignatures": int(count) if good and once else 0,
        "documentDigests": [{"hash": one, **named} for one in hashes],
        "hashAlgorithmOID": parameters.get("hashAlgorithmOID") or hash_identifier("sha256"),
    }
