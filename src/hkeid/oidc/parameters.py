"""Request parameters as RFC 6749 §3.1 wants them: once each, empty means omitted, unknown ignored."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from hkeid.kernel.http import Parameters
from hkeid.oidc.errors import OAuthError, invalid_request

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_WHITE_SPACE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Received:
    """The known parameters of one request.

    :ivar values: well-formed ones by name; empty ones left out.
    :ivar faults: for the others, by name, what is wrong: ``parameter_repeated``,
        ``parameter_too_long`` or ``parameter_control_character``.
    """

    values: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """A well-formed parameter, or None."""
        return self.values.get(name)

    def refuse_faults(self, names: Collection[str] | None = None) -> None:
        """Raise for the first fault (among ``names``, where given).

        :raises OAuthError: ``invalid_request``, reason as in :attr:`faults`.
        """
        for name, reason in self.faults.items():
            if names is None or name in names:
                raise _fault(name, reason)


_FAULTS = {
    "parameter_repeated": "must not occur more than once",
    "parameter_too_long": "is too long",
    "parameter_control_character": "contains characters that are not allowed",
}


def _fault(name: str, reason: str) -> OAuthError:
    # The name is one of ours (unknown parameters are not looked at), so it may be quoted.
    return invalid_request(reason, f"The parameter '{name}' {_FAULTS[reason]}.")


def receive(
    parameters: Parameters, limits: Mapping[str, int], *, white_space_allowed: Collection[str] = ()
) -> Received:
    """Sort out ``parameters``; pure, never raises.

    :param limits: greatest length in characters by parameter name; names that are not in it are
        unknown and ignored, repeated or not (extensions such as ``resource`` of RFC 8707 repeat).
    :param white_space_allowed: parameters in which tabs and line ends may stand (JSON).
    """
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in parameters.pairs:
        limit = limits.get(name)
        if limit is None:
            continue
        if name in seen:
            faults[name] = "parameter_repeated"
            values.pop(name, None)
            continue
        seen.add(name)
        if not value:
            continue
        if len(value) > limit:
            faults[name] = "parameter_too_long"
            continue
        pattern = _CONTROL_BUT_WHITE_SPACE if name in white_space_allowed else _CONTROL
        if pattern.search(value):
            faults[name] = "parameter_control_character"
            continue
        values[name] = value
    return Received(values, faults)
