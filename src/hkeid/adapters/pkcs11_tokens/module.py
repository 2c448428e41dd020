"""A PKCS#11 module, loaded once in a process and entered by one thread at a time.

python-pkcs11 initialises a module without telling it to lock, and releases Python's own lock during
calls: two threads in one module crash the process. So every call goes through one lock for each module.
A process that forks must open its modules after that.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock, RLock
from typing import Any, ClassVar

from hkeid.adapters.pkcs11_tokens.failures import (
    TokenRefused,
    TokenUnavailable,
    pkcs11,
    translated,
)
from hkeid.adapters.pkcs11_tokens.token import OpenToken
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDescription:
    """What a token says of itself; label and serial number together name it."""

    label: str
    serial: str
    manufacturer: str
    model: str


@dataclass(slots=True)
class _Login:
    """The login in force with a token."""

    digest: bytes
    holder: Any
    sessions: int = 0


class Pkcs11Module:
    """One module. Get it by :meth:`load`."""

    _loaded: ClassVar[dict[str, Pkcs11Module]] = {}
    _loading: ClassVar[Lock] = Lock()

    def __init__(self, library: Any, path: str) -> None:
        self._library = library
        self._lock = RLock()
        self._process = os.getpid()
        self._logins: dict[tuple[str, str], _Login] = {}
        self._salt = os.urandom(32)
        self.path = path

    @classmethod
    def load(cls, path: str | Path) -> Pkcs11Module:
        """The module at ``path``; the same object every time.

        :raises hkeid.kernel.errors.ConfigurationError: ``pkcs11_module_unusable``.
        """
        wanted = str(Path(path).resolve())
        with cls._loading:
            known = cls._loaded.get(wanted)
            if known is not None and known._process == os.getpid():  # noqa: SLF001 - our own class
                return known
            try:
                library = pkcs11.lib(wanted)
                if known is not None:
                    library.reinitialize()
            except (RuntimeError, OSError, pkcs11.PKCS11Error) as error:
                raise ConfigurationError(
                    "pkcs11_module_unusable", detail=f"{wanted}: {type(error).__name__}"
                ) from None
            cls._loaded[wanted] = module = cls(library, wanted)
            return module

    def tokens(self) -> tuple[TokenDescription, ...]:
        """The tokens that are there now.

        :raises TokenUnavailable: ``token_failed``.
        """
        with self.turn():
            return tuple(_described(token) for token in self._library.get_tokens())

    @contextmanager
    def open(
        self,
        *,
        label: str | None = None,
        serial: str | None = None,
        pin: Secret | None = None,
        writes: bool = False,
    ) -> Iterator[OpenToken]:
        """A session with the one token that has this label and serial number.

        :param pin: without it only what is public can be read.
        :param writes: whether keys are made or deleted in it.
        :raises TokenUnavailable: ``token_absent``, also when more than one fits.
        :raises TokenRefused: ``pin_incorrect``, ``pin_expired``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``pin_locked``.
        """
        with self.turn():
            token = self._find(label, serial)
            session = self._log_in(token, pin, writes=writes)
        description = _described(token)
        try:
            yield OpenToken(self.turn, session, description.label)
        finally:
            with self.turn():
                with suppress(pkcs11.PKCS11Error):  # the token may have gone before us
                    session.close()
                if pin is not None:
                    with suppress(pkcs11.PKCS11Error):
                        self._log_out(description)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be alone in the module, its errors coming out as ours."""
        if os.getpid() != self._process:
            raise ConfigurationError("pkcs11_crossed_fork", detail="load the module after forking")
        with self._lock, translated():
            yield

    def _find(self, label: str | None, serial: str | None) -> Any:
        found = [
            token
            for token in self._library.get_tokens()
            if (label is None or token.label == label)
            and (serial is None or _text(token.serial) == serial)
        ]
        if len(found) != 1:
            raise TokenUnavailable("token_absent", detail=f"{len(found)} tokens fit")
        return found[0]

    def _log_in(self, token: Any, pin: Secret | None, *, writes: bool) -> Any:
        """A session. A login belongs to the token and the process: who comes second is in already, so
        that we compare the PIN with that of the first; it must not profit from another's login.
        """
        if pin is None:
            return token.open(rw=writes)
        name = (token.label, _text(token.serial))
        digest = _blake(pin, self._salt)
        login = self._logins.get(name)
        if login is None:
            # The library logs out when the session that logged in closes, for all sessions: so it is
            # one that nobody works with, and closes last.
            holder = token.open(user_pin=pin.reveal())
            login = self._logins[name] = _Login(digest=digest, holder=holder)
        elif not hmac.compare_digest(login.digest, digest):
            raise TokenRefused("pin_incorrect", detail="differs from that of the login in force")
        login.sessions += 1
        try:
            return token.open(rw=writes)
        except pkcs11.PKCS11Error:
            self._log_out(_described(token))
            raise

    def _log_out(self, description: TokenDescription) -> None:
        """One session less; with the last one the token forgets the login."""
        name = (description.label, description.serial)
        login = self._logins[name]
        login.sessions -= 1
        if not login.sessions:
            del self._logins[name]
            login.holder.close()


def _blake(pin: Secret, salt: bytes) -> bytes:
    return blake2b(pin.reveal().encode(), key=salt).digest()


def _described(token: Any) -> TokenDescription:
    return TokenDescription(
        label=token.label,
        serial=_text(token.serial),
        manufacturer=_text(token.manufacturer_id),
        model=_text(token.model),
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value)
