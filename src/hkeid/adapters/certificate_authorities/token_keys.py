"""Keys of authorities on a PKCS#11 token."""

from __future__ import annotations

from hkeid.kernel.errors import Unavailable
from hkeid.signing.certificates.keys import algorithm_of, load_public_key
from hkeid.signing.certificates.reading import read_certificate
from hkeid.signing.credentials import HeldCertificate, SigningToken
from hkeid.signing.errors import CredentialRefused


class TokenKey:
    """:class:`hkeid.signing.certificates.AuthorityKey` on an open token.

    :param token: :class:`hkeid.adapters.pkcs11_tokens.OpenToken`.
    :param held: :class:`hkeid.adapters.pkcs11_tokens.TokenIdentity`: the certificate beside the key; before there
        is one, any self-signed certificate of that key.
    """

    def __init__(self, token: SigningToken, held: HeldCertificate) -> None:
        self._token = token
        self._held = held
        self.public_key: bytes = read_certificate(held.certificate).public_key

    def sign(self, message: bytes) -> bytes:
        """As :meth:`hkeid.signing.certificates.AuthorityKey.sign`; the token's signature is checked, so that
        no certificate leaves that nobody could verify.

        :raises hkeid.kernel.errors.Unavailable: ``token_signature_wrong``; what the token raises.
        """
        signature = self._token.sign(self._held, message)
        try:
            algorithm_of(self.public_key).verify(
                load_public_key(self.public_key), signature, message
            )
        except CredentialRefused:
            raise Unavailable("token_signature_wrong") from None
        return signature
