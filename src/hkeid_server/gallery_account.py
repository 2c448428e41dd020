"""Samples of My eID."""

from __future__ import annotations

from hkeid_server.gallery_content import EARLIER, NOON, card, in_script, observatory, tax
from hkeid_server.models import (
    AccessLine,
    AccountPage,
    DeviceCard,
    DisclosureLine,
    ServiceCard,
    SessionCard,
    SignedLine,
)
from hkeid_server.shell import translate


def account(done: str | None = None) -> AccountPage:
    """Somebody with two devices, two sessions and two services."""
    phone = in_script("My phone", "我的手機", "我的手机")
    laptop = in_script("Laptop at home", "家中手提電腦", "家里的笔记本电脑")
    return AccountPage(
        card=card(),
        devices=(
            DeviceCard(id="a", name=phone, synced=False, added=EARLIER, used=NOON, current=True),
            DeviceCard(id="b", name=laptop, synced=True, added=NOON, used=None, stopped=True),
        ),
        sessions=(
            SessionCard(
                id="1",
                agent="Chrome, Android",
                since=NOON,
                current=True,
                services=(observatory().name, tax()),
            ),
            SessionCard(id="2", agent="Safari, macOS", since=EARLIER, current=False),
        ),
        services=(
            ServiceCard(
                id="hko",
                name=observatory().name,
                domain=observatory().domain,
                agreed=(translate("Name"),),
                disclosures=(
                    DisclosureLine(claims=(translate("Name"),), at=NOON),
                    DisclosureLine(
                        claims=(translate("Name"), translate("Date of birth")), at=EARLIER
                    ),
                ),
            ),
            ServiceCard(id="ird", name=tax(), domain="etax.ird.example", agreed=(), disclosures=()),
        ),
        accesses=(
            AccessLine(at=NOON, role="station_officer", reason="resident_at_counter"),
            AccessLine(at=EARLIER, role="registration_officer", reason="review_of_registration"),
        ),
        done=done,
        signing=True,
        signed=(
            SignedLine(at=NOON, client=observatory().name, documents=("Declaration.pdf",)),
            SignedLine(at=EARLIER, client=tax(), documents=("Return 2025/26.pdf", "Annex.pdf")),
        ),
    )


def new_account() -> AccountPage:
    """Somebody whose eID was activated today."""
    full = account()
    return AccountPage(
        card=full.card, devices=full.devices[:1], sessions=full.sessions[:1], services=()
    )
