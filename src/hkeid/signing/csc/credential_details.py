"""The authorization detail ``credential``: may these hashes be signed? (CSC API v2, RFC 9396)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.authorization_details import Registration
from hkeid.signing.csc.algorithms import HASH_NAMES
from hkeid.signing.csc.documents import NamedHash
from hkeid.signing.csc.fields import MOST_HASHES

CREDENTIAL_2025: Final = "https://cloudsignatureconsortium.org/2025/credential"
"""As v2.2 spells it."""
CREDENTIAL: Final = "credential"
"""As v2.0 and v2.1 do."""

QUALIFIERS: Final = ("hk_eto_es", "eu_eidas_aes")
"""Kinds of signature that every credential is good for: an electronic signature as Cap. 553 s.2 has it, and an
advanced one as Article 26 of Regulation (EU) No 910/2014 does. No name says that a certificate is recognised or
qualified: that is for the certificate, and for validation. The first name is of our making (v2 §11.11)."""

_MEMBERS: Final = frozenset(
    {
        "type",
        "credentialID",
        "signatureQualifier",
        "numSignatures",
        "documentDigests",
        "hashAlgorithmOID",
        "locations",
    }
)
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRequest:
    """What one detail asks for.

    :ivar credential_id: the key, or None: the resident's own.
    """

    credential_id: str | None
    hash_name: str
    named: tuple[NamedHash, ...] = field(repr=False)

    @classmethod
    def of(cls, detail: Mapping[str, Any]) -> CredentialRequest:
        """Read a detail.

        :raises hkeid.kernel.errors.MalformedInput: ``detail_malformed``, ``digest_malformed``.
        """
        hash_name = HASH_NAMES.get(_text(detail, "hashAlgorithmOID") or "")
        if hash_name is None:
            raise _malformed("hashAlgorithmOID")
        digests = detail.get("documentDigests")
        if not isinstance(digests, list) or not 0 < len(digests) <= MOST_HASHES:
            raise _malformed("documentDigests")
        named = tuple(NamedHash.read(one, hash_name) for one in digests)
        count = detail.get("numSignatures", len(named))
        if type(count) is not int or count != len(named):
            raise _malformed("numSignatures")
        return cls(credential_id=_text(detail, "credentialID"), hash_name=hash_name, named=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDetails:
    """:class:`hkeid.oidc.authorization_details.DetailType`."""

    name: str = CREDENTIAL_2025
    approval: bool = True

    def parse(self, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """The detail in one form: every hash in base64, every hash's kind named."""
        if not set(members) <= _MEMBERS:
            raise _malformed("members")
        wanted = CredentialRequest.of(members)
        qualifier = _text(members, "signatureQualifier")
        if wanted.credential_id is None and qualifier is None:
            raise _malformed("credentialID")
        if qualifier is not None and qualifier not in QUALIFIERS:
            raise _malformed("signatureQualifier")
        kept: dict[str, Any] = {
            name: _text(members, name)
            for name in ("type", "credentialID", "signatureQualifier", "hashAlgorithmOID")
            if members.get(name) is not None
        }
        if "locations" in members:
            kept["locations"] = _locations(members["locations"])
        return {
            **kept,
            "numSignatures": len(wanted.named),
            "documentDigests": [one.as_json() for one in wanted.named],
        }

    def may_ask(self, client: Registration, detail: Mapping[str, Any]) -> bool:
        """Whose credential it is, is seen to when the resident is there."""
        del client, detail
        return True

    def covers(self, granted: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
        """The very hashes in their order: an approval is for all of them or for none."""
        return all(granted.get(name) == value for name, value in asked.items())


def _text(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value is None:
        return None
    if type(value) is not str or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise _malformed(name)
    return value


def _locations(value: object) -> list[str]:
    good = isinstance(value, list) and len(value) <= 10
    if not good or not all(type(one) is str and len(one) <= _LONGEST for one in value):  # type: ignore[attr-defined]
        raise _malformed("locations")
    return list(value)  # type: ignore[call-overload,no-any-return]


def _malformed(field: str) -> MalformedInput:
    return MalformedInput("detail_malformed", field=field)
