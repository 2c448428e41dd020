"""Whose registration it is: found by the browser, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Response, request

from hkeid.enrolment import (
    Registration,
    RegistrationPurpose,
    RegistrationRefused,
    RegistrationView,
)
from hkeid_server.house import house
from hkeid_server.registration_content import case_of
from hkeid_server.registration_models import Case
from hkeid_server.shell import visit
from hkeid_server.visitors import see_other

START = "/register"
RECOVER = "/register/recover"
STEP = "/register/step"
ELSEWHERE = frozenset(
    {
        "registration_other_step",
        "registration_changed",
        "registration_unknown",
        "registration_expired",
    }
)
"""Reasons that mean: the registration is not where the page thought it was."""

P = ParamSpec("P")


def current() -> RegistrationView | None:
    """This browser's registration, or None."""
    if visit().new_browser:
        return None
    return house().registration.current(browser=visit().browser)


def offered(purpose: RegistrationPurpose = RegistrationPurpose.NEW) -> bool:
    """Whether this server registers anybody on a phone."""
    return house().registration.offered(purpose)


def left_off() -> Case | None:
    """The registration that this browser has not finished, or None."""
    found = current()
    return None if found is None or found.step.concluded else case_of(found)


def with_registration(
    view: Callable[Concatenate[Registration, RegistrationView, P], Response],
) -> Callable[P, Response]:
    """Give journey and registration to a view; who has none begins, who is elsewhere is sent there."""

    @wraps(view)
    def guarded(*values: P.args, **named: P.kwargs) -> Response:
        found = current()
        if found is None:
            return see_other(START)
        try:
            return view(house().registration, found, *values, **named)
        except RegistrationRefused as error:
            if error.reason not in ELSEWHERE or request.method == "GET":
                raise
            house().journal.refusal(error, where=request.path)
            return see_other(STEP)

    return guarded
