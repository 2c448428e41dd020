"""The staff of a fictional company: who logs in at the simulated upstream."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hkeid.testing.fake_provider import AccountHolder

PASSWORD: Final = "urn:example:company:password"
TWO_FACTORS: Final = "urn:example:company:two-factors"
SMART_CARD: Final = "urn:example:company:smart-card"

COMPANY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "Specimen Trading Limited",
        "zh-Hant-HK": "樣本貿易有限公司",
        "zh-Hans": "样本贸易有限公司",
    }
)


def _staff(key: str, name: str, *, acr: str, amr: tuple[str, ...], role: str) -> AccountHolder:
    return AccountHolder(
        sub=f"company-{key}",
        acr=acr,
        amr=amr,
        claims={
            "name": name,
            "family_name": name.partition(", ")[0],
            "given_name": name.partition(", ")[2],
            "email": f"{key}@specimen-trading.example.hk",
            "email_verified": True,
            "employee_number": f"E-{len(key):03}-{key[:3].upper()}",
            "organisation": {"name": COMPANY["en"], "role": role},
            "groups": ["staff", role],
        },
    )


PEOPLE: Final[Mapping[str, AccountHolder]] = MappingProxyType(
    {
        "ho-clerk": _staff("ho-clerk", "HO, Clerk", acr=PASSWORD, amr=("pwd",), role="clerk"),
        "ip-manager": _staff(
            "ip-manager", "IP, Manager", acr=TWO_FACTORS, amr=("pwd", "otp", "mfa"), role="manager"
        ),
        "ko-director": _staff(
            "ko-director", "KO, Director", acr=SMART_CARD, amr=("sc", "pin", "mfa"), role="director"
        ),
    }
)
"""By key. They differ in how they log in."""
