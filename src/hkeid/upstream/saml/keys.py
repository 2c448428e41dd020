"""Our keys towards an upstream, as they are at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.saml.dsig import KeyUnwrapper, XmlSigner
from hkeid.saml.metadata import OwnKey
from hkeid.saml.own_keys import NO_CERTIFICATES, own_keys, signer, unwrappers


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlUpstreamKeys:
    """What signs and decrypts, and the public halves for our metadata.

    :ivar signer: signs what we send.
    :ivar unwrappers: our decryption keys, the current one first; none: nothing encrypted is read.
    :ivar signing: public halves of the keys that sign; ``decryption`` likewise.
    """

    signer: XmlSigner = field(repr=False)
    signing: tuple[OwnKey, ...]
    unwrappers: tuple[KeyUnwrapper, ...] = field(default=(), repr=False)
    decryption: tuple[OwnKey, ...] = ()

    @classmethod
    def of(
        cls, keys: KeyStore, certificates: Mapping[str, bytes] = NO_CERTIFICATES
    ) -> SamlUpstreamKeys:
        """Those of a key store.

        :param certificates: DER by ``kid``, for peers that read no bare keys.
        :raises hkeid.kernel.errors.ConfigurationError: ``signing_key_missing``.
        """
        return cls(
            signer=signer(keys, certificates=certificates),
            signing=own_keys(keys, KeyPurpose.SAML_SIGNING, certificates),
            unwrappers=unwrappers(keys),
            decryption=own_keys(keys, KeyPurpose.SAML_DECRYPTION, certificates),
        )


SamlUpstreamKeyReader = Callable[[], SamlUpstreamKeys]
"""Is asked for every message: keys roll over while the server runs, and one that has passed signs no more."""
