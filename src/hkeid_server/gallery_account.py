"""Samples of My eID."""

from __future__ import annotations

from hkeid.doors.relying_party import MarketingChannel
from hkeid.identity.language import Language
from hkeid.profile.marketing_texts import MARKETING_TEXTS
from hkeid_server.consent_models import DisclosureLine, FormLine, MarketingPage, ServiceCard, Terms
from hkeid_server.gallery_content import EARLIER, NOON, card, in_script, observatory, tax
from hkeid_server.models import (
    AccessLine,
    AccountPage,
    DeviceCard,
    SessionCard,
    SignedLine,
)
from hkeid_server.shell import language, translate


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
                forms=(
                    FormLine(
                        name=in_script("Weather warnings", "天氣警告", "天气警告"),
                        claims=(translate("Name"), translate("Date of birth")),
                        until=NOON,
                    ),
                ),
                advertises=False,
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


def marketing(*, agreed: bool = False, guardian: bool = False) -> MarketingPage:
    """The question about direct marketing."""
    who = observatory()
    words = MARKETING_TEXTS[Language.parse(language().content)]
    goods = in_script("umbrellas and raincoats", "雨傘和雨衣", "雨伞和雨衣")
    by = (MarketingChannel.EMAIL, MarketingChannel.POST)
    return MarketingPage(
        who=who,
        action="#",
        statement="hJ3kq0Zr5m1aYw2vT8bXcA",
        shown="name",
        terms=Terms(
            title=words.title,
            opening=words.opening.format(
                client=who.name,
                goods=goods,
                channels=words.comma.join(words.channels[one] for one in by),
            ),
            purposes=(translate("Name"),),
            paragraphs=(words.choice, words.stopping.format(client=who.name)),
        ),
        agreed=agreed,
        guardian=guardian,
    )
