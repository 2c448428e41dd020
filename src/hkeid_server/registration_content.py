"""From a registration as the core sees it to what its pages show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from babel.dates import format_date, format_skeleton

from hkeid.enrolment import (
    FieldView,
    RegistrationPurpose,
    RegistrationReceipt,
    RegistrationStep,
    RegistrationView,
)
from hkeid.enrolment.review import WAITING_WORDS
from hkeid.identity import HkicNumber
from hkeid.kernel.errors import HkeidError
from hkeid.ports.documents import CardField
from hkeid_server.house import house
from hkeid_server.models import EidCard
from hkeid_server.registration_models import (
    CardPage,
    Case,
    DetailsPage,
    DonePage,
    EndedPage,
    FieldRow,
    SelfiePage,
    WaitingPage,
)
from hkeid_server.shell import language, translate

_DATES = frozenset({CardField.BIRTH_DATE, CardField.FIRST_REGISTRATION, CardField.ISSUED})
ORDER = (
    CardField.NAME_CHINESE,
    CardField.NAME_ENGLISH,
    CardField.COMMERCIAL_CODE,
    CardField.BIRTH_DATE,
    CardField.SEX,
    CardField.SYMBOLS,
    CardField.FIRST_REGISTRATION,
    CardField.ISSUED,
    CardField.HKIC_NUMBER,
)
"""The fields in the order in which the card prints them."""


def case_of(view: RegistrationView) -> Case:
    """What every page says about a registration."""
    return Case(
        reference=view.reference,
        until=view.expires_at,
        step=view.step.value,
        recovery=view.purpose is RegistrationPurpose.RECOVERY,
    )


def card_page(view: RegistrationView, problem: str | None = None) -> CardPage:
    """Photograph the card."""
    advice = None if view.advice is None else view.advice.value
    return CardPage(case=case_of(view), tries_left=view.tries_left, advice=advice, problem=problem)


def details_page(
    view: RegistrationView,
    *,
    typed: Mapping[CardField, str] | None = None,
    failure: HkeidError | None = None,
) -> DetailsPage:
    """Check what was read.

    :param typed: what was sent, when it has to be corrected.
    :param failure: why it has to.
    """
    problem, fault = None, None
    if failure is not None:
        known = {"edit_too_far", "dates_impossible", "details_incomplete"}
        problem = failure.reason if failure.reason in known else "malformed"
        fault = getattr(failure, "field", None) or (
            failure.detail if failure.detail in set(CardField) else None
        )
    rows = tuple(
        _row(name, view.fields[name], (typed or {}).get(name), problem, fault)
        for name in ORDER
        if name in view.fields
    )
    return DetailsPage(case=case_of(view), rows=rows, problem=problem, warnings=view.warnings)


def _row(
    name: CardField, found: FieldView, typed: str | None, problem: str | None, fault: str | None
) -> FieldRow:
    value = found.value if typed is None else typed
    blamed = fault == name.value or (
        fault is None
        and (
            (problem == "details_incomplete" and not value)
            or (problem == "edit_too_far" and value != found.machine and name in _LIMITED)
            or (problem == "dates_impossible" and name in _DATES)
        )
    )
    return FieldRow(
        name=name.value,
        shown=shown(name, value),
        value=value,
        machine=shown(name, found.machine),
        editable=found.editable,
        changed=bool(found.machine) and value != found.machine,
        error=problem if blamed else None,
    )


_LIMITED = frozenset({CardField.BIRTH_DATE, CardField.HKIC_NUMBER})


def shown(name: CardField, value: str) -> str:
    """A value in the local form; the number masked."""
    if not value:
        return ""
    if name is CardField.HKIC_NUMBER:
        return _masked(value)
    if name in _DATES:
        return local_date(value)
    if name is CardField.SEX:
        return {"F": translate("Female"), "M": translate("Male")}.get(value, value)
    return value


def _masked(value: str) -> str:
    try:
        return HkicNumber.parse(value).masked()
    except HkeidError:
        return value[:2] + "*" * max(0, len(value) - 2)


def local_date(value: str) -> str:
    """``1985-04-12``, ``2003-09`` or ``1950`` in the local form; what is no date stays as it is."""
    parts = value.split("-")
    locale = language().locale
    try:
        numbers = [int(part) for part in parts]
        day = date(*[*numbers, 1, 1][:3])
    except (ValueError, TypeError):
        return value
    if len(numbers) == 3:
        return format_date(day, "long", locale=locale)
    return format_skeleton("yMMMM" if len(numbers) == 2 else "y", day, locale=locale)


def selfie_page(view: RegistrationView, warning: str | None = None) -> SelfiePage:
    """Take a selfie.

    :param warning: why the last one did not do; what the registration itself says if None.
    """
    return SelfiePage(
        case=case_of(view),
        tries_left=view.tries_left,
        warning=warning or next(iter(view.warnings), None),
    )


def waiting_page(
    view: RegistrationView,
    *,
    contact: str | None = None,
    email: str = "",
    code: str | None = None,
) -> WaitingPage:
    """An officer or a guardian acts next."""
    standing, usual_days = "", None
    if view.step is RegistrationStep.REFERRED:
        found = house().waiting_room.look(view.id)
        standing, usual_days = WAITING_WORDS[found.state][language().content], found.usual_days
    return WaitingPage(
        case=case_of(view),
        reason=view.reason,
        standing=standing,
        usual_days=usual_days,
        contact=contact,
        email=email,
        code=code,
    )


def ended_page(view: RegistrationView) -> EndedPage:
    """It did not lead to an eID."""
    kind = view.step.value
    if view.reason == "given_up":
        kind = "stopped"
    recovery = view.purpose is RegistrationPurpose.RECOVERY
    return EndedPage(kind=kind, reference=view.reference, reason=view.reason, recovery=recovery)


def done_page(
    view: RegistrationView,
    receipt: RegistrationReceipt,
    card: EidCard | None,
    cooling_until: datetime | None = None,
) -> DonePage:
    """The eID is active."""
    return DonePage(
        case=case_of(view),
        at=receipt.at,
        checked=receipt.checked,
        kept=receipt.kept,
        destroyed=receipt.destroyed,
        marks=receipt.marks,
        policy=receipt.policy,
        card=card,
        cooling_until=cooling_until,
    )
