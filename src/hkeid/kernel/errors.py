"""The one tree of errors.

::

    HkeidError                      everything hkeid raises on purpose
    ├── MalformedInput              bytes or text that do not parse
    ├── Refused                     well-formed, but a rule says no
    │   ├── NotFound                no such thing (or not for this caller)
    │   ├── Expired                 it was there, its time is over
    │   ├── AlreadyUsed             a single-use thing, used before
    │   └── TooManyAttempts         an attempt budget is spent
    ├── Unavailable                 an outside part did not answer; try again later
    ├── ConfigurationError          the operator must change something
    └── MissingExtra                an optional package is not installed (also an ImportError)

Every error has two faces (law 3). ``reason`` is a stable ``snake_case`` word that tests and
metrics rely on; ``safe_text`` may be shown to anybody; ``detail`` is for the log alone and never
leaves the process. Rooms subclass these with the wire codes of their protocol.
"""

from __future__ import annotations


class HkeidError(Exception):
    """Base of every deliberate error.

    :param reason: stable ``snake_case`` word, one per rule.
    :param safe_text: plain sentence that may be shown to the other side.
    :param detail: what happened exactly; for the log only, never personal data or secrets.
    """

    default_safe_text = "The request could not be completed."

    def __init__(
        self, reason: str, safe_text: str | None = None, *, detail: str | None = None
    ) -> None:
        self.reason = reason
        self.safe_text = safe_text if safe_text is not None else self.default_safe_text
        self.detail = detail
        super().__init__(reason if detail is None else f"{reason}: {detail}")


class MalformedInput(HkeidError):
    """Input that does not parse. ``field`` names the part at fault where one is known."""

    default_safe_text = "The request is not in the expected form."

    def __init__(
        self,
        reason: str,
        safe_text: str | None = None,
        *,
        field: str | None = None,
        detail: str | None = None,
    ) -> None:
        self.field = field
        super().__init__(reason, safe_text, detail=detail)


class Refused(HkeidError):
    """Well-formed input that a rule turns down."""

    default_safe_text = "This is not allowed."


class NotFound(Refused):
    """There is no such thing, or none that this caller may know of."""

    default_safe_text = "This was not found."


class Expired(Refused):
    """The thing existed, but its time is over."""

    default_safe_text = "This has expired. Please start again."


class AlreadyUsed(Refused):
    """A single-use thing was presented a second time."""

    default_safe_text = "This was already used. Please start again."


class TooManyAttempts(Refused):
    """An attempt budget is spent; ``retry_after`` is in whole seconds where it is known."""

    default_safe_text = "Too many attempts. Please wait and try again."

    def __init__(
        self,
        reason: str,
        safe_text: str | None = None,
        *,
        retry_after: int | None = None,
        detail: str | None = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(reason, safe_text, detail=detail)


class Unavailable(HkeidError):
    """An outside part (database, registry, token) did not answer. Nothing was lost."""

    default_safe_text = "The service is not available at the moment. Please try again later."


class ConfigurationError(HkeidError):
    """The operator must change something; the message says what."""

    default_safe_text = "The service is not set up correctly."


class MissingExtra(ConfigurationError, ImportError):
    """An optional package is missing. The message names the extra and the pip line (law 8)."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            "missing_extra",
            detail=f"{module!r} is not installed; run: pip install 'hkeid[{extra}]'",
        )
