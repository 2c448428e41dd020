"""One enveloped signature, verified over canonical octets that come in pieces."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hkeid.saml.dsig.algorithms import DIGEST_ALGORITHMS, PublicKey
from hkeid.saml.dsig.errors import SignatureRefused
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.dsig.policy import SignaturePolicy
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.signature_syntax import read_signature

_NCNAME = re.compile(r"[^\W\d][\w.-]*")


@dataclass(slots=True)
class StreamedSignature:
    """A Signature whose SignedInfo has verified; what the digest in it says is still to be shown.

    :ivar key: the key of the peer under which SignedInfo verified.
    :ivar algorithm: URI of the signature algorithm.
    :ivar prefixes: with which the signed element has to be made canonical.
    """

    key: PublicKey = field(repr=False)
    algorithm: str
    prefixes: tuple[str, ...]
    _expected: bytes = field(repr=False)
    _digest: Any = field(repr=False)

    @classmethod
    def begin(
        cls,
        signed: XmlElement,
        signature: XmlElement,
        keys: Sequence[PublicKey],
        policy: SignaturePolicy,
    ) -> StreamedSignature:
        """Verify SignedInfo, of which the one Reference has to be to the element that holds the Signature.

        :param signed: that element.
        :param signature: in the place that the gate has checked.
        :raises SignatureRefused: as :func:`hkeid.saml.dsig.signature_syntax.read_signature`;
            ``saml_reference_elsewhere``, ``saml_algorithm_refused``, ``saml_digest_refused``, ``saml_no_key``,
            ``saml_signature_invalid``.
        """
        read = read_signature(signature)
        identifier = signed.get("ID")
        if not identifier or not _NCNAME.fullmatch(identifier) or read.uri != f"#{identifier}":
            raise SignatureRefused(Reason.REFERENCE_ELSEWHERE)
        algorithm = policy.algorithm(read.method)
        digest = DIGEST_ALGORITHMS.get(read.digest_method)
        if digest is None or read.digest_method not in policy.digests:
            raise SignatureRefused(Reason.DIGEST_REFUSED)
        key = policy.verifying_key(algorithm, keys, read.value, read.signed_info)
        return cls(key, algorithm.uri, read.prefixes, read.digest, digest(b""))

    def update(self, octets: bytes) -> None:
        """The next canonical octets of the element, its Signature taken out."""
        self._digest.update(octets)

    def finish(self) -> None:
        """Those were all.

        :raises SignatureRefused: ``saml_digest_mismatch``.
        """
        if not hmac.compare_digest(self._digest.digest(), self._expected):
            raise SignatureRefused(Reason.DIGEST_MISMATCH)
