"""Who is logged in to the tokens of a module: a login belongs to token and process, not to a session."""

from __future__ import annotations

import hmac
import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from hkeid.adapters.pkcs11_tokens.failures import TokenRefused, pkcs11
from hkeid.kernel.secret import Secret

TokenName = tuple[str, str]
"""Label and serial number."""


@dataclass(slots=True)
class _Login:
    """The login in force with a token."""

    digest: bytes
    holder: Any
    sessions: int = 0


class Logins:
    """Logins of one module; whoever calls is alone in it."""

    def __init__(self) -> None:
        self._salt = os.urandom(32)
        self._in_force: dict[TokenName, _Login] = {}
        self._refused: dict[TokenName, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self._in_force)

    def forget(self) -> None:
        """The module was started anew: nobody is logged in any more."""
        self._in_force.clear()

    def open(self, token: Any, name: TokenName, pin: Secret, *, writes: bool, again: bool) -> Any:
        """A session. Who comes second is in already, so that we compare the PIN with that of the first; it
        must not profit from another's login.

        :param again: nobody typed the PIN just now. One that the token refused is then not tried again, because
            the token counts and locks itself.
        :raises TokenRefused: ``pin_incorrect``.
        """
        digest = blake2b(pin.reveal().encode(), key=self._salt).digest()
        if again and hmac.compare_digest(self._refused.get(name, b""), digest):
            raise TokenRefused("pin_incorrect", detail="the token has refused it before")
        login = self._in_force.get(name)
        if login is None:
            login = self._log_in(token, name, pin, digest)
        elif not hmac.compare_digest(login.digest, digest):
            raise TokenRefused("pin_incorrect", detail="differs from that of the login in force")
        login.sessions += 1
        try:
            return token.open(rw=writes)
        except pkcs11.PKCS11Error:
            self.close(name)
            raise

    def close(self, name: TokenName) -> None:
        """One session less; with the last one the token forgets the login."""
        login = self._in_force.get(name)
        if login is None:
            return
        login.sessions -= 1
        if not login.sessions:
            del self._in_force[name]
            with suppress(pkcs11.PKCS11Error):  # the token may have gone before us
                login.holder.close()

    def _log_in(self, token: Any, name: TokenName, pin: Secret, digest: bytes) -> _Login:
        try:
            # The library logs out when the session that logged in closes, for all sessions: so it is one
            # that nobody works with, and closes last.
            holder = token.open(user_pin=pin.reveal())
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
            self._refused[name] = digest
            raise
        self._refused.pop(name, None)
        login = self._in_force[name] = _Login(digest=digest, holder=holder)
        return login
