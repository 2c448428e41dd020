"""XML signatures and encryption for SAML: strict, and one document for verifier and reader.

::

    signed = verify_message(octets, keys)            # a request, an assertion, metadata
    answer = verify_response(octets, keys)           # a Response, or its assertions, or both
    answer.assertions[0].element                     # parsed anew from the bytes that were signed

    write(sign_element(Element("samlp:Response", …), signer))

Sans-IO: no network, no files, no clock; keys are those that the caller passes. What a SAML profile wants besides
(issuer, audience, time, replay) is for the rooms above.
"""

from hkeid.saml.dsig.algorithms import (
    DIGEST_ALGORITHMS,
    ECDSA_SHA256,
    RSA_SHA256,
    SIGNATURE_ALGORITHMS,
    PublicKey,
)
from hkeid.saml.dsig.decryption import EncryptionPolicy, decrypt_assertions, decrypt_name_id
from hkeid.saml.dsig.encryption import (
    OAEP_SHA1,
    OAEP_SHA256,
    ContentCipher,
    encrypt_assertion,
    encrypt_name_id,
)
from hkeid.saml.dsig.errors import (
    EncryptionRefused,
    NotWritable,
    SamlMalformed,
    SignatureRefused,
)
from hkeid.saml.dsig.key_transport import KeyUnwrapper, OaepParameters, unwrapper
from hkeid.saml.dsig.limits import MESSAGE_LIMITS, METADATA_LIMITS, Limits
from hkeid.saml.dsig.policy import DEFAULT_POLICY, SignaturePolicy
from hkeid.saml.dsig.post import decode_post, encode_post
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.redirect import RedirectQuery, read_redirect, write_redirect
from hkeid.saml.dsig.signed import SignedElement, UnsignedElement
from hkeid.saml.dsig.signing import XmlSigner, sign_element
from hkeid.saml.dsig.verification import (
    VerifiedArtifactResponse,
    VerifiedResponse,
    read_unsigned,
    verify_artifact_response,
    verify_message,
    verify_response,
)
from hkeid.saml.dsig.writer import Element, constant, write

__all__ = [
    "DEFAULT_POLICY",
    "DIGEST_ALGORITHMS",
    "ECDSA_SHA256",
    "MESSAGE_LIMITS",
    "METADATA_LIMITS",
    "OAEP_SHA1",
    "OAEP_SHA256",
    "RSA_SHA256",
    "SIGNATURE_ALGORITHMS",
    "ContentCipher",
    "Element",
    "EncryptionPolicy",
    "EncryptionRefused",
    "KeyUnwrapper",
    "Limits",
    "NotWritable",
    "OaepParameters",
    "PublicKey",
    "Reason",
    "RedirectQuery",
    "SamlMalformed",
    "SignaturePolicy",
    "SignatureRefused",
    "SignedElement",
    "UnsignedElement",
    "VerifiedArtifactResponse",
    "VerifiedResponse",
    "XmlSigner",
    "constant",
    "decode_post",
    "decrypt_assertions",
    "decrypt_name_id",
    "encode_post",
    "encrypt_assertion",
    "encrypt_name_id",
    "read_redirect",
    "read_unsigned",
    "sign_element",
    "unwrapper",
    "verify_artifact_response",
    "verify_message",
    "verify_response",
    "write",
    "write_redirect",
]
