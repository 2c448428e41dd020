"""A PKCS#11 module, loaded once in a process and entered by one thread at a time.

python-pkcs11 initialises a module without telling it to lock, and releases Python's own lock during
calls: two threads in one module crash the process. So every call goes through one lock for each module.

A token that was away comes back for most modules only when the module is started anew (C_Finalize,
C_Initialize; PKCS #11 §5.4); that ends every session of the process in it. So sessions belong to a
*generation* of the module, and whoever holds an older one opens another (:class:`OpenToken`). A process that
forked starts the module anew too (§5.4 C_Initialize).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import uniform
from threading import Lock, RLock
from time import monotonic, sleep
from typing import Any, ClassVar, Final, TypeVar

from hkeid.adapters.pkcs11_tokens.failures import TokenUnavailable, as_ours, pkcs11
from hkeid.adapters.pkcs11_tokens.logins import Logins
from hkeid.adapters.pkcs11_tokens.token import OpenToken
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret

_LONGEST_WAIT: Final = 60.0
"""Seconds to wait for another thread that is in the module: a token that hangs must not hang everybody."""
_WAIT_WHILE_STUCK: Final = 1.0
"""The same where somebody waited so long in vain already, and the other is still in there."""
_SPACING: Final = 1.0
"""Seconds between two starts of the module while a token in it works: an absent one must not disturb it."""
_PAUSES: Final = (0.0, 0.05, 0.15, 0.4)
"""Seconds before each further try."""
_HOPELESS: Final = frozenset({"token_ambiguous", "token_busy"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDescription:
    """What a token says of itself; label and serial number together name it."""

    label: str
    serial: str
    manufacturer: str
    model: str


class Pkcs11Module:
    """One module. Get it by :meth:`load`.

    :ivar generation: how often the module was started anew; sessions of an older one are dead.
    """

    _loaded: ClassVar[dict[str, Pkcs11Module]] = {}
    _loading: ClassVar[Lock] = Lock()

    def __init__(self, library: Any, path: str) -> None:
        self._library = library
        self._forebears: list[Any] = []
        self._lock = RLock()
        self._process = os.getpid()
        self._stuck = False
        self._suspect = ""
        self._started = monotonic()
        self.logins = Logins()
        self.generation = 0
        self.path = path

    @classmethod
    def load(cls, path: str | Path) -> Pkcs11Module:
        """The module at ``path``; the same object every time.

        :raises hkeid.kernel.errors.ConfigurationError: ``pkcs11_module_unusable``: the file is no module.
        :raises TokenUnavailable: ``token_absent``: the module does not start.
        """
        wanted = str(Path(path).resolve())
        with cls._loading:
            known = cls._loaded.get(wanted)
            if known is not None:
                return known
            try:
                library = pkcs11.lib(wanted)
            except (RuntimeError, OSError, pkcs11.PKCS11Error) as error:
                name = type(error).__name__
                if isinstance(error, pkcs11.PKCS11Error) and type(error) is not pkcs11.PKCS11Error:
                    raise _not_starting(name) from None
                raise ConfigurationError(
                    "pkcs11_module_unusable", detail=f"{wanted}: {name}"
                ) from None
            cls._loaded[wanted] = module = cls(library, wanted)
            return module

    def tokens(self) -> tuple[TokenDescription, ...]:
        """The tokens that are there now.

        :raises TokenUnavailable: ``token_absent``, ``token_failed``.
        """
        return self.enter(
            lambda: tuple(describe(token) for token in self._library.get_tokens()), again=True
        )

    @contextmanager
    def open(
        self,
        *,
        label: str | None = None,
        serial: str | None = None,
        pin: Secret | None = None,
        writes: bool = False,
        unattended: bool = False,
    ) -> Iterator[OpenToken]:
        """The one token that has this label and serial number. It may go away meanwhile, come back, and work
        on.

        :param pin: without it only what is public can be read. It is kept in memory, for the token that
            comes back.
        :param writes: whether keys are made or deleted in it.
        :param unattended: nobody typed this PIN just now: one that the token refused in this process is not
            presented again.
        :raises TokenUnavailable: ``token_absent``; ``token_ambiguous``: more than one fits.
        :raises TokenRefused: ``pin_incorrect``, ``pin_expired``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``pin_locked``.
        """
        token = OpenToken(
            self, label=label, serial=serial, pin=pin, writes=writes, unattended=unattended
        )
        token.open()
        try:
            yield token
        finally:
            token.close()

    def enter(self, work: Callable[[], T], *, again: bool) -> T:
        """Do something alone in the module, its errors coming out as ours. A module in which something went
        wrong is started anew before that.

        :param again: may be done more than once: then it is, for less than a second, when the token does not
            answer. Modules on files fail like that while another process logs in.
        :raises TokenUnavailable: ``token_busy``: another thread does not come out; and what it says.
        """
        pauses = list(_PAUSES) if again else []
        while True:
            try:
                return self._alone(lambda: self._attempt(work))
            except TokenUnavailable as error:
                if not pauses or error.reason in _HOPELESS:
                    raise
                if self._must_wait():
                    raise
            # Outside, so that threads wait together; not all processes at once.
            sleep(pauses.pop(0) * uniform(0.5, 1.5))  # noqa: S311 - no secret

    def quietly(self, work: Callable[[], object]) -> None:
        """Do something alone in the module as it is, and let its errors be."""
        if self._process != os.getpid():
            return
        with suppress(TokenUnavailable, pkcs11.PKCS11Error):
            self._alone(work)

    def find(self, label: str | None, serial: str | None) -> Any:
        """The library's token; for those who are in.

        :raises TokenUnavailable: ``token_absent``, ``token_ambiguous``.
        """
        found = [
            token
            for token in self._library.get_tokens()
            if (label is None or token.label == label)
            and (serial is None or _text(token.serial) == serial)
        ]
        if not found:
            raise TokenUnavailable("token_absent", detail="no token fits")
        if len(found) > 1:
            raise TokenUnavailable("token_ambiguous", detail=f"{len(found)} tokens fit")
        return found[0]

    # --- details ----------------------------------------------------------------------------------

    def _alone(self, work: Callable[[], T]) -> T:
        if not self._lock.acquire(timeout=_WAIT_WHILE_STUCK if self._stuck else _LONGEST_WAIT):
            self._stuck = True
            raise TokenUnavailable("token_busy", detail="another thread is in the module")
        self._stuck = False
        try:
            return work()
        finally:
            self._lock.release()

    def _attempt(self, work: Callable[[], T]) -> T:
        if self._process != os.getpid():
            self._start_in_child()
        if self._suspect and not self._must_wait():
            self._start_anew()
        return self._guarded(work)

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except TokenUnavailable as error:
            self._suspect = error.reason if error.reason not in _HOPELESS else ""
            raise
        except pkcs11.PKCS11Error as error:
            ours = as_ours(error)
            # Its frames hold searches that end in the module when they are freed: that is here, where we
            # are alone in it, and not wherever our own error is dropped.
            error.__traceback__ = None
        self._suspect = ours.reason if isinstance(ours, TokenUnavailable) else ""
        raise ours

    def _must_wait(self) -> bool:
        """Only a token is absent, and another one works."""
        recent = monotonic() - self._started < _SPACING
        return self._suspect == "token_absent" and bool(self.logins) and recent

    def _start_anew(self) -> None:
        """All sessions of this process end; none of their handles may be used again, since the module gives
        the same numbers to new ones.
        """
        self._forget()
        with suppress(pkcs11.PKCS11Error):
            self._library.finalize()
        try:
            self._library.initialize()
        except pkcs11.PKCS11Error as error:
            self._suspect = "token_failed"
            raise _not_starting(type(error).__name__) from None
        self._suspect = ""

    def _start_in_child(self) -> None:
        """A child initialises for itself, and must not finalise what is its parent's."""
        from pkcs11._pkcs11 import lib

        self._forget()
        self._process = os.getpid()
        self._forebears.append(self._library)  # the library finalises an object that is dropped
        try:
            self._library = lib(self.path)
        except pkcs11.PKCS11Error:
            # The module does not notice that it is in a child.
            self._library = self._forebears.pop()
            self._start_anew()
        self._suspect = ""

    def _forget(self) -> None:
        self.generation += 1
        self.logins.forget()
        self._started = monotonic()

    @classmethod
    def _hold(cls) -> None:
        """Before a fork: nobody is in a module then, as far as that can be waited for."""
        cls._loading.acquire()
        for module in cls._loaded.values():
            patience = _WAIT_WHILE_STUCK if module._stuck else _LONGEST_WAIT  # noqa: SLF001
            module._lock.acquire(timeout=patience)  # noqa: SLF001 - our own class

    @classmethod
    def _let_go(cls) -> None:
        """After a fork, in the parent."""
        for module in cls._loaded.values():
            with suppress(RuntimeError):  # it could not be waited for
                module._lock.release()  # noqa: SLF001 - our own class
        cls._loading.release()

    @classmethod
    def _renew(cls) -> None:
        """After a fork, in the child, where whoever could not be waited for does not exist."""
        for module in cls._loaded.values():
            module._lock = RLock()  # noqa: SLF001 - our own class
            module._stuck = False  # noqa: SLF001
        cls._loading = Lock()


def describe(token: Any) -> TokenDescription:
    """What one of the library's tokens says of itself."""
    return TokenDescription(
        label=token.label,
        serial=_text(token.serial),
        manufacturer=_text(token.manufacturer_id),
        model=_text(token.model),
    )


def _not_starting(name: str) -> TokenUnavailable:
    return TokenUnavailable("token_absent", detail=f"the module does not start: {name}")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value)


os.register_at_fork(
    before=Pkcs11Module._hold,  # noqa: SLF001 - our own class
    after_in_parent=Pkcs11Module._let_go,  # noqa: SLF001
    after_in_child=Pkcs11Module._renew,  # noqa: SLF001
)
