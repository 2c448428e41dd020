"""SignedData put together (RFC 5652 §5.1), and the certificates out of one."""

from __future__ import annotations

from collections.abc import Sequence

from hkeid.kernel.errors import MalformedInput
from hkeid.signing import der
from hkeid.signing.algorithms import SignatureAlgorithm, hash_identifier
from hkeid.signing.cms.attributes import DATA, attribute
from hkeid.signing.cms.certificate_names import chain_from, issuer_and_serial

SIGNED_DATA = "1.2.840.113549.1.7.2"
SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"


def signed_data(
    *,
    attributes: bytes,
    signature: bytes,
    algorithm: SignatureAlgorithm,
    certificate: bytes,
    chain: Sequence[bytes] = (),
    timestamp: bytes | None = None,
) -> bytes:
    """ContentInfo with a detached SignedData of one signer, DER.

    :param attributes: what :func:`hkeid.signing.cms.signed_attributes` gave.
    :param certificate: the signer's, DER; ``chain`` the issuers' without the root.
    :param timestamp: TimeStampToken over the signature value, which becomes the unsigned attribute
        signature-time-stamp (RFC 3161 appendix A, ETSI EN 319 122-1 §5.3).
    """
    digest = hash_identifier(algorithm.hash_name)
    signer = [
        der.integer(1),
        issuer_and_serial(certificate).encoded(),
        digest,
        # [0] IMPLICIT: the same octets but for the tag (RFC 5652 §5.4).
        b"\xa0" + attributes[1:],
        algorithm.identifier,
        der.octet_string(signature),
    ]
    if timestamp is not None:
        signer.append(der.tagged(1, attribute(SIGNATURE_TIME_STAMP, timestamp)))
    return der.sequence(
        der.oid(SIGNED_DATA),
        der.tagged(
            0,
            der.sequence(
                der.integer(1),
                der.set_of((digest,)),
                der.sequence(der.oid(DATA)),
                der.set_of({certificate, *chain}, tag=0xA0),
                der.set_of((der.sequence(*signer),)),
            ),
        ),
    )


def longest_signed_data(
    *,
    attributes: bytes,
    algorithm: SignatureAlgorithm,
    certificate: bytes,
    chain: Sequence[bytes] = (),
    timestamp_room: int = 0,
) -> int:
    """Most bytes that :func:`signed_data` will take, so that so many are kept free in the document.

    :param timestamp_room: bytes for the TimeStampToken.
    """
    return len(
        signed_data(
            attributes=attributes,
            signature=bytes(algorithm.longest),
            algorithm=algorithm,
            certificate=certificate,
            chain=chain,
            timestamp=bytes(timestamp_room) if timestamp_room else None,
        )
    )


def token_chain(token: bytes) -> tuple[bytes, ...]:
    """The signer's certificate and its issuers out of a TimeStampToken, as far as it carries them; DER,
    the signer's first. Nothing is verified here.

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    try:
        content = der.elements(der.only_element(token)[1])
        if content[0][2] != der.oid(SIGNED_DATA):
            raise MalformedInput("der_malformed", detail="not SignedData")
        body = der.elements(der.only_element(content[1][1])[1])
        signer = der.elements(der.elements(body[-1][1])[0][1])
        named = signer[1][2]
    except IndexError:
        raise MalformedInput("der_malformed", detail="not SignedData") from None
    carried = [
        whole
        for tag, certificates, _ in body
        if tag == 0xA0
        for kind, _, whole in der.elements(certificates)
        if kind == der.SEQUENCE
    ]
    leaf = next((one for one in carried if issuer_and_serial(one).encoded() == named), None)
    return () if leaf is None else chain_from(leaf, carried)
