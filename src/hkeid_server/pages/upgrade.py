"""My eID: upgrade to eID+. The number for a station, how it goes, and the resident's own yes."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from hkeid.enrolment.upgrade import Upgrade, UpgradeRefused, UpgradeStep, scanned_text
from hkeid.enrolment.upgrade.station_status import (
    STATION_REVOKED,
    STATION_SUSPENDED,
    station_fault,
)
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid_server.house import house
from hkeid_server.kiosk_content import problem_group
from hkeid_server.kiosk_models import UpgradePage
from hkeid_server.pages.kiosk import rooms
from hkeid_server.residents import resident_entry
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_answer,
    ceremony_form,
    failed,
    see_other,
    with_session,
)

blueprint = Blueprint("upgrade", __name__)

PAGE = "/account/upgrade"
_LOOK_AGAIN = 3


@blueprint.get(PAGE)
@with_session
def page(session: SessionView) -> Response:
    """Where the upgrade is."""
    return _page(session)


@blueprint.post("/account/upgrade/begin")
@with_session
def begin(session: SessionView) -> Response:
    """Get a number."""
    try:
        rooms().upgrades.offers.offer(session)
    except UpgradeRefused as error:
        house().journal.refusal(error, where=PAGE)
        return _show(UpgradePage(step="ended", problem=problem_group(error.reason)), 409)
    return see_other(PAGE)


@blueprint.post("/account/upgrade/extend")
@with_session
def extend(session: SessionView) -> Response:
    """More time for the number."""
    return _act(session, rooms().upgrades.offers.extend)


@blueprint.post("/account/upgrade/cancel")
@with_session
def cancel(session: SessionView) -> Response:
    """Stop; nothing changes."""

    def act(upgrade_id: str, resident_id: str) -> object:
        rooms().upgrades.offers.cancel(upgrade_id, resident_id=resident_id)
        return None

    return _act(session, act)


@blueprint.post("/account/upgrade/confirm")
@with_session
def confirm(session: SessionView) -> Response:
    """The passkey was used."""
    resident_id = session.authentication.resident_id
    upgrade = rooms().upgrades.of_resident(resident_id)
    if upgrade is None:
        return see_other(PAGE)
    ceremony_id, response = ceremony_answer()
    try:
        rooms().upgrades.confirmations.finish(
            upgrade.id, ceremony_id, response, binding=visit().browser, resident_id=resident_id
        )
    except CEREMONY_FAILURES as error:
        return _page(session, error)
    return see_other(PAGE)


def _act(session: SessionView, act: Callable[[str, str], object]) -> Response:
    resident_id = session.authentication.resident_id
    upgrade = rooms().upgrades.of_resident(resident_id)
    if upgrade is not None:
        try:
            act(upgrade.id, resident_id)
        except UpgradeRefused as error:
            house().journal.refusal(error, where=PAGE)
    return see_other(PAGE)


def _page(session: SessionView, failure: HkeidError | None = None) -> Response:
    resident_id = session.authentication.resident_id
    upgrade = rooms().upgrades.of_resident(resident_id)
    problem = None if failure is None else failed(failure)
    if upgrade is None:
        upgraded = resident_entry(resident_id).state.value == "upgraded"
        return _show(
            UpgradePage(step="ended", problem="upgraded") if upgraded else UpgradePage(step="none")
        )
    step = upgrade.step
    late = not step.over and house().clock.now() >= upgrade.expires_at
    if late:
        return _show(UpgradePage(step="ended", problem="time", receipt=upgrade.receipt))
    if step is UpgradeStep.OFFERED:
        return _show(_offered(upgrade))
    if step is UpgradeStep.CONFIRM and upgrade.confirmed_anywhere:
        return _confirm(upgrade, resident_id, problem)
    if step is UpgradeStep.REVIEW and _revoked(upgrade):
        # It can only be refused: who begins again ends it.
        return _show(UpgradePage(step="ended", problem="station", receipt=upgrade.receipt))
    if step is UpgradeStep.REVIEW:
        return _show(UpgradePage(step="review", receipt=upgrade.receipt, until=upgrade.expires_at))
    if step is UpgradeStep.DONE:
        return _show(UpgradePage(step="done", receipt=upgrade.receipt, until=upgrade.updated_at))
    if step.over:
        group = problem_group(upgrade.reason)
        return _show(UpgradePage(step="ended", problem=group, receipt=upgrade.receipt))
    return _show(UpgradePage(step="station", refresh=_LOOK_AGAIN, receipt=upgrade.receipt))


def _revoked(upgrade: Upgrade) -> bool:
    with house().store.transaction() as tx:
        return station_fault(tx, upgrade) == STATION_REVOKED


def _offered(upgrade: Upgrade) -> UpgradePage:
    number = rooms().upgrades.offers.number(upgrade)
    if number is None or upgrade.number_ends is None:
        return UpgradePage(step="offered", receipt=upgrade.receipt)
    left = upgrade.number_ends - house().clock.now()
    return UpgradePage(
        step="offered",
        number=f"{number[:4]} {number[4:]}",
        code=picture(scanned_text(number)),
        seconds=max(1, int(left.total_seconds())),
        until=upgrade.number_ends,
        receipt=upgrade.receipt,
        refresh=_LOOK_AGAIN,
    )


def _confirm(upgrade: Upgrade, resident_id: str, problem: str | None) -> Response:
    try:
        begun = rooms().upgrades.confirmations.start(
            upgrade.id, binding=visit().browser, resident_id=resident_id
        )
    except (UpgradeRefused, Unavailable) as error:
        house().journal.refusal(error, where=PAGE)
        if not isinstance(error, Unavailable) and error.reason != STATION_SUSPENDED:
            return see_other(PAGE)
        waiting = UpgradePage(step="ended", problem="waiting", receipt=upgrade.receipt)
        return _show(waiting, 503 if isinstance(error, Unavailable) else 409)
    form = ceremony_form(
        "get", begun.id, begun.options, action="/account/upgrade/confirm", restart=PAGE
    )
    page = UpgradePage(
        step="confirm",
        until=upgrade.expires_at,
        receipt=upgrade.receipt,
        ceremony=form,
        ceremony_problem=problem,
    )
    return _show(page, 200 if problem is None else 403)


def picture(text: str) -> str:
    """A QR code as SVG, without a style of its own."""
    import segno

    code = segno.make(text, micro=False, error="m")
    return str(code.svg_inline(scale=8, border=4, dark="#000", light="#fff", omitsize=True))


def _show(page: UpgradePage, status: int = 200) -> Response:
    return show("upgrade/page.html", page, status=status, here=PAGE)
