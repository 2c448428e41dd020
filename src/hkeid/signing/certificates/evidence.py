"""Evidence that certificates of the embedded authority were good."""

from __future__ import annotations

from collections.abc import Sequence

from hkeid.kernel.errors import Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import ValidationMaterial
from hkeid.signing.certificates.authority import EmbeddedAuthority
from hkeid.signing.certificates.ocsp import OcspResponder
from hkeid.signing.certificates.reading import read_certificate


class EmbeddedRevocation:
    """:class:`hkeid.ports.certificates.RevocationSource` for chains that end in our own root.

    :param root: the root's certificate, DER.
    :param root_list: its revocation list, DER, from the root's medium.
    """

    def __init__(
        self, authority: EmbeddedAuthority, responder: OcspResponder, root: bytes, root_list: bytes
    ) -> None:
        self._authority = authority
        self._responder = responder
        self._root = root
        self._root_list = root_list

    @property
    def root(self) -> bytes:
        """The root's certificate, DER."""
        return self._root

    def material(self, chain: Sequence[bytes], at: Instant) -> ValidationMaterial:
        """As :meth:`hkeid.ports.certificates.RevocationSource.material`: an OCSP answer about the end
        certificate, both revocation lists, and the certificates between. Answers are of now; ``at`` is not
        before them, for nobody can be asked about the past.

        :raises hkeid.kernel.errors.Unavailable: ``revocation_unavailable``: not a certificate of ours, or
            the store or a key cannot be reached.
        """
        del at
        leaf = read_certificate(chain[0])
        own = self._authority.certificate
        if not leaf.issued_by(own):
            raise Unavailable("revocation_unavailable", detail="issued by somebody else")
        try:
            answer = self._responder.answer_about(leaf.serial)
            issued = self._authority.revocation_list().encoded
        except Unavailable as error:
            raise Unavailable("revocation_unavailable", detail=error.reason) from None
        return ValidationMaterial(
            certificates=tuple(dict.fromkeys((*chain[1:], *self._authority.chain, self._root))),
            crls=(issued, self._root_list),
            ocsps=(answer,),
        )
