"""What goes wrong at the relying party's side, said in the words of the upstream contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused
from hkeid.oidc.errors import ErrorCode
from hkeid.rp.errors import (
    LoginDeclined,
    LoginFailed,
    ProviderMisbehaved,
    ProviderUnavailable,
    StartAgain,
)
from hkeid.upstream.errors import (
    AnswerUnexpected,
    UpstreamFailed,
    UpstreamMisbehaved,
    UpstreamRefused,
    UpstreamUnavailable,
    passed_on,
)

_AUTHENTICATION_RULES = frozenset(
    {"id_token_auth_time_too_old", "id_token_not_authenticated_again", "id_token_auth_time_missing"}
)
"""The upstream is honest, but its login is not as fresh as was asked for."""


@contextmanager
def as_upstream() -> Iterator[None]:
    """Turn errors of :mod:`hkeid.rp` into those of the contract; the reasons stay.

    :raises UpstreamFailed: always one of its branches.
    """
    try:
        yield
    except LoginFailed as error:
        raise _translated(error) from error
    except MalformedInput as error:
        if isinstance(error, UpstreamFailed):
            raise
        raise UpstreamMisbehaved(error.reason, detail=error.field) from error
    except ConfigurationError as error:
        # The operator's to mend (or the upstream changed what it takes); the person only learns that it fails.
        raise UpstreamMisbehaved(error.reason, detail=error.detail) from error
    except Refused as error:
        if isinstance(error, UpstreamFailed):
            raise
        # Our own key was rotated between two steps: begun again, it works.
        raise UpstreamUnavailable(error.reason, detail=error.detail) from error


def _translated(error: LoginFailed) -> UpstreamFailed:
    match error:
        case StartAgain():
            return AnswerUnexpected(error.reason, detail=error.detail)
        case LoginDeclined():
            # An answer of the front channel is about the person; one of the back channel is about us.
            front = error.reason.startswith("provider_")
            code = passed_on(error.error) if front else ErrorCode.SERVER_ERROR
            return UpstreamRefused(error.reason, code=code, upstream_code=error.error)
        case ProviderUnavailable():
            return UpstreamUnavailable(error.reason, detail=error.detail)
        case ProviderMisbehaved() if error.reason in _AUTHENTICATION_RULES:
            return UpstreamRefused(error.reason, code=ErrorCode.LOGIN_REQUIRED)
    return UpstreamMisbehaved(error.reason, detail=error.detail)
