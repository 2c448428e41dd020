"""An identity provider that answered, and did not log anybody in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hkeid.saml.messages import MessageReason, MessageRefused, SamlStatus, StatusCode

_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        StatusCode.AUTHN_FAILED.value: "access_denied",
        StatusCode.REQUEST_DENIED.value: "access_denied",
        StatusCode.UNKNOWN_PRINCIPAL.value: "access_denied",
        StatusCode.NO_SUPPORTED_IDP.value: "access_denied",
        StatusCode.PROXY_COUNT_EXCEEDED.value: "access_denied",
        StatusCode.NO_PASSIVE.value: "login_required",
        StatusCode.NO_AUTHN_CONTEXT.value: "unmet_authentication_requirements",
        StatusCode.NO_AVAILABLE_IDP.value: "temporarily_unavailable",
    }
)


class StatusRefused(MessageRefused):
    """The status is not success: ``saml_status``.

    :ivar status: what the identity provider said.
    :ivar answered_for: whether the answer was signed; else anybody who saw the request may have sent it, and
        it is good for ending this one login alone.
    """

    def __init__(self, status: SamlStatus, *, answered_for: bool) -> None:
        self.status = status
        self.answered_for = answered_for
        super().__init__(MessageReason.STATUS, detail=" ".join(status.codes)[:400])

    @property
    def oauth_error(self) -> str:
        """The error code of OAuth 2.0 or OpenID Connect by which a front door passes it on.

        Without a code below the top one, a fault of the identity provider's may pass and one of ours may not.
        """
        for code in self.status.codes[1:]:
            if code in _MEANINGS:
                return _MEANINGS[code]
        if self.status.codes[0] == StatusCode.RESPONDER:
            return "temporarily_unavailable"
        return "server_error"
