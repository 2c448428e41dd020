"""Sample pages of the officers' console about stations and upgrades, for the gallery.

They are shown without the officer's bar, which needs an officer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from hkeid.enrolment.counter_seats import StationLine
from hkeid.enrolment.review import Lease, Stage, UpgradeField, UpgradeFile
from hkeid.enrolment.stations import StationMode, StationStatus
from hkeid.enrolment.upgrade import OnDuty
from hkeid.officers import ROLE_WORDS, Permission, Role
from hkeid_server.console.fields import upgrade_rows
from hkeid_server.console.stations_models import StationRow, StationsPage, UpgradeCasePage
from hkeid_server.console.words import reasons_for, span
from hkeid_server.shell import language, translate

_NOON = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)

Make = Callable[[], object]


def _duty(role: Role | None = Role.STATION_OFFICER) -> OnDuty:
    return OnDuty(officer="officer:sample", role=role, until=_NOON + timedelta(minutes=30))


def _row(number: int, name: str, mode: StationMode, **more: object) -> StationLine:
    plain: dict[str, object] = {
        "status": StationStatus.ACTIVE,
        "last_seen_at": _NOON,
        "duty": None,
        "mine": False,
        "takeable": False,
    }
    return StationLine(id=f"sample-{number}", name=name, mode=mode, **{**plain, **more})  # type: ignore[arg-type]


def _stations(**more: object) -> StationsPage:
    """One station of each kind and state, as a counter officer who sits at the first sees them."""
    counter, mobile = StationMode.COUNTER, StationMode.MOBILE
    office = ROLE_WORDS[Role.STATION_OFFICER][language().content]
    suspended = {"status": StationStatus.SUSPENDED, "last_seen_at": None}
    rows = (
        (_row(1, "Sha Tin 沙田 1", counter, duty=_duty(), mine=True), translate("You")),
        (_row(2, "Sha Tin 沙田 2", StationMode.KIOSK), ""),
        (_row(3, "Tai Po 大埔 1", counter, duty=_duty(), takeable=True), office),
        (_row(4, "Lantau 大嶼山", mobile, takeable=True), ""),
        (_row(5, "Tsuen Wan 荃灣 1", counter, **suspended), ""),
    )
    lines = tuple(StationRow(station=line, who=who) for line, who in rows)
    return StationsPage(rows=lines, sits=True, **more)  # type: ignore[arg-type]


def _upgrade(
    *, offline: bool = False, hindered: bool = False, recovers: bool = False
) -> UpgradeCasePage:
    reason = "read_offline" if offline else "face_tries_spent" if hindered else "face_unclear"
    reason = "recovery_second_officer" if recovers else reason
    lease = Lease(
        id="sample",
        case_id="upgrade.sample",
        officer_id="officer:sample",
        expires_at=_NOON + timedelta(minutes=20),
    )
    case = UpgradeFile(
        id="upgrade.sample",
        reference="7F3K-9Q2M-XA4D",
        reason=reason,
        referred_at=_NOON - timedelta(hours=5),
        stage=Stage.FIRST,
        risks=("face_unseen",) if hindered else (),
        hindrances=("face_unseen",) if hindered else (),
        lease=lease,
        station="Sha Tin 沙田 2",
        channel="mobile" if offline else "counter" if recovers else "kiosk",
        read_at=_NOON - timedelta(hours=6),
        officer=offline or recovers,
        offline=offline,
        registers=False,
        recovers=recovers,
        signer="CN=Utopia Document Signer 7, O=Utopia, C=UT",
        fields=(
            UpgradeField(name="name_english", chip="CHAN, Tai Man", kept="CHAN, Tai-man"),
            UpgradeField(name="name_chinese", chip="陳大文", kept="陳大文"),
            UpgradeField(name="hkic_number", chip="A123***(*)", kept="A123***(*)"),
            UpgradeField(name="birth_date", chip="1984-05-01", kept=""),
        ),
        facts=(
            ("genuine", "active"),
            ("passive", "trusted"),
            ("access_protocol", "PACE-GM"),
            ("cipher", "aes-256"),
            ("face", "match" if offline or recovers else "review"),
        ),
        findings=("revocation_stale",),
        pictures=(),
    )
    reasons = reasons_for(Permission.CASE_DECIDE)
    return UpgradeCasePage(
        case=case, fields=upgrade_rows(case), reasons=reasons, waiting=span(timedelta(hours=5))
    )


def console_samples() -> dict[str, tuple[str, Make]]:
    """Template and page by name."""
    stations, upgrade = "console/stations.html", "console/upgrade.html"
    return {
        "console-stations": (stations, _stations),
        "console-stations-taken": (stations, partial(_stations, done="taken")),
        "console-stations-closed": (stations, partial(_stations, error="closed")),
        "console-stations-none": (stations, StationsPage),
        "console-upgrade": (upgrade, _upgrade),
        "console-upgrade-recovery": (upgrade, partial(_upgrade, recovers=True)),
        "console-upgrade-offline": (upgrade, partial(_upgrade, offline=True)),
        "console-upgrade-refusable": (upgrade, partial(_upgrade, hindered=True)),
    }
