"""Cryptographic Message Syntax (RFC 5652) as PAdES wants it (ETSI EN 319 142-1 §6.3): a detached
SignedData of one signer.
"""

from hkeid.signing.cms.attributes import signed_attributes
from hkeid.signing.cms.certificate_names import IssuerAndSerial, issuer_and_serial
from hkeid.signing.cms.content_info import longest_signed_data, signed_data, token_chain

__all__ = [
    "IssuerAndSerial",
    "issuer_and_serial",
    "longest_signed_data",
    "signed_attributes",
    "signed_data",
    "token_chain",
]
