"""Rich authorization requests: the ``authorization_details`` parameter (RFC 9396), parsed by type.

A type is registered with the provider, or its objects are refused; each knows its own members and
refuses all others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.errors import ErrorCode, OAuthError

MOST_DETAILS: Final = 10
"""Objects in one request."""

Detail = Mapping[str, Any]


class RegisteredForm(Protocol):
    """A form of a client, as far as a type of detail needs to know it."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def claims(self) -> tuple[str, ...]:
        """All its claims."""
        ...


class Registration(Protocol):
    """A client, as far as a type of detail needs to know it."""

    @property
    def forms(self) -> Sequence[RegisteredForm]:
        """Forms that it fills."""
        ...


class DetailType(Protocol):
    """A type of authorization detail (RFC 9396 §2.1)."""

    @property
    def name(self) -> str:
        """The value of ``type``."""
        ...

    @property
    def approval(self) -> bool:
        """Whether the resident approves each object by an interaction of its own. A request has at
        most one such object.
        """
        ...

    def parse(self, members: Mapping[str, Any]) -> Detail:
        """The object as it is kept: members checked, unknown ones refused (§5).

        :raises hkeid.kernel.errors.MalformedInput: it is not one of this type.
        """
        ...

    def may_ask(self, client: Registration, detail: Detail) -> bool:
        """Whether the client's registration has what ``detail``, which :meth:`parse` gave, asks for."""
        ...

    def covers(self, granted: Detail, asked: Detail) -> bool:
        """Whether ``asked`` is ``granted`` or less (§6.1)."""
        ...


def parse_details(
    text: str,
    types: Mapping[str, DetailType],
    allowed: Collection[str],
    client: Registration | None = None,
) -> tuple[Detail, ...]:
    """Parse the parameter: a JSON array of 1 to 10 objects of types that the client may use.

    :param client: whose registration must have what is asked for; None where that was seen to before.
    :raises OAuthError: ``invalid_authorization_details`` (§5): ``details_malformed``,
        ``details_too_many``, ``details_type_unknown``, ``details_type_not_registered``,
        ``details_object_malformed``, ``details_not_registered``, ``details_approvals_many``.
    """
    details = tuple(_parse_one(one, types, allowed) for one in _objects(text))
    if client is not None and not all(types[one["type"]].may_ask(client, one) for one in details):
        raise _refused("details_not_registered", "The client has not registered what it asks for.")
    if sum(types[one["type"]].approval for one in details) > 1:
        raise _refused("details_approvals_many", "One such object can be approved at a time.")
    return details


def approved_one(details: Collection[Detail], types: Mapping[str, DetailType]) -> Detail | None:
    """The object that the resident approves by itself, or None."""
    return next((one for one in details if types[one["type"]].approval), None)


def narrowed(
    granted: Collection[Detail], asked: Collection[Detail], types: Mapping[str, DetailType]
) -> tuple[Detail, ...]:
    """What a token request may have of what was granted (§6.1).

    :raises OAuthError: ``invalid_authorization_details``, reason ``details_exceed_grant``.
    """
    for one in asked:
        kind = types[one["type"]]
        if not any(own["type"] == one["type"] and kind.covers(own, one) for own in granted):
            raise _refused("details_exceed_grant", "The details exceed what was granted.")
    return tuple(asked)


def _objects(text: str) -> list[Any]:
    try:
        value = canonical_json.loads(text)
        # JSON can spell half a surrogate pair, which no store takes.
        canonical_json.dumps(value)
    except (MalformedInput, ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(value, list) or not value:
        raise _malformed()
    if len(value) > MOST_DETAILS:
        raise _refused("details_too_many", "There are too many authorization details.")
    return value


def _parse_one(value: Any, types: Mapping[str, DetailType], allowed: Collection[str]) -> Detail:
    if not isinstance(value, dict) or type(value.get("type")) is not str:
        raise _malformed()
    kind = types.get(value["type"])
    if kind is None:
        raise _refused("details_type_unknown", "This type of authorization detail is not known.")
    if kind.name not in allowed:
        raise _refused("details_type_not_registered", "This client may not use the type of detail.")
    try:
        return kind.parse(value)
    except MalformedInput as error:
        field = error.field or "an object"
        raise _refused(
            "details_object_malformed",
            f"The authorization details are malformed: {field}.",
            detail=error.reason,
        ) from None


def _malformed() -> OAuthError:
    return _refused("details_malformed", "The parameter 'authorization_details' is malformed.")


def _refused(reason: str, description: str, detail: str | None = None) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_AUTHORIZATION_DETAILS, reason, description, detail=detail)
