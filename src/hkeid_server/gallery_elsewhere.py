"""Samples of other identity providers on login pages."""

from __future__ import annotations

from hkeid_server.elsewhere_models import Elsewhere
from hkeid_server.gallery_content import in_script, observatory
from hkeid_server.models import MoreLoginsPage


def doors(begin: str) -> tuple[Elsewhere, ...]:
    """Two of them, one used last."""
    university = in_script("Harbour University", "海港大學", "海港大学")
    company = in_script("Company staff", "公司員工", "公司员工")
    return (
        Elsewhere(id="university", name=university, href=begin, last=True),
        Elsewhere(id="company", name=company, href=begin),
    )


def more_logins(typed: str = "") -> MoreLoginsPage:
    """Forty of them, as in a federation of schools."""
    schools = (
        ("Harbour University", "海港大學", "海港大学"),
        ("Peak Institute of Technology and Applied Sciences", "山頂理工學院", "山顶理工学院"),
        ("Hong Kong Island College", "香港島書院", "香港岛书院"),
        ("Company staff", "公司員工", "公司员工"),
    )
    names = [
        in_script(*(f"{name} {number}" if number else name for name in one))
        for number in range(10)
        for one in schools
    ]
    doors = [
        Elsewhere(id=f"door-{number}", name=name, href="/", last=number == 0)
        for number, name in enumerate(names)
    ]
    return MoreLoginsPage(
        who=observatory(),
        search="/sandbox/pages/more-logins",
        typed=typed,
        doors=tuple(one for one in doors if typed.casefold() in one.name.casefold()),
        total=len(doors),
        back="/sandbox/pages/login",
        decline="/sandbox/pages",
    )
