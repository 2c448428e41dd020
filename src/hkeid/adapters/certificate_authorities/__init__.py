"""Certification authorities outside, the folder of the embedded one, and evidence from both."""

from hkeid.adapters.certificate_authorities.cmp import CmpAuthority, CmpSettings
from hkeid.adapters.certificate_authorities.folders import (
    AuthorityFolder,
    RootFolder,
    make_private_key,
)
from hkeid.adapters.certificate_authorities.key_files import FileKey
from hkeid.adapters.certificate_authorities.over_http import HttpOcsp, HttpRevocation
from hkeid.adapters.certificate_authorities.token_keys import TokenKey

__all__ = [
    "AuthorityFolder",
    "CmpAuthority",
    "CmpSettings",
    "FileKey",
    "HttpOcsp",
    "HttpRevocation",
    "RootFolder",
    "TokenKey",
    "make_private_key",
]
