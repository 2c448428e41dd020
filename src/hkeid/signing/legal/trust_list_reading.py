"""Reading a trust list: the shipped one, or an operator's own, which must prove where it is from."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cache
from importlib.resources import files

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hkeid.kernel.errors import ConfigurationError
from hkeid.signing.legal.periods import FOREVER, Period
from hkeid.signing.legal.tables import Table, read_tables
from hkeid.signing.legal.trust_list import (
    Authority,
    CertificateType,
    Issuer,
    MutualRecognition,
    Recognition,
    Source,
    TrustList,
    Use,
)

SCHEMA = 1
_MALFORMED = "trust_list_malformed"
_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+", re.ASCII)


@cache
def shipped_trust_list() -> TrustList:
    """The list that comes with this package. It is incomplete, and pins no key."""
    return _parse(files("hkeid.signing.legal").joinpath("trust_list.toml").read_bytes())


def read_trust_list(
    content: bytes,
    *,
    sha256: str | None = None,
    signature: bytes | None = None,
    public_key: bytes | None = None,
) -> TrustList:
    """An operator's own list, held to its hash or to its keeper's signature, or both.

    :param sha256: what the file must hash to, in hex.
    :param signature: over the whole file: Ed25519, or ECDSA with SHA-256 (DER).
    :param public_key: the keeper's key, PEM SubjectPublicKeyInfo; goes with ``signature``.
    :raises hkeid.kernel.errors.ConfigurationError: ``trust_list_unauthenticated`` (neither given),
        ``trust_list_hash_wrong``, ``trust_list_key_unsupported``, ``trust_list_signature_wrong``,
        ``trust_list_malformed``.
    """
    if (signature is None) != (public_key is None) or (sha256 is None and signature is None):
        raise ConfigurationError(
            "trust_list_unauthenticated",
            detail="give the SHA-256 that it must have, or a signature with the keeper's key",
        )
    if sha256 is not None:
        digest = hashlib.sha256(content).hexdigest()
        if not hmac.compare_digest(digest.encode(), sha256.strip().lower().encode()):
            raise ConfigurationError("trust_list_hash_wrong", detail=digest)
    if signature is not None and public_key is not None:
        _verify(content, signature, public_key)
    return _parse(content)


def _verify(content: bytes, signature: bytes, public_key: bytes) -> None:
    try:
        key = load_pem_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError("trust_list_key_unsupported") from None
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, content)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(SHA256()))
        else:
            raise ConfigurationError("trust_list_key_unsupported")
    except InvalidSignature:
        raise ConfigurationError("trust_list_signature_wrong") from None


def _parse(content: bytes) -> TrustList:
    table = read_tables(content, _MALFORMED)
    if table.number("schema") != SCHEMA:
        raise table.malformed(f"schema is not {SCHEMA}")
    found = TrustList(
        version=table.text("version"),
        keeper=table.text("keeper"),
        as_of=table.moment("as_of"),
        next_update=table.moment("next_update"),
        complete=table.flag("complete"),
        authorities=table.tables("authorities", _authority),
        arrangements=table.tables("mutual_recognition", _arrangement),
        digest=hashlib.sha256(content).hexdigest(),
    )
    table.end()
    _consistent(table, found)
    return found


def _consistent(table: Table, found: TrustList) -> None:
    if found.next_update < found.as_of:
        raise table.malformed("next_update is before as_of")
    ids = [authority.id for authority in found.authorities]
    keys = [key for _, issuer in found.issuers() for key in issuer.keys]
    for name, values in (("authority", ids), ("issuer key", keys)):
        if len(set(values)) != len(values):
            raise table.malformed(f"an {name} stands there twice")
    for authority in found.authorities:
        known = {issuer.name for issuer in authority.issuers}
        for kind in authority.types:
            if not kind.issuers <= known:
                raise table.malformed(f"{kind.id}: issuers {sorted(kind.issuers - known)}")


def _authority(table: Table) -> Authority:
    return Authority(
        id=table.text("id"),
        name=table.text("name"),
        recognition=_recognition(table),
        issuers=table.tables("issuers", _issuer),
        types=table.tables("types", _type),
    )


def _issuer(table: Table) -> Issuer:
    keys = table.texts("keys")
    if not all(_KEY.fullmatch(key) for key in keys):
        raise table.malformed("keys are SHA-256 in 64 small hexadecimal digits")
    return Issuer(name=table.text("name"), keys=frozenset(keys))


def _type(table: Table) -> CertificateType:
    policies = table.texts("policies")
    organization = table.optional_text("subject_organization")
    if not policies and organization is None and not table.flag("all_certificates", default=False):
        raise table.malformed("says nothing to know the type by")
    try:
        use = Use(table.text("use"))
    except ValueError:
        raise table.malformed(f"use is one of {[one.value for one in Use]}") from None
    return CertificateType(
        id=table.text("id"),
        name=table.text("name"),
        recognition=_recognition(table),
        use=use,
        issuers=frozenset(table.texts("issuers")),
        policies=tuple(_oid(table, policy) for policy in policies),
        subject_organization=organization,
        reliance_limit_hkd=table.optional_number("reliance_limit_hkd"),
        reliance_limit_minor_hkd=table.optional_number("reliance_limit_minor_hkd"),
    )


def _recognition(table: Table) -> Recognition:
    found = Recognition(
        section=table.text("section"),
        period=_period(table, "recognised_from", "recognised_until"),
        interruptions=(*table.tables("suspensions", _suspension), *_revocation(table)),
        confirmed_until=table.optional_moment("confirmed_until"),
        counsel=table.optional_text("counsel"),
        sources=table.tables("sources", _source),
    )
    if not found.sources:
        raise table.malformed("names no source")
    return found


def _period(table: Table, start: str, end: str) -> Period:
    period = Period(table.moment(start), table.optional_moment(end) or FOREVER)
    if period.end <= period.start:
        raise table.malformed(f"{end} is not after {start}")
    return period


def _suspension(table: Table) -> Period:
    return _period(table, "from", "until")


def _revocation(table: Table) -> tuple[Period, ...]:
    moment = table.optional_moment("revoked_from")
    return () if moment is None else (Period(moment),)


def _arrangement(table: Table) -> MutualRecognition:
    return MutualRecognition(
        id=table.text("id"),
        name=table.text("name"),
        policy=_oid(table, table.text("policy")),
        varying_nodes=table.number("varying_nodes"),
        sources=table.tables("sources", _source),
    )


def _source(table: Table) -> Source:
    return Source(where=table.text("where"), read=table.day("read"))


def _oid(table: Table, text: str) -> str:
    if not _OID.fullmatch(text):
        raise table.malformed(f"{text} is no object identifier")
    return text
