"""What can go wrong at a relying party, as one small tree below :class:`hkeid.kernel.errors.Refused`.

::

    LoginFailed                 every way in which a login (refresh, revocation …) does not succeed
    ├── StartAgain              the browser's side of the login does not fit: begin a new one
    ├── LoginDeclined           the provider answered with an error; ``error`` is its wire code
    │   ├── FormNotSent         the resident sent no form
    │   ├── SignatureDeclined   the resident did not sign
    │   └── SignatureNotTaken   the provider did not take the request for a signature on
    ├── ProviderMisbehaved      an answer breaks a rule; nothing in it was trusted
    └── ProviderUnavailable     no usable answer; try again later

``reason`` is a stable ``snake_case`` word, one per rule. ``safe_text`` may be shown to anybody.
``detail`` is for the log and holds neither tokens nor personal data.
"""

from __future__ import annotations

from hkeid.kernel.errors import Refused, Unavailable


class LoginFailed(Refused):
    """The login did not succeed; nobody is logged in because of it."""

    default_safe_text = "You are not logged in. Please try again."


class StartAgain(LoginFailed):
    """This browser did not begin this login, or began it too long ago, or has finished it already."""

    default_safe_text = "This login can no longer be completed. Please start again."


class LoginDeclined(LoginFailed):
    """The provider answered with an error response (RFC 6749 §4.1.2.1, §5.2).

    :ivar error: the wire code, ``access_denied`` for example; one of the codes that the
        specifications register, or ``unknown``.
    """

    default_safe_text = "The login was not completed. You can try again."

    def __init__(
        self,
        reason: str,
        safe_text: str | None = None,
        *,
        error: str = "unknown",
        detail: str | None = None,
    ) -> None:
        self.error = error
        super().__init__(reason, safe_text, detail=detail)


class FormNotSent(LoginDeclined):
    """There is no form: ``form_declined`` (the resident did not send it), ``form_not_available`` (it was fetched
    before, is over, or was withdrawn).
    """

    default_safe_text = "The form was not sent. You can fill it in yourself, or try again."


class SignatureDeclined(LoginDeclined):
    """There is no signature: ``signature_refused`` (the resident does not sign), ``signature_expired``,
    ``signature_waiting`` (not decided yet), ``signature_collected`` (it was fetched already, or too late).
    """

    default_safe_text = "This was not signed. You can try again."


class SignatureNotTaken(LoginDeclined):
    """The provider does not put this before a resident: ``signature_not_taken_`` and its reason, such as
    ``pdf_javascript``, ``document_too_large`` or ``too_many_open``.

    :ivar document: which document is at fault, counted from 1; None where it is none in particular.
    """

    default_safe_text = "This document cannot be signed with eID as it is."

    def __init__(
        self,
        reason: str,
        safe_text: str | None = None,
        *,
        document: int | None = None,
        error: str = "unknown",
        detail: str | None = None,
    ) -> None:
        self.document = document
        super().__init__(reason, safe_text, error=error, detail=detail)


class ProviderMisbehaved(LoginFailed):
    """An answer of the provider breaks a rule of the specifications. Nothing in it was trusted."""

    default_safe_text = "The login could not be verified, so you are not logged in."


class ProviderUnavailable(LoginFailed, Unavailable):
    """The provider gave no usable answer."""

    default_safe_text = "eID login is not available at the moment. Please try again later."
