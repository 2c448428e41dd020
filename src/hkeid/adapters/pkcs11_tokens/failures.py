"""What a PKCS#11 module says, as our own errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from hkeid.kernel.errors import HkeidError, MissingExtra, Refused, TooManyAttempts, Unavailable

try:
    import pkcs11 as _pkcs11
except ImportError as error:  # pragma: no cover - the light-import test looks at this
    raise MissingExtra("pkcs11", "pkcs11") from error

pkcs11: Final[Any] = _pkcs11


class TokenUnavailable(Unavailable):
    """The token does not answer: ``token_absent``, ``token_removed``, ``token_failed``."""

    default_safe_text = "The token cannot be used. Please put it in again."


class TokenRefused(Refused):
    """The token says no: ``pin_incorrect``, ``pin_locked``, ``pin_expired``, ``key_absent``,
    ``key_refused``, ``certificate_absent``, ``algorithm_unsupported``.
    """

    default_safe_text = "The token did not accept this."


@contextmanager
def translated() -> Iterator[None]:
    """Within the block, the library's errors come out as ours.

    :raises TokenUnavailable: the token or module fails.
    :raises TokenRefused: the token says no.
    :raises hkeid.kernel.errors.TooManyAttempts: ``pin_locked``.
    """
    try:
        yield
    except HkeidError:
        raise
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
        raise TokenRefused("pin_incorrect", detail=_name(error)) from None
    except pkcs11.PinLocked:
        raise TooManyAttempts("pin_locked") from None
    except pkcs11.PinExpired:
        raise TokenRefused("pin_expired") from None
    except (pkcs11.NoSuchToken, pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised) as error:
        raise TokenUnavailable("token_absent", detail=_name(error)) from None
    except (pkcs11.DeviceRemoved, pkcs11.SessionHandleInvalid, pkcs11.SessionClosed) as error:
        raise TokenUnavailable("token_removed", detail=_name(error)) from None
    except (pkcs11.MechanismInvalid, pkcs11.MechanismParamInvalid) as error:
        raise TokenRefused("algorithm_unsupported", detail=_name(error)) from None
    except (pkcs11.NoSuchKey, pkcs11.KeyHandleInvalid) as error:
        raise TokenRefused("key_absent", detail=_name(error)) from None
    except pkcs11.PKCS11Error as error:
        # A removed card often shows itself as a general error only: whoever comes next opens again.
        raise TokenUnavailable("token_failed", detail=_name(error)) from None


def _name(error: BaseException) -> str:
    return type(error).__name__
