"""What a PKCS#11 module says, as our own errors."""

from __future__ import annotations

from typing import Any, Final

from hkeid.kernel.errors import HkeidError, MissingExtra, Refused, TooManyAttempts, Unavailable

try:
    import pkcs11 as _pkcs11
except ImportError as error:  # pragma: no cover - the light-import test looks at this
    raise MissingExtra("pkcs11", "pkcs11") from error

pkcs11: Final[Any] = _pkcs11


class TokenUnavailable(Unavailable):
    """The token does not answer: ``token_absent``, ``token_ambiguous``, ``token_removed``,
    ``token_failed``, ``token_busy``.
    """

    default_safe_text = "The token cannot be used. Please put it in again."


class TokenRefused(Refused):
    """The token says no: ``pin_incorrect``, ``pin_expired``, ``key_absent``, ``key_refused``,
    ``algorithm_unsupported``.
    """

    default_safe_text = "The token did not accept this."


_PIN_INCORRECT: Final = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)
_ABSENT: Final = (pkcs11.NoSuchToken, pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised)
_REMOVED: Final = (
    pkcs11.DeviceRemoved,
    pkcs11.SessionHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.UserNotLoggedIn,
    # The objects of a token that was away are gone for the module, though it sees the token again.
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
)
_UNSUPPORTED: Final = (
    pkcs11.MechanismInvalid,
    pkcs11.MechanismParamInvalid,
    pkcs11.FunctionNotSupported,
    pkcs11.DomainParamsInvalid,
)
_KEY_REFUSED: Final = (
    pkcs11.KeyTypeInconsistent,
    pkcs11.KeySizeRange,
    pkcs11.DataInvalid,
    pkcs11.DataLenRange,
    pkcs11.AttributeReadOnly,
    pkcs11.AttributeTypeInvalid,
    pkcs11.AttributeValueInvalid,
    pkcs11.TemplateIncomplete,
    pkcs11.TemplateInconsistent,
    pkcs11.TokenWriteProtected,
    pkcs11.SessionReadOnly,
    pkcs11.MultipleObjectsReturned,
)


def as_ours(error: Any) -> HkeidError:
    """The error of ours for one of the library's: :class:`TokenUnavailable` where the token or module
    fails, :class:`TokenRefused` where the token says no, and ``TooManyAttempts`` for ``pin_locked``.
    """
    name = type(error).__name__
    if isinstance(error, _PIN_INCORRECT):
        return TokenRefused("pin_incorrect", detail=name)
    if isinstance(error, pkcs11.PinLocked):
        return TooManyAttempts("pin_locked")
    if isinstance(error, pkcs11.PinExpired):
        return TokenRefused("pin_expired")
    if isinstance(error, _ABSENT):
        return TokenUnavailable("token_absent", detail=name)
    if isinstance(error, _REMOVED):
        return TokenUnavailable("token_removed", detail=name)
    if isinstance(error, _UNSUPPORTED):
        return TokenRefused("algorithm_unsupported", detail=name)
    if isinstance(error, pkcs11.NoSuchKey):
        return TokenRefused("key_absent", detail=name)
    if isinstance(error, _KEY_REFUSED):
        return TokenRefused("key_refused", detail=name)
    # A removed card often shows itself as a general error only.
    return TokenUnavailable("token_failed", detail=name)
