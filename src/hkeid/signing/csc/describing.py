"""What the service and its credentials are: ``info``, ``credentials/list``, ``credentials/info``."""

from __future__ import annotations

from typing import Any, Final

from cryptography import x509

from hkeid.kernel.instants import Instant
from hkeid.signing.activation import SignatureActivationRefused, SigningKey
from hkeid.signing.csc.algorithms import ALL_ALGORITHMS, FACTS
from hkeid.signing.csc.context import Call, ServiceParts
from hkeid.signing.csc.credential_details import QUALIFIERS
from hkeid.signing.csc.errors import invalid
from hkeid.signing.csc.fields import MOST_HASHES, encoded, malformed

SPECS: Final = {"v1": "1.0.4.0", "v2": "2.2.0.0"}
LANGUAGES: Final = ("en", "zh-Hant-HK", "zh-Hans")
_METHODS: Final = (
    "info",
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/getChallenge",
    "signatures/signHash",
    "signatures/signDoc",
    "signatures/timestamp",
    "oauth2/authorize",
    "oauth2/pushed_authorize",
    "oauth2/token",
    "oauth2/revoke",
)
_CERTIFICATES: Final = frozenset({"none", "single", "chain"})


def info(parts: ServiceParts, version: str) -> dict[str, Any]:
    """The service (v1 §11.1, v2 §11.1)."""
    methods = [
        name
        for name in _METHODS
        if (name != "signatures/timestamp" or parts.timestamps is not None)
        and (not name.endswith(("getChallenge", "s/authorize")) or parts.settings.own_clients)
    ]
    answer: dict[str, Any] = {
        "specs": SPECS[version],
        "name": parts.settings.name,
        "logo": parts.settings.logo,
        "region": parts.settings.region,
        "lang": LANGUAGES[0],
        "description": parts.settings.description,
        "authType": ["oauth2code"],
        "methods": methods,
    }
    if version == "v1":
        return {**answer, "oauth2": f"{parts.issuer}/csc/v1"}
    return {
        **answer,
        "oauth2Issuer": parts.issuer,
        "supportsRar": True,
        "asynchronousOperationMode": False,
        "signAlgorithms": {"algos": list(ALL_ALGORITHMS)},
        "signature_formats": {
            "formats": ["P"],
            "envelope_properties": [["Certification", "Revision"]],
        },
        "conformance_levels": _levels(parts),
        "supportedHashTypes": ["SDR", "DTBSR"],
        "validationInfo": False,
    }


def list_credentials(call: Call) -> dict[str, Any]:
    """The resident's credentials (v1 §11.4, v2 §11.4): one, or none without an eID+."""
    call.require_service()
    if call.fields.text("userID") is not None:
        # v1 §11.4: not allowed where the resident is the one who authorised.
        raise invalid("user_id_given", "userID parameter MUST be null")
    if call.fields.text("pageToken") is not None:
        raise malformed("pageToken")
    call.fields.count("maxResults")
    try:
        keys = [call.parts.credentials.ready(call.resident_id)]
    except SignatureActivationRefused:
        keys = []
    answer: dict[str, Any] = {"credentialIDs": [one.id for one in keys]}
    if call.version != "v1" and call.fields.flag("onlyValid"):
        # There is no credential but the one that signs now.
        answer["onlyValid"] = True
    if call.version != "v1" and call.fields.flag("credentialInfo"):
        answer["credentialInfos"] = [
            {"credentialID": one.id, **_described(call, one)} for one in keys
        ]
    return answer


def credential_info(call: Call) -> dict[str, Any]:
    """One credential (v1 §11.5, v2 §11.5)."""
    call.require_service()
    return _described(call, call.key(make=True))


def _described(call: Call, key: SigningKey) -> dict[str, Any]:
    facts = FACTS[key.kind]
    described: dict[str, Any] = {
        "description": call.parts.settings.description,
        "key": {
            "status": "enabled",
            "algo": list(facts.algorithms),
            "len": facts.length,
        },
        "cert": _certificate(call, key),
        "SCAL": "2",
        "multisign": MOST_HASHES,
        "lang": LANGUAGES[0],
    }
    if facts.curve is not None:
        described["key"]["curve"] = facts.curve
    if call.version == "v1":
        return {**described, "authMode": "oauth2code"}
    # Expression and objects are for the mode "explicit" alone (v2 §11.4).
    return {
        **described,
        "signatureQualifier": QUALIFIERS[0],
        "auth": {"mode": "oauth2code"},
    }


def _certificate(call: Call, key: SigningKey) -> dict[str, Any]:
    wanted = call.fields.text("certificates", longest=16) or "single"
    if wanted not in _CERTIFICATES:
        raise malformed("certificates")
    certificate = x509.load_der_x509_certificate(key.certificates[0])
    valid = _valid(certificate, call.parts.clock.now())
    described: dict[str, Any] = {"status": "valid" if valid else "expired"}
    if wanted != "none":
        shown = key.certificates if wanted == "chain" else key.certificates[:1]
        described["certificates"] = [encoded(one) for one in shown]
    if call.fields.flag("certInfo"):
        described |= {
            "issuerDN": certificate.issuer.rfc4514_string(),
            "serialNumber": f"{certificate.serial_number:X}",
            "subjectDN": certificate.subject.rfc4514_string(),
            "validFrom": _moment(certificate.not_valid_before_utc),
            "validTo": _moment(certificate.not_valid_after_utc),
        }
        policies = _policies(certificate)
        if call.version != "v1" and policies:
            described["policy"] = policies
    return described


def _policies(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return []
    return [one.policy_identifier.dotted_string for one in found]


def _valid(certificate: x509.Certificate, now: Instant) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _moment(at: Instant) -> str:
    """GeneralizedTime (X.680 §46), whole seconds of UTC."""
    return at.strftime("%Y%m%d%H%M%SZ")


def _levels(parts: ServiceParts) -> list[str]:
    return ["Ades-B-B", "Ades-B-T"] if parts.timestamps is not None else ["Ades-B-B"]
