"""Sample pages of stations and of the resident's upgrade, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from hkeid_server.kiosk_models import (
    KioskCeremonyPage,
    KioskClosedPage,
    KioskOfficerPage,
    KioskPage,
    KioskProblemPage,
    StationBadge,
    UpgradePage,
)
from hkeid_server.models import CeremonyForm
from hkeid_server.pages.upgrade import picture

_UNTIL = datetime(2026, 11, 23, 4, 20, tzinfo=UTC)
_KIOSK = StationBadge(name="Sha Tin 沙田 2", mode="kiosk")
_COUNTER = StationBadge(name="Sha Tin 沙田 1", mode="counter", officer=True)
_EMPTY = StationBadge(name="Sha Tin 沙田 1", mode="counter")
_COOL = datetime(2026, 11, 25, 4, 20, tzinfo=UTC)
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
        can_recover=station is _COUNTER,
    )


def _recovery(step: str, problem: str | None = None, *, plus: bool = False) -> KioskPage:
    """A recovery at a counter."""
    page = _page(step, _COUNTER, problem)
    return replace(page, registers=False, recovers=True, plus=plus, cooling_until=_COOL)


def _passkey(
    ceremony: Callable[[], CeremonyForm], station: StationBadge, *, recovers: bool = False
) -> KioskCeremonyPage:
    form = ceremony()
    return KioskCeremonyPage(
        station=station,
        ceremony=form,
        address="/kiosk/u/sample",
        step="phone" if form.kind == "get" else "bind",
        recovers=recovers,
        idle=0,
    )


def _problem(kind: str, again: str = "") -> KioskProblemPage:
    return KioskProblemPage(kind=kind, station=_KIOSK, again=again)


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


def _counter_samples(
    create: Callable[[], CeremonyForm], use: Callable[[], CeremonyForm]
) -> dict[str, tuple[str, Make]]:
    return {
        "counter-start": ("kiosk/start.html", partial(_page, "start", _COUNTER)),
        "counter-compare": ("kiosk/compare.html", partial(_page, "compare", _EMPTY)),
        "counter-phone": ("kiosk/phone.html", partial(_page, "phone", _COUNTER)),
        "counter-key": ("kiosk/passkey.html", partial(_passkey, create, _COUNTER)),
        "counter-confirm": ("kiosk/passkey.html", partial(_passkey, use, _COUNTER)),
        "counter-receipt": ("kiosk/done.html", partial(_page, "done", _COUNTER)),
        "counter-recovery-wait": ("kiosk/review.html", partial(_recovery, "review")),
        "counter-recovery-key": (
            "kiosk/passkey.html",
            partial(_passkey, create, _COUNTER, recovers=True),
        ),
        "counter-recovery-done": ("kiosk/recovered.html", partial(_recovery, "recovered")),
        "counter-recovery-done-plus": (
            "kiosk/recovered.html",
            partial(_recovery, "recovered", plus=True),
        ),
        "counter-recovery-ended": ("kiosk/ended.html", partial(_recovery, "ended", "no-eid")),
        "counter-recovery-minor": ("kiosk/ended.html", partial(_recovery, "ended", "minor")),
        "counter-officer": (
            "kiosk/officer.html",
            partial(KioskOfficerPage, station=_EMPTY, sandbox=True),
        ),
    }


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
        **_counter_samples(create, use),
        "kiosk-face-turn-missing": (
            "kiosk/face.html",
            partial(_page, "face", _KIOSK, "turn_missing"),
        ),
        "counter-compare-changed": (
            "kiosk/compare.html",
            partial(_page, "compare", _COUNTER, "upgrade_changed"),
        ),
        "kiosk-registry-silent": (
            "kiosk/registry.html",
            partial(_page, "registry", _KIOSK, "registry_unavailable"),
        ),
        **{
            f"kiosk-problem-{kind}": ("kiosk/problem.html", partial(_problem, kind, again))
            for kind, again in (
                ("internal", "/kiosk/u/sample"),
                ("unavailable", "/kiosk/u/sample"),
                ("not-found", ""),
                ("form", ""),
            )
        },
        "kiosk-closed": ("kiosk/closed.html", KioskClosedPage),
        **{
            f"upgrade-{step}": ("upgrade/page.html", partial(_upgrade, step))
            for step in ("none", "offered", "station", "review", "done", "ended")
        },
        "upgrade-confirm": ("upgrade/page.html", lambda: _upgrade("confirm", use())),
    }
