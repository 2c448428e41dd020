"""Hong Kong's three regions and eighteen districts, as its Address Lookup Service writes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput


class Region(StrEnum):
    """A region, by the word of the Address Lookup Service."""

    HONG_KONG_ISLAND = "HK"
    KOWLOON = "KLN"
    NEW_TERRITORIES = "NT"

    def name_in(self, language: Language) -> str:
        """``Kowloon``, ``九龍``, ``九龙``."""
        return _REGIONS[self][tuple(Language).index(language)]


_REGIONS: Final = {
    Region.HONG_KONG_ISLAND: ("Hong Kong", "香港", "香港"),
    Region.KOWLOON: ("Kowloon", "九龍", "九龙"),
    Region.NEW_TERRITORIES: ("New Territories", "新界", "新界"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    region: Region
    english: str
    traditional: str
    simplified: str


def _of(region: Region, english: str, traditional: str, simplified: str) -> _Names:
    return _Names(region=region, english=english, traditional=traditional, simplified=simplified)


_HK, _KLN, _NT = Region.HONG_KONG_ISLAND, Region.KOWLOON, Region.NEW_TERRITORIES


class District(Enum):
    """A district of the District Councils Ordinance (Cap. 547), Schedule 1."""

    CENTRAL_AND_WESTERN = _of(_HK, "Central & Western", "中西區", "中西区")
    WAN_CHAI = _of(_HK, "Wan Chai", "灣仔區", "湾仔区")
    EASTERN = _of(_HK, "Eastern", "東區", "东区")
    SOUTHERN = _of(_HK, "Southern", "南區", "南区")
    YAU_TSIM_MONG = _of(_KLN, "Yau Tsim Mong", "油尖旺區", "油尖旺区")
    SHAM_SHUI_PO = _of(_KLN, "Sham Shui Po", "深水埗區", "深水埗区")
    KOWLOON_CITY = _of(_KLN, "Kowloon City", "九龍城區", "九龙城区")
    WONG_TAI_SIN = _of(_KLN, "Wong Tai Sin", "黃大仙區", "黄大仙区")
    KWUN_TONG = _of(_KLN, "Kwun Tong", "觀塘區", "观塘区")
    KWAI_TSING = _of(_NT, "Kwai Tsing", "葵青區", "葵青区")
    TSUEN_WAN = _of(_NT, "Tsuen Wan", "荃灣區", "荃湾区")
    TUEN_MUN = _of(_NT, "Tuen Mun", "屯門區", "屯门区")
    YUEN_LONG = _of(_NT, "Yuen Long", "元朗區", "元朗区")
    NORTH = _of(_NT, "North", "北區", "北区")
    TAI_PO = _of(_NT, "Tai Po", "大埔區", "大埔区")
    SHA_TIN = _of(_NT, "Sha Tin", "沙田區", "沙田区")
    SAI_KUNG = _of(_NT, "Sai Kung", "西貢區", "西贡区")
    ISLANDS = _of(_NT, "Islands", "離島區", "离岛区")

    @property
    def region(self) -> Region:
        """The region that it lies in."""
        return self.value.region

    @property
    def code(self) -> str:
        """A word for forms and addresses of pages: ``sham_shui_po``."""
        return self.name.lower()

    @property
    def english(self) -> str:
        """Its name without the word "District": ``Sham Shui Po``."""
        return self.value.english

    def name_in(self, language: Language) -> str:
        """``Sham Shui Po``, ``深水埗區``, ``深水埗区``."""
        names = self.value
        if language is Language.ENGLISH:
            return names.english
        return names.traditional if language is Language.TRADITIONAL else names.simplified

    @classmethod
    def parse(cls, text: str) -> District:
        """Read a code, or a name as the Address Lookup Service writes it in English or Chinese:
        ``SHAM SHUI PO DISTRICT``, ``Sham Shui Po``, ``深水埗區``.

        :raises hkeid.kernel.errors.MalformedInput: reason ``address_district_unknown``.
        """
        folded = " ".join(text[:64].upper().replace(" AND ", " & ").split())
        found = _BY_NAME.get(folded.removesuffix(" DISTRICT"))
        if found is None:
            raise MalformedInput("address_district_unknown", field="district")
        return found


_BY_NAME: Final = {
    name: district
    for district in District
    for name in (
        district.code.upper(),
        district.english.upper(),
        district.value.traditional,
        district.value.simplified,
    )
}


def parse_region(text: str) -> Region:
    """Read ``HK``, ``KLN``, ``NT`` or the Chinese names.

    :raises hkeid.kernel.errors.MalformedInput: reason ``address_region_unknown``.
    """
    for region, names in _REGIONS.items():
        if text == region.value or text in names[1:]:
            return region
    raise MalformedInput("address_region_unknown", field="region")
