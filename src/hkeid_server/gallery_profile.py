"""Sample pages of the resident's own profile, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from hkeid.identity import Language
from hkeid.profile import EME_FIELDS, Source
from hkeid_server.life_models import EmailCodePage
from hkeid_server.models import Text
from hkeid_server.profile_content import field_page, spoken, value_texts
from hkeid_server.profile_forms import (
    typed_of,
)
from hkeid_server.profile_models import (
    ProfileFieldPage,
    ProfilePage,
    ProfileRow,
    ProfileStopPage,
)
from hkeid_server.registration_content import local_date
from hkeid_server.shell import translate

_SINCE: Final = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)
HOME: Final = {
    "EngPremisesAddress": {
        "Region": "KLN",
        "EngDistrict": {"DcDistrict": "SHAM SHUI PO DISTRICT"},
        "BuildingName": "Specimen House",
        "EngEstate": {"EstateName": "Specimen Estate"},
        "EngStreet": {"StreetName": "Specimen Street", "BuildingNoFrom": "8"},
        "Eng3dAddress": {"EngFloor": {"FloorNum": "12"}, "EngUnit": {"UnitNo": "A"}},
    },
    "ChiPremisesAddress": {
        "Region": "九龍",
        "ChiDistrict": {"DcDistrict": "深水埗區"},
        "BuildingName": "樣本樓",
        "ChiEstate": {"EstateName": "樣本邨"},
        "ChiStreet": {"StreetName": "樣本街", "BuildingNoFrom": "8"},
        "Chi3dAddress": {"ChiFloor": {"FloorNum": "12"}, "ChiUnit": {"UnitNo": "A"}},
    },
}
_VALUES: Final[dict[str, Any]] = {
    "residential_address": HOME,
    "mobile_telephone": "+85291234567",
    "email": {"address": "tai-man.chan@mail.example.hk", "proved": True},
    "marital_status": "married",
    "address_document": {
        "kind": "utility_bill",
        "issuer": "Specimen Power",
        "issued_on": "2026-10-01",
    },
}


def _rows() -> tuple[ProfileRow, ...]:
    script = spoken()
    return tuple(
        ProfileRow(
            name=name,
            label=field.label[script],
            values=value_texts(name, _VALUES[name], script) if name in _VALUES else (),
            source=Source.SELF.label(script) if name in _VALUES else "",
            at=_SINCE if name in _VALUES else None,
        )
        for name, field in EME_FIELDS.items()
    )


def _proved() -> tuple[ProfileRow, ...]:
    source = Source.REGISTRY.label(spoken())
    names = (Text(text="CHAN, Tai Man", lang="en"), Text(text="陳大文", lang="zh-Hant-HK"))
    found = {
        "name": (translate("Name"), names),
        "hkic_number": (translate("Identity card number"), (Text(text="A123***(*)"),)),
        "birth_date": (translate("Date of birth"), (Text(text=local_date("1985-04-12")),)),
    }
    return tuple(
        ProfileRow(name=name, label=label, values=values, source=source)
        for name, (label, values) in found.items()
    )


def _page(**more: Any) -> ProfilePage:
    return replace(ProfilePage(since=_SINCE, proved=_proved(), rows=_rows()), **more)


def _field(name: str, *, filled: bool = False, **more: Any) -> ProfileFieldPage:
    form, typed = typed_of(name, _VALUES[name]) if filled else ("parts", {})
    page = field_page(name, kept=filled, form=form, typed=typed)
    return replace(page, **more)


def _stop() -> ProfileStopPage:
    script: Language = spoken()
    return ProfileStopPage(labels=tuple(EME_FIELDS[name].label[script] for name in _VALUES))


def profile_samples() -> dict[str, tuple[str, Callable[[], object]]]:
    """Templates and what fills them, by name."""
    found: dict[str, tuple[str, Callable[[], object]]] = {
        "profile": ("page", _page),
        "profile-none": ("page", partial(_page, since=None)),
        "profile-started": ("page", partial(_page, done="started")),
        "profile-cooling": ("page", partial(_page, since=None, error="cooling")),
        "profile-name": ("field", partial(_field, "alias")),
        "profile-telephone": ("field", partial(_field, "mobile_telephone", filled=True)),
        "profile-telephone-fixed": (
            "field",
            partial(
                _field,
                "mobile_telephone",
                typed={"value": "2123 4567"},
                error="not-mobile",
                at_fault="value",
            ),
        ),
        "profile-email": ("field", partial(_field, "email")),
        "profile-choice": ("field", partial(_field, "marital_status", filled=True)),
        "profile-choice-error": (
            "field",
            partial(_field, "education_level", error="choose", at_fault="choice-1"),
        ),
        "profile-address": ("field", partial(_field, "residential_address", filled=True)),
        "profile-address-error": (
            "field",
            partial(_field, "residential_address", error="district", at_fault="district"),
        ),
        "profile-address-lines": ("field", partial(_field, "postal_address", form="lines")),
        "profile-address-box": ("field", partial(_field, "postal_address", form="box")),
        "profile-document": ("field", partial(_field, "address_document", filled=True)),
        "profile-stop": ("stop", _stop),
    }
    code = partial(
        EmailCodePage,
        address="chan@mail.example.hk",
        action="/account/profile/email/code",
        back="/account/profile/email",
    )
    return {
        **{name: (f"profile/{one}.html", make) for name, (one, make) in found.items()},
        "profile-email-code": ("life/email_code.html", code),
    }
