"""What goes wrong at our service provider, said in the words of the upstream contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput, Unavailable
from hkeid.oidc.errors import ErrorCode
from hkeid.saml.messages import MessageReason
from hkeid.saml.sp import StatusRefused
from hkeid.upstream.errors import (
    AnswerUnexpected,
    UpstreamFailed,
    UpstreamMalformed,
    UpstreamMisbehaved,
    UpstreamRefused,
    UpstreamUnavailable,
    passed_on,
)

_UNEXPECTED = frozenset({MessageReason.RELAY_STATE.value, MessageReason.ISSUED_TOO_LATE.value})
_NOT_FRESH = frozenset({MessageReason.AUTHN_NOT_FRESH.value, MessageReason.AUTHN_TOO_OLD.value})


@contextmanager
def as_upstream() -> Iterator[None]:
    """Turn errors of :mod:`hkeid.saml` into those of the contract; the reasons stay.

    :raises UpstreamFailed: always one of its branches.
    """
    try:
        yield
    except UpstreamFailed:
        raise
    except StatusRefused as error:
        code = passed_on(error.oauth_error)
        raise UpstreamRefused(error.reason, code=code, detail=error.detail) from error
    except Unavailable as error:
        raise UpstreamUnavailable(error.reason, detail=error.detail) from error
    except MalformedInput as error:
        raise UpstreamMalformed(error.reason, detail=error.detail) from error
    except ConfigurationError as error:
        raise UpstreamMisbehaved(error.reason, detail=error.detail) from error
    except HkeidError as error:
        if error.reason in _UNEXPECTED:
            raise AnswerUnexpected(error.reason, detail=error.detail) from error
        if error.reason in _NOT_FRESH:
            raise UpstreamRefused(error.reason, code=ErrorCode.LOGIN_REQUIRED) from error
        raise UpstreamMisbehaved(error.reason, detail=error.detail) from error
