"""The fields of the resident's own profile (e-ME), and their values with where they come from.

Who edits them is in :mod:`hkeid.profile.editing`.
"""

from hkeid.profile.eme.events import EmeChanged, EmeOptedIn, EmeOptedOut, EmeRemoved
from hkeid.profile.eme.fields import EME_FIELDS, EmeField
from hkeid.profile.eme.values import EmeValue, Source

__all__ = [
    "EME_FIELDS",
    "EmeChanged",
    "EmeField",
    "EmeOptedIn",
    "EmeOptedOut",
    "EmeRemoved",
    "EmeValue",
    "Source",
]
