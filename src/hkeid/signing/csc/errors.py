"""What the signing API refuses (Cloud Signature Consortium API v1.0.4 §10.1, v2 §10.1)."""

from __future__ import annotations

from hkeid.kernel.errors import Refused


class CscError(Refused):
    """An error that travels as ``error`` and ``error_description``.

    :param code: wire code, as of OAuth 2.0: ``invalid_request``, ``insufficient_scope`` …
    :param reason: stable word for the rule.
    :param description: plain ASCII for the developer.
    :param status: of HTTP.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        description: str,
        *,
        status: int = 400,
        detail: str | None = None,
    ) -> None:
        self.code = code
        self.status = status
        super().__init__(reason, description, detail=detail)


def not_implemented(name: str) -> CscError:
    """For a method of the specification that is not served (v1 §10.1, v2 §10.1)."""
    return CscError(
        "invalid_request", "method_not_implemented", f"Not implemented: {name}", status=501
    )


def invalid(reason: str, description: str, *, detail: str | None = None) -> CscError:
    """``invalid_request``."""
    return CscError("invalid_request", reason, description, detail=detail)
