"""iAM Smart: login, profile, re-authentication, form filling and hash signing.

Where public sources differ or are silent (``docs`` names them) the choice is a setting, and the strict side is
the default. The official mark and artwork are not part of this package.
"""

from hkeid.upstream.iam_smart.api import IamSmartApi
from hkeid.upstream.iam_smart.assurance import Method
from hkeid.upstream.iam_smart.callbacks import Callback, read_callback
from hkeid.upstream.iam_smart.calls import (
    FormDescription,
    IamSmartCalls,
    raised,
    read_form,
    read_reauthentication,
)
from hkeid.upstream.iam_smart.hash_signing import (
    Acknowledgement,
    HashSignature,
    HashSigning,
    SignatureAlgorithm,
    SigningDescription,
    read_signature,
)
from hkeid.upstream.iam_smart.pending import Pending, Settled, settle
from hkeid.upstream.iam_smart.person import IamSmartPerson
from hkeid.upstream.iam_smart.provider import IamSmartUpstream
from hkeid.upstream.iam_smart.settings import IamSmartSettings

__all__ = [
    "Acknowledgement",
    "Callback",
    "FormDescription",
    "HashSignature",
    "HashSigning",
    "IamSmartApi",
    "IamSmartCalls",
    "IamSmartPerson",
    "IamSmartSettings",
    "IamSmartUpstream",
    "Method",
    "Pending",
    "Settled",
    "SignatureAlgorithm",
    "SigningDescription",
    "raised",
    "read_callback",
    "read_form",
    "read_reauthentication",
    "read_signature",
    "settle",
]
