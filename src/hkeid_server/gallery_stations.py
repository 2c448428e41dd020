"""Sample pages of stations and of the resident's upgrade, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from hkeid_server.kiosk_models import (
    KioskCeremonyPage,
    KioskClosedPage,
    KioskOfficerPage,
    KioskPage,
    StationBadge,
    UpgradePage,
)
from hkeid_server.models import CeremonyForm
from hkeid_server.pages.upgrade import picture

_UNTIL = datetime(2026, 11, 23, 4, 20, tzinfo=UTC)
_KIOSK = StationBadge(name="Sha Tin 沙田 2", mode="kiosk")
_COUNTER = StationBadge(name="Sha Tin 沙田 1", mode="counter", officer=True)
_EMPTY = StationBadge(name="Sha Tin 沙田 1", mode="counter")
_RECEIPT = "7F3K-9Q2M-XA4D"

ENDINGS = (
    "card", "card-expired", "other-person", "other-name", "face", "review", "registry", "lost",
    "upgraded", "eid", "no-eid", "minor", "time", "stopped",
)  # fmt: skip
CAMERA = frozenset({"kiosk/face.html"})

Make = Callable[[], object]


def _page(step: str, station: StationBadge = _KIOSK, problem: str | None = None) -> KioskPage:
    return KioskPage(
        station=station,
        step=step,
        address="" if step == "start" else "/kiosk/u/sample",
        upgrade_id="sample",
        receipt=_RECEIPT,
        problem=problem,
        until=_UNTIL,
        at=_UNTIL,
        registers=station is _COUNTER,
        confirmed_anywhere=station is not _COUNTER,
        can_begin_with_card=station is _COUNTER,
    )


def _passkey(ceremony: Callable[[], CeremonyForm], station: StationBadge) -> KioskCeremonyPage:
    return KioskCeremonyPage(
        station=station, ceremony=ceremony(), address="/kiosk/u/sample", idle=0
    )


def _upgrade(step: str, ceremony: CeremonyForm | None = None) -> UpgradePage:
    offered = step == "offered"
    return UpgradePage(
        step=step,
        number="4096 2048" if offered else "",
        code=picture("HKEIDUPGRADE40962048") if offered else "",
        seconds=290,
        until=_UNTIL,
        receipt=_RECEIPT,
        problem="face" if step == "ended" else None,
        ceremony=ceremony,
    )


def station_samples(
    create: Callable[[], CeremonyForm], use: Callable[[], CeremonyForm]
) -> dict[str, tuple[str, Make]]:
    """Template and page by name."""
    steps = ("start", "digits", "card", "face", "unassisted", "registry", "phone", "review", "done")
    return {
        **{f"kiosk-{step}": (f"kiosk/{step}.html", partial(_page, step)) for step in steps},
        "kiosk-start-wrong": ("kiosk/start.html", partial(_page, "start", _KIOSK, "number")),
        "kiosk-card-moved": ("kiosk/card.html", partial(_page, "card", _KIOSK, "moved")),
        "kiosk-digits-wrong": ("kiosk/digits.html", partial(_page, "digits", _KIOSK, "digits")),
        **{
            f"kiosk-ended-{group}": ("kiosk/ended.html", partial(_page, "ended", _KIOSK, group))
            for group in ENDINGS
        },
        "counter-start": ("kiosk/start.html", partial(_page, "start", _COUNTER)),
        "counter-compare": ("kiosk/compare.html", partial(_page, "compare", _EMPTY)),
        "counter-phone": ("kiosk/phone.html", partial(_page, "phone", _COUNTER)),
        "counter-key": ("kiosk/passkey.html", partial(_passkey, create, _COUNTER)),
        "counter-confirm": ("kiosk/passkey.html", partial(_passkey, use, _COUNTER)),
        "counter-receipt": ("kiosk/done.html", partial(_page, "done", _COUNTER)),
        "counter-officer": (
            "kiosk/officer.html",
            partial(KioskOfficerPage, station=_EMPTY, sandbox=True),
        ),
        "kiosk-closed": ("kiosk/closed.html", KioskClosedPage),
        **{
            f"upgrade-{step}": ("upgrade/page.html", partial(_upgrade, step))
            for step in ("none", "offered", "station", "review", "done", "ended")
        },
        "upgrade-confirm": ("upgrade/page.html", lambda: _upgrade("confirm", use())),
    }
