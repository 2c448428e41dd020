"""The personal fields of the resident's own profile (e-ME): none is kept unless the resident opted in."""

from __future__ import annotations

from typing import Final

from hkeid.residents.personal_field import (
    CLAIMS_VIEWERS,
    SEALED_PLACE,
    Ending,
    PersonalField,
    Protection,
    Viewer,
)

_WITH_THE_PROFILE = (
    "Until the resident removes it or gives the profile up, or the eID is erased; backups until their "
    "horizon"
)


def _of_profile(
    name: str, purpose: str, visible_to: tuple[Viewer, ...] = CLAIMS_VIEWERS
) -> PersonalField:
    """A field of the resident's own profile (e-ME), with where it comes from and since when, sealed by
    name.
    """
    return PersonalField(
        name=name,
        purpose=purpose,
        retention=_WITH_THE_PROFILE,
        ends=(Ending.ACT,),
        protection=Protection.SEALED,
        visible_to=visible_to,
        places=(SEALED_PLACE,),
    )


PROFILE_FIELDS: Final = (
    _of_profile("eme_since", "Since when the resident wants a profile", (Viewer.RESIDENT,)),
    _of_profile("eme_former_name", "Forms that ask for it; claim former_name"),
    _of_profile("eme_alias", "Forms that ask for it; claim also_known_as"),
    _of_profile(
        "eme_residential_address",
        "Forms that ask where the resident lives; claims address, hk_address, address_district",
    ),
    _of_profile(
        "eme_postal_address",
        "Forms that ask where to write to; claims postal_address, hk_postal_address",
    ),
    _of_profile("eme_mobile_telephone", "Forms that ask for it; claim phone_number"),
    _of_profile("eme_home_telephone", "Forms that ask for it; claim home_phone_number"),
    _of_profile("eme_office_telephone", "Forms that ask for it; claim office_phone_number"),
    _of_profile("eme_email", "Forms that ask for it; claims email, email_verified"),
    _of_profile("eme_marital_status", "Forms that ask for it; claim marital_status"),
    _of_profile("eme_education_level", "Forms that ask for it; claim education_level"),
    _of_profile(
        "eme_address_document",
        "Forms that ask what proves the address: kind, issuer and date, never the document; claim "
        "address_document",
    ),
    _of_profile(
        "eme_email_pending", "Which code for an e-mail address is awaited", (Viewer.NOBODY,)
    ),
)
"""Every field of the profile."""
