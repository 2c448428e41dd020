"""Why an upstream's answer brings nobody in. Every one carries the code a front door passes on.

::

    UpstreamFailed                  no authentication came of it; ``code`` is the wire code
    ├── UpstreamRefused             the upstream said no, or what it proved does not suffice
    ├── AnswerUnexpected            the answer belongs to no departure of this browser: begin again
    ├── UpstreamMisbehaved          the answer breaks a rule of its protocol; nothing in it was trusted
    ├── UpstreamMalformed           the answer does not parse
    └── UpstreamUnavailable         the upstream gave no usable answer; try again later

They are branches of :mod:`hkeid.kernel.errors` as well (``Refused``, ``MalformedInput``,
``Unavailable``). ``detail`` never holds personal data, tokens or keys.
"""

from __future__ import annotations

from typing import Final

from hkeid.kernel.errors import HkeidError, MalformedInput, Refused, Unavailable
from hkeid.oidc.errors import ErrorCode

PASSED_ON: Final = frozenset(
    {
        ErrorCode.ACCESS_DENIED,
        ErrorCode.LOGIN_REQUIRED,
        ErrorCode.INTERACTION_REQUIRED,
        ErrorCode.ACCOUNT_SELECTION_REQUIRED,
        ErrorCode.CONSENT_REQUIRED,
        ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS,
        ErrorCode.TEMPORARILY_UNAVAILABLE,
        ErrorCode.SERVER_ERROR,
    }
)
"""What a front door may repeat to its relying party: codes about the person or the moment. All others
are about the exchange between us and the upstream, and none of the relying party's business."""


def passed_on(code: str | None) -> ErrorCode:
    """The code that a front door answers for an upstream's ``error``: the same where it is one of
    :data:`PASSED_ON`, else ``server_error``.
    """
    known = {one.value: one for one in PASSED_ON}
    return known.get(code or "", ErrorCode.SERVER_ERROR)


class UpstreamFailed(HkeidError):
    """The upstream brought nobody in.

    :ivar code: the wire code for the front door.
    """

    code: ErrorCode = ErrorCode.SERVER_ERROR
    default_safe_text = "The login at the other provider was not completed."


class UpstreamRefused(UpstreamFailed, Refused):
    """The upstream said no, or what it proved does not suffice.

    :param code: one of :data:`PASSED_ON`.
    :ivar upstream_code: what the upstream itself said (``D40001``, ``access_denied``), where it is a
        known word; for the log and the audit trail.
    """

    default_safe_text = "The other provider did not log you in."

    def __init__(
        self,
        reason: str,
        safe_text: str | None = None,
        *,
        code: ErrorCode = ErrorCode.ACCESS_DENIED,
        upstream_code: str | None = None,
        detail: str | None = None,
    ) -> None:
        self.code = code if code in PASSED_ON else ErrorCode.SERVER_ERROR
        self.upstream_code = upstream_code
        super().__init__(reason, safe_text, detail=detail)


class AnswerUnexpected(UpstreamFailed, Refused):
    """The answer fits no departure: another state, another issuer, or what was kept is not ours."""

    code = ErrorCode.ACCESS_DENIED
    default_safe_text = "This login can no longer be completed. Please start again."


class UpstreamMisbehaved(UpstreamFailed, Refused):
    """The answer breaks a rule of its protocol. Nothing in it was trusted."""

    default_safe_text = "The answer of the other provider could not be verified."


class UpstreamMalformed(UpstreamFailed, MalformedInput):
    """The answer does not parse."""

    default_safe_text = "The answer of the other provider could not be read."


class UpstreamUnavailable(UpstreamFailed, Unavailable):
    """The upstream gave no usable answer."""

    code = ErrorCode.TEMPORARILY_UNAVAILABLE
    default_safe_text = "The other provider is not available at the moment. Please try again later."
