"""The members of a fictional university: who logs in at the simulated upstream."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

UNIVERSITY: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "Harbour University", "zh-Hant-HK": "海港大學", "zh-Hans": "海港大学"}
)


def _member(key: str, name: str) -> Mapping[str, str]:
    family, _, given = name.partition(", ")
    return MappingProxyType(
        {
            "name": name,
            "family_name": family,
            "given_name": given,
            "email": f"{key}@harbour-university.example.hk",
        }
    )


MEMBERS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "lok-student": _member("lok-student", "LOK, Student"),
        "mui-lecturer": _member("mui-lecturer", "MUI, Lecturer"),
    }
)
"""Claims by key."""
