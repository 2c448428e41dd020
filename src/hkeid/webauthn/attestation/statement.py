"""What every attestation format is given and gives back, and typed access to a statement's members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from hkeid.webauthn.attestation.certificates import load_certificate
from hkeid.webauthn.authenticator_data import AttestedCredential, AuthenticatorData
from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse
from hkeid.webauthn.policy import AttestationRules
from hkeid.webauthn.public_key import CredentialKey

_X5C_LIMIT = 8
FIELD = "response.attestationObject.attStmt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The verification procedure's inputs (WebAuthn L3 §6.5.3).

    :ivar key: the credential public key, loaded.
    :ivar rules: what more is demanded before a statement may be called ``verified``.
    """

    data: AuthenticatorData
    attested: AttestedCredential
    key: CredentialKey
    client_data_hash: bytes
    rules: AttestationRules

    @property
    def signed(self) -> bytes:
        """Authenticator data followed by the client data hash: what most formats sign."""
        return self.data.raw + self.client_data_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement that is right in itself.

    :ivar self_signed: signed with the credential's own key: evidence of nothing but possession.
    :ivar trust_path: attestation certificate first; empty for none and self.
    :ivar root_expected: the format's chains end with the root itself.
    :ivar finding: reason of the further demand (:class:`AttestationRules`) it does not meet, or None.
    """

    trust_path: tuple[x509.Certificate, ...] = ()
    self_signed: bool = False
    root_expected: bool = False
    finding: str | None = None


Verify = Callable[[Mapping[Any, Any], Evidence], Statement]
"""A format's verification procedure."""


def require_members(statement: Mapping[Any, Any], names: frozenset[str]) -> None:
    """The statement has these members, and no others (the CDDL of §8 leaves no room for any).

    :raises MalformedResponse: ``member_missing``.
    :raises CeremonyRefused: ``attestation_member_unknown``.
    """
    for name in sorted(names):
        if name not in statement:
            raise MalformedResponse("member_missing", field=f"{FIELD}.{name}")
    if statement.keys() - names:
        raise CeremonyRefused("attestation_member_unknown")


def filled_bytes(statement: Mapping[Any, Any], name: str) -> bytes:
    """A byte string that is not empty.

    :raises MalformedResponse: ``member_type``, ``member_empty``.
    """
    value = statement[name]
    if type(value) is not bytes:
        raise MalformedResponse("member_type", field=f"{FIELD}.{name}")
    if not value:
        raise MalformedResponse("member_empty", field=f"{FIELD}.{name}")
    return value


def number(statement: Mapping[Any, Any], name: str) -> int:
    """An integer.

    :raises MalformedResponse: ``member_type``.
    """
    value = statement[name]
    if type(value) is not int:
        raise MalformedResponse("member_type", field=f"{FIELD}.{name}")
    return value


def certificates(statement: Mapping[Any, Any]) -> tuple[x509.Certificate, ...]:
    """``x5c``: 1 to 8 certificates.

    :raises MalformedResponse: ``member_type``, ``member_empty``, ``member_too_large``,
        ``certificate_malformed``.
    """
    field = f"{FIELD}.x5c"
    chain = statement["x5c"]
    if type(chain) is not list:
        raise MalformedResponse("member_type", field=field)
    if not chain:
        raise MalformedResponse("member_empty", field=field)
    if len(chain) > _X5C_LIMIT:
        raise MalformedResponse("member_too_large", field=field)
    return tuple(load_certificate(der, field=field) for der in chain)
