"""Sample pages of registration, for the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from hkeid.enrolment.review import WAITING_WORDS, Waiting
from hkeid.identity.hkic_number import check_character_of
from hkeid.ports.documents import CardField, RetakeAdvice
from hkeid_server.models import CeremonyForm, EidCard, Text
from hkeid_server.registration_content import ORDER, shown
from hkeid_server.registration_models import (
    CardPage,
    Case,
    DetailsPage,
    DonePage,
    EndedPage,
    FieldRow,
    HomePage,
    PasskeyPage,
    SelfiePage,
    StartPage,
    WaitingPage,
)
from hkeid_server.shell import language

_NUMBER = f"Z683365({check_character_of('Z683365')})"
_UNTIL = datetime(2026, 11, 23, 4, 35, tzinfo=UTC)
_FIELDS = {
    CardField.NAME_CHINESE: "何秀蘭",
    CardField.NAME_ENGLISH: "HO, Sau Lan",
    CardField.COMMERCIAL_CODE: "0149 4423 5695",
    CardField.BIRTH_DATE: "1968-09-21",
    CardField.SEX: "F",
    CardField.SYMBOLS: "***AZ",
    CardField.FIRST_REGISTRATION: "1986-10",
    CardField.ISSUED: "2019-05-14",
    CardField.HKIC_NUMBER: _NUMBER,
}
_WARNINGS = (
    "turn_missing",
    "two_faces",
    "no_face",
    "face_no_match",
    "person_changed",
    "liveness_expired",
    "busy",
    "registry",
)


def _case(step: str) -> Case:
    return Case(reference="R7F3-K9Q2", until=_UNTIL, step=step)


def _rows() -> tuple[FieldRow, ...]:
    return tuple(
        FieldRow(
            name=name.value,
            shown=shown(name, _FIELDS[name]),
            value=_FIELDS[name],
            machine=shown(name, _FIELDS[name]),
            editable=name is not CardField.SYMBOLS,
        )
        for name in ORDER
    )


def _details(problem: str | None = None) -> DetailsPage:
    rows = list(_rows())
    if problem == "edit_too_far":
        rows[3] = replace(
            rows[3],
            value="1978-06-21",
            shown=shown(CardField.BIRTH_DATE, "1978-06-21"),
            changed=True,
            error=problem,
        )
    if problem == "details_incomplete":
        rows[1] = replace(rows[1], value="", shown="", machine="", error=problem)
        rows[2] = replace(rows[2], value="", shown="", machine="")
    warnings = () if problem else ("code_disagrees_with_name",)
    return DetailsPage(case=_case("details"), rows=tuple(rows), problem=problem, warnings=warnings)


def _passkey(step: str, ceremony: CeremonyForm, problem: str | None = None) -> PasskeyPage:
    return PasskeyPage(case=_case(step), ceremony=ceremony, problem=problem)


def _card(advice: str | None = None, problem: str | None = None) -> CardPage:
    return CardPage(case=_case("card"), tries_left=2, advice=advice, problem=problem)


def _done() -> DonePage:
    return DonePage(
        case=_case("done"),
        at=_UNTIL,
        checked=("card_read", "presence", "face_compared_with_card", "register"),
        kept=("decision", "time", "consent_version", "particulars_sealed", "public_key"),
        destroyed=("card_pictures", "face_pictures", "readings", "face_templates", "session_key"),
        marks=("demonstration",),
        policy="sandbox-2026-11",
        card=EidCard(
            names=(Text(text="HO, Sau Lan", lang="en"), Text(text="何秀蘭", lang="zh-Hant-HK")),
            state="active",
            since=_UNTIL,
        ),
    )


_Found = dict[str, tuple[str, Callable[[], object]]]


def samples(creation: Callable[[], CeremonyForm], request: Callable[[], CeremonyForm]) -> _Found:
    """Templates and what fills them, by name.

    :param creation: a sample ceremony that makes a passkey; ``request`` one that uses it.
    """
    found = {**_beginning(), **_capturing(), **_waiting(), **_endings()}
    found["register-bind"] = ("bind", lambda: _passkey("bind", creation()))
    found["register-bind-expired"] = ("bind", lambda: _passkey("bind", creation(), "expired"))
    found["register-confirm"] = ("confirm", lambda: _passkey("confirm", request()))
    found["register-done"] = ("done", _done)
    found["recover-confirm"] = (
        "confirm",
        lambda: replace(
            _passkey("confirm", request()), case=replace(_case("confirm"), recovery=True)
        ),
    )
    found["recover-done"] = (
        "done",
        lambda: replace(_done(), case=replace(_case("done"), recovery=True), cooling_until=_UNTIL),
    )
    return {
        name: (one if "." in one else f"registration/{one}.html", make)
        for name, (one, make) in found.items()
    }


def _beginning() -> _Found:
    start = partial(StartPage, statement="2026-11")
    return {
        "home-register": (
            "home.html",
            partial(HomePage, register=True, verify=True, resume=_case("details")),
        ),
        "register-start": ("start", start),
        "register-start-resume": ("start", partial(start, resume=_case("selfie"))),
        **{
            f"register-start-{error}": ("start", partial(start, error=error))
            for error in ("consent", "statement", "attempts", "crowded")
        },
    }


def _capturing() -> _Found:
    selfie = partial(SelfiePage, case=_case("selfie"))
    return {
        "register-card": ("card", _card),
        **{
            f"register-card-{advice.value.replace('_', '-')}": (
                "card",
                partial(_card, advice.value),
            )
            for advice in RetakeAdvice
        },
        **{
            f"register-card-{problem}": ("card", partial(_card, problem=problem))
            for problem in ("empty", "large", "kind", "busy")
        },
        "register-details": ("details", _details),
        **{
            f"register-details-{problem.replace('_', '-')}": ("details", partial(_details, problem))
            for problem in ("edit_too_far", "details_incomplete")
        },
        "register-selfie": ("selfie", partial(selfie, tries_left=3)),
        **{
            f"register-selfie-{warning.replace('_', '-')}": (
                "selfie",
                partial(selfie, tries_left=2, warning=warning),
            )
            for warning in _WARNINGS
        },
    }


def _referred(**more: Any) -> WaitingPage:
    standing = WAITING_WORDS[Waiting.SECOND_LOOK][language().content]
    return WaitingPage(case=_case("referred"), standing=standing, usual_days=2, **more)


def _waiting() -> _Found:
    return {
        "register-referred": ("waiting", partial(_referred, reason="face_unclear")),
        "register-referred-contact": (
            "waiting",
            partial(_referred, reason="officer_looks", contact="kept"),
        ),
        "register-referred-malformed": (
            "waiting",
            partial(_referred, reason="registry_unclear", contact="malformed", email="ho@"),
        ),
        "register-guardian": (
            "waiting",
            partial(WaitingPage, case=_case("guardian"), reason=None),
        ),
    }


def _endings() -> _Found:
    ended = partial(EndedPage, reference="R7F3-K9Q2")
    return {
        **{
            f"register-refused-{reason.replace('_', '-')}": (
                "ended",
                partial(ended, kind="refused", reason=reason),
            )
            for reason in ("cannot_register_here", "already_registered", "too_young")
        },
        **{
            f"register-{kind}": ("ended", partial(ended, kind=kind))
            for kind in ("expired", "stopped", "not-offered")
        },
    }


CAMERA = frozenset({"registration/card.html", "registration/selfie.html"})
"""Templates whose pages may use the camera."""
